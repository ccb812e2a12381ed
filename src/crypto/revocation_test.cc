#include "crypto/revocation.h"

#include <map>

#include <gtest/gtest.h>

#include "crypto/der.h"
#include "crypto/test_revocation.h"

namespace bulkhead {
namespace {

constexpr std::string_view kListUrl = "http://crl.example/list";
constexpr std::string_view kDeltaUrl = "http://crl.example/delta";
constexpr std::string_view kOcspUrl = "http://ocsp.example/";
constexpr uint64_t kSerial = 0x1234567890;

CertificateRecipe leaf_recipe(std::string_view points = "URI:http://crl.example/list",
                              std::string_view access = "OCSP;URI:http://ocsp.example/") {
  CertificateRecipe recipe = code_signing_recipe("leaf");
  recipe.serial = kSerial;
  if (!points.empty()) recipe.extensions.emplace_back("crlDistributionPoints", points);
  if (!access.empty()) recipe.extensions.emplace_back("authorityInfoAccess", access);
  return recipe;
}

class RevocationTest : public testing::Test {
 protected:
  static std::string said(const Result<RevocationStatus>& status) {
    if (!status) return std::string(code_name(status.error().code())) + ": " + status.error().to_string();
    return std::string(revocation_name(status->status)) + (status->why.empty() ? "" : ": " + status->why);
  }
  std::string list_says(const RevocationListRecipe& recipe, std::optional<int64_t> used_at = {}) const {
    return bytes_say(make_revocation_list(recipe, issuer), {}, used_at);
  }
  std::string bytes_say(const std::string& list, const std::optional<std::string>& delta = {},
                        std::optional<int64_t> used_at = {}) const {
    const Certificate certificate = leaf.certificate();
    const Certificate above = issuer.certificate();
    return said(
        read_revocation_list(as_bytes(list), delta ? std::optional(as_bytes(*delta)) : std::nullopt,
                             {.certificate = certificate, .issuer = above, .at = kTestEpoch, .used_at = used_at}));
  }
  std::string ocsp_says(const std::string& response, std::optional<int64_t> used_at = {}) const {
    const Certificate certificate = leaf.certificate();
    const Certificate above = issuer.certificate();
    const auto answer = read_ocsp(as_bytes(response),
                                  {.certificate = certificate, .issuer = above, .at = kTestEpoch, .used_at = used_at});
    return answer ? said(answer->status) : said(std::unexpected(answer.error()));
  }
  std::string ocsp_says(const OcspRecipe& recipe, std::optional<int64_t> used_at = {}) const {
    return ocsp_says(make_ocsp_response(recipe, leaf, issuer, issuer), used_at);
  }
  TestIdentity delegate(const std::string& usage, int64_t not_after = kTestEpoch + kTestDay,
                        const std::vector<std::pair<std::string, std::string>>& more = {}) const {
    CertificateRecipe recipe{
        .subject = "CN=responder", .not_after = not_after, .extensions = {{"extendedKeyUsage", usage}}};
    recipe.extensions.insert(recipe.extensions.end(), more.begin(), more.end());
    return make_certificate(recipe, &issuer);
  }

