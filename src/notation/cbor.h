// CBOR, as much of it as COSE needs. Source: RFC 8949, with the rules of its section 4.2.1 for both directions:
// definite lengths only, every length and integer in its shortest form, no map key twice. So a value has one encoding.
//
// Values view the bytes they were read from, which must outlive them. Trust of the input: none. Errors: kMalformed with
// the offset; kLimitExceeded; kUnsupported for indefinite lengths. Pure and thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"

namespace bulkhead::notation::cbor {

struct Limits {
  size_t max_bytes = size_t{1} << 20;
  size_t max_depth = 16;
  size_t max_items = 4096;
};

enum class Kind : uint8_t { kUnsigned, kNegative, kBytes, kText, kArray, kMap, kTag, kSimple, kFloat };

class Value {
 public:
  Kind kind = Kind::kSimple;
  uint64_t number = 0;       // kUnsigned; kNegative: -1 - number; kTag: which; kSimple: 20 false, 21 true, 22 null …
  std::string_view text;     // kBytes, kText (UTF-8); kFloat: its 2, 4 or 8 bytes
  std::vector<Value> items;  // of an array; of a tag: one; of a map: key, value, key, value …

  bool is_integer() const { return kind == Kind::kUnsigned || kind == Kind::kNegative; }
  std::optional<int64_t> integer() const;  // nothing when it is none, or does not fit
  std::optional<std::string_view> bytes() const;
  std::optional<std::string_view> string() const;
  // The value of a map's key; nullptr when there is none, or this is no map.
  const Value* find(std::string_view key) const;
  const Value* find(int64_t key) const;
};

// One value, exactly.
Result<Value> parse(ByteSpan bytes, const Limits& limits = {});

// Writes in the order of its calls; who writes a map sorts its keys.
class Writer {
 public:
  void integer(int64_t value);
  void bytes(std::string_view value);
  void text(std::string_view value);
  void begin_array(size_t items);
  void begin_map(size_t pairs);
  void tag(uint64_t number);
  void raw(std::string_view encoded) { out_.append(encoded); }
  std::string take() && { return std::move(out_); }

 private:
  void head(uint8_t major, uint64_t argument);
  std::string out_;
};

}  // namespace bulkhead::notation::cbor
