// Values of the Common Expression Language. Source: cel-spec, langdef.md, "Values"; extensions: optional values
// (cel-spec proposal 246) and network addresses (Kubernetes' CEL libraries).
//
// A Value is 16 bytes, trivially copyable, and owns nothing: text, elements and entries live in an Arena, in a compiled
// program or in the facts, and have to outlive it. Errors are values, too: that is how `||` and `&&` come to absorb
// them. Immutable: safe to read from several threads.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "cel/arena.h"

namespace bulkhead::cel {

enum class Kind : uint8_t {
  kNull,
  kBool,
  kInt,
  kUint,
  kDouble,
  kString,  // UTF-8
  kBytes,
  kList,
  kMap,
  kTimestamp,
  kDuration,
  kType,
  kOptional,
  kIp,
  kCidr,
  kError,
};

// As `type(x)` prints it: "int", "list", "google.protobuf.Timestamp".
std::string_view kind_name(Kind kind);

class Value;
struct Entry;

// Timestamps: since 1970-01-01T00:00:00Z. Durations: both of one sign.
struct Time {
  int64_t seconds = 0;
  int32_t nanoseconds = 0;
  friend auto operator<=>(const Time&, const Time&) = default;
};

// An address in network order; an IPv4 address stands in the first four bytes.
struct Address {
  uint8_t bytes[16];
  uint8_t length;  // 4 or 16
  uint8_t prefix;  // bits; of kCidr only
};

class Value {
 public:
  Value() = default;  // null
  static Value boolean(bool b);
  static Value integer(int64_t i);
  static Value unsigned_integer(uint64_t u);
  static Value number(double d);
  static Value string(std::string_view text);
  static Value bytes(std::string_view bytes);
  static Value list(std::span<const Value> elements);
  // Keys are distinct by equal(); `sorted`: all are strings, in byte order.
  static Value map(std::span<const Entry> entries, bool sorted = false);
  static Value timestamp(Time time);
  static Value duration(Time time);
  static Value type(std::string_view name);
  static Value none();                       // optional.none()
  static Value optional(const Value* held);  // optional.of(*held)
  static Value ip(const Address* address);
  static Value cidr(const Address* address);
  static Value error(std::string_view message);

  Kind kind() const { return kind_; }
  bool is(Kind kind) const { return kind_ == kind; }
  bool is_error() const { return kind_ == Kind::kError; }
  bool is_true() const { return kind_ == Kind::kBool && data_.b; }
  bool is_false() const { return kind_ == Kind::kBool && !data_.b; }
  bool is_numeric() const { return kind_ == Kind::kInt || kind_ == Kind::kUint || kind_ == Kind::kDouble; }

  // Each for its own kind only.
  bool as_bool() const { return data_.b; }
  int64_t as_int() const { return data_.i; }
  uint64_t as_uint() const { return data_.u; }
  double as_double() const { return data_.d; }
  std::string_view as_text() const { return {data_.text, size_}; }  // string, bytes, type, error
  std::span<const Value> as_list() const;
  std::span<const Entry> as_map() const;
  bool is_sorted_map() const { return flag_; }
  Time as_time() const { return {data_.i, static_cast<int32_t>(size_)}; }  // timestamp, duration
  const Value* as_optional() const { return data_.value; }                 // null: none
  const Address& as_address() const { return *data_.address; }             // ip, cidr

 private:
  Kind kind_ = Kind::kNull;
  bool flag_ = false;
  uint32_t size_ = 0;  // of texts, lists and maps; the nanoseconds of times
  union {
    bool b;
    int64_t i = 0;
    uint64_t u;
    double d;
    const char* text;
    const Value* value;
    const Entry* entries;
    const Address* address;
  } data_;
};
static_assert(sizeof(Value) == 16);

struct Entry {
  Value key;
  Value value;
};

inline constexpr size_t kMaxSize = UINT32_MAX;  // of a text, a list, a map

// What `==` says: numbers of different types by their value, lists and maps by their elements, values of different
// kinds unequal; NaN is not equal to itself. Neither is an error.
bool equal(const Value& a, const Value& b);

// What `<` and its like say.
enum class Order : uint8_t { kLess, kEqual, kGreater, kUnordered };
// kUnordered when one is NaN. Both of a kind that has an order (bool, numbers among each other, string, bytes,
// timestamp, duration): `comparable` says whether they are.
bool comparable(const Value& a, const Value& b);
Order compare(const Value& a, const Value& b);

// The value of a key; null when the map has none.
const Value* find(const Value& map, const Value& key);
const Value* find(const Value& map, std::string_view key);

// False, zero, empty, null or none.
bool is_zero_value(const Value& value);

// For people and test output: a literal of the language where there is one. Bounded to about max_bytes.
std::string describe(const Value& value, size_t max_bytes = 4096);

// A copy whose text stands in the arena.
Value copy_text(Arena& arena, Kind kind, std::string_view text);

}  // namespace bulkhead::cel
