// fuzz: notation
// CBOR: what is read is written as it was. Envelopes in COSE: what is read has a signer.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "notation/cbor.h"
#include "notation/certificates.h"
#include "notation/envelope.h"

namespace {

using namespace bulkhead::notation;  // NOLINT(google-build-using-namespace)

// False for values that the writer does not write.
bool write(const cbor::Value& value, cbor::Writer& out) {
  switch (value.kind) {
    case cbor::Kind::kBytes:
      out.bytes(value.text);
      return true;
    case cbor::Kind::kText:
      out.text(value.text);
      return true;
    case cbor::Kind::kArray:
      out.begin_array(value.items.size());
      break;
    case cbor::Kind::kMap:
      out.begin_map(value.items.size() / 2);
      break;
    case cbor::Kind::kTag:
      out.tag(value.number);
      break;
    default: {
      const auto number = value.integer();
      if (number) out.integer(*number);
      return number.has_value();
    }
  }
  for (const cbor::Value& item : value.items) {
    if (!write(item, out)) return false;
  }
  return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto value = cbor::parse(bulkhead::as_bytes(text));
  if (!value) return 0;
  cbor::Writer out;
  if (write(*value, out) && std::move(out).take() != text) std::abort();
  const auto envelope = parse_envelope(Format::kCose, bulkhead::as_bytes(text));
  if (!envelope) return 0;
  if (envelope->certificates.empty() || envelope->algorithm == nullptr) std::abort();
  static_cast<void>(verify_signature(*envelope));
  static_cast<void>(check_signing_certificates(envelope->certificates, envelope->signing_time));
  return 0;
}
