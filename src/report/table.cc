// The report for people. Findings are grouped by what is upgraded together (the source package), worst group first;
// each group says which layer and instruction brought it, and what to upgrade to. Colours and the terminal's width only
// when the caller says that there is a terminal.
#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <tuple>

#include <fmt/format.h>

#include "base/text.h"
#include "report/renderers.h"
#include "report/terminal_text.h"
#include "version/compare.h"

namespace bulkhead::report {
namespace {

using advisory::Finding;
using advisory::Severity;
using scan::ScanResult;

constexpr size_t kMaxBinariesNamed = 4;
constexpr size_t kMaxInstructionWidth = 72;

std::string instruction(std::string_view created_by) {
  std::string line = one_line(created_by);
  for (const std::string_view prefix : {"/bin/sh -c #(nop) ", "|0 /bin/sh -c "}) {
    if (line.starts_with(prefix)) line.erase(0, prefix.size());
  }
  if (line.starts_with("/bin/sh -c ")) line.replace(0, 11, "RUN ");
  if (line.ends_with(" # buildkit")) line.erase(line.size() - 11);
  return std::string(trim(line));
}

std::optional<version::Scheme> scheme_for(inventory::PackageType type) {
  return version::scheme_of(inventory::purl_type(type));
}

// One line: what is said alike of one id, of however many binaries. Where binaries of one source differ (rpm advisories
// name binaries), each has its own line.
struct Row {
  const Finding* finding = nullptr;
  std::set<std::string> binaries;
};

// All findings of one source package of one version and layer.
struct Group {
  std::string source;
  std::string version;
  uint32_t layer = 0;
  inventory::PackageType type = inventory::PackageType::kGeneric;
  std::set<std::string> binaries;
  std::map<std::tuple<std::string, advisory::AdvisoryStatus, std::string, std::string>, Row> rows;  // by id and state
  Severity worst = Severity::kUnknown;
  std::string upgrade;  // the highest fixed version: what mends all that can be mended
  size_t fixable = 0;
};

void take_upgrade(Group& group, const std::string& fixed) {
  if (group.upgrade.empty()) {
    group.upgrade = fixed;
    return;
  }
  const auto scheme = scheme_for(group.type);
  if (!scheme) return;
  const auto order = version::compare(*scheme, fixed, group.upgrade);
  if (order && *order > 0) group.upgrade = fixed;
}

std::vector<Group> group_findings(const ScanResult& result) {
  std::map<std::tuple<std::string, std::string, uint32_t, inventory::PackageType>, Group> groups;
  for (const Finding& finding : result.findings) {
    const inventory::Package& package = result.packages[finding.package];
    const bool has_source = !package.source_name.empty();
    const std::string& source = has_source ? package.source_name : package.name;
    const std::string& version =
        has_source && package.type != inventory::PackageType::kRpm ? package.source_version : package.version;
    Group& group = groups[{source, version, package.layer, package.type}];
    group.source = source;
    group.version = version;
    group.layer = package.layer;
    group.type = package.type;
    group.binaries.insert(package.name);
    group.worst = std::max(group.worst, finding.severity);
    const auto [row, is_new] =
        group.rows.try_emplace({finding.id, finding.status, finding.fixed_version, finding.fixed_in});
    row->second.binaries.insert(package.name);
    if (!is_new) continue;
    row->second.finding = &finding;
    if (finding.fixed_version.empty()) continue;
    ++group.fixable;
    take_upgrade(group, finding.fixed_version);
  }
  std::vector<Group> sorted;
  for (auto& [key, group] : groups) sorted.push_back(std::move(group));
  std::ranges::sort(sorted, [](const Group& a, const Group& b) {
    return std::tuple(b.worst, b.rows.size(), a.source, a.version, a.layer) <
           std::tuple(a.worst, a.rows.size(), b.source, b.version, b.layer);
  });
  return sorted;
}

class Table {
 public:
  explicit Table(const Options& options) : options_(options) {}

  std::string take() && { return std::move(out_); }

  void write(const ScanResult& result) {
    header(result);
    const std::vector<Group> groups = group_findings(result);
    if (!groups.empty()) out_ += '\n';
    for (const Group& group : groups) write_group(result, group);
    what_to_change(result, groups);
    notes(result);
    summary(result, groups);
  }

 private:
  std::string paint(std::string_view color, std::string_view text) const {
    return painted(options_.color, color, text);
  }

  void line(std::string_view text, size_t indent = 2) {
    out_ += wrap(text, options_.width, indent);
    out_ += '\n';
  }

