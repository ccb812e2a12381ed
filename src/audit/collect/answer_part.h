// A part of an engine's answer that is read member by member, the first thing that is not as it should be being kept:
// reading goes on, with defaults, and the parser asks once at its end. What is absent or null is empty; what is of
// another kind is kMalformed, by its JSON pointer.
//
// For one thread, and while the document and the Problem live.
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace bulkhead::audit {

// The first thing that was wrong with an answer.
class Problem {
 public:
  template <typename T>
  Result<T> result(T value) {
    if (first_) return fail(*std::move(first_));
    return value;
  }

 private:
  friend class Part;
  std::optional<Error> first_;
};

class Part {
 public:
  // `name` stands before the pointers in messages: "/info", or nothing.
  static Part whole(const json::Value& answer, std::string name, Problem& problem) {
    return {answer, std::move(name), problem};
  }

  // Absent or null is a problem, too.
  const Part& must_be_object() const;
  std::string must_have_string(std::string_view key) const;  // and not empty

  bool has(std::string_view key) const { return member(key).has_value(); }  // and not null
  std::string string(std::string_view key) const;
  std::optional<bool> boolean(std::string_view key) const;
  int64_t integer(std::string_view key, int64_t minimum = std::numeric_limits<int64_t>::min(),
                  int64_t maximum = std::numeric_limits<int64_t>::max()) const;  // 0 when absent
  std::vector<std::string> strings(std::string_view key) const;
  std::optional<std::vector<std::string>> told_strings(std::string_view key) const;  // nothing when absent or null
  std::map<std::string, std::string> string_map(std::string_view key) const;

  Part part(std::string_view key) const;  // of any kind
  std::vector<std::string> string_elements() const;
  size_t element_count() const;
  template <typename Use>
  void each_element(Use&& use) const;  // use(const Part&)
  template <typename Use>
  void each_member(Use&& use) const;  // use(std::string_view key, const Part&)

  // Keeps that the member is wrong: "'/HostConfig/Memory' is no number".
  void malformed(std::string_view key, std::string_view what) const;

 private:
  Part(std::optional<json::Value> value, std::string pointer, Problem& problem)
      : value_(value && !value->is_null() ? value : std::nullopt), pointer_(std::move(pointer)), problem_(&problem) {}

  std::optional<json::Value> member(std::string_view key) const;
  bool is(json::Kind kind, std::string_view what) const;
  std::string pointer_to(std::string_view key) const;
  void keep(const std::string& pointer, std::string_view what) const;

  std::optional<json::Value> value_;  // nothing: absent or null
  std::string pointer_;
  Problem* problem_;
};

template <typename Use>
void Part::each_element(Use&& use) const {
  if (!is(json::Kind::kArray, "no list")) return;
  size_t index = 0;
  for (const json::Value element : value_->elements()) {
    use(Part(element, pointer_to(std::to_string(index++)), *problem_));
  }
}

template <typename Use>
void Part::each_member(Use&& use) const {
  if (!is(json::Kind::kObject, "no object")) return;
  for (const json::Member member : value_->members()) {
    use(member.key, Part(member.value, pointer_to(member.key), *problem_));
  }
}

}  // namespace bulkhead::audit
