// Paths as text: nothing is looked at. Internal to audit.
#pragma once

#include <string>
#include <string_view>

namespace bulkhead::audit {

// Absolute, without ".", "..", double and trailing slashes; "/var/run" becomes "/run", which it is a link to.
std::string normal_path(std::string_view path);

// Whether `path` is `folder` or lies below it. Both absolute and normal.
bool is_at_or_below(std::string_view path, std::string_view folder);

// What follows the last slash.
std::string_view base_name(std::string_view path);

}  // namespace bulkhead::audit
