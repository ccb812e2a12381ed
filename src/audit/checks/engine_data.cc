#include "audit/checks/engine_data.h"

#include <cstdio>
#include <cstdlib>
#include <vector>

#include <fmt/format.h>

#include "audit/engine_releases.h"
#include "audit/known_escapes.h"
#include "base/text.h"

namespace bulkhead::audit {
namespace {

constexpr size_t kColumns = 6;

// Lines of six columns. Our own data, which the tests have read: an error in it is a broken invariant.
std::vector<std::vector<std::string_view>> lines_of(std::string_view table) {
  std::vector<std::vector<std::string_view>> lines;
  std::string_view line;
  while (next_line(table, line)) {
    if (line.empty() || line.starts_with('#')) continue;
    lines.push_back(split(line, '\t'));
    if (lines.back().size() != kColumns) {
      fmt::print(stderr, "data of the audit: not six columns: {}\n", line);
      std::abort();
    }
  }
  return lines;
}

}  // namespace

std::span<const EngineRelease> engine_releases() {
  static const std::vector<EngineRelease> all = [] {
    std::vector<EngineRelease> read;
    for (const auto& line : lines_of(kEngineReleases)) {
      read.push_back(
          {.engine = line[0], .line = line[1], .end = line[2], .newest = line[3], .date = line[4], .source = line[5]});
    }
    return read;
  }();
  return all;
}

const EngineRelease* release_of(std::string_view engine, std::string_view number) {
  for (const EngineRelease& release : engine_releases()) {
    if (release.engine != engine || !number.starts_with(release.line)) continue;
    if (number.size() == release.line.size() || number[release.line.size()] == '.') return &release;
  }
  return nullptr;
}

std::span<const KnownEscape> known_escapes() {
  static const std::vector<KnownEscape> all = [] {
    std::vector<KnownEscape> read;
    for (const auto& line : lines_of(kKnownEscapes)) {
      read.push_back({.kind = line[0],
                      .cve = line[1],
                      .component = line[2],
                      .affected = line[3],
                      .title = line[4],
                      .source = line[5]});
    }
    return read;
  }();
  return all;
}

}  // namespace bulkhead::audit