  TestIdentity issuer = make_certificate(authority_recipe("issuer"));
  TestIdentity leaf = make_certificate(leaf_recipe(), &issuer);
};

#define EXPECT_SAYS(text, what) EXPECT_TRUE(std::string(text).contains(what)) << (text)

TEST_F(RevocationTest, ListsSayWhoIsRevoked) {
  EXPECT_EQ(list_says({}), "good");
  EXPECT_EQ(list_says({.entries = {{.serial = 1}, {.serial = kSerial + 1}}}), "good");
  EXPECT_SAYS(list_says({.entries = {{.serial = 1}, {.serial = kSerial}}}), "revoked: ");
  EXPECT_SAYS(list_says({.entries = {{.serial = kSerial, .reason = "keyCompromise"}}}), "revoked: ");
  EXPECT_SAYS(list_says({.entries = {{.serial = kSerial, .reason = "certificateHold"}}}), "revoked: it is on hold");
}

TEST_F(RevocationTest, WhatWasSignedBeforeTheKeyWasLostStays) {
  const RevocationListRecipe list{.entries = {{.serial = kSerial, .invalid_since = kTestEpoch - 100}}};
  EXPECT_EQ(list_says(list, kTestEpoch - 101), "good");
  EXPECT_SAYS(list_says(list, kTestEpoch - 100), "revoked");
  EXPECT_SAYS(list_says(list), "revoked");
  EXPECT_SAYS(list_says({.entries = {{.serial = kSerial}}}, int64_t{1}), "revoked");
  const OcspRecipe answer{.status = OcspRecipe::Status::kRevoked, .invalid_since = kTestEpoch - 100};
  EXPECT_EQ(ocsp_says(answer, kTestEpoch - 101), "good");
  EXPECT_SAYS(ocsp_says(answer, kTestEpoch - 100), "revoked");
  EXPECT_SAYS(ocsp_says(answer), "revoked");
}

TEST_F(RevocationTest, ListsOfAnotherTimeSayNothingButWhoIsRevokedForGood) {
  EXPECT_SAYS(list_says({.next_update = kTestEpoch - 1}), "unknown: the revocation list is out of date");
  EXPECT_EQ(list_says({.next_update = kTestEpoch}), "good");
  EXPECT_SAYS(list_says({.next_update = std::nullopt}), "unknown: the revocation list does not say until when");
  EXPECT_SAYS(list_says({.this_update = kTestEpoch + 1}), "which is to come");
  EXPECT_SAYS(list_says({.entries = {{.serial = kSerial}}, .next_update = kTestEpoch - 1}), "revoked");
  EXPECT_SAYS(list_says({.entries = {{.serial = kSerial, .reason = "certificateHold"}}, .next_update = kTestEpoch - 1}),
              "unknown");
}

TEST_F(RevocationTest, ListsAreSignedByTheIssuerWithStrongAlgorithms) {
  const TestIdentity namesake = make_certificate(authority_recipe("issuer"));
  const TestIdentity other = make_certificate(authority_recipe("other"));
  EXPECT_SAYS(bytes_say(make_revocation_list({}, namesake)), "verification_failed");
  EXPECT_SAYS(bytes_say(make_revocation_list({}, other)), "another issuer's");
  EXPECT_SAYS(list_says({.digest = "SHA1"}), "algorithm that is not used here");
  std::string changed = make_revocation_list({}, issuer);
  changed.back() ^= 1;
  EXPECT_EQ(bytes_say(changed).find("good"), std::string::npos);
  CertificateRecipe recipe = authority_recipe("issuer");
  recipe.extensions[1].second = "critical,keyCertSign";
  issuer = make_certificate(recipe);
  leaf = make_certificate(leaf_recipe(), &issuer);
  EXPECT_SAYS(list_says(RevocationListRecipe()), "may not sign revocation lists");
}

TEST_F(RevocationTest, ListsAreAboutWhatTheirScopeSays) {
  const auto scoped = [&](const std::string& scope) {
    return list_says(
        {.extensions = {{"crlNumber", "DER:020105"}, {"issuingDistributionPoint", "critical,DER:" + scope}}});
  };
  EXPECT_EQ(scoped("30038101FF"), "good");  // leaves only
  EXPECT_SAYS(scoped("30038201FF"), "is about authorities only");
  EXPECT_SAYS(scoped("30048302067F"), "is about some reasons only");
  EXPECT_SAYS(scoped("30038401FF"), "is one for several issuers");
  EXPECT_SAYS(scoped("30038501FF"), "is about attributes only");
  // A full name of one URI.
  const auto at = [&](std::string_view url) {
    const std::string name = der_element(0xA0, der_element(0xA0, der_element(0x86, url)));
    return scoped(to_hex(as_bytes(der_element(der::kSequence, name))));
  };
  EXPECT_EQ(at(kListUrl), "good");
  EXPECT_SAYS(at("http://crl.example/other"), "is of another distribution point");
}

TEST_F(RevocationTest, ListsMayNotHaveCriticalExtensionsThatNobodyKnows) {
  EXPECT_SAYS(list_says({.extensions = {{"1.2.3.4", "critical,DER:0500"}}}), "critical extension 1.2.3.4");
  EXPECT_EQ(list_says({.extensions = {{"1.2.3.4", "DER:0500"}}}), "good");
  // A delta alone is no list: its indicator is critical.
  EXPECT_SAYS(list_says({.extensions = {{"deltaCRL", "critical,DER:020101"}}}), "critical extension 2.5.29.27");
}

TEST_F(RevocationTest, ChangesGoWithTheirList) {
  const auto delta = [&](std::vector<RevocationListRecipe::Entry> entries, const std::string& base = "020105",
                         const std::string& number = "020106") {
    return make_revocation_list({.entries = std::move(entries),
                                 .extensions = {{"crlNumber", "DER:" + number}, {"deltaCRL", "critical,DER:" + base}}},
                                issuer);
  };
  const std::string empty = make_revocation_list({}, issuer);
  const std::string held =
      make_revocation_list({.entries = {{.serial = kSerial, .reason = "certificateHold"}}}, issuer);
  EXPECT_EQ(bytes_say(empty, delta({})), "good");
  EXPECT_SAYS(bytes_say(empty, delta({{.serial = kSerial}})), "revoked");
  EXPECT_SAYS(bytes_say(held, delta({})), "revoked");
  EXPECT_EQ(bytes_say(held, delta({{.serial = kSerial, .reason = "removeFromCRL"}})), "good");
  EXPECT_EQ(bytes_say(empty, delta({}, "020101")), "good");
  EXPECT_SAYS(bytes_say(empty, delta({}, "020106", "020107")), "has changes to another list");
  EXPECT_SAYS(bytes_say(empty, delta({}, "020105", "020105")), "has changes to another list");
  EXPECT_SAYS(bytes_say(empty, empty), "has changes without numbers");
}

TEST_F(RevocationTest, RespondersSayWhoIsRevoked) {
  EXPECT_EQ(ocsp_says(OcspRecipe()), "good");
  EXPECT_EQ(ocsp_says({.id_digest = "SHA256"}), "good");
  EXPECT_SAYS(ocsp_says({.status = OcspRecipe::Status::kRevoked}), "revoked");
  EXPECT_SAYS(ocsp_says({.status = OcspRecipe::Status::kUnknown}), "unknown");
  EXPECT_SAYS(ocsp_says({.next_update = kTestEpoch - 1}), "out of date");
  EXPECT_SAYS(ocsp_says({.next_update = std::nullopt}), "does not say until when");
  EXPECT_SAYS(ocsp_says({.this_update = kTestEpoch + 1}), "which is to come");
}

TEST_F(RevocationTest, RespondersAreTheIssuerOrHaveItsLeave) {
  const auto by = [&](const TestIdentity& signer) { return ocsp_says(make_ocsp_response({}, leaf, issuer, signer)); };
  EXPECT_EQ(by(delegate("OCSPSigning")), "good");
  EXPECT_SAYS(by(delegate("codeSigning")), "signed by nobody who may");
  EXPECT_SAYS(by(delegate("anyExtendedKeyUsage")), "signed by nobody who may");
  EXPECT_SAYS(by(delegate("OCSPSigning", kTestEpoch - 1)), "signed by nobody who may");
  EXPECT_SAYS(by(make_certificate({.subject = "CN=x", .extensions = {{"extendedKeyUsage", "OCSPSigning"}}})),
              "signed by nobody who may");
  EXPECT_SAYS(by(make_certificate(authority_recipe("issuer"))), "signed by nobody who may");
  EXPECT_SAYS(ocsp_says({.digest = "SHA1"}), "algorithm that is not used here");
}

TEST_F(RevocationTest, AnswersAreAboutTheCertificateThatIsAskedFor) {
  CertificateRecipe recipe = leaf_recipe();
  recipe.serial = kSerial + 1;
  const TestIdentity other = make_certificate(recipe, &issuer);
  EXPECT_SAYS(ocsp_says(make_ocsp_response({}, other, issuer, issuer)), "is about another certificate");
}

TEST_F(RevocationTest, RequestsAreThoseOfOpenssl) {
  EXPECT_EQ(ocsp_request(leaf.certificate(), issuer.certificate()), make_ocsp_request(leaf, issuer));
}

TEST_F(RevocationTest, ListsSayUntilWhenTheyHoldAndWhereTheirChangesAre) {
  const auto facts = describe_revocation_list(as_bytes(make_revocation_list(
      {.extensions = {{"crlNumber", "DER:020105"}, {"freshestCRL", "URI:http://a.example/,URI:http://b.example/"}}},
      issuer)));
  ASSERT_TRUE(facts) << facts.error().to_string();
  EXPECT_EQ(facts->next_update, kTestEpoch + kTestDay);
  EXPECT_EQ(facts->delta_urls, (std::vector<std::string>{"http://a.example/", "http://b.example/"}));
}

TEST_F(RevocationTest, IsNotReadFromAnythingElse) {
  for (const std::string& bytes : {std::string(), std::string("x"), leaf.der, std::string("\x30\x00", 2)}) {
    EXPECT_SAYS(bytes_say(bytes), "malformed");
  }
  EXPECT_SAYS(ocsp_says(std::string("\x30\x03\x0a\x01\x06", 5)), "refused to answer");
  EXPECT_SAYS(ocsp_says(leaf.der), "malformed");
  EXPECT_SAYS(ocsp_says(std::string(size_t{65} << 10, '0')), "limit");
}

class MemoryFetcher final : public RevocationFetcher {
 public:
  Result<std::string> revocation_list(std::string_view url) override { return answer(url); }
  Result<std::string> ocsp(std::string_view url, std::string_view) override { return answer(url); }

