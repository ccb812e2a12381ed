// /etc/passwd and /etc/group of a machine, without its name service: what another root says (passwd(5), group(5)); and
// whether that name service knows more (nsswitch.conf(5)). Pure; lines that are not understood are passed over, as the
// C library does.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "audit/facts.h"

namespace bulkhead::audit {

struct Account {
  std::string name;
  uint32_t uid = 0;
  uint32_t gid = 0;  // its primary group
};
struct Group {
  std::string name;
  uint32_t gid = 0;
  std::vector<std::string> members;
};

struct Accounts {
  std::vector<Account> users;
  std::vector<Group> groups;
  // Why there may be more of them: a file that could not be read, a directory service. Empty: these are all.
  std::string incomplete;

  // The name, else the number.
  std::string user_name(uint32_t uid) const;
  std::string group_name(uint32_t gid) const;
  // Those listed, and those whose primary group it is; by name, each once.
  std::vector<User> members(uint32_t gid) const;
};
Accounts parse_accounts(std::string_view passwd, std::string_view group);

// The services that nsswitch.conf asks about users, groups or their members, without those that know what the two files
// say and what systemd makes up while a service runs: "sss", "ldap"; each once, in its order.
std::vector<std::string> directory_services(std::string_view nsswitch);

}  // namespace bulkhead::audit
