#include "sigstore/sct.h"

#include <gtest/gtest.h>

#include "crypto/der.h"
#include "sigstore/test_sigstore.h"

namespace bulkhead::sigstore {
namespace {

constexpr std::string_view kList = "1.3.6.1.4.1.11129.2.4.2";

// A certificate whose list of timestamps is these bytes.
Certificate with_list(const std::string& list) {
  CertificateRecipe recipe = code_signing_recipe("leaf");
  recipe.extensions.emplace_back(kList, "DER:" + to_hex(as_bytes(der_element(der::kOctetString, list))));
  return make_certificate(recipe).certificate();
}

TEST(CertificateTimestamps, AreReadFromTheCertificate) {
  const TestSigstore sigstore;
  const auto read = embedded_timestamps(sigstore.issue({.sct_extensions = "ext"}).certificate());
  ASSERT_TRUE(read) << read.error().to_string();
  ASSERT_EQ(read->size(), 1U);
  EXPECT_EQ(read->at(0).log_id, sigstore.root.certificate_logs[0].id);
  EXPECT_EQ(read->at(0).milliseconds, static_cast<uint64_t>(kTestEpoch) * 1000);
  EXPECT_EQ(read->at(0).extensions, "ext");
  EXPECT_EQ(read->at(0).hash_algorithm, 4);
  EXPECT_EQ(read->at(0).signature_algorithm, 3);
}

TEST(CertificateTimestamps, AreOverTheCertificateWithoutThem) {
  const CertificateRecipe recipe = code_signing_recipe("leaf");
  const TestIdentity plain = make_certificate(recipe);
  CertificateRecipe listed = recipe;
  listed.pkcs8 = plain.pkcs8;
  for (const size_t place : {0U, 1U, 3U}) {
    listed.extensions = recipe.extensions;
    listed.extensions.insert(listed.extensions.begin() + static_cast<ptrdiff_t>(place),
                             {std::string(kList), "DER:0400"});
    const auto tbs = precertificate_tbs(make_certificate(listed).certificate());
    ASSERT_TRUE(tbs) << tbs.error().to_string();
    EXPECT_EQ(*tbs, as_text(plain.certificate().tbs()));
  }
}

TEST(CertificateTimestamps, OfOtherVersionsArePassedOver) {
  const auto read = embedded_timestamps(with_list(std::string("\0\3\0\1\x07", 5)));
  ASSERT_TRUE(read) << read.error().to_string();
  EXPECT_TRUE(read->empty());
}

TEST(CertificateTimestamps, RefuseWhatIsNone) {
  using std::string_literals::operator""s;
  for (const std::string& list : {""s, "\0"s, "\0\1"s, "\0\3\0\2\0"s, "\0\2\0\0"s, "\0\3\0\1\0"s, "\0\0x"s}) {
    EXPECT_EQ(embedded_timestamps(with_list(list)).error().code(), Code::kMalformed) << to_hex(as_bytes(list));
  }
  EXPECT_EQ(embedded_timestamps(make_certificate(code_signing_recipe("leaf")).certificate()).error().code(),
            Code::kNotFound);
}

TEST(CertificateTimestamps, CountForTheIssuerThatTheLogSaw) {
  const TestSigstore sigstore;
  const Certificate leaf = sigstore.issue().certificate();
  EXPECT_TRUE(verify_embedded_timestamps(leaf, sigstore.fulcio.certificate(), sigstore.root.certificate_logs));
  EXPECT_FALSE(verify_embedded_timestamps(leaf, sigstore.fulcio_root.certificate(), sigstore.root.certificate_logs));
}

}  // namespace
}  // namespace bulkhead::sigstore