  std::map<std::string, std::string, std::less<>> answers;
  std::vector<std::string> asked;

 private:
  Result<std::string> answer(std::string_view url) {
    asked.emplace_back(url);
    const auto found = answers.find(url);
    if (found == answers.end()) return fail(Code::kUnavailable, "nobody answers");
    return found->second;
  }
};

class ChainRevocation : public RevocationTest {
 protected:
  std::string check(RevocationFetcher* from) const {
    const std::vector<Certificate> chain = {leaf.certificate(), issuer.certificate()};
    const auto statuses = check_revocation(chain, kTestEpoch, std::nullopt, from);
    EXPECT_EQ(statuses.size(), 2);
    EXPECT_EQ(statuses.back().status, Revocation::kNotCheckable);
    return said(statuses.front());
  }
  std::string good_list() const { return make_revocation_list({}, issuer); }
  std::string bad_list() const { return make_revocation_list({.entries = {{.serial = kSerial}}}, issuer); }

  MemoryFetcher fetcher;
};

TEST_F(ChainRevocation, RespondersAreAskedBeforeLists) {
  fetcher.answers[std::string(kOcspUrl)] = make_ocsp_response({}, leaf, issuer, issuer);
  fetcher.answers[std::string(kListUrl)] = bad_list();
  EXPECT_EQ(check(&fetcher), "good");
  EXPECT_EQ(fetcher.asked, std::vector<std::string>{std::string(kOcspUrl)});
}

TEST_F(ChainRevocation, ListsAreAskedWhenRespondersDoNotKnow) {
  fetcher.answers[std::string(kListUrl)] = bad_list();
  EXPECT_SAYS(check(&fetcher), "revoked");
  fetcher.answers[std::string(kOcspUrl)] =
      make_ocsp_response({.status = OcspRecipe::Status::kUnknown}, leaf, issuer, issuer);
  EXPECT_SAYS(check(&fetcher), "revoked");
  fetcher.answers[std::string(kListUrl)] = good_list();
  EXPECT_EQ(check(&fetcher), "good");
}

TEST_F(ChainRevocation, IsUnknownWhenNobodyAnswersOrMayBeAsked) {
  EXPECT_SAYS(check(&fetcher), "unknown: http://crl.example/list: nobody answers");
  EXPECT_SAYS(check(nullptr), "unknown: ");
  leaf = make_certificate(leaf_recipe("", ""), &issuer);
  EXPECT_EQ(check(nullptr), "not checkable");
  EXPECT_EQ(check(&fetcher), "not checkable");
}

TEST_F(ChainRevocation, AsksOverHttpOnly) {
  leaf = make_certificate(leaf_recipe("URI:ldap://crl.example/list", "OCSP;URI:file:///etc/passwd"), &issuer);
  fetcher.answers["ldap://crl.example/list"] = good_list();
  EXPECT_SAYS(check(&fetcher), "unknown: ");
  EXPECT_TRUE(fetcher.asked.empty());
}

TEST_F(ChainRevocation, TakesTheNextPlaceWhenOneDoesNotAnswer) {
  leaf = make_certificate(leaf_recipe("URI:http://gone.example/,URI:http://crl.example/list", ""), &issuer);
  fetcher.answers[std::string(kListUrl)] = good_list();
  EXPECT_EQ(check(&fetcher), "good");
}

TEST_F(ChainRevocation, AListWhoseChangesAreMissingSaysNothing) {
  fetcher.answers[std::string(kListUrl)] = make_revocation_list(
      {.extensions = {{"crlNumber", "DER:020105"}, {"freshestCRL", "URI:" + std::string(kDeltaUrl)}}}, issuer);
  EXPECT_SAYS(check(&fetcher), "unknown");
  fetcher.answers[std::string(kDeltaUrl)] =
      make_revocation_list({.entries = {{.serial = kSerial}},
                            .extensions = {{"crlNumber", "DER:020106"}, {"deltaCRL", "critical,DER:020105"}}},
                           issuer);
  EXPECT_SAYS(check(&fetcher), "revoked");
}

TEST_F(ChainRevocation, AsksForChangesOverHttpOnly) {
  fetcher.answers[std::string(kListUrl)] = make_revocation_list(
      {.extensions = {{"crlNumber", "DER:020105"}, {"freshestCRL", "URI:file:///etc/passwd"}}}, issuer);
  EXPECT_SAYS(check(&fetcher), "unknown");
  EXPECT_EQ(fetcher.asked, (std::vector<std::string>{std::string(kOcspUrl), std::string(kListUrl)}));
}

TEST_F(ChainRevocation, DelegatesOfAResponderAreLookedUpThemselves) {
  const TestIdentity named =
      delegate("OCSPSigning", kTestEpoch + kTestDay, {{"crlDistributionPoints", "URI:http://crl.example/list"}});
  fetcher.answers[std::string(kOcspUrl)] = make_ocsp_response({}, leaf, issuer, named);
  EXPECT_SAYS(check(&fetcher), "unknown");  // its list is missing
  fetcher.answers[std::string(kListUrl)] = good_list();
  EXPECT_EQ(check(&fetcher), "good");
  const TestIdentity vouched =
      delegate("OCSPSigning", kTestEpoch + kTestDay,
               {{"crlDistributionPoints", "URI:http://gone.example/"}, {"noCheck", "ignored"}});
  fetcher.answers[std::string(kOcspUrl)] = make_ocsp_response({}, leaf, issuer, vouched);
  EXPECT_EQ(check(&fetcher), "good");
}

}  // namespace
}  // namespace bulkhead
