#include "audit/checks/lookup.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace bulkhead::audit {

Fact<std::optional<Setting>> setting_of(const Facts& facts, std::string_view name) {
  if (!facts.host.daemon) return std::unexpected(facts.host.daemon.error());
  return facts.host.daemon->in_effect(name);
}

std::string text_of(const std::optional<Setting>& setting) {
  return setting ? fmt::format("{}", fmt::join(setting->values, ", ")) : "not set";
}

std::string where_of(const Facts& facts, const std::optional<Setting>& setting, std::string_view name) {
  if (setting) return setting->where;
  const bool known = facts.host.daemon && !facts.host.daemon->config_path.empty();
  return fmt::format("{}#/{}", known ? facts.host.daemon->config_path : "daemon.json", name);
}

void each_file(const Facts& facts, Sink& sink, std::string_view name, std::string_view what,
               const std::function<void(const File&)>& judge) {
  const auto found = facts.host.files.find(std::string(name));
  if (found == facts.host.files.end()) {
    if (!facts.host.daemon) return sink.unknown(the_host(facts), facts.host.daemon.error());
    return sink.error(the_host(facts), fmt::format("the {} was not looked at", what));
  }
  if (!found->second) return sink.unknown(the_host(facts), found->second.error());
  bool any = false;
  for (const File& file : *found->second) {
    if (!file.exists) continue;
    judge(file);
    any = true;
  }
  if (any) return;
  if (found->second->empty()) return sink.not_applicable(the_host(facts), fmt::format("there is no {}", what));
  for (const File& file : *found->second)
    sink.not_applicable(object_of(file), fmt::format("there is no {}", file.path));
}

std::string some_of(const std::vector<std::string>& names, size_t limit) {
  const size_t shown = std::min(names.size(), limit);
  std::string text =
      fmt::format("{}", fmt::join(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(shown), ", "));
  if (names.size() > shown) text += fmt::format(" and {} more", names.size() - shown);
  return text;
}

}  // namespace bulkhead::audit
