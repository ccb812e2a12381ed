// Whether the user of an image or a container is root, by what is written ("1000:1000", "app", "0:0"). Pure. Source:
// OCI image-spec v1.1, config.md, User. Internal to audit.
#pragma once

#include <algorithm>
#include <string_view>

#include "base/text.h"

namespace bulkhead::audit {

// Names are only known by what they always mean: which number "app" has, the image's /etc/passwd says.
inline bool is_root_user(std::string_view user) {
  std::string_view name = trim(user.substr(0, user.find(':')));
  if (name.empty()) return true;
  for (const std::string_view root : {"root", "toor", "ContainerAdministrator"}) {
    if (equals_ignoring_case(name, root)) return true;
  }
  // Engines read numbers as Go does: "00", "+0" and "-0" are 0.
  if (name.front() == '+' || name.front() == '-') name.remove_prefix(1);
  return !name.empty() && std::ranges::all_of(name, [](char c) { return c == '0'; });
}

// Whether it is a number: of a name is not known which one it has.
inline bool is_user_number(std::string_view user) {
  const std::string_view name = trim(user.substr(0, user.find(':')));
  return !name.empty() && std::ranges::all_of(name, is_digit);
}

}  // namespace bulkhead::audit
