#include "inventory/os/os_release.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

#include <fmt/format.h>

#include "base/text.h"

namespace bulkhead::inventory {
namespace {

bool is_id(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return is_lower(c) || is_digit(c) || c == '.' || c == '_' || c == '-';
  });
}

// The value of an assignment: quoted and unquoted pieces up to the first white space outside quotes, as a shell would.
std::string unquote(std::string_view text) {
  constexpr std::string_view kEscapableInDoubleQuotes = "$\"\\`";
  std::string value;
  char quote = '\0';
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quote == '\'') {
      if (c == '\'')
        quote = '\0';
      else
        value += c;
    } else if (c == '\\' && i + 1 < text.size()) {
      const char next = text[i + 1];
      if (quote == '"' && kEscapableInDoubleQuotes.find(next) == std::string_view::npos) value += c;
      value += next;
      ++i;
    } else if (quote == '"') {
      if (c == '"')
        quote = '\0';
      else
        value += c;
    } else if (c == '"' || c == '\'') {
      quote = c;
    } else if (is_space(c)) {
      break;
    } else {
      value += c;
    }
  }
  return value;
}

bool is_key(std::string_view text) {
  return !text.empty() && !is_digit(text.front()) &&
         std::all_of(text.begin(), text.end(), [](char c) { return is_alnum(c) || c == '_'; });
}

// "10 (buster)": Debian and its kin wrote the code name into VERSION before there was VERSION_CODENAME.
std::string codename_in_version(std::string_view version) {
  const size_t open = version.find('(');
  const size_t close = version.find(')', open == std::string_view::npos ? 0 : open);
  if (open == std::string_view::npos || close == std::string_view::npos) return {};
  const std::string_view word = version.substr(open + 1, close - open - 1);
  return is_id(word) ? std::string(word) : std::string();
}

// The first run of digits and dots: "CentOS Linux release 7.9.2009 (Core)" gives "7.9.2009".
std::string_view first_version(std::string_view text) {
  const auto start = std::find_if(text.begin(), text.end(), is_digit);
  text.remove_prefix(static_cast<size_t>(start - text.begin()));
  const auto end = std::find_if(text.begin(), text.end(), [](char c) { return !is_digit(c) && c != '.'; });
  text = text.substr(0, static_cast<size_t>(end - text.begin()));
  while (text.ends_with('.')) text.remove_suffix(1);
  return text;
}

std::string_view first_line(std::string_view text) {
  std::string_view line;
  return next_line(text, line) ? trim(line) : std::string_view();
}

struct NamePrefix {
  std::string_view prefix;
  std::string_view id;
};

// How release lines begin. The first that fits counts, so longer ones stand before their own beginnings.
constexpr NamePrefix kReleaseLines[] = {
    {"AlmaLinux", "almalinux"},
    {"Amazon Linux", "amzn"},
    {"Azure Linux", "azurelinux"},
    {"CBL-Mariner", "mariner"},
    {"CentOS", "centos"},
    {"CloudLinux", "cloudlinux"},
    {"Enterprise Linux Enterprise Linux", "ol"},
    {"EuroLinux", "eurolinux"},
    {"Fedora", "fedora"},
    {"Gentoo", "gentoo"},
    {"MIRACLE LINUX", "miraclelinux"},
    {"Mageia", "mageia"},
    {"Mariner", "mariner"},
    {"Microsoft Azure Linux", "azurelinux"},
    {"Oracle Linux", "ol"},
    {"Red Hat Enterprise Linux", "rhel"},
    {"Rocky Linux", "rocky"},
    {"Scientific Linux", "scientific"},
    {"VMware Photon", "photon"},
    {"Virtuozzo", "virtuozzo"},
    {"openEuler", "openeuler"},
};

// vendor:product of cpe:/o names.
constexpr NamePrefix kCpeProducts[] = {
    {"almalinux:almalinux", "almalinux"},
    {"amazon:amazon_linux", "amzn"},
    {"amazon:linux", "amzn"},
    {"centos:centos", "centos"},
    {"centos:linux", "centos"},
    {"fedoraproject:fedora", "fedora"},
    {"oracle:linux", "ol"},
    {"redhat:enterprise_linux", "rhel"},
    {"rocky:rocky", "rocky"},
    {"scientificlinux:scientificlinux", "scientific"},
};

OperatingSystem from_release_line(std::string_view text) {
  OperatingSystem os;
  const std::string_view line = first_line(text);
  for (const NamePrefix& known : kReleaseLines) {
    if (!line.starts_with(known.prefix)) continue;
    os.id = known.id;
    os.version_id = first_version(line);
    const size_t release = line.find(" release ");
    os.name = trim(line.substr(0, std::min(release, line.find_first_of("0123456789"))));
    os.pretty_name = line;
    break;
  }
  return os;
}

