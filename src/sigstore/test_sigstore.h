// For tests only: a Sigstore of one's own. It plays Fulcio, a certificate log, Rekor (v1 and v2) and a timestamp
// authority with keys made on the spot, and signs as cosign would. A test takes a bundle that is right in everything,
// changes one thing, and sees what the verifier says.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/test_timestamp.h"
#include "sigstore/bundle.h"
#include "sigstore/verifier.h"

namespace bulkhead::sigstore {

inline constexpr std::string_view kTestName = "alice@example.com";
inline constexpr std::string_view kTestIssuer = "https://issuer.example.com";

// RFC 6962 section 2.1, as the recursive definition has it.
std::string merkle_root(const std::vector<std::string>& entries);
std::vector<std::string> merkle_path(const std::vector<std::string>& entries, size_t index);

struct TestLeafRecipe {
  std::string name = "email:alice@example.com";  // as openssl.cnf has subject alternative names
  std::string issuer = std::string(kTestIssuer);
  std::optional<std::string> first_issuer = std::string(kTestIssuer);  // the older extension
  std::string usage = "codeSigning";
  std::string key = "P-256";
  int64_t not_before = kTestEpoch;
  int64_t not_after = kTestEpoch + 600;
  bool seen_by_log = true;                  // has an SCT
  std::optional<int64_t> sct_time{};        // not_before otherwise
  std::optional<PrivateKey> log_key{};      // who signs the SCT instead of the log
  std::string sct_extensions{};             // as Static CT has them
  char sct_signature_algorithm = 3;         // what the SCT says it is signed by: ECDSA
  const TestIdentity* authority = nullptr;  // who issues it instead of Fulcio
};

struct TestLog {
  std::string name;
  bool is_v2 = false;
  PrivateKey key;
  std::string id{};  // as the trusted root has it
};

class TestSigstore {
 public:
  TestSigstore();

  TestIdentity fulcio_root = make_certificate(authority_recipe("fulcio root"));
  TestIdentity fulcio = make_certificate(authority_recipe("fulcio"), &fulcio_root);
  TestIdentity tsa_root = make_certificate(authority_recipe("tsa root"));
  TestIdentity tsa = make_certificate(timestamping_recipe("tsa"), &tsa_root);
  PrivateKey certificate_log;
  TestLog rekor1;
  TestLog rekor2;
  TrustedRoot root;  // of all of them, valid around kTestEpoch

  TestIdentity issue(const TestLeafRecipe& recipe = {}) const;

  // Signed by the leaf, or (without one) by a key; no entry, no timestamp.
  static Bundle sign_message(std::string_view message, const TestIdentity& signer, bool by_certificate = true);
  static Bundle sign_statement(std::string_view about, const TestIdentity& signer, bool by_certificate = true);
  // What the log would have of that bundle, at some place among other entries, taken a second after kTestEpoch. The key
  // is its signer's, when that is no certificate.
  LogEntry log_entry(const Bundle& bundle, const TestLog& log, std::string_view kind,
                     const PublicKey* key = nullptr) const;
  // An entry of any body.
  static LogEntry entry_of(std::string body, std::string kind, std::string version, const TestLog& log, int64_t time);
  // Its promise, for what the entry says now.
  static std::string entry_timestamp(const LogEntry& entry, const PrivateKey& key);
  static std::string checkpoint(const TestLog& log, std::string_view origin, int64_t tree_size,
                                std::string_view root_hash);
  std::string timestamp(const Bundle& bundle, int64_t time = kTestEpoch + 1) const;

  // Right in everything: entry of Rekor v1; or entry of Rekor v2 and a timestamp.
  Bundle honest_v1(bool statement = false) const;
  Bundle honest_v2(bool statement = false) const;

  // Of the identity that a leaf has by default.
  Policy policy() const;

 private:
  std::string timestamps_extension(const CertificateRecipe& recipe, const TestLeafRecipe& leaf) const;
};

// The files.
std::string write_bundle(const Bundle& bundle);
std::string trusted_root_text(const TestSigstore& sigstore);

}  // namespace bulkhead::sigstore
