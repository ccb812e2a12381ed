#include "audit/catalogue.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "audit/catalogue_parser.h"
#include "audit/containers_checks.h"
#include "audit/daemon_checks.h"
#include "audit/files_checks.h"
#include "audit/host_checks.h"
#include "audit/images_checks.h"
#include "audit/operations_checks.h"
#include "audit/swarm_checks.h"
#include "base/text.h"

namespace bulkhead::audit {
namespace {

struct SectionData {
  std::string_view name;
  std::string_view title;
  std::string_view checks;
};
constexpr std::array<SectionData, kSections.size()> kSectionData = {{
    {"host", "Host", kHostChecks},
    {"daemon", "Engine configuration", kDaemonChecks},
    {"files", "Files of the engine", kFilesChecks},
    {"images", "Images", kImagesChecks},
    {"containers", "Containers", kContainersChecks},
    {"operations", "Operations", kOperationsChecks},
    {"swarm", "Swarm", kSwarmChecks},
}};

constexpr std::string_view kCisPrefix = "cis-";

Status take_field(std::string_view name, std::string_view value, CheckInfo& check) {
  if (name == "id") {
    check.id = value;
  } else if (name == "title") {
    check.title = value;
  } else if (name == "level") {
    if (value != "1" && value != "2") return fail(Code::kMalformed, fmt::format("no level '{}'", value));
    check.level = value == "1" ? 1 : 2;
  } else if (name == "severity") {
    const auto severity = advisory::severity_of(value);
    if (!severity) return fail(Code::kMalformed, fmt::format("no severity '{}'", value));
    check.severity = *severity;
  } else if (name == "kind") {
    if (value != "automatic" && value != "manual") return fail(Code::kMalformed, fmt::format("no kind '{}'", value));
    check.automatic = value == "automatic";
  } else if (name == "why") {
    check.rationale = value;
  } else if (name == "fix") {
    check.remediation = value;
  } else if (name.starts_with(kCisPrefix)) {
    const auto* const edition = std::ranges::find(kCisEditions, name.substr(kCisPrefix.size()));
    if (edition == kCisEditions.end()) return fail(Code::kMalformed, fmt::format("no edition '{}'", name));
    check.cis[static_cast<size_t>(edition - kCisEditions.begin())] = value;
  } else {
    return fail(Code::kMalformed, fmt::format("no field '{}'", name));
  }
  return {};
}

// A value of several lines: they flow together, save that "." alone is an empty line and that what begins with one more
// space (a command) is a line by itself.
std::string_view joined(std::string_view first, std::vector<std::string_view>& further,
                        std::deque<std::string>& texts) {
  if (further.empty()) return first;
  std::string text(first);
  bool flows = !text.empty();
  for (const std::string_view line : further) {
    const bool by_itself = line == "." || line.starts_with(' ');
    if (flows && !by_itself) {
      text += ' ';
    } else if (!text.empty()) {
      text += '\n';
    }
    if (line != ".") text += line;
    flows = !by_itself;
  }
  further.clear();
  return texts.emplace_back(std::move(text));
}

}  // namespace

Status parse_checks(std::string_view text, Section section, Catalogue& catalogue) {
  CheckInfo check;
  bool begun = false;
  std::string_view name;
  std::string_view first;
  std::vector<std::string_view> further;
  size_t number = 0;

  const auto end_field = [&]() -> Status {
    if (name.empty()) return {};
    TRY(take_field(name, joined(first, further, catalogue.texts), check));
    name = {};
    return {};
  };
  const auto end_check = [&]() -> Status {
    TRY(end_field());
    if (!begun) return {};
    if (check.id.empty() || check.title.empty() || check.rationale.empty() || check.remediation.empty()) {
      return fail(Code::kMalformed, fmt::format("'{}' lacks id, title, why or fix", check.id));
    }
    check.section = section;
    catalogue.checks.push_back(check);
    check = {};
    begun = false;
    return {};
  };

  std::string_view rest = text;
  std::string_view line;
  while (next_line(rest, line)) {
    ++number;
    Status taken;
    if (line.starts_with('#')) continue;
    if (line.empty()) {
      taken = end_check();
    } else if (line.front() == ' ') {
      if (name.empty()) taken = fail(Code::kMalformed, "a further line of no field");
      further.push_back(line.substr(1));
    } else {
      taken = end_field();
      const size_t colon = line.find(':');
      if (colon == std::string_view::npos) return fail(Code::kMalformed, fmt::format("line {}: no field", number));
      name = line.substr(0, colon);
      first = trim(line.substr(colon + 1));
      begun = true;
    }
    if (!taken) return fail(std::move(taken).error().with_context(fmt::format("line {}", number)));
  }
  return end_check();
}

std::string_view section_name(Section section) {
  return kSectionData[static_cast<size_t>(section)].name;
}

std::string_view section_title(Section section) {
  return kSectionData[static_cast<size_t>(section)].title;
}

std::optional<Section> section_of(std::string_view name) {
  const auto* const found = std::ranges::find(kSectionData, name, &SectionData::name);
  if (found == kSectionData.end()) return std::nullopt;
  return static_cast<Section>(found - kSectionData.begin());
}

std::span<const CheckInfo> catalogue() {
  // Our own data, which the tests have read: an error in it is a broken invariant.
  static const Catalogue all = [] {
    Catalogue read;
    for (const Section section : kSections) {
      const Status done = parse_checks(kSectionData[static_cast<size_t>(section)].checks, section, read);
      if (!done) {
        fmt::print(stderr, "catalogue of checks, {}: {}\n", section_name(section), done.error().to_string());
        std::abort();
      }
    }
    return read;
  }();
  return all.checks;
}

const CheckInfo* find_check(std::string_view id) {
  const auto all = catalogue();
  const auto found = std::ranges::find(all, id, &CheckInfo::id);
  return found == all.end() ? nullptr : &*found;
}

}  // namespace bulkhead::audit
