#include "base/json.h"

#include <bit>
#include <limits>
#include <type_traits>

#include <fmt/format.h>
#include <simdjson.h>

namespace bulkhead::json {

namespace dom = simdjson::dom;

struct Document::Tree {
  dom::parser parser;
  dom::element root;
};

// Value, and the iterators' positions, are simdjson's handles (a document and a tape index) under our own names, so
// that its header stays in this file.
struct Access {
  template <typename Handle>
  static Handle unwrap(const Value& value) {
    static_assert(sizeof(Handle) == sizeof(Value) && std::is_trivially_copyable_v<Handle>);
    return std::bit_cast<Handle>(value);
  }
  template <typename Handle>
  static Value wrap(const Handle& handle) {
    return std::bit_cast<Value>(handle);
  }
};

namespace {

dom::element element_of(const Value& value) {
  return Access::unwrap<dom::element>(value);
}

Error missing(const Value& object, std::string_view key, std::string_view wanted) {
  const auto found = object.find(key);
  if (!object.is_object()) {
    return {Code::kMalformed, fmt::format("\"{}\" expected in an object, found {}", key, kind_name(object.kind()))};
  }
  if (!found) return {Code::kMalformed, fmt::format("\"{}\" is missing", key)};
  return {Code::kMalformed, fmt::format("\"{}\" must be {}, found {}", key, wanted, kind_name(found->kind()))};
}

}  // namespace

std::string_view kind_name(Kind kind) {
  switch (kind) {
    case Kind::kNull:
      return "null";
    case Kind::kBool:
      return "a boolean";
    case Kind::kInteger:
    case Kind::kUnsigned:
      return "an integer";
    case Kind::kDouble:
      return "a number";
    case Kind::kString:
      return "a string";
    case Kind::kArray:
      return "an array";
    case Kind::kObject:
      return "an object";
  }
  return "unknown";
}

Kind Value::kind() const {
  switch (element_of(*this).type()) {
    case dom::element_type::ARRAY:
      return Kind::kArray;
    case dom::element_type::OBJECT:
      return Kind::kObject;
    case dom::element_type::INT64:
      return Kind::kInteger;
    case dom::element_type::UINT64:
      return Kind::kUnsigned;
    case dom::element_type::DOUBLE:
      return Kind::kDouble;
    case dom::element_type::STRING:
      return Kind::kString;
    case dom::element_type::BOOL:
      return Kind::kBool;
    case dom::element_type::NULL_VALUE:
      return Kind::kNull;
  }
  return Kind::kNull;
}

std::optional<std::string_view> Value::string() const {
  std::string_view text;
  if (element_of(*this).get_string().get(text) != simdjson::SUCCESS) return std::nullopt;
  return text;
}

std::optional<bool> Value::boolean() const {
  bool value = false;
  if (element_of(*this).get_bool().get(value) != simdjson::SUCCESS) return std::nullopt;
  return value;
}

std::optional<int64_t> Value::integer() const {
  int64_t value = 0;
  if (element_of(*this).get_int64().get(value) != simdjson::SUCCESS) return std::nullopt;
  return value;
}

std::optional<double> Value::number() const {
  double value = 0;
  if (element_of(*this).get_double().get(value) != simdjson::SUCCESS) return std::nullopt;
  return value;
}

std::optional<Value> Value::find(std::string_view key) const {
  dom::object object;
  if (element_of(*this).get_object().get(object) != simdjson::SUCCESS) return std::nullopt;
  dom::element found;
  if (object.at_key(key).get(found) != simdjson::SUCCESS) return std::nullopt;
  return Access::wrap(found);
}

std::string_view Value::string_or(std::string_view key, std::string_view otherwise) const {
  const auto found = find(key);
  return found ? found->string().value_or(otherwise) : otherwise;
}

Result<std::string_view> Value::require_string(std::string_view key) const {
  const auto found = find(key);
  if (!found || !found->is_string()) return fail(missing(*this, key, "a string"));
  return *found->string();
}

Result<Value> Value::require_object(std::string_view key) const {
  const auto found = find(key);
  if (!found || !found->is_object()) return fail(missing(*this, key, "an object"));
  return *found;
}

Result<Value> Value::require_array(std::string_view key) const {
  const auto found = find(key);
  if (!found || !found->is_array()) return fail(missing(*this, key, "an array"));
  return *found;
}

Result<int64_t> Value::require_integer(std::string_view key) const {
  const auto found = find(key);
  const auto number = found ? found->integer() : std::nullopt;
  if (!number) return fail(missing(*this, key, "an integer"));
  return *number;
}

size_t Value::size() const {
  // simdjson's own size() saturates at 2^24 - 1, so large containers are counted.
  constexpr size_t kSaturated = 0xFFFFFF;
  dom::array array;
  dom::object object;
  size_t count = 0;
  if (element_of(*this).get_array().get(array) == simdjson::SUCCESS) {
    if (array.size() < kSaturated) return array.size();
    for ([[maybe_unused]] const auto& element : array) ++count;
  } else if (element_of(*this).get_object().get(object) == simdjson::SUCCESS) {
    if (object.size() < kSaturated) return object.size();
    for ([[maybe_unused]] const auto& member : object) ++count;
  }
  return count;
}

Elements Value::elements() const {
  Elements range;
  dom::array array;
  if (element_of(*this).get_array().get(array) == simdjson::SUCCESS) {
    range.begin_.current_ = Access::wrap(array.begin());
    range.end_.current_ = Access::wrap(array.end());
  }
  return range;
}

Elements::Iterator& Elements::Iterator::operator++() {
  auto position = Access::unwrap<dom::array::iterator>(current_);
  ++position;
  current_ = Access::wrap(position);
  return *this;
}

Members Value::members() const {
  Members range;
  dom::object object;
  if (element_of(*this).get_object().get(object) == simdjson::SUCCESS) {
    range.begin_.key_ = Access::wrap(object.begin());
    range.end_.key_ = Access::wrap(object.end());
  }
  return range;
}

Member Members::Iterator::operator*() const {
  const auto position = Access::unwrap<dom::object::iterator>(key_);
  return {position.key(), Access::wrap(position.value())};
}

Members::Iterator& Members::Iterator::operator++() {
  auto position = Access::unwrap<dom::object::iterator>(key_);
  ++position;
  key_ = Access::wrap(position);
  return *this;
}

Document::Document(std::unique_ptr<Tree> tree) : tree_(std::move(tree)) {}
Document::Document(Document&&) noexcept = default;
Document& Document::operator=(Document&&) noexcept = default;
Document::~Document() = default;

Result<Document> Document::parse(std::string_view text, const Limits& limits) {
  if (text.size() > limits.max_bytes) {
    return fail(limit_error("bytes in a JSON document", limits.max_bytes, limits.options.bytes));
  }
  // simdjson keeps string offsets in 32 bits.
  if (text.size() > std::numeric_limits<uint32_t>::max()) {
    return fail(limit_error("bytes in a JSON document", std::numeric_limits<uint32_t>::max(), {}));
  }
  auto tree = std::make_unique<Tree>();
  if (tree->parser.allocate(text.size(), limits.max_depth) != simdjson::SUCCESS) {
    return fail(Code::kLimitExceeded, "not enough memory for the JSON document");
  }
  const auto error = tree->parser.parse(text.data(), text.size()).get(tree->root);
  if (error == simdjson::DEPTH_ERROR) {
    return fail(limit_error("levels of nesting in a JSON document", limits.max_depth, limits.options.depth));
  }
  if (error != simdjson::SUCCESS) {
    return fail(Code::kMalformed, fmt::format("not valid JSON: {}", simdjson::error_message(error)));
  }
  return Document(std::move(tree));
}

Value Document::root() const {
  return Access::wrap(tree_->root);
}

}  // namespace bulkhead::json
