// Writes JSON as a stream of calls; the only JSON writer of the house. Output is deterministic: what is written, in the
// order it is written, so callers sort what must be sorted. Two layouts: compact (no white space: the canonical form of
// TUF and digests) and indented by two spaces for people.
//
//   json::Writer w(json::Layout::kIndented);
//   w.begin_object();
//   w.key("id"); w.string(id);
//   w.end_object();
//   std::string text = std::move(w).take();
//
// Calls out of order (a value without its key) break an invariant and abort. Strings must be UTF-8; invalid bytes are
// written as U+FFFD, so that the output always is JSON. Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace bulkhead::json {

enum class Layout : uint8_t { kCompact, kIndented };

class Writer {
 public:
  explicit Writer(Layout layout = Layout::kIndented) : layout_(layout) {}

  void begin_object();
  // The object and all in it on one line, whatever the layout: for lists of very many.
  void begin_line();
  void end_object();
  void begin_array();
  void end_array();
  void key(std::string_view name);
  void string(std::string_view text);
  void integer(int64_t value);
  void unsigned_integer(uint64_t value);
  // Shortest text that reads back as the same double; NaN and infinities become null.
  void number(double value);
  void boolean(bool value);
  void null();

  // key() and value in one.
  void member(std::string_view name, std::string_view text) {
    key(name);
    string(text);
  }
  void member(std::string_view name, const char* text) {
    key(name);
    string(text);
  }
  void member(std::string_view name, bool value) {
    key(name);
    boolean(value);
  }
  // Nothing at all when the text is empty.
  void member_if(std::string_view name, std::string_view text) {
    if (!text.empty()) member(name, text);
  }

  // Of documents that are too large to be held: what was written since the last call, when it is as much as this.
  // Empty: it is less.
  std::string take_written(size_t at_least);
  std::string take() &&;  // everything that is left; a newline ends the indented layout

 private:
  void before_value();
  void newline(bool one_line);
  bool is_one_line() const { return layout_ == Layout::kCompact || (!levels_.empty() && levels_.back().one_line); }
  void open(char bracket, bool one_line = false);
  void close(char bracket);

  struct Level {
    bool object;
    bool one_line;
    bool empty = true;
  };
  Layout layout_;
  bool after_key_ = false;
  bool begun_ = false;
  std::vector<Level> levels_;
  std::string out_;
};

}  // namespace bulkhead::json
