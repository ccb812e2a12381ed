#include "audit/collect/accounts.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"

namespace bulkhead::audit {
namespace {

std::optional<uint32_t> number(std::string_view text) {
  const auto value = parse_decimal(text);
  if (!value || *value > UINT32_MAX) return std::nullopt;
  return static_cast<uint32_t>(*value);
}

bool is_one_of(const auto& names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

// "+", "+name" and "+@netgroup" of the service compat.
bool brings_in_others(std::string_view line) {
  return line.starts_with('+');
}

}  // namespace

Accounts parse_accounts(std::string_view passwd, std::string_view group) {
  Accounts accounts;
  std::string_view line;
  while (next_line(passwd, line)) {
    const std::vector<std::string_view> fields = split(line, ':');
    if (brings_in_others(line)) accounts.incomplete = "/etc/passwd has lines that bring in NIS (+)";
    if (fields.size() < 4 || fields[0].empty() || fields[0].front() == '#') continue;
    const auto uid = number(fields[2]);
    const auto gid = number(fields[3]);
    if (uid && gid) accounts.users.push_back({.name = std::string(fields[0]), .uid = *uid, .gid = *gid});
  }
  while (next_line(group, line)) {
    const std::vector<std::string_view> fields = split(line, ':');
    if (brings_in_others(line)) accounts.incomplete = "/etc/group has lines that bring in NIS (+)";
    if (fields.size() < 3 || fields[0].empty() || fields[0].front() == '#') continue;
    const auto gid = number(fields[2]);
    if (!gid) continue;
    Group& added = accounts.groups.emplace_back(Group{.name = std::string(fields[0]), .gid = *gid, .members = {}});
    if (fields.size() < 4) continue;
    for (const std::string_view member : split(fields[3], ',')) {
      if (!trim(member).empty()) added.members.emplace_back(trim(member));
    }
  }
  return accounts;
}

std::vector<std::string> directory_services(std::string_view nsswitch) {
  constexpr std::array<std::string_view, 3> kDatabases = {"group", "initgroups", "passwd"};
  constexpr std::array<std::string_view, 3> kLocal = {"files", "compat", "systemd"};
  std::vector<std::string> services;
  std::string_view line;
  while (next_line(nsswitch, line)) {
    line = line.substr(0, line.find('#'));
    const size_t colon = line.find(':');
    if (colon == std::string_view::npos || !is_one_of(kDatabases, trim(line.substr(0, colon)))) continue;
    bool action = false;  // "[NOTFOUND=return]", maybe with blanks
    std::string service;
    const auto add = [&] {
      if (!service.empty() && !is_one_of(kLocal, service) && !is_one_of(services, service)) services.push_back(service);
      service.clear();
    };
    for (const char c : line.substr(colon + 1)) {
      if (c == '[' || c == ']' || c == ' ' || c == '\t' || c == '\r') add();
      if (c == '[' || c == ']')
        action = c == '[';
      else if (!action && c != ' ' && c != '\t' && c != '\r')
        service += c;
    }
    add();
  }
  return services;
}

std::string Accounts::user_name(uint32_t uid) const {
  const auto found = std::ranges::find(users, uid, &Account::uid);
  return found == users.end() ? fmt::format("{}", uid) : found->name;
}

std::string Accounts::group_name(uint32_t gid) const {
  const auto found = std::ranges::find(groups, gid, &Group::gid);
  return found == groups.end() ? fmt::format("{}", gid) : found->name;
}

std::vector<User> Accounts::members(uint32_t gid) const {
  std::map<std::string, User> members;
  for (const Group& group : groups) {
    if (group.gid != gid) continue;
    for (const std::string& name : group.members) members.try_emplace(name, User{.name = name});
  }
  for (const Account& account : users) {
    if (account.gid == gid) members.try_emplace(account.name, User{.name = account.name});
    const auto found = members.find(account.name);
    if (found == members.end()) continue;
    if (!found->second.uid) found->second.uid = account.uid;
    found->second.primary = found->second.primary || account.gid == gid;
  }
  std::vector<User> result;
  for (auto& [name, user] : members) result.push_back(std::move(user));
  return result;
}

}  // namespace bulkhead::audit
