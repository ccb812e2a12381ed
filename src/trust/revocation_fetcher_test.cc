#include "trust/revocation_fetcher.h"

#include <filesystem>

#include <gtest/gtest.h>

#include "base/temporary_folder.h"
#include "crypto/test_revocation.h"
#include "net/testing/test_server.h"

namespace bulkhead::trust {
namespace {

class RevocationFetcherTest : public testing::Test {
 protected:
  HttpRevocationFetcher fetcher(int64_t now = kTestEpoch) { return {client, folder / "lists", now}; }
  int asked() const { return server.handler.handled; }

  TemporaryFolder folder;
  TestIdentity issuer = make_certificate(authority_recipe("issuer"));
  std::string answer = make_revocation_list({}, issuer);
  net::TestServer server{[this](net::ServerRequest& request) {
    seen = request.head.method + " " + read_all(*request.body, size_t{1} << 20, "body").value_or("?");
    content_type = std::string(request.head.headers.find("Content-Type").value_or(""));
    return net::text_answer(answer, status);
  }};
  int status = 200;
  std::string seen;
  std::string content_type;
  net::Client client{net::ClientOptions{}};
};

TEST_F(RevocationFetcherTest, KeepsListsUntilTheyAreOutOfDate) {
  const std::string url = server.url("/list");
  EXPECT_EQ(fetcher().revocation_list(url), answer);
  EXPECT_EQ(fetcher(kTestEpoch + kTestDay).revocation_list(url), answer);
  EXPECT_EQ(asked(), 1);
  EXPECT_EQ(fetcher(kTestEpoch + kTestDay + 1).revocation_list(url), answer);
  EXPECT_EQ(asked(), 2);
  EXPECT_EQ(fetcher().revocation_list(server.url("/other")), answer);
  EXPECT_EQ(asked(), 3);
}

TEST_F(RevocationFetcherTest, KeepsNothingThatIsNoListOfToday) {
  const std::string url = server.url("/list");
  for (const std::string& junk : {std::string("junk"), make_revocation_list({.next_update = kTestEpoch - 1}, issuer)}) {
    answer = junk;
    EXPECT_EQ(fetcher().revocation_list(url), junk);
    EXPECT_EQ(fetcher().revocation_list(url), junk);
  }
  EXPECT_EQ(asked(), 4);
  EXPECT_FALSE(std::filesystem::exists(folder / "lists"));
}

TEST_F(RevocationFetcherTest, AListThatNobodySignedIsAskedForAgain) {
  const std::string genuine = answer;
  CertificateRecipe recipe = code_signing_recipe("leaf");
  recipe.extensions.emplace_back("crlDistributionPoints", "URI:" + server.url("/list"));
  const TestIdentity leaf = make_certificate(recipe, &issuer);
  const std::vector chain = {leaf.certificate(), issuer.certificate()};
  const auto status = [&] {
    HttpRevocationFetcher places = fetcher();
    return check_revocation(chain, kTestEpoch, {}, &places).front().status;
  };
  const TestIdentity namesake = make_certificate(authority_recipe("issuer"));
  for (const std::string& forged :
       {make_revocation_list({}, namesake), make_revocation_list({}, make_certificate(authority_recipe("other"))),
        make_revocation_list({.extensions = {{"crlNumber", "DER:020105"}, {"freshestCRL", "URI:http://127.0.0.1:1/"}}},
                             namesake)}) {
    answer = forged;
    EXPECT_EQ(status(), Revocation::kUnknown);
    EXPECT_TRUE(std::filesystem::is_empty(folder / "lists"));
    answer = genuine;
    EXPECT_EQ(status(), Revocation::kGood);
    const int before = asked();
    EXPECT_EQ(status(), Revocation::kGood);
    EXPECT_EQ(asked(), before) << "what holds is kept";
    std::filesystem::remove_all(folder / "lists");
  }
}

TEST_F(RevocationFetcherTest, WorksWithoutAFolder) {
  HttpRevocationFetcher bare(client, "", kTestEpoch);
  EXPECT_EQ(bare.revocation_list(server.url("/list")), answer);
  EXPECT_EQ(bare.revocation_list(server.url("/list")), answer);
  EXPECT_EQ(asked(), 2);
}

TEST_F(RevocationFetcherTest, AsksRespondersByPost) {
  answer = "an answer";
  EXPECT_EQ(fetcher().ocsp(server.url("/ocsp"), "a request"), "an answer");
  EXPECT_TRUE(seen == "POST a request") << seen;
  EXPECT_EQ(content_type, "application/ocsp-request");
}

TEST_F(RevocationFetcherTest, FailsWhenTheServerDoesOrSaysTooMuch) {
  status = 500;
  EXPECT_EQ(fetcher().revocation_list(server.url("/list")).error().code(), Code::kUnavailable);
  EXPECT_EQ(asked(), 1);  // once: whoever verifies does not wait
  status = 404;
  EXPECT_EQ(fetcher().ocsp(server.url("/ocsp"), "x").error().code(), Code::kNotFound);
  status = 200;
  answer = std::string(kMaxOcspBytes + 1, 'x');
  EXPECT_EQ(fetcher().ocsp(server.url("/ocsp"), "x").error().code(), Code::kLimitExceeded);
}

}  // namespace
}  // namespace bulkhead::trust
