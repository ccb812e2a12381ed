// HTTP header fields, and the reader of a response's head. Source: RFC 9110 section 5, RFC 9112 sections 4 and 5.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace bulkhead::net {

// Fields in the order they came; names compare without case. A value; not thread-safe for writing.
class Headers {
 public:
  struct Field {
    std::string name;
    std::string value;
  };

  Headers() = default;
  Headers(std::initializer_list<Field> fields) : fields_(fields) {}

  void add(std::string name, std::string value) { fields_.push_back({std::move(name), std::move(value)}); }
  // Replaces every field of that name by one.
  void set(std::string_view name, std::string value);
  void remove(std::string_view name);

  // The first field's value; nothing when there is none. The view lives as long as the fields are unchanged.
  std::optional<std::string_view> find(std::string_view name) const;
  std::vector<std::string_view> find_all(std::string_view name) const;

  size_t size() const { return fields_.size(); }
  auto begin() const { return fields_.begin(); }
  auto end() const { return fields_.end(); }

 private:
  std::vector<Field> fields_;
};

// True when name and value may be sent: a token, and text without control characters.
bool is_valid_field(std::string_view name, std::string_view value);

struct HeadLimits {
  size_t max_bytes = size_t{256} << 10;  // of all lines together
  size_t max_fields = 256;
};

// Reads the head of a response line by line. Interim (1xx) heads are skipped; lines after the final head (trailers) are
// counted against the limits and ignored. Trust of the input: none.
class HeadReader {
 public:
  explicit HeadReader(const HeadLimits& limits) : limits_(limits) {}

  // One line with or without its line end. kMalformed, kLimitExceeded.
  Status line(std::string_view line);

  bool complete() const { return state_ == State::kComplete; }
  int status() const { return status_; }  // 100 to 999 once the status line has been read
  const Headers& headers() const { return headers_; }
  Headers take_headers() { return std::move(headers_); }

 private:
  enum class State : uint8_t { kStatusLine, kFields, kComplete };
  Status status_line(std::string_view line);
  Status field_line(std::string_view line);

  HeadLimits limits_;
  State state_ = State::kStatusLine;
  int status_ = 0;
  size_t bytes_ = 0;
  size_t fields_ = 0;
  Headers headers_;
  std::string last_name_;
  std::string last_value_;
};

}  // namespace bulkhead::net
