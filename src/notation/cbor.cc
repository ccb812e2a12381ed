#include "notation/cbor.h"

#include <set>

#include <fmt/format.h>

#include "base/text.h"

namespace bulkhead::notation::cbor {
namespace {

constexpr uint8_t kMajorSimple = 7;
constexpr uint8_t kIndefinite = 31;

class Parser {
 public:
  Parser(ByteSpan bytes, const Limits& limits) : reader_(bytes), bytes_(bytes), limits_(limits) {}

  Result<Value> value(size_t depth) {
    if (depth > limits_.max_depth) return fail(limit_error("levels of CBOR", limits_.max_depth, ""));
    if (++count_ > limits_.max_items) return fail(limit_error("values in CBOR", limits_.max_items, ""));
    TRY_ASSIGN(const uint8_t initial, reader_.u8());
    const auto major = static_cast<uint8_t>(initial >> 5);
    const auto low = static_cast<uint8_t>(initial & 31);
    if (major == kMajorSimple) return simple(low);
    TRY_ASSIGN(const uint64_t argument, this->argument(low));
    Value out;
    out.kind = static_cast<Kind>(major);
    switch (out.kind) {
      case Kind::kBytes:
      case Kind::kText: {
        if (argument > reader_.remaining()) return fail(malformed("ends early"));
        TRY_ASSIGN(const ByteSpan contents, reader_.take(static_cast<size_t>(argument)));
        out.text = as_text(contents);
        if (out.kind == Kind::kText) TRY(check_utf8(out.text));
        return out;
      }
      case Kind::kArray:
        TRY(items(argument, depth, out));
        return out;
      case Kind::kMap:
        if (argument > limits_.max_items) return fail(limit_error("values in CBOR", limits_.max_items, ""));
        TRY(pairs(argument, depth, out));
        return out;
      case Kind::kTag:
        out.number = argument;
        TRY(items(1, depth, out));
        return out;
      default:
        out.number = argument;
        return out;
    }
  }

  bool at_end() const { return reader_.at_end(); }
  Error malformed(std::string_view what) const {
    return {Code::kMalformed, fmt::format("CBOR {} at byte {}", what, reader_.position())};
  }

 private:
  Status items(uint64_t count, size_t depth, Value& out) {
    // Each takes a byte at least: nothing is reserved for what is not there.
    if (count > reader_.remaining()) return fail(malformed("ends early"));
    for (uint64_t i = 0; i < count; ++i) {
      TRY_ASSIGN(Value item, value(depth + 1));
      out.items.push_back(std::move(item));
    }
    return {};
  }

  Status pairs(uint64_t count, size_t depth, Value& out) {
    std::set<std::string_view> keys;  // encoded
    for (uint64_t i = 0; i < count; ++i) {
      const size_t begin = reader_.position();
      TRY_ASSIGN(Value key, value(depth + 1));
      if (!key.is_integer() && key.kind != Kind::kText) return fail(malformed("has a key that is no name"));
      if (!keys.insert(as_text(bytes_).substr(begin, reader_.position() - begin)).second) {
        return fail(malformed("has a key twice"));
      }
      TRY_ASSIGN(Value member, value(depth + 1));
      out.items.push_back(std::move(key));
      out.items.push_back(std::move(member));
    }
    return {};
  }

  Result<uint64_t> argument(uint8_t low) {
    uint64_t value = low;
    uint64_t least = 0;  // what needs so many bytes
    switch (low) {
      case 24: {
        TRY_ASSIGN(value, reader_.u8());
        least = 24;
        break;
      }
      case 25: {
        TRY_ASSIGN(value, reader_.u16_be());
        least = uint64_t{1} << 8;
        break;
      }
      case 26: {
        TRY_ASSIGN(value, reader_.u32_be());
        least = uint64_t{1} << 16;
        break;
      }
      case 27: {
        TRY_ASSIGN(value, reader_.u64_be());
        least = uint64_t{1} << 32;
        break;
      }
      case kIndefinite:
        return fail(Code::kUnsupported, "CBOR of indefinite length");
      default:
        if (low > 27) return fail(malformed("has a reserved length"));
    }
    if (value < least) return fail(malformed("has a number that is longer than it needs to be"));
    return value;
  }

