#include "audit/collect/answer_part.h"

#include <fmt/format.h>

#include "base/text.h"

namespace bulkhead::audit {
namespace {

constexpr size_t kMaxKeyInMessage = 100;

}  // namespace

const Part& Part::must_be_object() const {
  if (!value_ || !value_->is_object()) keep(pointer_, "no object");
  return *this;
}

std::string Part::must_have_string(std::string_view key) const {
  std::string text = string(key);
  if (text.empty()) malformed(key, "missing or empty");
  return text;
}

std::string Part::string(std::string_view key) const {
  const auto value = member(key);
  if (!value) return {};
  const auto text = value->string();
  if (!text) malformed(key, "no string");
  return std::string(text.value_or(std::string_view()));
}

std::optional<bool> Part::boolean(std::string_view key) const {
  const auto value = member(key);
  if (!value) return std::nullopt;
  const auto boolean = value->boolean();
  if (!boolean) malformed(key, "neither true nor false");
  return boolean;
}

int64_t Part::integer(std::string_view key, int64_t minimum, int64_t maximum) const {
  const auto value = member(key);
  if (!value) return 0;
  const auto number = value->integer();
  if (number && *number >= minimum && *number <= maximum) return *number;
  malformed(key, number ? "out of range" : "no whole number");
  return 0;
}

std::vector<std::string> Part::strings(std::string_view key) const {
  return part(key).string_elements();
}

std::optional<std::vector<std::string>> Part::told_strings(std::string_view key) const {
  if (!member(key)) return std::nullopt;
  return strings(key);
}

std::map<std::string, std::string> Part::string_map(std::string_view key) const {
  std::map<std::string, std::string> map;
  const Part object = part(key);
  if (!object.is(json::Kind::kObject, "no object")) return map;
  for (const json::Member member : object.value_->members()) {
    const auto text = member.value.string();
    if (!text && !member.value.is_null()) object.malformed(member.key, "no string");
    map.insert_or_assign(std::string(member.key), std::string(text.value_or(std::string_view())));
  }
  return map;
}

Part Part::part(std::string_view key) const {
  return {member(key), pointer_to(key), *problem_};
}

std::vector<std::string> Part::string_elements() const {
  std::vector<std::string> list;
  if (!is(json::Kind::kArray, "no list")) return list;
  list.reserve(value_->size());
  for (const json::Value element : value_->elements()) {
    const auto text = element.string();
    if (!text) malformed(std::to_string(list.size()), "no string");
    list.emplace_back(text.value_or(std::string_view()));
  }
  return list;
}

size_t Part::element_count() const {
  return is(json::Kind::kArray, "no list") ? value_->size() : 0;
}

void Part::malformed(std::string_view key, std::string_view what) const {
  keep(pointer_to(key), what);
}

std::optional<json::Value> Part::member(std::string_view key) const {
  if (!is(json::Kind::kObject, "no object")) return std::nullopt;
  const auto value = value_->find(key);
  return value && !value->is_null() ? value : std::nullopt;
}

// False for what is absent, and for what is of another kind, which is kept.
bool Part::is(json::Kind kind, std::string_view what) const {
  if (!value_) return false;
  if (value_->kind() == kind) return true;
  keep(pointer_, what);
  return false;
}

std::string Part::pointer_to(std::string_view key) const {
  return fmt::format("{}/{}", pointer_, printable(key.substr(0, kMaxKeyInMessage)));
}

void Part::keep(const std::string& pointer, std::string_view what) const {
  if (problem_->first_) return;
  problem_->first_.emplace(Code::kMalformed, fmt::format("the engine's answer: '{}' is {}",
                                                         pointer.empty() ? std::string_view("/") : pointer, what));
}

}  // namespace bulkhead::audit
