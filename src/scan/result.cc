#include "scan/result.h"

#include <algorithm>
#include <tuple>

#include <fmt/format.h>

namespace bulkhead::scan {
namespace {

std::tuple<int, size_t, std::string_view> worst_first(const advisory::Finding& finding) {
  return {-static_cast<int>(finding.severity), finding.package, finding.id};
}

// Of the operating system's own package database; other packages are judged by their languages' advisories.
bool is_of_distribution(const inventory::Package& package) {
  using inventory::PackageType;
  return package.type == PackageType::kDeb || package.type == PackageType::kApk || package.type == PackageType::kRpm ||
         package.type == PackageType::kAlpm;
}

}  // namespace

SeverityCounts count_findings(const ScanResult& result) {
  SeverityCounts counts;
  for (const advisory::Finding& finding : result.findings) {
    ++counts.by_severity[static_cast<size_t>(finding.severity)];
    ++counts.total;
    if (!finding.fixed_version.empty()) ++counts.fixable;
  }
  return counts;
}

void sort_findings(ScanResult& result) {
  std::ranges::sort(result.findings, {}, worst_first);
  std::ranges::sort(result.suppressed, {},
                    [](const advisory::Suppressed& suppressed) { return worst_first(suppressed.finding); });
}

std::string not_judged(const ScanResult& result) {
  std::string reasons;
  const auto add = [&](std::string_view reason) {
    reasons += fmt::format("{}{}", reasons.empty() ? "" : "; ", reason);
  };
  const inventory::OperatingSystem& os = result.image.os;
  if (!os.known()) {
    add(result.packages.empty() ? "no distribution and no package database was found" : "the distribution is unknown");
  }
  if (os.known() && std::ranges::none_of(result.packages, is_of_distribution)) {
    add(fmt::format("no installed package of {} was found", os.id));
  }
  const auto unversioned = std::ranges::count_if(result.packages, [](const inventory::Package& package) {
    return package.version.empty() && is_of_distribution(package);
  });
  if (unversioned > 0) {
    add(fmt::format("{} no version", counted(static_cast<uint64_t>(unversioned), "package has", "packages have")));
  }
  for (const std::string& reason : result.not_judged) add(reason);
  for (const advisory::FeedState& feed : result.feeds) {
    const std::string subject =
        feed.ecosystem.empty() ? feed.name : fmt::format("{} for {}", feed.name, feed.ecosystem);
    if (feed.missing && feed.name == feed.ecosystem) {
      add(fmt::format("no feed covers {}", feed.ecosystem));
    } else if (feed.covers && feed.missing) {
      add(fmt::format("{} is not in the database", subject));
    } else if (feed.covers && !feed.incomplete.empty()) {
      add(fmt::format("{} is incomplete ({})", subject, feed.incomplete));
    }
  }
  const auto skipped = std::ranges::count(result.image.layers, true, &LayerInfo::skipped);
  if (skipped > 0) {
    add(fmt::format("{} not read", counted(static_cast<uint64_t>(skipped), "layer was", "layers were")));
  }
  return reasons;
}

std::string conclusion(const ScanResult& result) {
  if (!result.findings.empty()) return {};
  std::string left_out;
  const auto ignored =
      std::ranges::count(result.suppressed, advisory::Suppression::kIgnored, &advisory::Suppressed::reason);
  if (result.hidden > 0 || ignored > 0) left_out = fmt::format(" ({} hidden, {} ignored)", result.hidden, ignored);
  if (const std::string reasons = not_judged(result); !reasons.empty()) {
    return fmt::format("not judged: {}{}", reasons, left_out);
  }
  return left_out.empty() ? "no known vulnerability" : "no finding is shown" + left_out;
}

std::string support_text(const EndOfLife& end) {
  if (!end.reached) return fmt::format("supported until {}", end.date);
  if (end.over()) return fmt::format("out of support since {}", end.extended.empty() ? end.date : end.extended);
  return fmt::format("regular support ended {}, {} until {}", end.date,
                     end.extended_name.empty() ? "extended support" : end.extended_name, end.extended);
}

std::string warning_text(const Warning& warning) {
  return warning.subject.empty() ? warning.text : fmt::format("{}: {}", warning.subject, warning.text);
}

std::string counted(uint64_t count, std::string_view singular, std::string_view plural) {
  if (count == 1) return fmt::format("1 {}", singular);
  return plural.empty() ? fmt::format("{} {}s", count, singular) : fmt::format("{} {}", count, plural);
}

}  // namespace bulkhead::scan
