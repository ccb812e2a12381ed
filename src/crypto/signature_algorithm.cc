#include "crypto/signature_algorithm.h"

#include <memory>

#include <openssl/asn1t.h>
#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

namespace bulkhead {
namespace {

struct Free {
  void operator()(X509_ALGOR* algorithm) const { ::X509_ALGOR_free(algorithm); }
  void operator()(RSA_PSS_PARAMS* parameters) const { ::RSA_PSS_PARAMS_free(parameters); }
};

int nid_of(const X509_ALGOR* algorithm) {
  const ASN1_OBJECT* object = nullptr;
  ::X509_ALGOR_get0(&object, nullptr, nullptr, algorithm);
  return ::OBJ_obj2nid(object);
}

std::optional<HashAlgorithm> hash_of(int nid) {
  switch (nid) {
    case NID_sha256:
      return HashAlgorithm::kSha256;
    case NID_sha384:
      return HashAlgorithm::kSha384;
    case NID_sha512:
      return HashAlgorithm::kSha512;
    default:
      return std::nullopt;
  }
}

// The hash of RSA-PSS stands in its parameters; when it does not, it is SHA-1.
std::optional<HashAlgorithm> pss_hash_of(const X509_ALGOR* algorithm) {
  const ASN1_TYPE* parameter = algorithm->parameter;
  if (parameter == nullptr || parameter->type != V_ASN1_SEQUENCE) return std::nullopt;
  const std::unique_ptr<RSA_PSS_PARAMS, Free> parameters(
      static_cast<RSA_PSS_PARAMS*>(::ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(RSA_PSS_PARAMS), parameter)));
  if (!parameters || parameters->hashAlgorithm == nullptr) return std::nullopt;
  return hash_of(nid_of(parameters->hashAlgorithm));
}

std::optional<SignatureScheme> scheme_with(SignatureScheme::Kind kind, std::optional<HashAlgorithm> hash) {
  return hash ? std::optional(SignatureScheme{kind, *hash}) : std::nullopt;
}

std::optional<SignatureScheme> scheme_of(const X509_ALGOR* algorithm) {
  using enum SignatureScheme::Kind;
  const int nid = nid_of(algorithm);
  if (nid == NID_ED25519) return SignatureScheme{kEd25519};
  if (nid == NID_rsassaPss) return scheme_with(kRsaPss, pss_hash_of(algorithm));
  int digest = NID_undef;
  int key = NID_undef;
  if (::OBJ_find_sigid_algs(nid, &digest, &key) != 1) return std::nullopt;
  if (key == NID_X9_62_id_ecPublicKey) return scheme_with(kEcdsa, hash_of(digest));
  if (key == NID_rsaEncryption) return scheme_with(kRsaPkcs1, hash_of(digest));
  return std::nullopt;
}

}  // namespace

std::optional<SignatureScheme> scheme_of_algorithm(ByteSpan identifier) {
  const auto* in = reinterpret_cast<const unsigned char*>(identifier.data());
  const auto* const end = in + identifier.size();
  const std::unique_ptr<X509_ALGOR, Free> algorithm(
      ::d2i_X509_ALGOR(nullptr, &in, static_cast<long>(identifier.size())));
  const auto scheme = algorithm && in == end ? scheme_of(algorithm.get()) : std::nullopt;
  ::ERR_clear_error();
  return scheme;
}

}  // namespace bulkhead
