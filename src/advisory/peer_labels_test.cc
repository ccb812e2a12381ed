// What people and another scanner's test-suite judged about single packages: labels "true" and "false positive" of real
// images (vulnerability-match-labels, CC0) whose advisories the corpus holds, and cases of claircore's matchers.
#include <array>

#include <fmt/format.h>

#include "advisory/database_builder.h"
#include "advisory/ecosystem.h"
#include "advisory/feeds/common.h"
#include "advisory/known_results.h"
#include "base/json.h"

namespace bulkhead::advisory::testing {
namespace {

using inventory::PackageType;

// Labelled false although the advisory speaks of that very name and version: what was wrong there was not the match.
struct OtherMistake {
  std::string_view package;
  std::string_view version;
  std::string_view advisory;
  std::string_view why;
};
constexpr std::array kOtherMistakes = {
    OtherMistake{"diff", "1.0.0", "GHSA-h6ch-v84p-w6p9", "the package is an extension of an editor, not npm's"},
    OtherMistake{"guava", "20.0", "GHSA-5mg8-w23w-74h3", "an rpm installed it, and its distribution judges it"},
    OtherMistake{"guava", "20.0", "GHSA-mvr2-9pj6-7w5j", "an rpm installed it, and its distribution judges it"},
    OtherMistake{"jsoup", "1.11.3", "GHSA-m72m-mhq2-9p6c", "an rpm installed it, and its distribution judges it"},
    OtherMistake{"httpclient", "4.5.5", "GHSA-7r82-7xv7-xcpj", "an rpm installed it, and its distribution judges it"},
};

// Labelled true, and GitHub has narrowed the advisory since: its ranges no longer hold that version.
struct Narrowed {
  std::string_view package;
  std::string_view version;
  std::string_view advisory;
  std::string_view begins_or_ends;  // the bound that excludes the version now
};
constexpr std::array kNarrowed = {
    Narrowed{"lodash", "2.4.2", "GHSA-29mw-wpgm-hmr9", "from 4.0.0"},
    Narrowed{"lodash", "2.4.2", "GHSA-p6mc-m468-83gw", "from 3.7.0"},
    Narrowed{"lodash", "2.4.2", "GHSA-x5rq-j2xg-h7qm", "from 4.7.0"},
    Narrowed{"lodash", "3.10.1", "GHSA-29mw-wpgm-hmr9", "from 4.0.0"},
    Narrowed{"lodash", "3.10.1", "GHSA-x5rq-j2xg-h7qm", "from 4.7.0"},
    Narrowed{"jackson-databind", "2.4.0", "GHSA-288c-cq4h-88gq", "from 2.6.0"},
    Narrowed{"jackson-databind", "2.6.7.3", "GHSA-5ww9-j83m-q7qx", "fixed in 2.6.7.3"},
    Narrowed{"jackson-databind", "2.6.7.3", "GHSA-645p-88qh-w398", "fixed in 2.6.7.3"},
    Narrowed{"jackson-databind", "2.6.7.3", "GHSA-cmfg-87vq-g5g4", "fixed in 2.6.7.3"},
    Narrowed{"jackson-databind", "2.6.7.3", "GHSA-fmmc-742q-jg75", "fixed in 2.6.7.3"},
    Narrowed{"jackson-databind", "2.6.7.3", "GHSA-gjmw-vf9h-g25v", "fixed in 2.6.7.3"},
    Narrowed{"jackson-databind", "2.6.7.3", "GHSA-gwp4-hfv6-p7hw", "fixed in 2.6.7.3"},
    Narrowed{"jackson-databind", "2.6.7.3", "GHSA-h592-38cm-4ggp", "fixed in 2.6.7.3"},
    Narrowed{"jackson-databind", "2.6.7.3", "GHSA-h822-r4r5-v8jg", "fixed in 2.6.7.3"},
    Narrowed{"jackson-databind", "2.6.7.3", "GHSA-mx7p-6679-8g3q", "fixed in 2.6.7.3"},
};

template <typename Rows>
bool lists(const Rows& rows, std::string_view package, std::string_view version, std::string_view advisory) {
  return std::ranges::any_of(rows, [&](const auto& row) {
    return row.package == package && row.version == version && row.advisory == advisory;
  });
}

struct Label {
  std::string package;
  std::string version;
  std::string advisory;
  std::string verdict;
  auto operator<=>(const Label&) const = default;
};

// Whether a label's package ("jQuery", "jackson-databind") can be the one that an advisory names: Maven's labels have
// the artifact alone, or with its group.
bool same_name(std::string_view ecosystem, std::string_view label, std::string_view name) {
  if (package_key(ecosystem, label) == name || equals_ignoring_case(label, name)) return true;
  return ecosystem == "maven" && name.substr(name.rfind(':') + 1) == label;
}

TEST_F(KnownResults, LabelledPackagesAreReportedWhereTheLabelSaysTrue) {
  const Database database = database_of(data_ + "/feeds/osv/osv-documents-from-fixtures.tar.zst", {});
  std::set<Label> labels;
  size_t rows = 0;
  for (const auto& [path, text] : members_of(data_ + "/peers/grype/match-labels.tar.zst")) {
    std::string_view rest = text;
    std::string_view line;
    next_line(rest, line);
    while (next_line(rest, line)) {
      const auto cells = split(line, '\t');
      ASSERT_GE(cells.size(), 5U) << path;
      ++rows;
      if (!cells[2].starts_with("GHSA-")) continue;
      labels.insert({std::string(cells[0]), std::string(cells[1]), std::string(cells[2]), std::string(cells[4])});
    }
  }
  EXPECT_EQ(rows, 10841U);
  // A package of each name that the advisory has for the label's.
  std::vector<Package> packages;
  std::vector<const Label*> label_of;
  std::map<std::string, std::vector<std::pair<std::string, std::string>>> named;  // by advisory: ecosystem and name
  for (size_t ecosystem = 0; ecosystem < database.ecosystems(); ++ecosystem) {
    for (size_t i = 0; i < database.packages(ecosystem); ++i) {
      const RecordList records = database.records_of(ecosystem, i);
      for (size_t j = 0; j < records.size(); ++j) {
        named[std::string(records[j].document())].emplace_back(database.ecosystem_key(ecosystem),
                                                               database.package_name(ecosystem, i));
      }
    }
  }
  std::map<std::string, size_t> judged;
  std::map<const Label*, bool> reported;
  for (const Label& label : labels) {
    const auto about = named.find(label.advisory);
    if (about == named.end()) continue;
    ++judged[label.verdict];
    reported[&label] = false;
    std::set<std::pair<std::string, std::string>> once;
    for (const auto& [ecosystem, name] : about->second) {
      const auto type = inventory::package_type_of(ecosystem);
      if (!type || !same_name(ecosystem, label.package, name) || !once.insert({ecosystem, name}).second) continue;
      packages.push_back({.type = *type, .name = name, .version = label.version});
      label_of.push_back(&label);
    }
  }
  for (const Finding& finding : match(packages, {}, database, {.now = "2026-11-22"}).findings) {
    const Label* label = label_of[finding.package];
    const bool about = finding.id == label->advisory || finding.evidence.record == label->advisory ||
                       std::ranges::find(finding.aliases, label->advisory) != finding.aliases.end();
    if (about) reported[label] = true;
  }
  EXPECT_EQ(judged, (std::map<std::string, size_t>{{"TP", 185}, {"FP", 6}, {"??", 1}}));
  size_t other_mistakes = 0;
  size_t narrowed = 0;
  for (const auto& [label, found] : reported) {
    const std::string text = fmt::format("{} {} {}", label->package, label->version, label->advisory);
    if (label->verdict == "TP") {
      const bool excluded = lists(kNarrowed, label->package, label->version, label->advisory);
      narrowed += excluded ? 1 : 0;
      EXPECT_EQ(found, !excluded) << text;
    } else if (label->verdict == "FP") {
      const bool right_match = lists(kOtherMistakes, label->package, label->version, label->advisory);
      other_mistakes += right_match ? 1 : 0;
      EXPECT_EQ(found, right_match) << text;
    }
  }
  EXPECT_EQ(other_mistakes, kOtherMistakes.size());
  EXPECT_EQ(narrowed, kNarrowed.size());
}

// The files of a txtar archive: "-- name --" and what follows.
std::map<std::string, std::string> txtar_of(const std::string& text) {
  std::map<std::string, std::string> files;
  std::string* file = nullptr;
  std::string_view rest = text;
  std::string_view line;
  while (next_line(rest, line)) {
    if (line.starts_with("-- ") && line.ends_with(" --")) {
      file = &files[std::string(line.substr(3, line.size() - 6))];
    } else if (file != nullptr) {
      *file += std::string(line) + "\n";
    }
  }
  return files;
}

// "file:package/24.json" -> "package/24.json" of {"$ref": …}; what is no reference has no name.
std::string reference(const json::Value& value) {
  const std::string_view name = value.string_or("$ref", "");
  return std::string(name.substr(std::min(name.size(), std::string_view("file:").size())));
}

// The interval of "fixed=2.9.11&introduced=2.8.0"; nothing said: every version.
Range range_of(std::string_view text) {
  Range range;
  for (const std::string_view pair : split(text, '&')) {
    const std::string_view value = pair.substr(pair.find('=') + 1);
    if (pair.starts_with("fixed=")) range.fixed = value;
    if (pair.starts_with("introduced=")) range.introduced = value;
    if (pair.starts_with("lastAffected=")) range.last_affected = value;
  }
  return range;
}

TEST_F(KnownResults, MatchersCasesOfAnotherScannerGiveItsAnswers) {
  const struct {
    std::string archive;
    std::string ecosystem;
    size_t packages;
    size_t findings;
  } cases[] = {{"matcher-Jackson-Databind", "maven", 4, 24}, {"matcher-Splunk", "npm", 17, 1}};
  for (const auto& each : cases) {
    const auto files = txtar_of(contents_of(data_ + "/peers/clair/" + each.archive + ".txtar.zst"));
    std::map<std::string, json::Document> documents;
    for (const auto& [name, text] : files) {
      // "Database" repeats the files below, with commas that JSON does not allow.
      if (name != "Database") documents.emplace(name, json::Document::parse(text).value());
    }
    DatabaseBuilder builder;
    builder.use_feed(builder.add_feed({.name = "osv", .date = "2026-08-21"}).value());
    std::vector<Package> packages;
    std::map<std::string, std::pair<std::string, std::string>> package_of;  // by id: name and version
    std::map<std::string, std::string> advisory_of;                         // by id
    for (const auto& [name, document] : documents) {
      const json::Value root = document.root();
      if (name.starts_with("package/")) {
        packages.push_back({.type = *inventory::package_type_of(each.ecosystem),
                            .name = std::string(root.string_or("name", "")),
                            .version = std::string(root.string_or("version", ""))});
        package_of[std::string(root.string_or("id", ""))] = {packages.back().name, packages.back().version};
      } else if (name.starts_with("vulnerability/")) {
        AdvisoryRecord record = feeds::record_for(each.ecosystem);
        record.record = record.id = root.string_or("name", "");
        advisory_of[std::string(root.string_or("id", ""))] = record.id;
        const json::Value package = *root.find("package");
        const std::string other = reference(package);
        record.package = (other.empty() ? package : documents.at(other).root()).string_or("name", "");
        record.ranges = {range_of(root.string_or("fixed_in_version", ""))};
        record.status = record.ranges[0].fixed.empty() ? AdvisoryStatus::kAffected : AdvisoryStatus::kFixed;
        ASSERT_TRUE(builder.add(std::move(record)));
      }
    }
    EXPECT_EQ(packages.size(), each.packages) << each.archive;
    Rows expected;
    for (const auto& [id, list] : documents.at("Want").root().find("package_vulnerabilities")->members()) {
      const auto& [name, version] = package_of.at(std::string(id));
      for (const json::Value vulnerability : list.elements()) {
        expected.insert({name, version, advisory_of.at(std::string(*vulnerability.string()))});
      }
    }
    EXPECT_EQ(expected.size(), each.findings) << each.archive;
    const Database database = Database::from_bytes(std::move(builder).finish().value(), each.archive).value();
    Rows found;
    for (const Finding& finding : match(packages, {}, database, {.now = "2026-08-22"}).findings) {
      found.insert({packages[finding.package].name, packages[finding.package].version, finding.id});
    }
    EXPECT_EQ(difference(found, expected), "") << each.archive;
  }
}

}  // namespace
}  // namespace bulkhead::advisory::testing
