// The report for people. Findings are grouped by what is upgraded together (the source package), worst group first;
// each group says which layer and instruction brought it, and what to upgrade to. Colours and the terminal's width only
// when the caller says that there is a terminal.
#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include <fmt/format.h>

#include "base/text.h"
#include "report/renderers.h"
#include "version/compare.h"

namespace bulkhead::report {
namespace {

using advisory::Finding;
using advisory::Severity;
using scan::ScanResult;

constexpr size_t kMaxBinariesNamed = 4;
constexpr size_t kMaxInstructionWidth = 72;

constexpr std::string_view kReset = "\033[0m";
constexpr std::string_view kBold = "\033[1m";
constexpr std::string_view kDim = "\033[2m";

std::string_view color_of(Severity severity) {
  switch (severity) {
    case Severity::kCritical:
      return "\033[1;31m";
    case Severity::kHigh:
      return "\033[31m";
    case Severity::kMedium:
      return "\033[33m";
    case Severity::kLow:
      return "\033[36m";
    case Severity::kNegligible:
    case Severity::kUnknown:
      return kDim;
  }
  return {};
}

// Columns a terminal needs for text: code points, which is right for what findings are made of.
size_t columns(std::string_view text) {
  size_t count = 0;
  for (const char c : text) count += (static_cast<unsigned char>(c) & 0xC0U) != 0x80U ? 1 : 0;
  return count;
}

std::string shorten(std::string_view text, size_t width) {
  if (columns(text) <= width) return std::string(text);
  if (width == 0) return {};
  std::string kept;
  for (size_t i = 0, used = 0; i < text.size() && used + 1 < width; ++used) {
    const size_t length = std::max<size_t>(utf8_sequence_length(text.substr(i)), 1);
    kept.append(text.substr(i, length));
    i += length;
  }
  return kept + "…";
}

std::string pad(std::string_view text, size_t width) {
  const size_t used = columns(text);
  return std::string(text) + std::string(used < width ? width - used : 0, ' ');
}

// One line, made printable: instructions of history span lines and may hold anything.
std::string one_line(std::string_view text) {
  std::string line;
  for (const char c : text) {
    const bool space = is_space(c);
    if (space && (line.empty() || line.back() == ' ')) continue;
    line.push_back(space ? ' ' : c);
  }
  return printable(trim(line));
}

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

// All findings of one source package of one version and layer.
struct Group {
  std::string source;
  std::string version;
  uint32_t layer = 0;
  inventory::PackageType type = inventory::PackageType::kGeneric;
  std::set<std::string> binaries;
  std::map<std::string, const Finding*> by_id;  // one line an id, however many binaries share it
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
    if (!group.by_id.emplace(finding.id, &finding).second) continue;
    if (finding.fixed_version.empty()) continue;
    ++group.fixable;
    take_upgrade(group, finding.fixed_version);
  }
  std::vector<Group> sorted;
  for (auto& [key, group] : groups) sorted.push_back(std::move(group));
  std::ranges::sort(sorted, [](const Group& a, const Group& b) {
    return std::tuple(b.worst, b.by_id.size(), a.source, a.version, a.layer) <
           std::tuple(a.worst, a.by_id.size(), b.source, b.version, b.layer);
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
    summary(result, groups.size());
  }

 private:
  std::string paint(std::string_view color, std::string_view text) const {
    if (!options_.color || color.empty()) return std::string(text);
    return fmt::format("{}{}{}", color, text, kReset);
  }

  void line(std::string_view text) {
    out_ += text;
    out_ += '\n';
  }

  void header(const ScanResult& result) {
    const scan::ImageInfo& image = result.image;
    std::string about =
        image.os.known()
            ? printable(image.os.pretty_name.empty() ? image.os.id + " " + image.os.version_id : image.os.pretty_name)
            : "unknown distribution";
    if (image.end_of_life) {
      about += image.end_of_life->reached
                   ? paint(color_of(Severity::kHigh), fmt::format(", out of support since {}", image.end_of_life->date))
                   : fmt::format(", supported until {}", image.end_of_life->date);
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
    line(fmt::format("{} {} {}{}", paint(color_of(group.worst), pad(advisory::severity_name(group.worst), 10)),
                     paint(kBold, printable(group.source)), printable(group.version),
                     binaries.empty() ? "" : paint(kDim, fmt::format("  ({})", binaries))));
    const std::string layer = layer_text(result, group.layer);
    if (!layer.empty()) line("  " + paint(kDim, layer));
    std::vector<const Finding*> findings;
    size_t id_width = 14;
    size_t state_width = 8;
    for (const auto& [id, finding] : group.by_id) {
      findings.push_back(finding);
      id_width = std::max(id_width, columns(id));
      state_width = std::max(state_width, columns(state_of(*finding)));
    }
    std::ranges::sort(findings, [](const Finding* a, const Finding* b) {
      return std::tie(b->severity, a->id) < std::tie(a->severity, b->id);
    });
    for (const Finding* finding : findings) write_finding(*finding, id_width, state_width);
    out_ += '\n';
  }

  static std::string state_of(const Finding& finding) {
    if (!finding.fixed_version.empty()) {
      return fmt::format("fixed in {}{}", printable(finding.fixed_version),
                         finding.fixed_in.empty() ? "" : fmt::format(" ({})", printable(finding.fixed_in)));
    }
    std::string state(advisory::status_name(finding.status));
    std::ranges::replace(state, '_', ' ');
    return state;
  }

  void write_finding(const Finding& finding, size_t id_width, size_t state_width) {
    const std::string severity(advisory::severity_name(finding.severity));
    std::string marks;
    if (finding.kev_date_added) marks += "  exploited since " + printable(*finding.kev_date_added);
    if (finding.epss && *finding.epss >= 0.01) marks += fmt::format("  EPSS {:.0f} %", *finding.epss * 100);
    std::string title = finding.details ? one_line(finding.details->title) : "";
    if (title.empty()) title = one_line(finding.note);
    const size_t used = 2 + 11 + id_width + 2 + state_width + columns(marks) + 2;
    if (options_.width > 0) title = shorten(title, options_.width > used ? options_.width - used : 0);
    std::string text = fmt::format("  {} {}  {}", paint(color_of(finding.severity), pad(severity, 10)),
                                   pad(printable(finding.id), id_width), pad(state_of(finding), state_width));
    text += paint(color_of(Severity::kCritical), marks);
    if (!title.empty()) text += "  " + paint(kDim, title);
    while (text.ends_with(' ')) text.pop_back();
    line(text);
  }

  // By layer: what to upgrade where. The bottom layer is the base image's, which is mended by a newer base.
  void what_to_change(const ScanResult& result, const std::vector<Group>& groups) {
    std::map<uint32_t, std::vector<const Group*>> by_layer;
    size_t fixable = 0;
    for (const Group& group : groups) {
      if (group.upgrade.empty()) continue;
      by_layer[group.layer].push_back(&group);
      fixable += group.fixable;
    }
    if (by_layer.empty()) return;
    line(paint(kBold, fmt::format("What to change: {} of the vulnerabilities have a fix", fixable)));
    for (const auto& [layer, members] : by_layer) {
      const std::string where = layer_text(result, layer);
      line(fmt::format("  {}", where.empty() ? "upgrade these packages" : "in " + where));
      for (const Group* group : members) {
        line(fmt::format("    {} {} -> {}", printable(group->source), printable(group->version),
                         printable(group->upgrade)));
      }
    }
    out_ += '\n';
  }

  void notes(const ScanResult& result) {
    for (const scan::Warning& warning : result.warnings) {
      line(fmt::format("{} {}{}", paint(color_of(Severity::kMedium), "warning:"),
                       warning.subject.empty() ? "" : printable(warning.subject) + ": ", printable(warning.text)));
    }
    std::string feeds;
    for (const advisory::FeedState& feed : result.feeds) {
      if (feed.missing) continue;
      feeds += fmt::format("{}{} {}{}", feeds.empty() ? "" : ", ", printable(feed.name),
                           feed.date.empty() ? "(no date)" : printable(feed.date.substr(0, 10)),
                           feed.stale ? " (stale)" : "");
    }
    if (!feeds.empty()) line(paint(kDim, "advisories: " + feeds));
  }

  void summary(const ScanResult& result, size_t groups) {
    const scan::SeverityCounts counts = scan::count_findings(result);
    if (counts.total == 0) {
      line(fmt::format("{} packages, no known vulnerability{}", result.packages.size(), suppressed_text(result)));
      return;
    }
    std::string parts;
    for (int i = static_cast<int>(Severity::kCritical); i >= 0; --i) {
      if (counts.by_severity[i] == 0) continue;
      const auto severity = static_cast<Severity>(i);
      parts += fmt::format(
          "{}{}", parts.empty() ? "" : ", ",
          paint(color_of(severity), fmt::format("{} {}", counts.by_severity[i], advisory::severity_name(severity))));
    }
    line(fmt::format("{} packages, {} findings in {} source packages: {}{}", result.packages.size(), counts.total,
                     groups, parts, suppressed_text(result)));
  }

  static std::string suppressed_text(const ScanResult& result) {
    const auto ignored =
        std::ranges::count(result.suppressed, advisory::Suppression::kIgnored, &advisory::Suppressed::reason);
    if (ignored == 0) return {};
    return fmt::format("; {} ignored by the ignore file", ignored);
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
