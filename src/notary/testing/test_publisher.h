// For tests only, and fuzz targets: somebody who publishes a repository, with keys of its own.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/base64.h"
#include "base/canonical_json.h"
#include "base/date.h"
#include "crypto/digest.h"
#include "crypto/key.h"
#include "crypto/test_certificate.h"
#include "tuf/codec.h"

namespace bulkhead::notary {

inline constexpr int64_t kTestNow = kTestEpoch;  // 2027-01-15

struct CertificateRequest {
  std::string common_name;
  int64_t not_before = kTestNow - kTestDay;
  int64_t not_after = kTestNow + 3650 * kTestDay;
  bool authority = false;
  bool weak = false;
};

// A self-signed certificate as clients of Notary make them, in PEM.
inline std::string make_root_certificate(const PrivateKey& key, const CertificateRequest& request) {
  return make_certificate(
             {.subject = request.common_name.empty() ? "O=Nobody" : "CN=" + request.common_name,
              .pkcs8 = std::string(key.der().reveal()),
              .digest = request.weak ? "SHA1" : "SHA256",
              .not_before = request.not_before,
              .not_after = request.not_after,
              .extensions = {{"basicConstraints", request.authority ? "critical,CA:TRUE" : "critical,CA:FALSE"}}})
      .pem();
}

// A key of the role root, listed with its certificate.
inline std::pair<std::string, tuf::Key> list_certificate(const PrivateKey& key, std::string_view pem) {
  json::CanonicalObject keyval;
  keyval.add("private", "null");
  keyval.add("public", json::canonical_string(base64_encode(as_bytes(pem))));
  json::CanonicalObject listed;
  listed.add("keytype", json::canonical_string("ecdsa-x509"));
  listed.add("keyval", keyval.text());
  const SignatureScheme scheme{SignatureScheme::Kind::kEcdsaRaw};
  return {Digest::sha256_of(as_bytes(listed.text())).hex(),
          tuf::Key{.usable = tuf::Key::Usable{.key = key.public_key(), .scheme = scheme}, .json = listed.text()}};
}

// An empty one, good for a day.
template <typename T = tuf::Targets>
T new_metadata(int64_t version = 1) {
  T out;
  out.version = version;
  out.expires = kTestNow + kTestDay;
  return out;
}

inline PrivateKey new_test_key() {
  return *PrivateKey::generate(KeyType::kEcdsaP256);
}

// Signs metadata; the ids are those that it lists the keys by.
struct TestSigner {
  std::string id;
  PrivateKey key;
};

template <typename T>
std::string sign_file(const T& metadata, const std::vector<TestSigner>& signers) {
  const std::string bytes = tuf::notary_codec().write(metadata);
  std::vector<tuf::Signature> signatures;
  for (const TestSigner& signer : signers) {
    const SignatureScheme scheme{signer.key.public_key().type() == KeyType::kEd25519
                                     ? SignatureScheme::Kind::kEd25519
                                     : SignatureScheme::Kind::kEcdsaRaw};
    signatures.push_back({.key_id = signer.id, .bytes = *signer.key.sign(scheme, as_bytes(bytes)), .scheme = scheme});
  }
  return tuf::notary_codec().envelope(bytes, signatures);
}

using TestFiles = std::vector<std::pair<std::string, std::string>>;  // role and file

inline constexpr std::string_view kTestBoundary = "test-boundary";
inline std::string upload_body(const TestFiles& files) {
  std::string out;
  for (const auto& [role, bytes] : files) {
    out += fmt::format(
        "--{}\r\nContent-Disposition: form-data; name=\"files\"; filename=\"{}\"\r\nContent-Type: "
        "application/octet-stream\r\n\r\n{}\r\n",
        kTestBoundary, role, bytes);
  }
  return out + fmt::format("--{}--\r\n", kTestBoundary);
}

// A publisher whose metadata is plain members, to be changed at will before it is signed.
class TestPublisher {
 public:
  explicit TestPublisher(std::string gun, const PublicKey& timestamp_key, const PublicKey& snapshot_key)
      : gun_(std::move(gun)) {
    root.version = 1;
    root.expires = kTestNow + 3650 * kTestDay;
    targets.version = 1;
    targets.expires = kTestNow + 1000 * kTestDay;
    targets.delegations.emplace();
    set_root_key(new_test_key(), {.common_name = gun_});
    set_key(tuf::kTimestamp, timestamp_key);
    set_key(tuf::kSnapshot, snapshot_key);
    set_targets_key(new_test_key());
  }

  void set_root_key(PrivateKey key, const CertificateRequest& request) {
    auto [id, listed] = list_certificate(key, make_root_certificate(key, request));
    replace(tuf::kRoot, id, std::move(listed));
    root_signers = {{.id = std::move(id), .key = std::move(key)}};
  }
  void set_targets_key(PrivateKey key) {
    targets_signers = {{.id = set_key(tuf::kTargets, key.public_key()), .key = key}};
  }
  std::string set_key(std::string_view role, const PublicKey& key) {
    auto [id, listed] = tuf::notary_codec().list(key);
    replace(role, id, std::move(listed));
    return id;
  }
  // Delegates a role of `parent`; its signer.
  static TestSigner delegate(tuf::Targets& parent, const std::string& role) {
    const PrivateKey key = new_test_key();
    auto [id, listed] = tuf::notary_codec().list(key.public_key());
    parent.delegations->keys.insert_or_assign(id, std::move(listed));
    parent.delegations->roles.push_back(
        {.name = role, .keys = {.key_ids = {id}, .threshold = 1}, .path_prefixes = {""}});
    return {.id = id, .key = key};
  }

  // The same bytes as long as nothing is changed: ECDSA signs at random.
  std::string root_file() const { return signed_once(root, root_signers); }
  std::string targets_file() const { return signed_once(targets, targets_signers); }
  TestFiles first_files() const { return {{"root", root_file()}, {"targets", targets_file()}}; }

  tuf::Root root;
  tuf::Targets targets;
  std::vector<TestSigner> root_signers;
  std::vector<TestSigner> targets_signers;

 private:
  void replace(std::string_view role, const std::string& id, tuf::Key listed) {
    root.keys.insert_or_assign(id, std::move(listed));
    root.roles.insert_or_assign(std::string(role), tuf::RoleKeys{.key_ids = {id}, .threshold = 1});
  }
  template <typename T>
  std::string signed_once(const T& metadata, const std::vector<TestSigner>& signers) const {
    std::string what = tuf::notary_codec().write(metadata);
    for (const TestSigner& signer : signers) what += signer.id + signer.key.public_key().der();
    auto& file = made_[what];
    if (file.empty()) file = sign_file(metadata, signers);
    return file;
  }

  std::string gun_;
  mutable std::map<std::string, std::string> made_;
};

}  // namespace bulkhead::notary
