#include "sigstore/dsse.h"

#include <utility>

#include <fmt/format.h>

#include "base/base64.h"
#include "base/strict_json.h"
#include "base/text.h"
#include "sigstore/protobuf_json.h"
#include "sigstore/schemes.h"

namespace bulkhead::sigstore {

Result<DsseEnvelope> read_envelope(std::string_view text) {
  TRY_CONTEXT(const auto document, json::parse_strict(text, {.max_bytes = kMaxEnvelopeBytes, .max_depth = 8}),
              "DSSE envelope");
  return read_envelope(document.root());
}

Result<DsseEnvelope> read_envelope(const json::Value& object) {
  DsseEnvelope envelope;
  TRY_CONTEXT(envelope.payload_type, object.require_string("payloadType"), "DSSE envelope");
  TRY_CONTEXT(envelope.payload, require_bytes(object, "payload"), "DSSE envelope");
  TRY_CONTEXT(const json::Value signatures, object.require_array("signatures"), "DSSE envelope");
  if (signatures.size() == 0) return fail(Code::kMalformed, "DSSE envelope: it has no signature");
  if (signatures.size() > kMaxEnvelopeSignatures) {
    return fail(limit_error("signatures in a DSSE envelope", kMaxEnvelopeSignatures, ""));
  }
  for (const json::Value& value : signatures.elements()) {
    DsseSignature signature;
    TRY_CONTEXT(signature.bytes, require_bytes(value, "sig"), "DSSE envelope");
    TRY_CONTEXT(signature.key_id, string_or_empty(value, "keyid"), "DSSE envelope");
    envelope.signatures.push_back(std::move(signature));
  }
  return envelope;
}

void write_envelope(const DsseEnvelope& envelope, json::Writer& out) {
  out.begin_object();
  out.member("payload", base64_encode(as_bytes(envelope.payload)));
  out.member("payloadType", envelope.payload_type);
  out.key("signatures");
  out.begin_array();
  for (const DsseSignature& signature : envelope.signatures) {
    out.begin_object();
    out.member("sig", base64_encode(as_bytes(signature.bytes)));
    out.member_if("keyid", signature.key_id);
    out.end_object();
  }
  out.end_array();
  out.end_object();
}

std::string write_envelope(const DsseEnvelope& envelope) {
  json::Writer out(json::Layout::kCompact);
  write_envelope(envelope, out);
  return std::move(out).take();
}

std::string pre_authentication_encoding(std::string_view payload_type, std::string_view payload) {
  return fmt::format("DSSEv1 {} {} {} {}", payload_type.size(), payload_type, payload.size(), payload);
}

Result<DsseEnvelope> sign_envelope(std::string payload_type, std::string payload, const Signer& signer,
                                   std::string key_id) {
  const std::string message = pre_authentication_encoding(payload_type, payload);
  TRY_ASSIGN(std::string bytes, signer.sign(schemes_of(signer.public_key().type()).front(), as_bytes(message)));
  return DsseEnvelope{.payload_type = std::move(payload_type),
                      .payload = std::move(payload),
                      .signatures = {{.key_id = std::move(key_id), .bytes = std::move(bytes)}}};
}

Status verify_envelope(const DsseEnvelope& envelope, std::string_view payload_type, const PublicKey& key) {
  if (envelope.payload_type != payload_type) {
    return fail(Code::kVerificationFailed, fmt::format("the DSSE envelope's payload is \"{}\", not \"{}\"",
                                                       printable(envelope.payload_type), payload_type));
  }
  const std::string message = pre_authentication_encoding(envelope.payload_type, envelope.payload);
  for (const DsseSignature& signature : envelope.signatures) {
    if (verify_by_key(key, as_bytes(message), as_bytes(signature.bytes))) return {};
  }
  return fail(Code::kVerificationFailed, "no signature of the DSSE envelope is by this key");
}

}  // namespace bulkhead::sigstore
