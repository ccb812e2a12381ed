// Fields of protobuf messages in their JSON form, which bundles and trusted roots are written in. Names are in
// lowerCamelCase, a 64-bit integer is a text or a number, bytes are base64 of either alphabet, with or without padding,
// line ends in it are passed over. Source: protobuf.dev, ProtoJSON Format. Internal to sigstore; pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"

namespace bulkhead::sigstore {

// kMalformed; never repeats the text.
Result<std::string> decode_base64(std::string_view text);

// A member that is absent or null is not set, as protobuf has it.
std::optional<json::Value> set_member(const json::Value& object, std::string_view name);

// kMalformed, naming the field, when it is not set or of another kind. Bytes must not be empty.
Result<std::string> require_bytes(const json::Value& object, std::string_view name);
Result<int64_t> require_int64(const json::Value& object, std::string_view name);
// 0 when it is not set, as protobuf leaves out what is zero.
Result<int64_t> int64_or_zero(const json::Value& object, std::string_view name);
// Empty when it is not set.
Result<std::string> string_or_empty(const json::Value& object, std::string_view name);

}  // namespace bulkhead::sigstore
