// The envelope as a tagged COSE_Sign1. Source: RFC 9052 section 4; RFC 9360 (x5chain); notaryproject/specifications,
// signature-envelope-cose.md.
#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "base/text.h"
#include "notation/cbor.h"
#include "notation/envelope_parts.h"

namespace bulkhead::notation {
namespace {

constexpr uint64_t kSign1Tag = 18;
constexpr uint64_t kEpochTag = 1;
constexpr int64_t kAlgorithmLabel = 1;
constexpr int64_t kCriticalLabel = 2;
constexpr int64_t kContentTypeLabel = 3;
constexpr int64_t kCertificatesLabel = 33;

std::unexpected<Error> malformed(std::string message) {
  return fail(Code::kMalformed, std::move(message));
}

// As errors and the list of critical names have it.
std::string name_of_label(const cbor::Value& label) {
  if (const auto text = label.string()) return std::string(*text);
  const auto number = label.integer();
  return number ? fmt::format("label {}", *number) : "a label past 64 bits";
}

Result<std::string> text_of(const cbor::Value& headers, const auto& label, std::string_view what) {
  const cbor::Value* value = headers.find(label);
  if (value == nullptr || !value->string()) return malformed(fmt::format("\"{}\" is missing or no text", what));
  return std::string(*value->string());
}

Result<std::optional<int64_t>> time_of(const cbor::Value& headers, std::string_view name) {
  const cbor::Value* value = headers.find(name);
  if (value == nullptr) return std::nullopt;
  const bool tagged = value->kind == cbor::Kind::kTag && value->number == kEpochTag;
  const auto seconds = tagged ? value->items.front().integer() : std::nullopt;
  if (!seconds) return malformed(fmt::format("\"{}\" is no time in whole seconds", name));
  return seconds;
}

Result<std::vector<std::string>> critical_in(const cbor::Value& headers) {
  const cbor::Value* list = headers.find(kCriticalLabel);
  if (list == nullptr || list->kind != cbor::Kind::kArray) return malformed("the list of critical headers is missing");
  std::vector<std::string> names;
  for (const cbor::Value& label : list->items) {
    if (!label.is_integer() && !label.string()) return malformed("the list of critical headers holds what is no label");
    names.push_back(name_of_label(label));
  }
  return names;
}

bool is_defined(const cbor::Value& label) {
  if (const auto number = label.integer()) return *number >= kAlgorithmLabel && *number <= kContentTypeLabel;
  const auto name = label.string();
  return name == kSigningSchemeHeader || name == kSigningTimeHeader || name == kAuthenticSigningTimeHeader ||
         name == kExpiryHeader;
}

Status read_protected(const cbor::Value& headers, Envelope& envelope) {
  if (headers.kind != cbor::Kind::kMap) return malformed("the protected header is no map");
  const cbor::Value* algorithm = headers.find(kAlgorithmLabel);
  const auto label = algorithm == nullptr ? std::nullopt : algorithm->integer();
  envelope.algorithm = label ? algorithm_labelled(*label) : nullptr;
  if (envelope.algorithm == nullptr) {
    return fail(Code::kUnsupported, label ? fmt::format("the algorithm {}", *label) : "an algorithm that is no label");
  }
  Attributes attributes;
  TRY_ASSIGN(attributes.content_type, text_of(headers, kContentTypeLabel, "content type"));
  TRY_ASSIGN(attributes.scheme, text_of(headers, kSigningSchemeHeader, kSigningSchemeHeader));
  TRY_ASSIGN(attributes.signing_time, time_of(headers, kSigningTimeHeader));
  TRY_ASSIGN(attributes.authentic_signing_time, time_of(headers, kAuthenticSigningTimeHeader));
  TRY_ASSIGN(attributes.expiry, time_of(headers, kExpiryHeader));
  TRY_ASSIGN(attributes.critical, critical_in(headers));
  for (size_t i = 0; i + 1 < headers.items.size(); i += 2) {
    if (is_defined(headers.items[i]) || headers.items[i].integer() == kCertificatesLabel) continue;
    attributes.extended.push_back(
        {.name = name_of_label(headers.items[i]), .value = std::string(headers.items[i + 1].string().value_or(""))});
  }
  return adopt(std::move(attributes), envelope);
}

// The chain may stand on either side; the specification prefers the unprotected one.
Status read_certificates(const cbor::Value& headers, Envelope& envelope) {
  const cbor::Value* chain = headers.find(kCertificatesLabel);
  if (chain == nullptr) return {};
  if (!envelope.certificates.empty()) return malformed("two chains of certificates");
  const auto add = [&](const cbor::Value& certificate) -> Status {
    const auto der = certificate.bytes();
    if (!der) return malformed("a certificate that is no byte string");
    return add_certificate(as_bytes(*der), envelope);
  };
  if (chain->kind != cbor::Kind::kArray) return add(*chain);  // RFC 9360: one alone stands without its array
  for (const cbor::Value& certificate : chain->items) TRY(add(certificate));
  return {};
}

Status read_unprotected(const cbor::Value& headers, const cbor::Value& protected_headers, Envelope& envelope) {
  if (headers.kind != cbor::Kind::kMap) return malformed("the unprotected header is no map");
  for (size_t i = 0; i < headers.items.size(); i += 2) {
    const cbor::Value& label = headers.items[i];
    const auto name = label.string();
    const auto number = label.integer();
    const bool is_signed_too =
        (name && protected_headers.find(*name) != nullptr) || (number && protected_headers.find(*number) != nullptr);
    if (is_defined(label) || is_signed_too) {
      return malformed(fmt::format("\"{}\" stands where it is not signed", printable(name_of_label(label))));
    }
  }
  TRY(read_certificates(headers, envelope));
  if (const cbor::Value* token = headers.find(kTimestampHeader)) {
    if (!token->bytes()) return malformed("a time-stamp that is no byte string");
    envelope.timestamp_token = *token->bytes();
  }
  if (const cbor::Value* agent = headers.find(kAgentHeader)) envelope.agent = agent->string().value_or("");
  return {};
}

// RFC 9052 section 4.4.
std::string sig_structure(std::string_view protected_bytes, std::string_view payload) {
  cbor::Writer out;
  out.begin_array(4);
  out.text("Signature1");
  out.bytes(protected_bytes);
  out.bytes("");  // nothing beside the message is signed
  out.bytes(payload);
  return std::move(out).take();
}

// A map in the order of RFC 8949 section 4.2.1: keys and values come encoded.
std::string sorted_map(const std::map<std::string, std::string>& pairs) {
  cbor::Writer out;
  out.begin_map(pairs.size());
  for (const auto& [key, value] : pairs) {
    out.raw(key);
    out.raw(value);
  }
  return std::move(out).take();
}

std::string encoded(const auto& write) {
  cbor::Writer out;
  write(out);
  return std::move(out).take();
}
std::string text_item(std::string_view text) {
  return encoded([&](cbor::Writer& out) { out.text(text); });
}
std::string integer_item(int64_t number) {
  return encoded([&](cbor::Writer& out) { out.integer(number); });
}
std::string time_item(int64_t seconds) {
  return encoded([&](cbor::Writer& out) {
    out.tag(kEpochTag);
    out.integer(seconds);
  });
}

Result<std::string> protected_header(const SignRequest& request, const Algorithm& algorithm) {
  std::map<std::string, std::string> pairs = {
      {integer_item(kAlgorithmLabel), integer_item(algorithm.cose)},
      {integer_item(kContentTypeLabel), text_item(kPayloadMediaType)},
      {text_item(kSigningSchemeHeader), text_item(name_of(request.scheme))},
      {text_item(time_header_of(request.scheme)), time_item(request.signing_time)},
      {integer_item(kCriticalLabel), encoded([&](cbor::Writer& out) {
         const std::vector<std::string> critical = critical_of(request);
         out.begin_array(critical.size());
         for (const std::string& name : critical) out.text(name);
       })},
  };
  if (request.expiry) pairs.emplace(text_item(kExpiryHeader), time_item(*request.expiry));
  for (const ExtendedAttribute& extended : request.extended) {
    if (!pairs.emplace(text_item(extended.name), text_item(extended.value)).second) {
      return fail(Code::kInvalidArgument, fmt::format("the attribute \"{}\" is there already", extended.name));
    }
  }
  return sorted_map(pairs);
}

}  // namespace

Result<Envelope> parse_cose(ByteSpan bytes) {
  TRY_ASSIGN(const cbor::Value message, cbor::parse(bytes, {.max_bytes = kMaxEnvelopeBytes}));
  if (message.kind != cbor::Kind::kTag || message.number != kSign1Tag) return malformed("no tagged COSE_Sign1");
  const cbor::Value& parts = message.items.front();
  if (parts.kind != cbor::Kind::kArray || parts.items.size() != 4) return malformed("no COSE_Sign1 of four parts");
  const auto protected_bytes = parts.items[0].bytes();
  const auto payload = parts.items[2].bytes();
  const auto signature = parts.items[3].bytes();
  if (!protected_bytes || !payload || !signature) return malformed("a part of COSE_Sign1 is no byte string");

  TRY_CONTEXT(const cbor::Value headers, cbor::parse(as_bytes(*protected_bytes)), "the protected header");
  Envelope envelope{.format = Format::kCose};
  TRY(read_protected(headers, envelope));
  TRY(read_certificates(headers, envelope));
  TRY(read_unprotected(parts.items[1], headers, envelope));
  if (envelope.certificates.empty()) return malformed("no certificates");
  envelope.payload = *payload;
  envelope.signature = *signature;
  envelope.signed_bytes = sig_structure(*protected_bytes, *payload);
  return envelope;
}

Result<std::string> sign_cose(const Signer& signer, const SignRequest& request, const Algorithm& algorithm,
                              std::string_view payload) {
  TRY_ASSIGN(const std::string headers, protected_header(request, algorithm));
  TRY_ASSIGN(const Signed made, sign_bytes(signer, request, algorithm, sig_structure(headers, payload)));
  std::map<std::string, std::string> unprotected = {{integer_item(kCertificatesLabel), encoded([&](cbor::Writer& out) {
                                                       out.begin_array(request.certificates.size());
                                                       for (const Certificate& certificate : request.certificates)
                                                         out.bytes(certificate.der());
                                                     })}};
  if (!request.agent.empty()) unprotected.emplace(text_item(kAgentHeader), text_item(request.agent));
  if (!made.timestamp_token.empty()) {
    unprotected.emplace(text_item(kTimestampHeader),
                        encoded([&](cbor::Writer& out) { out.bytes(made.timestamp_token); }));
  }
  cbor::Writer out;
  out.tag(kSign1Tag);
  out.begin_array(4);
  out.bytes(headers);
  out.raw(sorted_map(unprotected));
  out.bytes(payload);
  out.bytes(made.signature);
  return std::move(out).take();
}

}  // namespace bulkhead::notation