OperatingSystem from_release_cpe(std::string_view text) {
  OperatingSystem os;
  const std::string_view line = first_line(text);
  const std::string cpe = to_lower(line);
  // cpe:/o:vendor:product:version… or cpe:2.3:o:vendor:product:version…
  std::string_view rest = cpe;
  if (rest.starts_with("cpe:/o:"))
    rest.remove_prefix(7);
  else if (rest.starts_with("cpe:2.3:o:"))
    rest.remove_prefix(10);
  else
    return os;
  for (const NamePrefix& known : kCpeProducts) {
    if (!rest.starts_with(known.prefix)) continue;
    const std::string_view after = rest.substr(known.prefix.size());
    if (!after.empty() && after.front() != ':') continue;
    os.id = known.id;
    os.version_id = after.empty() ? std::string_view() : first_version(after.substr(1, after.find(':', 1) - 1));
    os.cpe_name = line;
    break;
  }
  return os;
}

// "SUSE Linux Enterprise Server 11 (x86_64)", then "VERSION = 11" and "PATCHLEVEL = 4"; "openSUSE 13.1 (x86_64)".
OperatingSystem from_suse_release(std::string_view text) {
  OperatingSystem os;
  const std::string_view title = first_line(text);
  const bool is_open = title.starts_with("openSUSE");
  if (!is_open && !title.starts_with("SUSE Linux Enterprise")) return os;
  std::string_view version;
  std::string_view patch_level;
  std::string_view line;
  while (next_line(text, line)) {
    const size_t equals = line.find('=');
    if (equals == std::string_view::npos) continue;
    const std::string_view key = trim(line.substr(0, equals));
    if (key == "VERSION") version = first_version(line.substr(equals));
    if (key == "PATCHLEVEL") patch_level = first_version(line.substr(equals));
  }
  if (version.empty()) version = first_version(title);
  os.id = is_open ? "opensuse" : title.find("Desktop") != std::string_view::npos ? "sled" : "sles";
  os.version_id = is_open || patch_level.empty() ? std::string(version) : fmt::format("{}.{}", version, patch_level);
  os.name = trim(title.substr(0, title.find_first_of("0123456789(")));
  os.pretty_name = title;
  return os;
}

OperatingSystem from_lsb_release(std::string_view text) {
  OperatingSystem os;
  for (auto& [key, value] : parse_shell_assignments(text)) {
    if (key == "DISTRIB_ID") {
      os.id = to_lower(value);
      os.name = std::move(value);
    } else if (key == "DISTRIB_RELEASE") {
      os.version_id = std::move(value);
    } else if (key == "DISTRIB_CODENAME") {
      os.codename = std::move(value);
    } else if (key == "DISTRIB_DESCRIPTION") {
      os.pretty_name = std::move(value);
    }
  }
  return is_id(os.id) ? os : OperatingSystem();
}

OperatingSystem from_alpine_release(std::string_view text) {
  OperatingSystem os;
  const std::string_view version = first_line(text);
  if (version.empty() || !is_digit(version.front())) return os;
  os.id = "alpine";
  os.name = "Alpine Linux";
  os.version_id = version;
  os.pretty_name = fmt::format("Alpine Linux {}", version);
  return os;
}

// os-release of Debian names the major version only, so this does as well; before 7 the minor one named releases too.
OperatingSystem from_debian_version(std::string_view text) {
  constexpr uint64_t kFirstNumberedByMajor = 7;
  OperatingSystem os;
  const std::string_view version = first_line(text);
  if (version.empty()) return os;
  if (is_digit(version.front())) {
    const std::string_view major = version.substr(0, version.find('.'));
    const std::string_view number = first_version(version);
    const size_t second_dot = number.find('.', major.size() + 1);
    const bool by_major = parse_decimal(major).value_or(kFirstNumberedByMajor) >= kFirstNumberedByMajor;
    os.version_id = by_major ? major : number.substr(0, second_dot);
  } else {
    os.codename = version.substr(0, version.find('/'));
    if (!is_id(os.codename)) return {};
  }
  os.id = "debian";
  os.name = "Debian GNU/Linux";
  os.pretty_name = fmt::format("Debian GNU/Linux {}", version);
  return os;
}

OperatingSystem from_arch_release(std::string_view /*text*/) {
  OperatingSystem os;
  os.id = "arch";
  os.name = os.pretty_name = "Arch Linux";
  return os;
}

using Reader = OperatingSystem (*)(std::string_view);
struct KnownKind {
  OsFileKind kind;
  Reader read;
};
// In the order of belief: os-release, what only one distribution writes, what derivatives inherit.
constexpr std::array<KnownKind, 8> kKinds = {{
    {OsFileKind::kOsRelease, parse_os_release},
    {OsFileKind::kAlpineRelease, from_alpine_release},
    {OsFileKind::kReleaseLine, from_release_line},
    {OsFileKind::kSuseRelease, from_suse_release},
    {OsFileKind::kLsbRelease, from_lsb_release},
    {OsFileKind::kReleaseCpe, from_release_cpe},
    {OsFileKind::kDebianVersion, from_debian_version},
    {OsFileKind::kArchRelease, from_arch_release},
}};

