// Licence names as packagers write them, turned into SPDX identifiers. Pure and thread-safe; any input is accepted.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace bulkhead::inventory {

// "GPL-2+", "LGPLv2.1+", "Expat", "apache-2.0" give SPDX identifiers; nothing for names that are not known, and for GNU
// licences without a version, which could be any.
std::optional<std::string> spdx_of_license_name(std::string_view name);

// "Font", "GCC Runtime Library", with or without a closing "exception".
std::optional<std::string> spdx_of_exception_name(std::string_view name);

}  // namespace bulkhead::inventory
