// Text that many rows have alike: the id of a container stands in a row for each check, what a check wants in a row for
// each container. Copies share it, and a pool makes equal ones the same. Immutable; as safe to read from several
// threads as any value.
#pragma once

#include <compare>
#include <concepts>
#include <cstddef>
#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>

namespace bulkhead::audit {

class SharedText {
 public:
  SharedText() = default;
  SharedText(std::string text) {  // NOLINT(google-explicit-constructor): a text like another
    if (!text.empty()) text_ = std::make_shared<const std::string>(std::move(text));
  }
  template <typename Text>
    requires std::convertible_to<const Text&, std::string_view> && (!std::same_as<Text, SharedText>) &&
             (!std::same_as<Text, std::string>)
  SharedText(const Text& text)  // NOLINT(google-explicit-constructor): a text like another
      : SharedText(std::string(std::string_view(text))) {}

  operator std::string_view() const {  // NOLINT(google-explicit-constructor): it is one
    return text_ ? std::string_view(*text_) : std::string_view();
  }
  operator std::string() const { return std::string(view()); }  // NOLINT(google-explicit-constructor): it is one
  std::string_view view() const { return *this; }
  bool empty() const { return !text_; }
  size_t size() const { return view().size(); }
  bool starts_with(std::string_view part) const { return view().starts_with(part); }
  bool ends_with(std::string_view part) const { return view().ends_with(part); }
  bool contains(std::string_view part) const { return view().contains(part); }

  friend bool operator==(const SharedText& a, const SharedText& b) {
    return a.text_ == b.text_ || a.view() == b.view();
  }
  friend std::strong_ordering operator<=>(const SharedText& a, const SharedText& b) { return a.view() <=> b.view(); }
  // {fmt} from 10 on wants to be told; before it sees the conversion.
  friend std::string_view format_as(const SharedText& text) { return text.view(); }
  // For messages of tests.
  friend std::ostream& operator<<(std::ostream& out, const SharedText& text) { return out << text.view(); }

 private:
  std::shared_ptr<const std::string> text_;  // null: empty
};

// For one thread.
class TextPool {
 public:
  // The same text, sharing its memory with every other that the pool has seen.
  SharedText shared(const SharedText& text) { return text.empty() ? text : *texts_.insert(text).first; }

 private:
  struct Hash {
    size_t operator()(const SharedText& text) const { return std::hash<std::string_view>()(text); }
  };
  std::unordered_set<SharedText, Hash> texts_;
};

}  // namespace bulkhead::audit
