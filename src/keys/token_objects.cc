#include "keys/token_objects.h"

#include <fmt/format.h>

#include "crypto/certificate.h"

namespace bulkhead::keys {
namespace {

enum Tag : uint8_t { kInteger = 0x02, kBitString = 0x03, kOctetString = 0x04, kSequence = 0x30 };

// AlgorithmIdentifiers but for the curve: RFC 5480 section 2.1.1 and RFC 3279 section 2.3.1.
constexpr std::string_view kEcPublicKey = "\x06\x07\x2a\x86\x48\xce\x3d\x02\x01";
constexpr std::string_view kRsaEncryption("\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00", 13);

// RFC 5480 section 2.1.1.1; RFC 8410 section 3; PKCS#11 3.0 section 2.3.5 has a name, too.
constexpr std::string_view kP256 = "\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07";
constexpr std::string_view kP384("\x06\x05\x2b\x81\x04\x00\x22", 7);
constexpr std::string_view kP521("\x06\x05\x2b\x81\x04\x00\x23", 7);
constexpr std::string_view kEdwards25519 =
    "\x13\x0c"
    "edwards25519";

std::string der(Tag tag, std::string_view contents) {
  std::string out(1, static_cast<char>(tag));
  const size_t size = contents.size();
  if (size < 0x80) {
    out += static_cast<char>(size);
  } else if (size < 0x100) {
    out += '\x81';
    out += static_cast<char>(size);
  } else {  // below 64 KiB: attributes are
    out += '\x82';
    out += static_cast<char>(size >> 8U);
    out += static_cast<char>(size & 0xFFU);
  }
  return out.append(contents);
}

std::string positive(std::string_view big_endian) {
  while (big_endian.size() > 1 && big_endian.front() == '\0') big_endian.remove_prefix(1);
  const bool high = !big_endian.empty() && (static_cast<unsigned char>(big_endian.front()) & 0x80U) != 0;
  return der(kInteger, (high ? std::string(1, '\0') : std::string()).append(big_endian));
}

std::string public_key_info(std::string_view algorithm, std::string_view key) {
  return der(kSequence, der(kSequence, algorithm) + der(kBitString, std::string(1, '\0').append(key)));
}

// A point is an octet string in DER; some modules leave the head out.
std::string_view point_in(std::string_view value, size_t ed25519_bytes = 0) {
  const bool bare = ed25519_bytes != 0 && value.size() == ed25519_bytes;
  if (bare || value.size() < 3 || value[0] != kOctetString) return value;
  const auto length = static_cast<unsigned char>(value[1]);
  if (length < 0x80 && value.size() == 2U + length) return value.substr(2);
  if (length == 0x81 && value.size() == 3U + static_cast<unsigned char>(value[2])) return value.substr(3);
  return value;
}

std::unexpected<Error> incomplete(const TokenSession& session) {
  return fail(Code::kMalformed, fmt::format("{}: a public key that does not say all of itself", session.token_name()));
}

Result<PublicKey> by_parts(const TokenSession& session, CK_OBJECT_HANDLE object) {
  constexpr size_t kEd25519Bytes = 32;
  const auto type = session.number(object, CKA_KEY_TYPE);
  if (type == CKK_RSA) {
    const auto modulus = session.attribute(object, CKA_MODULUS);
    const auto exponent = session.attribute(object, CKA_PUBLIC_EXPONENT);
    if (!modulus || !exponent) return incomplete(session);
    const std::string key = der(kSequence, positive(*modulus) + positive(*exponent));
    return PublicKey::from_der(as_bytes(public_key_info(kRsaEncryption, key)));
  }
  if (type != CKK_EC && type != CKK_EC_EDWARDS) {
    return fail(Code::kUnsupported,
                fmt::format("{}: a key that is neither ECDSA, Ed25519 nor RSA", session.token_name()));
  }
  const auto curve = session.attribute(object, CKA_EC_PARAMS);
  const auto point = session.attribute(object, CKA_EC_POINT);
  if (!curve || !point) return incomplete(session);
  if (type == CKK_EC_EDWARDS) return PublicKey::from_ed25519(as_bytes(point_in(*point, kEd25519Bytes)));
  const std::string algorithm = std::string(kEcPublicKey) + *curve;
  return PublicKey::from_der(as_bytes(public_key_info(algorithm, point_in(*point))));
}

}  // namespace

std::string curve_parameters(KeyType type) {
  switch (type) {
    case KeyType::kEcdsaP256:
      return std::string(kP256);
    case KeyType::kEcdsaP384:
      return std::string(kP384);
    case KeyType::kEcdsaP521:
      return std::string(kP521);
    case KeyType::kEd25519:
      return std::string(kEdwards25519);
    case KeyType::kRsa:
      break;
  }
  return {};
}

Result<PublicKey> public_key_of(const TokenSession& session, CK_OBJECT_HANDLE object) {
  if (session.number(object, CKA_CLASS) == CKO_CERTIFICATE) {
    const auto value = session.attribute(object, CKA_VALUE);
    if (!value) return incomplete(session);
    TRY_ASSIGN(const Certificate certificate, Certificate::from_der(as_bytes(*value)));
    return certificate.public_key();
  }
  // PKCS#11 2.40: the whole, where the module has it.
  const auto info = session.attribute(object, CKA_PUBLIC_KEY_INFO);
  if (info && !info->empty()) return PublicKey::from_der(as_bytes(*info));
  return by_parts(session, object);
}

Result<PublicKey> public_half_of(TokenSession& session, CK_OBJECT_HANDLE private_key) {
  const auto id = session.attribute(private_key, CKA_ID);
  const auto label = session.attribute(private_key, CKA_LABEL);
  const auto type = session.number(private_key, CKA_KEY_TYPE);
  for (const CK_OBJECT_CLASS kind : {CKO_PUBLIC_KEY, CKO_CERTIFICATE}) {
    Attributes wanted;
    wanted.add(CKA_CLASS, kind);
    if (kind == CKO_PUBLIC_KEY && type) wanted.add(CKA_KEY_TYPE, *type);
    if (id && !id->empty()) {
      wanted.add(CKA_ID, *id);
    } else if (label && !label->empty()) {
      wanted.add(CKA_LABEL, *label);
    } else {
      break;
    }
    TRY_ASSIGN(const auto halves, session.find(std::move(wanted)));
    if (halves.size() == 1) return public_key_of(session, halves.front());
  }
  auto itself = public_key_of(session, private_key);
  if (itself) return itself;
  return fail(
      Code::kNotFound,
      fmt::format("{}: neither a public half nor a certificate stands beside the private key", session.token_name()),
      "write the public half into the token, with the id of the private one");
}

}  // namespace bulkhead::keys