  Result<Value> simple(uint8_t low) {
    Value out;
    if (low >= 25 && low <= 27) {
      out.kind = Kind::kFloat;
      TRY_ASSIGN(const ByteSpan contents, reader_.take(size_t{1} << (low - 24)));
      out.text = as_text(contents);
      return out;
    }
    if (low < 20 || low > 23) return fail(malformed("has a simple value that nobody knows"));
    out.number = low;
    return out;
  }

  Status check_utf8(std::string_view text) const {
    while (!text.empty()) {
      const size_t length = utf8_sequence_length(text);
      if (length == 0) return fail(malformed("has text that is not UTF-8"));
      text.remove_prefix(length);
    }
    return {};
  }

  ByteReader reader_;
  ByteSpan bytes_;
  const Limits& limits_;
  size_t count_ = 0;
};

const Value* member(const Value& map, const auto& matches) {
  if (map.kind != Kind::kMap) return nullptr;
  for (size_t i = 0; i + 1 < map.items.size(); i += 2) {
    if (matches(map.items[i])) return &map.items[i + 1];
  }
  return nullptr;
}

}  // namespace

std::optional<int64_t> Value::integer() const {
  if (!is_integer() || number > static_cast<uint64_t>(INT64_MAX)) return std::nullopt;
  const auto magnitude = static_cast<int64_t>(number);
  return kind == Kind::kUnsigned ? magnitude : -1 - magnitude;
}

std::optional<std::string_view> Value::bytes() const {
  return kind == Kind::kBytes ? std::optional(text) : std::nullopt;
}
std::optional<std::string_view> Value::string() const {
  return kind == Kind::kText ? std::optional(text) : std::nullopt;
}

const Value* Value::find(std::string_view key) const {
  return member(*this, [&](const Value& name) { return name.string() == key; });
}
const Value* Value::find(int64_t key) const {
  return member(*this, [&](const Value& name) { return name.integer() == key; });
}

Result<Value> parse(ByteSpan bytes, const Limits& limits) {
  if (bytes.size() > limits.max_bytes) return fail(limit_error("bytes of CBOR", limits.max_bytes, ""));
  Parser parser(bytes, limits);
  TRY_ASSIGN(Value value, parser.value(1));
  if (!parser.at_end()) return fail(parser.malformed("goes on"));
  return value;
}

void Writer::head(uint8_t major, uint64_t argument) {
  const auto put = [&](uint8_t low, int bytes) {
    out_.push_back(static_cast<char>((major << 5) | low));
    for (int i = bytes - 1; i >= 0; --i) out_.push_back(static_cast<char>(argument >> (8 * i)));
  };
  if (argument < 24) {
    put(static_cast<uint8_t>(argument), 0);
  } else if (argument >> 8 == 0) {
    put(24, 1);
  } else if (argument >> 16 == 0) {
    put(25, 2);
  } else if (argument >> 32 == 0) {
    put(26, 4);
  } else {
    put(27, 8);
  }
}

void Writer::integer(int64_t value) {
  if (value >= 0) return head(0, static_cast<uint64_t>(value));
  head(1, static_cast<uint64_t>(-1 - value));
}
void Writer::bytes(std::string_view value) {
  head(2, value.size());
  raw(value);
}
void Writer::text(std::string_view value) {
  head(3, value.size());
  raw(value);
}
void Writer::begin_array(size_t items) {
  head(4, items);
}
void Writer::begin_map(size_t pairs) {
  head(5, pairs);
}
void Writer::tag(uint64_t number) {
  head(6, number);
}

}  // namespace bulkhead::notation::cbor
