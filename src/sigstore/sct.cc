#include "sigstore/sct.h"

#include <array>
#include <utility>

#include <fmt/format.h>

#include "crypto/der.h"
#include "crypto/digest.h"

namespace bulkhead::sigstore {
namespace {

constexpr std::string_view kListOid = "1.3.6.1.4.1.11129.2.4.2";
constexpr std::string_view kListOidDer("\x2B\x06\x01\x04\x01\xD6\x79\x02\x04\x02", 10);
constexpr size_t kLogIdBytes = 32;
constexpr uint8_t kVersion1 = 0;
constexpr uint8_t kSha256 = 4;  // RFC 5246 section 7.4.1.4.1
constexpr uint8_t kRsa = 1;
constexpr uint8_t kEcdsa = 3;

// opaque <0..2^16-1>
Result<ByteSpan> vector16(ByteReader& reader) {
  TRY_ASSIGN(const uint16_t length, reader.u16_be());
  return reader.take(length);
}

Result<SignedCertificateTimestamp> read_timestamp(ByteReader& reader) {
  SignedCertificateTimestamp out{};
  TRY_ASSIGN(const ByteSpan log_id, reader.take(kLogIdBytes));
  out.log_id = as_text(log_id);
  TRY_ASSIGN(out.milliseconds, reader.u64_be());
  TRY_ASSIGN(const ByteSpan extensions, vector16(reader));
  out.extensions = as_text(extensions);
  TRY_ASSIGN(out.hash_algorithm, reader.u8());
  TRY_ASSIGN(out.signature_algorithm, reader.u8());
  TRY_ASSIGN(const ByteSpan signature, vector16(reader));
  out.signature = as_text(signature);
  if (!reader.at_end()) return fail(Code::kMalformed, "something follows a certificate timestamp");
  return out;
}

// Big-endian, in `bytes` bytes.
void append(std::string& out, uint64_t value, size_t bytes) {
  for (size_t i = bytes; i-- > 0;) out += static_cast<char>((value >> (8 * i)) & 0xFFU);
}

// digitally-signed struct of RFC 6962 section 3.2, for a precert_entry.
std::string signed_text(const SignedCertificateTimestamp& timestamp, const Certificate& issuer, std::string_view tbs) {
  std::string out(2, '\0');  // version 1, certificate_timestamp
  append(out, timestamp.milliseconds, 8);
  append(out, 1, 2);  // precert_entry
  out += as_text(Digest::sha256_of(as_bytes(issuer.spki())).raw());
  append(out, tbs.size(), 3);
  out += tbs;
  append(out, timestamp.extensions.size(), 2);
  return out + timestamp.extensions;
}

// What the signature says it was made by must be what the log's key is for.
bool is_by_scheme(const SignedCertificateTimestamp& timestamp, SignatureScheme scheme) {
  const uint8_t algorithm = scheme.kind == SignatureScheme::Kind::kEcdsa      ? kEcdsa
                            : scheme.kind == SignatureScheme::Kind::kRsaPkcs1 ? kRsa
                                                                              : uint8_t{0};
  return scheme.hash == HashAlgorithm::kSha256 && timestamp.hash_algorithm == kSha256 && algorithm != 0 &&
         timestamp.signature_algorithm == algorithm;
}

Result<std::string> without_list(ByteSpan extensions) {
  TRY_ASSIGN(const ByteSpan list, der_content(extensions, der::kSequence));
  std::string kept;
  for (DerReader reader(list); !reader.at_end();) {
    TRY_ASSIGN(const DerElement extension, reader.next());
    DerReader parts(extension.content);
    TRY_ASSIGN(const ByteSpan oid, parts.next(der::kObjectIdentifier));
    if (as_text(oid) != kListOidDer) kept += as_text(extension.whole);
  }
  return der_element(der::context(3), der_element(der::kSequence, kept));
}

}  // namespace

Result<std::vector<SignedCertificateTimestamp>> embedded_timestamps(const Certificate& certificate) {
  const CertificateExtension* extension = certificate.extension(kListOid);
  if (extension == nullptr) return fail(Code::kNotFound, "the certificate has no certificate timestamps");
  TRY_ASSIGN(const ByteSpan octets, der_content(as_bytes(extension->value), der::kOctetString));
  ByteReader whole(octets);
  TRY_ASSIGN(const ByteSpan list, vector16(whole));
  if (!whole.at_end()) return fail(Code::kMalformed, "something follows the certificate timestamps");
  std::vector<SignedCertificateTimestamp> out;
  for (ByteReader reader(list); !reader.at_end();) {
    TRY_ASSIGN(const ByteSpan serialized, vector16(reader));
    ByteReader one(serialized);
    TRY_ASSIGN(const uint8_t version, one.u8());
    if (version != kVersion1) continue;
    TRY_ASSIGN(SignedCertificateTimestamp timestamp, read_timestamp(one));
    out.push_back(std::move(timestamp));
  }
  return out;
}

Result<std::string> precertificate_tbs(const Certificate& certificate) {
  TRY_ASSIGN(const ByteSpan tbs, der_content(certificate.tbs(), der::kSequence));
  std::string out;
  for (DerReader reader(tbs); !reader.at_end();) {
    TRY_ASSIGN(const DerElement element, reader.next());
    if (element.tag != der::context(3)) {
      out += as_text(element.whole);
      continue;
    }
    TRY_ASSIGN(const std::string extensions, without_list(element.content));
    out += extensions;
  }
  return der_element(der::kSequence, out);
}

Status verify_embedded_timestamps(const Certificate& certificate, const Certificate& issuer,
                                  std::span<const TransparencyLog> logs) {
  const auto timestamps = embedded_timestamps(certificate);
  if (!timestamps) return fail(Code::kVerificationFailed, timestamps.error().message());
  TRY_ASSIGN(const std::string tbs, precertificate_tbs(certificate));
  for (const SignedCertificateTimestamp& timestamp : *timestamps) {
    const std::string text = signed_text(timestamp, issuer, tbs);
    for (const TransparencyLog& log : logs) {
      if (log.id == timestamp.log_id && log.key && is_by_scheme(timestamp, log.key->scheme) &&
          log.valid.contains(static_cast<int64_t>(timestamp.milliseconds / 1000)) &&
          log.key->key.verify(log.key->scheme, as_bytes(text), as_bytes(timestamp.signature))) {
        return {};
      }
    }
  }
  return fail(Code::kVerificationFailed, "no certificate log that is trusted has seen the certificate");
}

}  // namespace bulkhead::sigstore
