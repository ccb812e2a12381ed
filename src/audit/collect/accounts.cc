#include "audit/collect/accounts.h"

#include <algorithm>
#include <map>
#include <optional>

#include <fmt/format.h>

#include "base/text.h"

namespace bulkhead::audit {
namespace {

std::optional<uint32_t> number(std::string_view text) {
  const auto value = parse_decimal(text);
  if (!value || *value > UINT32_MAX) return std::nullopt;
  return static_cast<uint32_t>(*value);
}

}  // namespace

Accounts parse_accounts(std::string_view passwd, std::string_view group) {
  Accounts accounts;
  std::string_view line;
  while (next_line(passwd, line)) {
    const std::vector<std::string_view> fields = split(line, ':');
    if (fields.size() < 4 || fields[0].empty() || fields[0].front() == '#') continue;
    const auto uid = number(fields[2]);
    const auto gid = number(fields[3]);
    if (uid && gid) accounts.users.push_back({.name = std::string(fields[0]), .uid = *uid, .gid = *gid});
  }
  while (next_line(group, line)) {
    const std::vector<std::string_view> fields = split(line, ':');
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

std::string Accounts::user_name(uint32_t uid) const {
  const auto found = std::ranges::find(users, uid, &Account::uid);
  return found == users.end() ? fmt::format("{}", uid) : found->name;
}

std::string Accounts::group_name(uint32_t gid) const {
  const auto found = std::ranges::find(groups, gid, &Group::gid);
  return found == groups.end() ? fmt::format("{}", gid) : found->name;
}

std::vector<User> Accounts::members(uint32_t gid) const {
  std::map<std::string, std::optional<uint32_t>> members;
  for (const Group& group : groups) {
    if (group.gid != gid) continue;
    for (const std::string& name : group.members) members.try_emplace(name);
  }
  for (const Account& user : users) {
    const auto found = members.find(user.name);
    if (found != members.end() && !found->second) found->second = user.uid;
    if (user.gid == gid) members.try_emplace(user.name, user.uid);
  }
  std::vector<User> result;
  for (const auto& [name, uid] : members) result.push_back({.name = name, .uid = uid});
  return result;
}

}  // namespace bulkhead::audit
