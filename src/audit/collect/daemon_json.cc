#include "audit/collect/daemon_json.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/block_source.h"
#include "base/json.h"
#include "base/json_members.h"
#include "base/text.h"

namespace bulkhead::audit {
namespace {

constexpr size_t kMaxBytes = size_t{4} << 20;
constexpr json::Limits kLimits{.max_bytes = kMaxBytes, .max_depth = 32};

// Maps that are values; every other object is a group whose members count as if they stood outside (flatOptions).
constexpr std::array<std::string_view, 7> kMaps = {
    "cluster-store-opts", "default-network-opts", "log-opts", "runtimes", "default-ulimits", "features", "builder"};

std::string scalar(const json::Value& value) {
  switch (value.kind()) {
    case json::Kind::kBool:
      return *value.boolean() ? "true" : "false";
    case json::Kind::kInteger:
      return fmt::format("{}", *value.integer());
    case json::Kind::kUnsigned:
    case json::Kind::kDouble:
      return fmt::format("{}", value.number().value_or(0));
    case json::Kind::kString:
      return std::string(*value.string());
    default:
      return {};
  }
}

// "a=1,b=2" of an object, "1,2" of a list.
std::string joined(const json::Value& value) {
  std::string text;
  for (const json::Value element : value.elements()) {
    text += fmt::format("{}{}", text.empty() ? "" : ",", joined(element));
  }
  for (const json::Member member : value.members()) {
    text += fmt::format("{}{}={}", text.empty() ? "" : ",", member.key, joined(member.value));
  }
  return value.is_array() || value.is_object() ? text : scalar(value);
}

// Go matches names of struct members in any case.
std::string member_text(const json::Value& object, std::string_view name) {
  std::string text;
  for (const json::Member member : object.members()) {
    if (equals_ignoring_case(member.key, name)) text = joined(member.value);
  }
  return text;
}

std::string map_entry(std::string_view key, const json::Member& entry) {
  if (key == "default-ulimits" && entry.value.is_object()) {
    return fmt::format("{}={}:{}", entry.key, member_text(entry.value, "Soft"), member_text(entry.value, "Hard"));
  }
  if (key == "runtimes" && entry.value.is_object()) {
    const std::string path = member_text(entry.value, "path");
    return fmt::format("{}={}", entry.key, path.empty() ? member_text(entry.value, "runtimeType") : path);
  }
  return fmt::format("{}={}", entry.key, joined(entry.value));
}

// The name under which the setting is known, of names that have been replaced.
std::string_view current_name(std::string_view key) {
  if (key == "graph") return "data-root";
  if (key == "host-gateway-ip") return "host-gateway-ips";
  return key;
}

// `above`: the file and the group that the member stands in, "/etc/docker/daemon.json#".
void add(std::string_view written, const json::Value& value, const std::string& above, Settings& settings) {
  const std::string key(current_name(written));
  Setting setting{.values = {}, .where = printable(fmt::format("{}/{}", above, written))};
  const auto take = [&](std::string_view text) { setting.values.push_back(setting_text(key, text)); };
  if (value.is_array()) {
    for (const json::Value element : value.elements()) take(joined(element));
  } else if (value.is_object()) {
    for (const json::Member entry : value.members()) take(map_entry(key, entry));
  } else if (!value.is_null()) {
    take(scalar(value));
  }
  // Of a name that is there twice the last counts, as for Go.
  if (setting.values.empty()) {
    settings.erase(key);
  } else {
    settings.insert_or_assign(key, std::move(setting));
  }
}

// What is wrong and where, of a document that does not parse: its parser tells no place.
Error locate(std::string_view text, Error error) {
  SpanSource source(as_bytes(text));
  json::MemberReader reader(source, kMaxBytes);
  for (;;) {
    auto member = reader.next();
    if (!member) return std::move(member).error();
    if (*member == nullptr) return error;
    const auto value = json::Document::parse((*member)->value, kLimits);
    if (!value) return Error(value.error()).with_context(fmt::format("\"{}\"", printable((*member)->key)));
  }
}

}  // namespace

Result<Settings> parse_daemon_json(std::string_view text, const std::string& path) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  Settings settings;
  if (trim(text).empty()) return settings;
  auto document = json::Document::parse(text, kLimits);
  if (!document) return fail(locate(text, std::move(document).error()).with_context(printable(path)));
  const json::Value root = document->root();
  if (!root.is_object()) {
    return fail(Code::kMalformed,
                fmt::format("{}: an object expected, found {}", printable(path), json::kind_name(root.kind())));
  }
  for (const json::Member member : root.members()) {
    const bool is_map = std::ranges::find(kMaps, member.key) != kMaps.end();
    if (member.value.is_object() && !is_map) {
      for (const json::Member inner : member.value.members()) {
        add(inner.key, inner.value, fmt::format("{}#/{}", path, member.key), settings);
      }
    } else {
      add(member.key, member.value, path + "#", settings);
    }
  }
  return settings;
}

Settings merge_settings(Settings arguments, const Settings& file) {
  for (const auto& [key, setting] : file) {
    const auto [at, added] = arguments.try_emplace(key, setting);
    if (added || key != "runtimes") continue;
    at->second.values.insert(at->second.values.end(), setting.values.begin(), setting.values.end());
    at->second.where += fmt::format(", {}", setting.where);
  }
  return arguments;
}

}  // namespace bulkhead::audit
