#include "inventory/dpkg/status.h"

#include <algorithm>
#include <array>
#include <optional>

#include <fmt/format.h>

#include "base/text.h"
#include "inventory/dpkg/deb822.h"
#include "inventory/license/debian_copyright.h"

namespace bulkhead::inventory {
namespace {

struct StateMeaning {
  std::string_view word;
  bool has_files;
  bool may_lack_version = false;
};
constexpr StateMeaning kStates[] = {
    {"installed", true},        {"not-installed", false, true},
    {"config-files", false},    {"half-installed", true, true},
    {"unpacked", true},         {"half-configured", true},
    {"triggers-awaited", true}, {"triggers-pending", true},
    {"postinst-failed", true},                               // this and the next as ancient dpkg wrote them
    {"removal-failed", true},   {"post-inst-failed", true},  // opkg
};

enum class Wanted : uint8_t {
  kPackage,
  kStatus,
  kVersion,
  kArchitecture,
  kSource,
  kMaintainer,
  kOrigin,
  kLicense,
  kBuiltUsing,
  kStaticBuiltUsing,
  kCargoBuiltUsing,
  kCount,
};
constexpr auto kWantedCount = static_cast<size_t>(Wanted::kCount);
constexpr std::array<std::string_view, kWantedCount> kWantedNames = {
    "Package",
    "Status",
    "Version",
    "Architecture",
    "Source",
    "Maintainer",
    "Origin",
    "License",
    "Built-Using",
    "Static-Built-Using",
    "X-Cargo-Built-Using",
};

// The fields of one stanza that matter here.
class Wants {
 public:
  static Result<Wants> of(const Stanza& stanza) {
    Wants wants;
    for (const Field& field : stanza.fields()) {
      for (size_t i = 0; i < kWantedCount; ++i) {
        if (!equals_ignoring_case(field.name, kWantedNames.at(i))) continue;
        if (wants.fields_.at(i) != nullptr) {
          return fail(Code::kMalformed,
                      fmt::format("line {}: a second {} field in one stanza", field.line, field.name));
        }
        wants.fields_.at(i) = &field;
        break;
      }
    }
    return wants;
  }
  const Field* field(Wanted which) const { return fields_.at(static_cast<size_t>(which)); }
  std::string_view value(Wanted which) const {
    const Field* found = field(which);
    return found == nullptr ? std::string_view() : found->value;
  }

