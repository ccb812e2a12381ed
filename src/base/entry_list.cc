#include "base/entry_list.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/yaml.h"

namespace bulkhead {
namespace {

constexpr size_t kMaxBytes = size_t{1} << 20;
constexpr size_t kMaxEntries = 10'000;

std::string joined(std::span<const std::string_view> names) {
  std::string text;
  for (size_t i = 0; i < names.size(); ++i) {
    text += fmt::format("{}{}", i == 0 ? "" : i + 1 == names.size() ? " and " : ", ", names[i]);
  }
  return text;
}

Result<Entry> parse_entry(const json::Value& value, size_t number, const std::string& name, const EntryForm& form) {
  const auto bad = [&](std::string_view what) { return fail(entry_error(form, name, number, what)); };
  if (!value.is_object()) return bad("must be a mapping");
  Entry entry{.number = number, .values = std::vector<std::string>(form.keys.size())};
  for (const auto [key, member] : value.members()) {
    const auto text = member.string();
    if (!text || text->empty()) return bad(fmt::format("\"{}\" must be a text", key));
    const auto found = std::ranges::find(form.keys, key);
    if (found == form.keys.end()) return bad(fmt::format("unknown key \"{}\"", key));
    std::string& kept = entry.values[static_cast<size_t>(found - form.keys.begin())];
    if (!kept.empty()) return bad(fmt::format("\"{}\" is given twice", key));
    kept = *text;
  }
  return entry;
}

}  // namespace

Error entry_error(const EntryForm& form, const std::string& name, size_t number, std::string_view what) {
  return Error(Code::kInvalidArgument, fmt::format("entry {}: {}", number, what),
               fmt::format("an entry has {}, as in {}", joined(form.keys), form.page))
      .with_context(name);
}

Result<std::vector<Entry>> parse_entries(std::string_view text, const std::string& name, const EntryForm& form) {
  TRY_CONTEXT(const auto document, yaml::parse(text, yaml::Scalars::kText, {.max_bytes = kMaxBytes}), name);
  std::vector<Entry> entries;
  json::Value list = document.root();
  if (list.is_null()) return entries;
  const std::string remedy = fmt::format("see {} for an example", form.page);
  if (list.is_object()) {
    const auto inner = list.find(form.list);
    if (!inner || list.size() != 1) {
      return fail(Code::kInvalidArgument,
                  fmt::format("{}: expected a list of entries, or one key \"{}\" that holds it", name, form.list),
                  remedy);
    }
    list = *inner;
  }
  if (!list.is_array())
    return fail(Code::kInvalidArgument, fmt::format("{}: expected a list of entries", name), remedy);
  for (const json::Value value : list.elements()) {
    if (entries.size() == kMaxEntries) {
      return fail(Code::kLimitExceeded, fmt::format("{}: more than {} entries", name, kMaxEntries));
    }
    TRY_ASSIGN(Entry entry, parse_entry(value, entries.size() + 1, name, form));
    entries.push_back(std::move(entry));
  }
  return entries;
}

}  // namespace bulkhead
