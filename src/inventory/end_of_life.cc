#include "inventory/end_of_life.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "base/text.h"
#include "inventory/end_of_life_data.h"

namespace bulkhead::inventory {
namespace {

struct Release {
  std::string_view id, version, codename, date, extended, extended_name, source;
};
struct Source {
  std::string_view name, date;
};
struct Data {
  std::vector<Release> releases;
  std::vector<Source> sources;
};

const Data& data() {
  static const Data loaded = [] {
    Data all;
    std::string_view rest = kEndOfLife;
    std::string_view line;
    while (next_line(rest, line)) {
      const auto columns = split(line, '\t');
      if (columns.front() == "source" && columns.size() == 4) {
        all.sources.push_back({columns[1], columns[2]});
      } else if (columns.front() == "release" && columns.size() == 8) {
        all.releases.push_back({columns[1], columns[2], columns[3], columns[4], columns[5], columns[6], columns[7]});
      }
    }
    return all;
  }();
  return loaded;
}

// IDs whose releases are those of another: editions of one product, sold under one calendar.
struct SameCalendar {
  std::string_view id;
  std::string_view as;
};
constexpr SameCalendar kSameCalendar[] = {
    {"cbl-mariner", "mariner"}, {"redhat", "rhel"}, {"sl-micro", "sle-micro"}, {"sle-hpc", "sles"},
    {"sle_hpc", "sles"},        {"sled", "sles"},   {"sles_sap", "sles"},      {"suse-microos", "sle-micro"}};

std::string_view calendar_of(const OperatingSystem& os) {
  // CentOS Linux and CentOS Stream share an ID and nothing else.
  if (os.id == "centos" && os.name.find("Stream") != std::string::npos) return "centos-stream";
  for (const SameCalendar& same : kSameCalendar) {
    if (same.id == os.id) return same.as;
  }
  return os.id;
}

const Release* find_release(std::string_view id, auto&& is_wanted) {
  for (const Release& release : data().releases) {
    if (release.id == id && is_wanted(release)) return &release;
  }
  return nullptr;
}

const Release* find_release(const OperatingSystem& os) {
  const std::string_view id = calendar_of(os);
  std::string_view version = os.version_id;
  while (!version.empty()) {
    // SUSE calls the release before its first service pack 15, its calendar 15.0.
    const std::string with_zero = fmt::format("{}.0", version);
    const Release* found = find_release(id, [&](const Release& r) { return r.version == version; });
    if (found == nullptr) found = find_release(id, [&](const Release& r) { return r.version == with_zero; });
    if (found != nullptr) return found;
    const size_t dot = version.rfind('.');
    version = dot == std::string_view::npos ? std::string_view() : version.substr(0, dot);
  }
  if (os.codename.empty() || !os.version_id.empty()) return nullptr;
  return find_release(id, [&](const Release& r) { return r.codename == os.codename; });
}

bool is_day(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return false;
  return parse_decimal(text.substr(0, 4)) && parse_decimal(text.substr(5, 2)) && parse_decimal(text.substr(8, 2));
}

}  // namespace

std::optional<EndOfLife> end_of_life(const OperatingSystem& os) {
  if (const Release* release = find_release(os); release != nullptr && !release->date.empty()) {
    const auto& sources = data().sources;
    const auto source =
        std::find_if(sources.begin(), sources.end(), [&](const Source& s) { return s.name == release->source; });
    return EndOfLife{.date = std::string(release->date),
                     .extended = std::string(release->extended),
                     .extended_name = std::string(release->extended_name),
                     .source = source == sources.end() ? std::string(release->source)
                                                       : fmt::format("{} of {}", source->name, source->date)};
  }
  if (!is_day(os.support_end)) return std::nullopt;
  return EndOfLife{.date = os.support_end, .extended = {}, .extended_name = {}, .source = os.found_in};
}

}  // namespace bulkhead::inventory