// Of several files of one kind: /etc before /usr/lib (os-release(5)); among release lines a distribution's own file
// before redhat-release and system-release, which rebuilds ship with Red Hat's name in them; then by path.
int rank_of_path(std::string_view path) {
  if (path == "etc/os-release") return 0;
  if (path == "etc/redhat-release" || path == "etc/system-release") return 2;
  return path.starts_with("etc/") ? 1 : path == "usr/lib/os-release" ? 1 : 3;
}

std::string_view major_minor(std::string_view version) {
  const size_t first = version.find('.');
  if (first == std::string_view::npos) return version;
  return version.substr(0, version.find('.', first + 1));
}

// What the editors of some systems write before the text, and what would make the first key another one.
std::string_view without_byte_order_mark(std::string_view text) {
  constexpr std::string_view kMark = "\xEF\xBB\xBF";
  return text.starts_with(kMark) ? text.substr(kMark.size()) : text;
}

// "v3.19" or "edge" among the segments of a repository's URL, and whether the repository is "main".
struct RepositoryLine {
  bool is_remote = false;    // neither a comment, nor a local folder, nor tagged
  std::string_view release;  // "3.19", "edge"; empty when there is none
  bool is_main = false;
};

bool is_release_segment(std::string_view segment) {
  if (segment == "edge") return true;
  if (!segment.starts_with('v')) return false;
  segment.remove_prefix(1);
  const size_t dot = segment.find('.');
  return dot != std::string_view::npos && parse_decimal(segment.substr(0, dot)) &&
         parse_decimal(segment.substr(dot + 1));
}

RepositoryLine read_repository_line(std::string_view line) {
  RepositoryLine found;
  line = trim(line);
  if (line.empty() || line.front() == '#' || line.front() == '@') return found;
  if (line.find("://") == std::string_view::npos) return found;  // a local folder says nothing about the release
  found.is_remote = true;
  // apk-tools 3 also takes "URL component…": white space separates as a slash does.
  size_t start = 0;
  for (size_t i = 0; i <= line.size(); ++i) {
    if (i < line.size() && line[i] != '/' && !is_space(line[i])) continue;
    const std::string_view segment = line.substr(start, i - start);
    start = i + 1;
    if (segment.empty()) continue;
    if (!found.release.empty() && segment == "main") found.is_main = true;
    if (found.release.empty() && is_release_segment(segment)) found.release = segment;
  }
  if (found.release.starts_with('v')) found.release.remove_prefix(1);
  return found;
}

// edge is newer than any number.
bool is_older_release(std::string_view a, std::string_view b) {
  const auto key = [](std::string_view release) -> std::pair<uint64_t, uint64_t> {
    if (release.empty()) return {0, 0};
    if (release == "edge") return {UINT64_MAX, 0};
    const size_t dot = release.find('.');
    return {parse_decimal(release.substr(0, dot)).value_or(0), parse_decimal(release.substr(dot + 1)).value_or(0)};
  };
  return key(a) < key(b);
}

struct Repositories {
  std::string text;
  std::string_view path;
};

Repositories repositories_in(std::span<const OsFile> files) {
  Repositories found;
  for (const OsFile& file : files) {
    if (file.kind != OsFileKind::kApkRepositories) continue;
    found.text.append(without_byte_order_mark(file.text)).append("\n");
    if (found.path.empty() || file.path == "etc/apk/repositories") found.path = file.path;
  }
  return found;
}

void apply_repositories(std::span<const OsFile> files, OperatingSystem& os) {
  const Repositories repositories = repositories_in(files);
  const std::string release = alpine_release_of_repositories(repositories.text);
  if (release.empty() || release == major_minor(os.version_id)) return;
  os.version_id = release;
  os.found_in = repositories.path;
}

// Alpine, when nothing but its repositories is left to tell. Other distributions with apk have repositories too, and an
// image may have been given those of a second one, so they must agree: every remote one names one and the same release,
// and one is a "main" with Alpine's name in its URL, as its mirrors have.
OperatingSystem from_repositories(std::span<const OsFile> files) {
  const Repositories repositories = repositories_in(files);
  std::string_view rest = repositories.text;
  std::string_view line;
  std::string_view release;
  bool is_alpines = false;
  while (next_line(rest, line)) {
    const RepositoryLine repository = read_repository_line(line);
    if (!repository.is_remote) continue;
    if (repository.release.empty() || (!release.empty() && repository.release != release)) return {};
    release = repository.release;
    is_alpines = is_alpines || (repository.is_main && to_lower(line).find("alpine") != std::string::npos);
  }
  OperatingSystem os;
  if (!is_alpines) return os;
  os.id = "alpine";
  os.name = "Alpine Linux";
  os.version_id = release;
  os.pretty_name = fmt::format("Alpine Linux {}", release);
  os.found_in = repositories.path;
  return os;
}

