#include "inventory/apk/installed.h"

#include <algorithm>
#include <concepts>
#include <optional>

#include <fmt/format.h>

#include "base/text.h"
#include "inventory/license/debian_copyright.h"

namespace bulkhead::inventory {
namespace {

// Names and versions stand in file names and on command lines: printable ASCII, no spaces.
bool is_word(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c <= '~'; });
}

// Calls on_field(letter, value, line) for each line of a stanza and on_end(first line) at the empty line that ends it.
// Each answers a Status.
Status walk(std::string_view text, auto&& on_field, auto&& on_end) {
  if (!text.empty() && !text.ends_with('\n'))
    return fail(Code::kMalformed, "ends in the middle of a line: the file was cut off");
  std::string_view line;
  size_t number = 0;
  size_t first = 0;  // line of the stanza's start; 0 outside one
  while (next_line(text, line)) {
    ++number;
    if (line.empty()) {
      if (first != 0) TRY(on_end(first));
      first = 0;
      continue;
    }
    if (line.size() < 2 || line[1] != ':' || !is_alpha(line[0])) {
      return fail(Code::kMalformed, fmt::format("line {}: not of the form \"X:value\"", number));
    }
    if (line.find('\0') != std::string_view::npos)
      return fail(Code::kMalformed, fmt::format("line {}: a NUL byte", number));
    if (first == 0) first = number;
    TRY(on_field(line[0], line.substr(2), number));
  }
  if (first == 0) return {};
  return fail(Code::kMalformed,
              fmt::format("line {}: a package without the empty line that ends it: the file was cut off", first));
}

// What names a package: read by both parsers.
struct Identity {
  std::string_view name;
  std::string_view version;
  std::string_view architecture;

  Status read(char letter, std::string_view value, size_t line) {
    std::string_view* field = letter == 'P'   ? &name
                              : letter == 'V' ? &version
                              : letter == 'A' ? &architecture
                                              : nullptr;
    if (field == nullptr) return {};
    if (!field->empty())
      return fail(Code::kMalformed, fmt::format("line {}: a second {}: line in one package", line, letter));
    if (!is_word(value)) return fail(Code::kMalformed, fmt::format("line {}: no valid {}: line", line, letter));
    *field = value;
    return {};
  }

  Status complete(size_t line) const {
    if (name.empty()) return fail(Code::kMalformed, fmt::format("line {}: a package without a P: line", line));
    if (version.empty()) return fail(Code::kMalformed, fmt::format("line {}: {} has no V: line", line, name));
    return {};
  }
};

Status check_count(size_t count, const ApkLimits& limits) {
  if (count < limits.max_packages) return {};
  return fail(Code::kLimitExceeded, fmt::format("more than {} packages", limits.max_packages));
}

}  // namespace

Result<std::vector<Package>> parse_apk_installed(std::string_view text, const ApkLimits& limits) {
  std::vector<Package> packages;
  Identity identity;
  std::string_view origin;
  std::string_view license;
  std::string_view maintainer;
  const auto on_field = [&](char letter, std::string_view value, size_t line) -> Status {
    switch (letter) {
      case 'o':
        origin = value;
        return {};
      case 'L':
        license = trim(value);
        return {};
      case 'm':
        maintainer = trim(value);
        return {};
      default:
        return identity.read(letter, value, line);
    }
  };
  const auto on_end = [&](size_t first_line) -> Status {
    TRY(identity.complete(first_line));
    TRY(check_count(packages.size(), limits));
    Package& package = packages.emplace_back();
    package.type = PackageType::kApk;
    package.name = identity.name;
    package.version = identity.version;
    package.architecture = identity.architecture;
    package.source_name = origin.empty() ? identity.name : origin;
    package.source_version = identity.version;
    package.maintainer = maintainer;
    package.licenses = licenses_of_field(license);
    identity = {};
    origin = license = maintainer = {};
    return {};
  };
  TRY(walk(text, on_field, on_end));
  return packages;
}

Result<std::vector<FileList>> parse_apk_files(std::string_view text, const ApkLimits& limits) {
  std::vector<FileList> lists;
  Identity identity;
  std::string_view folder;
  std::vector<std::string> files;
  const auto on_field = [&](char letter, std::string_view value, size_t line) -> Status {
    switch (letter) {
      case 'F':
        folder = value;
        return {};
      case 'R':
        files.push_back(folder.empty() ? fmt::format("/{}", value) : fmt::format("/{}/{}", folder, value));
        return {};
      default:
        return identity.read(letter, value, line);
    }
  };
  const auto on_end = [&](size_t first_line) -> Status {
    TRY(identity.complete(first_line));
    TRY(check_count(lists.size(), limits));
    lists.push_back({std::string(identity.name), std::string(identity.version), std::string(identity.architecture),
                     std::move(files)});
    files.clear();
    identity = {};
    folder = {};
    return {};
  };
  TRY(walk(text, on_field, on_end));
  return lists;
}

}  // namespace bulkhead::inventory
