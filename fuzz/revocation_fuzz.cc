// fuzz: crypto test_certificate
// Revocation lists and OCSP responses: nothing that others sign says "good", and what the issuer signs is read without
// harm.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "crypto/der.h"
#include "crypto/revocation.h"
#include "crypto/test_certificate.h"

namespace {

using namespace bulkhead;  // NOLINT(google-build-using-namespace)

// The issuer's key, made for this: corpora name it.
constexpr std::string_view kKey =
    "308187020100301306072a8648ce3d020106082a8648ce3d030107046d306b0201010420940a11c5bdf1ab42e857ae5b69f6"
    "dbf403c9ce662a9c21d8c3ded720b06ba15da1440342000447ec0eee738e0f236f414b2c9b1bca29814a2d4159781e3e9828"
    "55ce142053a8565b1c84baaaf75d16787aaf892f6b0d37110e45d0236f6ca0c4f2052df02fc0";

const TestIdentity& issuer() {
  static const TestIdentity identity = [] {
    CertificateRecipe recipe = authority_recipe("issuer");
    recipe.pkcs8 = *from_hex(kKey);
    return make_certificate(recipe);
  }();
  return identity;
}

const Certificate& leaf() {
  static const Certificate certificate = [] {
    CertificateRecipe recipe = code_signing_recipe("leaf");
    recipe.serial = 77;
    recipe.extensions.emplace_back("crlDistributionPoints", "URI:http://crl.example/list");
    return make_certificate(recipe, &issuer()).certificate();
  }();
  return certificate;
}

// The text as what is to be signed, signed by the issuer.
std::string signed_by_issuer(std::string_view tbs) {
  static const PrivateKey key = issuer().private_key();
  const std::string signature = *key.sign({SignatureScheme::Kind::kEcdsa}, as_bytes(tbs));
  constexpr std::string_view kEcdsaSha256("\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02", 12);
  return der_element(der::kSequence, std::string(tbs) + std::string(kEcdsaSha256) +
                                         der_element(0x03, std::string(1, '\0') + signature));
}

// The text as ResponseData, in a response of the issuer.
std::string response_of(std::string_view data) {
  constexpr std::string_view kBasic("\x06\x09\x2b\x06\x01\x05\x05\x07\x30\x01\x01", 11);
  const std::string typed =
      der_element(der::kSequence, std::string(kBasic) + der_element(der::kOctetString, signed_by_issuer(data)));
  return der_element(der::kSequence, std::string("\x0a\x01\x00", 3) + der_element(der::context(0), typed));
}

void read_list(std::string_view list) {
  static const Certificate above = issuer().certificate();
  const RevocationQuestion question{.certificate = leaf(), .issuer = above, .at = kTestEpoch};
  static_cast<void>(describe_revocation_list(as_bytes(list)));
  static_cast<void>(read_revocation_list(as_bytes(list), as_bytes(list), question));
  static_cast<void>(read_revocation_list(as_bytes(list), std::nullopt, question));
}

void read_response(std::string_view response) {
  static const Certificate above = issuer().certificate();
  static_cast<void>(
      read_ocsp(as_bytes(response), {.certificate = leaf(), .issuer = above, .at = kTestEpoch, .used_at = 1}));
}

}  // namespace

// The first byte says what the rest is.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view rest(reinterpret_cast<const char*>(data + 1), size - 1);
  if (data[0] == 'l') read_list(rest);
  if (data[0] == 'L') read_list(signed_by_issuer(rest));
  if (data[0] == 'r') read_response(rest);
  if (data[0] == 'R') read_response(response_of(rest));
  return 0;
}
