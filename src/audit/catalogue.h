// The catalogue of checks: what each is called and asks for, why, and what to do about it. The texts are ours, and data
// (data/SECTION-checks.txt, in the manner of deb822: "field: value" lines, a blank line between checks, further lines
// of a value begin with a space and flow together; with two spaces one stands by itself, as a command does). How a
// check judges is code of the same id (checks/).
//
// The numbers of the recommendations in editions of the CIS Docker Benchmark are mapping data, nothing else: this is no
// CIS Benchmark. Read once, on first use; immutable and thread-safe from then on.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "advisory/record.h"

namespace bulkhead::audit {

enum class Section : uint8_t { kHost, kDaemon, kFiles, kImages, kContainers, kOperations, kSwarm };
inline constexpr std::array kSections = {Section::kHost,       Section::kDaemon,     Section::kFiles, Section::kImages,
                                         Section::kContainers, Section::kOperations, Section::kSwarm};
std::string_view section_name(Section section);   // "host", "daemon", …: what --section takes
std::string_view section_title(Section section);  // "The host"
std::optional<Section> section_of(std::string_view name);

// The editions that checks are mapped to, in order: "1.6.0", "1.7.0", "1.8.0".
inline constexpr std::array<std::string_view, 3> kCisEditions = {"1.6.0", "1.7.0", "1.8.0"};

struct CheckInfo {
  std::string_view id;     // "container.privileged"
  std::string_view title;  // what is asked for: "Containers do not run privileged"
  Section section = Section::kHost;
  int level = 1;  // 1: every machine; 2: where security outweighs convenience
  advisory::Severity severity = advisory::Severity::kMedium;  // of a failure
  bool automatic = true;  // else a person decides; the facts that help are reported with the status manual
  std::string_view rationale;
  std::string_view remediation;  // with the exact command, flag or key of daemon.json
  // By edition: "5.5"; several numbers separated by spaces; empty: the edition has no such recommendation.
  std::array<std::string_view, 3> cis;
};

// In order of the report: by section, then as the catalogue has them.
std::span<const CheckInfo> catalogue();
const CheckInfo* find_check(std::string_view id);  // null: there is none

}  // namespace bulkhead::audit