  // What of a line may go when the terminal is narrow, with `used` columns taken before it.
  std::string fitting(std::string_view text, size_t used) const {
    if (options_.width == 0) return std::string(text);
    return shorten(text, options_.width > used ? options_.width - used : 0);
  }

  void header(const ScanResult& result) {
    const scan::ImageInfo& image = result.image;
    std::string about =
        image.os.known()
            ? printable(image.os.pretty_name.empty() ? image.os.id + " " + image.os.version_id : image.os.pretty_name)
            : "unknown distribution";
    if (image.end_of_life) {
      const scan::EndOfLife& end = *image.end_of_life;
      const std::string_view color = end.over()    ? color_of(Severity::kHigh)
                                     : end.reached ? color_of(Severity::kMedium)
                                                   : std::string_view();
      about += ", " + paint(color, printable(scan::support_text(end)));
    }
    line(fmt::format("{}  {}{}", paint(kBold, printable(image.reference)), about,
                     image.platform.empty() ? "" : fmt::format(" ({})", printable(image.platform))));
    if (!image.digest.empty()) line(paint(kDim, image.digest.to_string()));
  }

  std::string layer_text(const ScanResult& result, uint32_t index) const {
    const auto& layers = result.image.layers;
    if (index >= layers.size() || layers[index].diff_id.empty()) return {};
    const scan::LayerInfo& layer = layers[index];
    std::string text = fmt::format("layer {}/{} {}", index + 1, layers.size(), layer.diff_id.to_string().substr(0, 19));
    if (!layer.created_by.empty()) text += "  " + shorten(instruction(layer.created_by), kMaxInstructionWidth);
    return text;
  }

  void write_group(const ScanResult& result, const Group& group) {
    std::string binaries;
    size_t named = 0;
    for (const std::string& name : group.binaries) {
      if (name == group.source) continue;
      if (++named > kMaxBinariesNamed) continue;
      binaries += fmt::format("{}{}", binaries.empty() ? "" : ", ", printable(name));
    }
    if (named > kMaxBinariesNamed) binaries += fmt::format(" and {} more", named - kMaxBinariesNamed);
    const std::string name =
        fmt::format("{} {} {}", paint(color_of(group.worst), pad(advisory::severity_name(group.worst), 10)),
                    paint(kBold, printable(group.source)), printable(group.version));
    if (!binaries.empty()) binaries = fitting(fmt::format("  ({})", binaries), columns(name));
    line(name + paint(kDim, binaries));
    const std::string layer = layer_text(result, group.layer);
    if (!layer.empty()) line("  " + paint(kDim, fitting(layer, 2)));
    std::vector<const Row*> rows;
    std::map<std::string_view, size_t> lines_of_id;
    size_t id_width = 14;
    size_t state_width = 8;
    for (const auto& [key, row] : group.rows) {
      rows.push_back(&row);
      ++lines_of_id[row.finding->id];
      id_width = std::max(id_width, columns(printable(row.finding->id)));
      state_width = std::max(state_width, columns(state_of(*row.finding)));
    }
    std::ranges::sort(rows, {}, [](const Row* row) {
      const Finding& finding = *row->finding;
      return std::tuple(-static_cast<int>(finding.severity), std::string_view(finding.id), finding.status,
                        std::string_view(finding.fixed_version), std::string_view(finding.fixed_in));
    });
    for (const Row* row : rows) write_row(*row, lines_of_id[row->finding->id] > 1, id_width, state_width);
    out_ += '\n';
  }

  static std::string state_of(const Finding& finding) {
    if (finding.fixed_version.empty()) return status_text(finding.status);
    return fmt::format("fixed in {}{}", printable(finding.fixed_version),
                       finding.fixed_in.empty() ? "" : fmt::format(" ({})", printable(finding.fixed_in)));
  }

  void write_row(const Row& row, bool names_binaries, size_t id_width, size_t state_width) {
    const Finding& finding = *row.finding;
    const std::string severity(advisory::severity_name(finding.severity));
    std::string marks;
    if (finding.kev_date_added) marks += "  exploited since " + printable(*finding.kev_date_added);
    if (finding.epss && *finding.epss >= 0.01) marks += fmt::format("  EPSS {:.0f} %", *finding.epss * 100);
    std::string binaries;
    for (const std::string& name : row.binaries) {
      if (names_binaries) binaries += fmt::format("{}{}", binaries.empty() ? "  in " : ", ", printable(name));
    }
    std::string title = finding.details ? one_line(finding.details->title) : "";
    if (title.empty()) title = one_line(finding.note);
    title = fitting(title, 2 + 11 + id_width + 2 + state_width + columns(binaries) + columns(marks) + 2);
    std::string text = fmt::format("  {} {}  {}", paint(color_of(finding.severity), pad(severity, 10)),
                                   pad(printable(finding.id), id_width), pad(state_of(finding), state_width));
    text += binaries + paint(color_of(Severity::kCritical), marks);
    if (!title.empty()) text += "  " + paint(kDim, title);
    while (text.ends_with(' ')) text.pop_back();
    line(text, 4);
  }

