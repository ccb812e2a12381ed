#include "crypto/signed_der.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "base/date.h"
#include "base/text.h"
#include "crypto/signature_algorithm.h"

namespace bulkhead {
namespace {

constexpr std::unexpected<Error> malformed(std::string what) {
  return fail(Code::kMalformed, std::move(what));
}

// A bit string of whole bytes.
Result<ByteSpan> bits_of(ByteSpan content) {
  if (content.empty() || std::to_integer<uint8_t>(content[0]) != 0) return malformed("a bit string of no whole bytes");
  return content.subspan(1);
}

}  // namespace

Result<SignedDer> SignedDer::parse(ByteSpan content) {
  DerReader reader(content);
  SignedDer out;
  TRY_ASSIGN(out.tbs, reader.next());
  if (out.tbs.tag != der::kSequence) return malformed("what is signed is no sequence");
  TRY_ASSIGN(const DerElement algorithm, reader.next());
  out.algorithm = algorithm.whole;
  TRY_ASSIGN(const ByteSpan bits, reader.next(der::kBitString));
  TRY_ASSIGN(out.signature, bits_of(bits));
  out.rest = reader;
  return out;
}

Status SignedDer::verify(const Certificate& signer) const {
  const auto scheme = scheme_of_algorithm(algorithm);
  if (!scheme) return fail(Code::kUnsupported, "it is signed by an algorithm that is not used here");
  TRY_ASSIGN(const PublicKey key, signer.public_key());
  return key.verify(*scheme, tbs.whole, signature);
}

Status DerFields::look() {
  if (ahead_ || reader_.at_end()) return {};
  TRY_ASSIGN(ahead_, reader_.next());
  return {};
}

Result<std::optional<DerElement>> DerFields::optional(uint8_t tag) {
  TRY(look());
  if (!ahead_ || ahead_->tag != tag) return std::nullopt;
  return std::exchange(ahead_, std::nullopt);
}

Result<DerElement> DerFields::any() {
  TRY(look());
  if (!ahead_) return malformed("a DER sequence ends early");
  return *std::exchange(ahead_, std::nullopt);
}

Result<DerElement> DerFields::required(uint8_t tag) {
  TRY_ASSIGN(const DerElement element, any());
  if (element.tag != tag) return malformed(fmt::format("a DER element has tag {:#x}, not {:#x}", element.tag, tag));
  return element;
}

Result<bool> DerFields::at_end() {
  TRY(look());
  return !ahead_.has_value();
}

Result<int64_t> der_time(const DerElement& element) {
  std::string digits(as_text(element.content));
  const size_t length = element.tag == der::kUtcTime ? 13 : 15;
  const bool is_time = element.tag == der::kUtcTime || element.tag == der::kGeneralizedTime;
  if (!is_time || digits.size() != length || digits.back() != 'Z' ||
      !std::ranges::all_of(digits.substr(0, length - 1), is_digit)) {
    return malformed("a time that is none");
  }
  if (element.tag == der::kUtcTime) digits.insert(0, digits.front() >= '5' ? "19" : "20");
  const std::string_view d(digits);
  const auto seconds = parse_rfc3339(fmt::format("{}-{}-{}T{}:{}:{}Z", d.substr(0, 4), d.substr(4, 2), d.substr(6, 2),
                                                 d.substr(8, 2), d.substr(10, 2), d.substr(12, 2)));
  if (!seconds) return malformed("a time that is none");
  return *seconds;
}

std::string dotted_oid(ByteSpan content) {
  std::string out;
  uint64_t arc = 0;
  bool first = true;
  for (const std::byte b : content) {
    const auto octet = std::to_integer<uint8_t>(b);
    if (arc > (UINT64_MAX >> 7)) return {};
    arc = (arc << 7) | (octet & 0x7FU);
    if ((octet & 0x80U) != 0) continue;
    if (first) {
      const uint64_t root = std::min<uint64_t>(arc / 40, 2);
      out = fmt::format("{}.{}", root, arc - root * 40);
      first = false;
    } else {
      out += fmt::format(".{}", arc);
    }
    arc = 0;
  }
  return out;
}

Result<std::vector<DerExtension>> der_extensions(ByteSpan content) {
  std::vector<DerExtension> extensions;
  std::set<std::string> seen;
  DerReader reader(content);
  while (!reader.at_end()) {
    TRY_ASSIGN(const ByteSpan parts, reader.next(der::kSequence));
    DerFields fields(parts);
    TRY_ASSIGN(const DerElement oid, fields.required(der::kObjectIdentifier));
    TRY_ASSIGN(const auto critical, fields.optional(der::kBoolean));
    TRY_ASSIGN(const DerElement value, fields.required(der::kOctetString));
    DerExtension extension{
        .oid = dotted_oid(oid.content),
        .critical = critical && !critical->content.empty() && std::to_integer<uint8_t>(critical->content[0]) != 0,
        .value = value.content};
    if (extension.oid.empty() || !seen.insert(extension.oid).second)
      return malformed("an extension stands there twice");
    extensions.push_back(std::move(extension));
  }
  return extensions;
}

Result<std::vector<std::string>> uris_in(ByteSpan general_names) {
  constexpr uint8_t kUri = der::implicit(6);
  std::vector<std::string> uris;
  DerReader reader(general_names);
  while (!reader.at_end()) {
    TRY_ASSIGN(const DerElement name, reader.next());
    if (name.tag == kUri) uris.emplace_back(as_text(name.content));
  }
  return uris;
}

Result<std::vector<std::string>> distribution_uris(ByteSpan points) {
  std::vector<std::string> uris;
  TRY_ASSIGN(const ByteSpan list, der_content(points, der::kSequence));
  DerReader reader(list);
  while (!reader.at_end()) {
    TRY_ASSIGN(const ByteSpan point, reader.next(der::kSequence));
    DerFields fields(point);
    TRY_ASSIGN(const auto name, fields.optional(der::context(0)));
    if (!name) continue;
    DerFields choice(name->content);
    TRY_ASSIGN(const auto full, choice.optional(der::context(0)));
    if (!full) continue;  // relative to the issuer's name: nothing that could be asked
    TRY_ASSIGN(std::vector<std::string> found, uris_in(full->content));
    std::ranges::move(found, std::back_inserter(uris));
  }
  return uris;
}

Result<CertificateParts> parts_of(const Certificate& certificate) {
  TRY_ASSIGN(const ByteSpan content, der_content(certificate.tbs(), der::kSequence));
  DerFields fields(content);
  TRY(fields.optional(der::context(0)));  // the version
  CertificateParts parts;
  TRY_ASSIGN(const DerElement serial, fields.required(der::kInteger));
  TRY(fields.required(der::kSequence));  // the algorithm
  TRY_ASSIGN(const DerElement issuer, fields.required(der::kSequence));
  TRY(fields.required(der::kSequence));  // the validity
  TRY_ASSIGN(const DerElement subject, fields.required(der::kSequence));
  TRY_ASSIGN(const ByteSpan spki, der_content(as_bytes(certificate.spki()), der::kSequence));
  DerFields key(spki);
  TRY(key.required(der::kSequence));
  TRY_ASSIGN(const DerElement bits, key.required(der::kBitString));
  TRY_ASSIGN(parts.key, bits_of(bits.content));
  parts.serial = serial.content;
  parts.issuer = issuer.whole;
  parts.subject = subject.whole;
  return parts;
}

}  // namespace bulkhead