bool names_release(const OperatingSystem& os) {
  return !os.version_id.empty() || !os.codename.empty();
}

// What the files of one kind say, the most believed first; those that say nothing are left out.
std::vector<OperatingSystem> read_kind(const KnownKind& known, std::span<const OsFile> files) {
  std::vector<const OsFile*> candidates;
  for (const OsFile& file : files) {
    if (file.kind == known.kind) candidates.push_back(&file);
  }
  std::sort(candidates.begin(), candidates.end(), [](const OsFile* a, const OsFile* b) {
    return std::pair(rank_of_path(a->path), a->path) < std::pair(rank_of_path(b->path), b->path);
  });
  std::vector<OperatingSystem> all;
  for (const OsFile* file : candidates) {
    OperatingSystem os = known.read(without_byte_order_mark(file->text));
    if (!os.known()) continue;
    os.found_in = file->path;
    all.push_back(std::move(os));
  }
  return all;
}

}  // namespace

std::vector<std::pair<std::string, std::string>> parse_shell_assignments(std::string_view text) {
  std::vector<std::pair<std::string, std::string>> assignments;
  std::string_view line;
  while (next_line(text, line)) {
    line = trim(line);
    const size_t equals = line.find('=');
    if (equals == std::string_view::npos || !is_key(line.substr(0, equals))) continue;
    assignments.emplace_back(line.substr(0, equals), unquote(line.substr(equals + 1)));
  }
  return assignments;
}

OperatingSystem parse_os_release(std::string_view text) {
  OperatingSystem os;
  std::string version;
  std::string ubuntu_codename;
  for (auto& [key, value] : parse_shell_assignments(text)) {  // the last assignment of a key wins, as in a shell
    if (key == "ID")
      os.id = to_lower(value);
    else if (key == "VERSION_ID")
      os.version_id = std::move(value);
    else if (key == "VERSION_CODENAME")
      os.codename = to_lower(value);
    else if (key == "UBUNTU_CODENAME")
      ubuntu_codename = to_lower(value);
    else if (key == "VERSION")
      version = std::move(value);
    else if (key == "NAME")
      os.name = std::move(value);
    else if (key == "PRETTY_NAME")
      os.pretty_name = std::move(value);
    else if (key == "CPE_NAME")
      os.cpe_name = std::move(value);
    else if (key == "VARIANT_ID")
      os.variant_id = std::move(value);
    else if (key == "SUPPORT_END")
      os.support_end = std::move(value);
    else if (key == "ID_LIKE") {
      os.id_like.clear();
      const std::string lowered = to_lower(value);
      for (const std::string_view like : split(lowered, ' ')) {
        if (is_id(like)) os.id_like.emplace_back(like);
      }
    }
  }
  if (!is_id(os.id)) return {};
  const bool is_debian_kin =
      os.id == "debian" || std::find(os.id_like.begin(), os.id_like.end(), "debian") != os.id_like.end();
  if (os.codename.empty() && os.id == "ubuntu") os.codename = ubuntu_codename;
  if (os.codename.empty() && is_debian_kin) os.codename = codename_in_version(version);
  if (os.pretty_name.empty()) {
    os.pretty_name =
        trim(fmt::format("{} {}", os.name.empty() ? os.id : os.name, version.empty() ? os.version_id : version));
  }
  return os;
}

std::string alpine_release_of_repositories(std::string_view text) {
  std::string_view newest;
  std::string_view newest_main;
  std::string_view line;
  while (next_line(text, line)) {
    const RepositoryLine repository = read_repository_line(line);
    if (is_older_release(newest, repository.release)) newest = repository.release;
    if (repository.is_main && is_older_release(newest_main, repository.release)) newest_main = repository.release;
  }
  return std::string(newest_main.empty() ? newest : newest_main);
}

OperatingSystem identify_operating_system(std::span<const OsFile> files) {
  OperatingSystem os;
  for (const KnownKind& known : kKinds) {
    for (OperatingSystem& said : read_kind(known, files)) {
      if (!os.known()) {
        os = std::move(said);
      } else if (!names_release(os) && said.id == os.id && names_release(said)) {
        os.version_id = std::move(said.version_id);
        os.codename = std::move(said.codename);
        os.found_in = std::move(said.found_in);
      }
    }
  }
  if (!os.known()) return from_repositories(files);
  if (os.id == "alpine") apply_repositories(files, os);
  return os;
}

}  // namespace bulkhead::inventory