  // By layer: what to upgrade where. The bottom layer is the base image's, which is mended by a newer base.
  void what_to_change(const ScanResult& result, const std::vector<Group>& groups) {
    std::map<uint32_t, std::vector<const Group*>> by_layer;
    size_t fixable = 0;
    size_t all = 0;
    for (const Group& group : groups) {
      all += group.rows.size();
      if (group.upgrade.empty()) continue;
      by_layer[group.layer].push_back(&group);
      fixable += group.fixable;
    }
    if (by_layer.empty()) return;
    line(paint(kBold,
               fmt::format("What to change: {} of {} {} a fix", fixable,
                           scan::counted(all, "vulnerability", "vulnerabilities"), fixable == 1 ? "has" : "have")));
    for (const auto& [layer, members] : by_layer) {
      const std::string where = layer_text(result, layer);
      line(fitting(fmt::format("  {}", where.empty() ? "upgrade these packages" : "in " + where), 0));
      for (const Group* group : members) {
        line(fmt::format("    {} {} -> {}", printable(group->source), printable(group->version),
                         printable(group->upgrade)),
             6);
      }
    }
    out_ += '\n';
  }

  void notes(const ScanResult& result) {
    for (const scan::Warning& warning : result.warnings) {
      line(fmt::format("{} {}", paint(color_of(Severity::kMedium), "warning:"), printable(warning_text(warning))));
    }
    std::string feeds;
    for (const advisory::FeedState& feed : result.feeds) {
      feeds += fmt::format("{}{} ({})", feeds.empty() ? "" : ", ", printable(feed.name), printable(feed_state(feed)));
    }
    if (!feeds.empty()) line(paint(kDim, "advisories: " + feeds));
  }

  // Counts what stands above: a line is one vulnerability of one source package.
  void summary(const ScanResult& result, const std::vector<Group>& groups) {
    const std::string packages = scan::counted(result.packages.size(), "package");
    if (const std::string conclusion = scan::conclusion(result); !conclusion.empty()) {
      line(fmt::format("{}, {}", packages, printable(conclusion)));
      return;
    }
    size_t lines = 0;
    size_t by_severity[std::size(scan::SeverityCounts{}.by_severity)] = {};
    for (const Group& group : groups) {
      lines += group.rows.size();
      for (const auto& [key, row] : group.rows) ++by_severity[static_cast<size_t>(row.finding->severity)];
    }
    std::string parts;
    for (size_t i = std::size(by_severity); i-- > 0;) {
      if (by_severity[i] == 0) continue;
      const auto severity = static_cast<Severity>(i);
      parts += fmt::format(
          "{}{}", parts.empty() ? "" : ", ",
          paint(color_of(severity), fmt::format("{} {}", by_severity[i], advisory::severity_name(severity))));
    }
    line(fmt::format("{}, {} in {} ({}): {}{}", packages, scan::counted(lines, "vulnerability", "vulnerabilities"),
                     scan::counted(groups.size(), "source package"),
                     scan::counted(result.findings.size(), "package finding"), parts, left_out(result)));
  }

  static std::string left_out(const ScanResult& result) {
    std::string text;
    if (result.hidden > 0) text += fmt::format("; {} hidden", result.hidden);
    const auto ignored =
        std::ranges::count(result.suppressed, advisory::Suppression::kIgnored, &advisory::Suppressed::reason);
    if (ignored > 0) text += fmt::format("; {} ignored by the ignore file", ignored);
    return text;
  }

  const Options& options_;
  std::string out_;
};

}  // namespace

Result<std::string> render_table(std::span<const ScanResult> results, const Options& options) {
  std::string all;
  for (const ScanResult& result : results) {
    if (&result != &results.front()) all += '\n';
    Table one(options);
    one.write(result);
    all += std::move(one).take();
  }
  return all;
}

}  // namespace bulkhead::report
