#include "inventory/license/license_names.h"

#include <algorithm>
#include <array>
#include <vector>

#include <fmt/format.h>

#include "base/text.h"
#include "inventory/known_license_names.h"
#include "inventory/license/spdx.h"

namespace bulkhead::inventory {
namespace {

struct Name {
  std::string_view kind, name, spdx;
};

std::optional<std::string> look_up(std::string_view kind, std::string_view name) {
  static const std::vector<Name> names = [] {
    std::vector<Name> all;
    std::string_view rest = kLicenseNames;
    std::string_view line;
    while (next_line(rest, line)) {
      const auto columns = split(line, '\t');
      if (columns.size() == 3) all.push_back({columns[0], columns[1], columns[2]});
    }
    return all;
  }();
  for (const Name& known : names) {
    if (known.kind == kind && equals_ignoring_case(known.name, name)) return std::string(known.spdx);
  }
  return std::nullopt;
}

// The GNU licences by their stems, longest first where one begins another.
struct Gnu {
  std::string_view stem;
  std::string_view spdx;
  std::string_view middle;  // between version and "-only"
};
constexpr Gnu kGnu[] = {
    {"gfdl-niv", "GFDL", "-no-invariants"},
    {"gfdl", "GFDL", ""},
    {"fdl", "GFDL", ""},
    {"agpl", "AGPL", ""},
    {"lgpl", "LGPL", ""},
    {"gpl", "GPL", ""},
};

// "2", "2.0", "2.0.0" are one version (copyright-format 1.0, "License versions").
std::string canonical_version(std::string_view version) {
  const auto parts = split(version, '.');
  const std::string_view minor = parts.size() > 1 ? parts[1] : "0";
  return fmt::format("{}.{}", parts[0], minor);
}

std::optional<std::string> gnu_license(std::string_view name) {
  for (const Gnu& gnu : kGnu) {
    if (!equals_ignoring_case(name.substr(0, gnu.stem.size()), gnu.stem)) continue;
    std::string_view rest = name.substr(gnu.stem.size());
    while (!rest.empty() && (rest.front() == '-' || rest.front() == ' ' || lower(rest.front()) == 'v'))
      rest.remove_prefix(1);
    const auto version_end = std::find_if(rest.begin(), rest.end(), [](char c) { return !is_digit(c) && c != '.'; });
    const auto length = static_cast<size_t>(version_end - rest.begin());
    if (length == 0 || !is_digit(rest.front()) || !is_digit(rest[length - 1])) return std::nullopt;
    const std::string version = canonical_version(rest.substr(0, length));
    rest.remove_prefix(length);
    std::string_view suffix;
    if (rest.empty() || equals_ignoring_case(rest, "-only"))
      suffix = "-only";
    else if (rest == "+" || equals_ignoring_case(rest, "-or-later") || equals_ignoring_case(rest, "-or-later+"))
      suffix = "-or-later";
    else
      return std::nullopt;
    const auto id = spdx_license_id(fmt::format("{}-{}{}{}", gnu.spdx, version, gnu.middle, suffix));
    return id ? std::optional<std::string>(*id) : std::nullopt;
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> spdx_of_license_name(std::string_view name) {
  name = trim(name);
  if (auto gnu = gnu_license(name)) return gnu;
  if (auto known = look_up("license", name)) return known;
  if (name.find_first_of(" \t()") != std::string_view::npos) return std::nullopt;
  return spdx_expression(name);  // also brings deprecated identifiers up to date
}

std::optional<std::string> spdx_of_exception_name(std::string_view name) {
  constexpr std::string_view kWord = "exception";
  name = trim(name);
  if (const auto id = spdx_exception_id(name)) return std::string(*id);
  if (name.size() > kWord.size() && equals_ignoring_case(name.substr(name.size() - kWord.size()), kWord)) {
    name = name.substr(0, name.size() - kWord.size());
    while (!name.empty() && (name.back() == ' ' || name.back() == '-')) name.remove_suffix(1);
  }
  return look_up("exception", name);
}

}  // namespace bulkhead::inventory
