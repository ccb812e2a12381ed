// JSON in: a read-only document over simdjson, which stays out of our headers. JSON out: json_writer.h.
//
// Document owns the parsed tree; Value is a small handle into it and must not outlive it. Values are safe to read from
// several threads at once. Trust of the input: none. Limits: size and nesting; numbers that fit neither int64, uint64
// nor double are kMalformed, as is invalid UTF-8. Duplicate keys are kept (RFC 8259 section 4 leaves them open): find()
// returns the first; a gate that must refuse them walks members().
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/document_options.h"
#include "base/result.h"

namespace bulkhead::json {

struct Limits {
  size_t max_bytes = size_t{64} << 20;
  size_t max_depth = 64;
  DocumentOptions options{};
};

enum class Kind : uint8_t { kNull, kBool, kInteger, kUnsigned, kDouble, kString, kArray, kObject };
std::string_view kind_name(Kind kind);

class Members;
class Elements;

class Value {
 public:
  Kind kind() const;
  bool is_null() const { return kind() == Kind::kNull; }
  bool is_object() const { return kind() == Kind::kObject; }
  bool is_array() const { return kind() == Kind::kArray; }
  bool is_string() const { return kind() == Kind::kString; }

  // The typed value, or nothing when it is of another kind. Views point into the document.
  std::optional<std::string_view> string() const;
  std::optional<bool> boolean() const;
  std::optional<int64_t> integer() const;  // also an unsigned that fits
  std::optional<double> number() const;    // any number

  // The member of that name; nothing when absent or when this is no object.
  std::optional<Value> find(std::string_view key) const;
  // The member's string, or `otherwise` when it is absent or no string.
  std::string_view string_or(std::string_view key, std::string_view otherwise) const;

  // kMalformed naming the key when it is absent or of another kind.
  Result<std::string_view> require_string(std::string_view key) const;
  Result<Value> require_object(std::string_view key) const;
  Result<Value> require_array(std::string_view key) const;
  Result<int64_t> require_integer(std::string_view key) const;

  // Empty ranges when this is no array (no object).
  Elements elements() const;
  Members members() const;
  size_t size() const;  // of an array or object; 0 otherwise

 private:
  friend class Document;
  friend class Elements;
  friend class Members;
  friend struct Access;
  const void* document_ = nullptr;
  size_t index_ = 0;
};

struct Member {
  std::string_view key;
  Value value;
};

// Ranges for `for`.
class Elements {
 public:
  class Iterator {
   public:
    Value operator*() const { return current_; }
    Iterator& operator++();
    bool operator==(const Iterator& other) const { return current_index() == other.current_index(); }

   private:
    friend class Elements;
    friend class Value;
    size_t current_index() const { return current_.index_; }
    Value current_;
  };
  Iterator begin() const { return begin_; }
  Iterator end() const { return end_; }

 private:
  friend class Value;
  Iterator begin_;
  Iterator end_;
};

class Members {
 public:
  class Iterator {
   public:
    Member operator*() const;
    Iterator& operator++();
    bool operator==(const Iterator& other) const { return key_.index_ == other.key_.index_; }

   private:
    friend class Members;
    friend class Value;
    Value key_;
  };
  Iterator begin() const { return begin_; }
  Iterator end() const { return end_; }

 private:
  friend class Value;
  Iterator begin_;
  Iterator end_;
};

class Document {
 public:
  static Result<Document> parse(std::string_view text, const Limits& limits = {});

  Document(Document&&) noexcept;
  Document& operator=(Document&&) noexcept;
  ~Document();

  Value root() const;

 private:
  struct Tree;
  explicit Document(std::unique_ptr<Tree> tree);
  std::unique_ptr<Tree> tree_;
};

}  // namespace bulkhead::json