 private:
  std::array<const Field*, kWantedCount> fields_{};
};

// Debian policy 5.6.7, as dpkg checks it.
bool is_package_name(std::string_view name) {
  if (name.empty() || !is_alnum(name.front())) return false;
  return std::all_of(name.begin(), name.end(),
                     [](char c) { return is_alnum(c) || c == '-' || c == '+' || c == '.' || c == '_'; });
}

bool is_version(std::string_view version) {
  return !version.empty() && std::all_of(version.begin(), version.end(), [](char c) { return c > ' ' && c <= '~'; });
}

// The last of the three words; nothing when there is no such state.
std::optional<StateMeaning> state_of(std::string_view status) {
  const size_t space = status.find_last_of(" \t");
  if (space == std::string_view::npos) return std::nullopt;
  const std::string_view word = status.substr(space + 1);
  for (const StateMeaning& state : kStates) {
    if (state.word == word) return state;
  }
  return std::nullopt;
}

// "name" or "name (version)".
void read_source(std::string_view source, Package& package) {
  const size_t space = source.find_first_of(" \t(");
  const std::string_view name = source.substr(0, space);
  if (is_package_name(name)) package.source_name = name;
  if (space == std::string_view::npos) return;
  std::string_view version = trim(source.substr(space));
  if (!version.starts_with('(') || !version.ends_with(')')) return;
  version = trim(version.substr(1, version.size() - 2));
  if (is_version(version)) package.source_version = version;
}

void add_built_using(std::string_view list, std::vector<std::string>& into) {
  if (list.empty()) return;
  for (const std::string_view piece : split(list, ',')) {
    if (const std::string_view item = trim(piece); !item.empty()) into.emplace_back(item);
  }
}

void sort_unique(std::vector<std::string>& items) {
  std::sort(items.begin(), items.end());
  items.erase(std::unique(items.begin(), items.end()), items.end());
}

Result<std::optional<Package>> read_package(const Stanza& stanza, const StatusOptions& options) {
  const size_t line = stanza.fields().front().line;
  TRY_ASSIGN(const Wants wants, Wants::of(stanza));
  const std::string_view name = wants.value(Wanted::kPackage);
  if (!is_package_name(name)) {
    return fail(Code::kMalformed, fmt::format("line {}: the stanza has no valid Package field", line));
  }
  const std::string_view version = wants.value(Wanted::kVersion);
  bool counts = !version.empty();
  bool needs_version = options.needs_version || (options.must_end_with_newline && !stanza.is_closed());
  if (const Field* status = wants.field(Wanted::kStatus); status != nullptr) {
    const auto state = state_of(status->value);
    if (!state) return fail(Code::kMalformed, fmt::format("line {}: unknown package state in Status", status->line));
    counts = counts && state->has_files;
    needs_version = (needs_version || state->has_files) && !state->may_lack_version;
  }
  if (needs_version && version.empty()) {
    return fail(Code::kMalformed, fmt::format("line {}: package {} has no Version", line, name));
  }
  if (!counts) return std::nullopt;
  if (!is_version(version))
    return fail(Code::kMalformed, fmt::format("line {}: package {} has no valid Version", line, name));

  Package package;
  package.type = PackageType::kDeb;
  package.name = name;
  package.version = version;
  package.architecture = wants.value(Wanted::kArchitecture);
  package.source_name = name;
  package.source_version = version;
  read_source(wants.value(Wanted::kSource), package);
  package.maintainer = wants.value(Wanted::kMaintainer);
  package.vendor = wants.value(Wanted::kOrigin);
  package.licenses = licenses_of_field(wants.value(Wanted::kLicense));
  for (const Wanted which : {Wanted::kBuiltUsing, Wanted::kStaticBuiltUsing, Wanted::kCargoBuiltUsing}) {
    add_built_using(wants.value(which), package.built_using);
  }
  sort_unique(package.built_using);
  return package;
}

}  // namespace

Result<std::vector<Package>> parse_dpkg_status(std::string_view text, const StatusOptions& options) {
  if (options.must_end_with_newline && !text.empty() && !text.ends_with('\n')) {
    return fail(Code::kMalformed, "ends in the middle of a line: the file was cut off");
  }
  std::vector<Package> packages;
  StanzaReader reader(text);
  Stanza stanza;
  for (;;) {
    TRY_ASSIGN(const bool more, reader.next(stanza));
    if (!more) break;
    TRY_ASSIGN(auto package, read_package(stanza, options));
    if (!package) continue;
    if (packages.size() == options.max_packages) {
      return fail(Code::kLimitExceeded, fmt::format("more than {} packages", options.max_packages));
    }
    packages.push_back(std::move(*package));
  }
  return packages;
}

std::vector<std::string> parse_dpkg_file_list(std::string_view text) {
  std::vector<std::string> files;
  std::string_view line;
  while (next_line(text, line)) {
    line = line.substr(0, line.find('\t'));  // opkg appends the mode
    if (line.starts_with('/') && line != "/." && line != "/") files.emplace_back(line);
  }
  return files;
}

std::vector<std::string> parse_dpkg_md5sums(std::string_view text) {
  constexpr size_t kPathColumn = 34;  // 32 hexadecimal digits and two spaces
  std::vector<std::string> files;
  std::string_view line;
  while (next_line(text, line)) {
    if (line.size() <= kPathColumn || line.substr(kPathColumn - 2, 2) != "  ") continue;
    std::string_view path = line.substr(kPathColumn);
    if (path.starts_with("./")) path.remove_prefix(2);
    files.push_back(path.starts_with('/') ? std::string(path) : fmt::format("/{}", path));
  }
  return files;
}

}  // namespace bulkhead::inventory
