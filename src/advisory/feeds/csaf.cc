#include "advisory/feeds/csaf.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <tuple>
#include <unordered_map>

#include <fmt/format.h>

#include "advisory/feeds/common.h"
#include "advisory/feeds/rpm_common.h"
#include "base/text.h"
#include "inventory/purl.h"

namespace bulkhead::advisory::feeds {

namespace {

constexpr size_t kMaxChain = 8;  // of components of components

constexpr std::array<std::string_view, 16> kArchitectures = {
    "aarch64", "armv7hl", "i386",    "i586",    "i686", "ia64",  "noarch", "nosrc",
    "ppc",     "ppc64",   "ppc64le", "riscv64", "s390", "s390x", "src",    "x86_64"};

bool is_architecture(std::string_view text) {
  return std::ranges::find(kArchitectures, text) != kArchitectures.end();
}

// "ruby:2.5:8090020230627084142:b46abd14" -> "ruby:2.5".
std::string module_stream(std::string_view module) {
  const size_t stream = module.find(':');
  if (stream == std::string_view::npos) return {};
  return std::string(module.substr(0, module.find(':', stream + 1)));
}

// "nodejs:16/nodejs" -> "nodejs:16"; what else holds a slash is the name of a container.
std::string_view module_of_name(std::string_view name) {
  const std::string_view before = name.substr(0, std::min(name.find('/'), name.size()));
  return before.size() < name.size() && before.contains(':') ? before : std::string_view();
}

// "1.87" of "12.5-1.87"; openSUSE's may begin with the project: "lp152.4.3.1", "bp153.1.14".
bool is_release(std::string_view text) {
  if (text.starts_with("lp") || text.starts_with("bp")) text.remove_prefix(2);
  return !text.empty() && is_digit(text.front());
}

struct Product {
  std::string_view id;
  std::string_view name;
  std::string_view cpe;
  std::string_view purl;
  std::string_view architecture;  // of the branch around it
};

struct Relationship {
  std::string_view component;
  std::string_view platform;
};

// A component of a platform: what a status speaks of.
struct Component {
  const Product* platform = nullptr;
  CsafBuild build;
};

enum class StatusGroup : uint8_t { kFixed, kAffected, kInvestigated, kNotAffected };
struct StatusName {
  std::string_view name;
  StatusGroup group;
};
// In the order in which they are read: not affected last, so that what else is said of a package is known.
constexpr std::array<StatusName, 7> kStatuses{{{"fixed", StatusGroup::kFixed},
                                               {"first_fixed", StatusGroup::kFixed},
                                               {"recommended", StatusGroup::kFixed},
                                               {"known_affected", StatusGroup::kAffected},
                                               {"last_affected", StatusGroup::kAffected},
                                               {"under_investigation", StatusGroup::kInvestigated},
                                               {"known_not_affected", StatusGroup::kNotAffected}}};

class CsafReader {
 public:
  CsafReader(const CsafPublisher& publisher, Sink& sink) : publisher_(publisher), sink_(sink) {}

  Result<DocumentInfo> read(const json::Value& root) {
    TRY_ASSIGN(const json::Value document, root.require_object("document"));
    TRY_ASSIGN(const json::Value tracking, document.require_object("tracking"));
    TRY_ASSIGN(document_id_, tracking.require_string("id"));
    DocumentInfo info{.date = date_of(tracking.string_or("current_release_date", {}))};
    if (tracking.string_or("status", {}) == "deleted") return info;
    if (const auto severity = document.find("aggregate_severity")) {
      severity_ = severity_of_word(severity->string_or("text", {}));
    }
    if (const auto tree = root.find("product_tree")) read_tree(*tree);
    if (const auto vulnerabilities = root.find("vulnerabilities")) {
      for (const json::Value vulnerability : vulnerabilities->elements()) {
        if (auto read = read_vulnerability(vulnerability); !read) {
          return fail(std::move(read).error().with_context(std::string(document_id_)));
        }
      }
    }
    return info;
  }

 private:
  void read_tree(const json::Value& tree) {
    if (const auto branches = tree.find("branches")) read_branches(*branches, {});
    if (const auto names = tree.find("full_product_names")) {
      for (const json::Value name : names->elements()) add_product(name, {});
    }
    if (const auto relationships = tree.find("relationships")) {
      for (const json::Value relationship : relationships->elements()) {
        const auto product = relationship.find("full_product_name");
        if (!product) continue;
        relationships_[product->string_or("product_id", {})] = {
            .component = relationship.string_or("product_reference", {}),
            .platform = relationship.string_or("relates_to_product_reference", {})};
        add_product(*product, {});
      }
    }
  }

  // The document's nesting is limited, so this is.
  void read_branches(const json::Value& branches, std::string_view architecture) {
    for (const json::Value branch : branches.elements()) {
      const std::string_view here =
          branch.string_or("category", {}) == "architecture" ? branch.string_or("name", {}) : architecture;
      if (const auto product = branch.find("product")) add_product(*product, here);
      if (const auto inner = branch.find("branches")) read_branches(*inner, here);
    }
  }

  void add_product(const json::Value& value, std::string_view architecture) {
    Product product;
    product.id = value.string_or("product_id", {});
    product.name = value.string_or("name", {});
    product.architecture = architecture;
    if (const auto helper = value.find("product_identification_helper")) {
      product.cpe = helper->string_or("cpe", {});
      product.purl = helper->string_or("purl", {});
    }
    products_.emplace(product.id, product);
  }

  const Product* product(std::string_view id) const {
    const auto found = products_.find(id);
    return found == products_.end() ? nullptr : &found->second;
  }

  // Follows the relationships of a listed product to its package and its platform. Nothing when it is no such component
  // (text-only products), or no package (containers).
  std::optional<Component> component_of(std::string_view id) const {
    Component component;
    std::string_view platform = id;
    std::string_view package;
    std::string module;
    for (size_t step = 0; step < kMaxChain; ++step) {
      const auto relationship = relationships_.find(platform);
      if (relationship == relationships_.end()) break;
      // In a chain the innermost component is the package, one in between its module.
      if (package.empty()) {
        package = relationship->second.component;
      } else if (module.empty()) {
        module = module_stream(relationship->second.component);
      }
      platform = relationship->second.platform;
    }
    const Product* package_product = product(package);
    component.platform = product(platform);
    if (package_product == nullptr || component.platform == nullptr) return std::nullopt;
    if (package_product->purl.empty()) {
      component.build = build_of_name(package_product->name, package_product->architecture);
    } else {
      auto build = build_of_purl(package_product->purl);
      if (!build) return std::nullopt;
      component.build = std::move(*build);
    }
    if (component.build.module.empty()) component.build.module = module;
    if (component.build.module.empty()) component.build.module = module_of_name(package_product->name);
    if (component.build.name.empty() || is_debug_package(component.build.name)) return std::nullopt;
    return component;
  }

  // ---- one vulnerability

  struct Remedy {
    std::string_view category;
    std::string_view details;
    std::string_view advisory;
  };

  void read_remedies(const json::Value& vulnerability) {
    remedies_.clear();
    const auto remediations = vulnerability.find("remediations");
    if (!remediations) return;
    for (const json::Value remediation : remediations->elements()) {
      Remedy remedy;
      remedy.category = remediation.string_or("category", {});
      remedy.details = remediation.string_or("details", {});
      if (remedy.category == "workaround" || remedy.category == "mitigation") continue;
      const std::string_view url = remediation.string_or("url", {});
      const std::string_view last = url.substr(url.find_last_of("/=") + 1);
      if (last.contains(':') || last.contains("-SA-") || last.contains("-SU-")) remedy.advisory = last;
      const auto ids = remediation.find("product_ids");
      if (!ids) continue;
      for (const json::Value id : ids->elements()) {
        if (const auto text = id.string()) remedies_.emplace(*text, remedy);
      }
    }
  }

  void read_severities(const json::Value& vulnerability) {
    severities_.clear();
    vulnerability_severity_ = Severity::kUnknown;
    const auto threats = vulnerability.find("threats");
    if (!threats) return;
    for (const json::Value threat : threats->elements()) {
      if (threat.string_or("category", {}) != "impact") continue;
      const Severity severity = severity_of_word(threat.string_or("details", {}));
      vulnerability_severity_ = std::max(vulnerability_severity_, severity);
      if (const auto ids = threat.find("product_ids")) {
        for (const json::Value id : ids->elements()) {
          if (const auto text = id.string()) severities_.emplace(*text, severity);
        }
      }
    }
  }

  Severity severity_for(std::string_view product_id) const {
    const auto found = severities_.find(product_id);
    if (found != severities_.end()) return found->second;
    return vulnerability_severity_ == Severity::kUnknown ? severity_ : vulnerability_severity_;
  }

  Status read_vulnerability(const json::Value& vulnerability) {
    id_ = vulnerability.string_or("cve", {});
    if (id_.empty()) id_ = document_id_;
    read_remedies(vulnerability);
    read_severities(vulnerability);
    TRY(emit_vulnerability(vulnerability));
    const auto statuses = vulnerability.find("product_status");
    if (!statuses) return {};
    spoken_of_.clear();
    for (const StatusName& status : kStatuses) {
      if (const auto list = statuses->find(status.name)) TRY(read_status(*list, status.group));
    }
    return {};
  }

  Status emit_vulnerability(const json::Value& value) {
    Vulnerability vulnerability;
    vulnerability.id = id_;
    vulnerability.title = value.string_or("title", {});
    vulnerability.severity = severity_for({});
    if (vulnerability.severity != Severity::kUnknown) vulnerability.severity_source = publisher_.score_source;
    vulnerability.published = date_of(value.string_or("release_date", {}));
    if (const auto notes = value.find("notes")) {
      for (const json::Value note : notes->elements()) {
        if (note.string_or("category", {}) == "description") vulnerability.description = note.string_or("text", {});
      }
    }
    if (const auto cwe = value.find("cwe")) {
      if (std::string id = cwe_of(cwe->string_or("id", {})); !id.empty()) vulnerability.cwes.push_back(std::move(id));
    }
    if (const auto references = value.find("references")) {
      for (const json::Value reference : references->elements()) {
        if (const std::string_view url = reference.string_or("url", {}); !url.empty())
          vulnerability.references.emplace_back(url);
      }
    }
    if (const auto scores = value.find("scores")) {
      ScoreList known;
      for (const json::Value score : scores->elements()) {
        for (const std::string_view version : {"cvss_v4", "cvss_v3", "cvss_v2"}) {
          if (const auto cvss = score.find(version)) add_score(*cvss, known);
        }
      }
      vulnerability.cvss = known.scores();
    }
    return sink_.add(std::move(vulnerability));
  }

  void add_score(const json::Value& cvss, ScoreList& scores) const {
    const std::string_view vector = cvss.string_or("vectorString", {});
    const auto base = cvss.find("baseScore");
    const double score = base ? base->number().value_or(-1) : -1;
    if (vector.empty() || !(score >= 0 && score <= 10)) return;
    scores.add({.source = std::string(publisher_.score_source), .vector = std::string(vector), .score = score});
  }

  struct Place {
    std::string key;
    std::string_view cpe;
    friend auto operator<=>(const Place&, const Place&) = default;
  };

  struct Listed {
    std::string_view id;
    CsafBuild build;
    Place place;
  };

  Status read_status(const json::Value& list, StatusGroup group) {
    // Builds of one version for several architectures are one record.
    std::map<std::tuple<Place, std::string, std::string, std::string, std::string_view>,  // name, module, evr, advisory
             AdvisoryRecord>
        records;
    std::set<Place> with_binaries;
    std::vector<Listed> listed;
    for (const json::Value entry : list.elements()) {
      const auto id = entry.string();
      if (!id) continue;
      auto component = component_of(*id);
      if (!component) continue;
      auto key = publisher_.ecosystem({.name = component->platform->name, .cpe = component->platform->cpe});
      if (!key) continue;
      // That a layered product is not affected tells nothing about an image.
      if (group == StatusGroup::kNotAffected && publisher_.keep_cpe && !is_redhat_release(component->platform->cpe))
        continue;
      Place place{.key = std::move(*key), .cpe = publisher_.keep_cpe ? component->platform->cpe : std::string_view()};
      if (component->build.architecture != "src") with_binaries.insert(place);
      listed.push_back({.id = *id, .build = std::move(component->build), .place = std::move(place)});
    }
    for (const Listed& each : listed) {
      if (each.build.architecture == "src" && with_binaries.contains(each.place)) continue;
      const std::string what = fmt::format("{}\t{}\t{}", each.place.key, each.build.name, each.build.module);
      if (group == StatusGroup::kNotAffected && spoken_of_.contains(what)) continue;
      if (group != StatusGroup::kNotAffected) spoken_of_.insert(what);
      add_record(each, group, records);
    }
    for (auto& [key, record] : records) {
      std::ranges::sort(record.architectures);
      const auto repeated = std::ranges::unique(record.architectures);
      record.architectures.erase(repeated.begin(), repeated.end());
      TRY(sink_.add(std::move(record)));
    }
    return {};
  }

  template <typename Records>
  void add_record(const Listed& listed, StatusGroup group, Records& records) const {
    const CsafBuild& build = listed.build;
    const bool is_fixed = group == StatusGroup::kFixed;
    if (is_fixed && build.evr.empty()) return;
    const bool is_source = build.architecture == "src";
    const auto found = remedies_.find(listed.id);
    const Remedy remedy = found == remedies_.end() ? Remedy() : found->second;
    const std::string evr = is_fixed ? build.evr : std::string();
    const std::string_view advisory = is_fixed ? remedy.advisory : std::string_view();
    AdvisoryRecord& record = records[{listed.place, build.name, build.module, evr, advisory}];
    if (record.package.empty()) {
      record = record_for(listed.place.key);
      record.id = id_;
      record.record = advisory.empty() ? document_id_ : advisory;
      record.package = build.name;
      record.name_kind = is_source ? NameKind::kSource : NameKind::kBinary;
      record.module = build.module;
      record.cpe = listed.place.cpe;
      record.severity = severity_for(listed.id);
      set_status(group, remedy, evr, record);
    }
    if (is_fixed && !is_source && !build.architecture.empty()) record.architectures.push_back(build.architecture);
  }

  static void set_status(StatusGroup group, const Remedy& remedy, const std::string& evr, AdvisoryRecord& record) {
    switch (group) {
      case StatusGroup::kFixed:
        record.status = AdvisoryStatus::kFixed;
        record.ranges.push_back(fixed_below(evr));
        return;
      case StatusGroup::kInvestigated:
        record.status = AdvisoryStatus::kUnderInvestigation;
        return;
      case StatusGroup::kNotAffected:
        record.status = AdvisoryStatus::kNotAffected;
        return;
      case StatusGroup::kAffected:
        break;
    }
    record.status = AdvisoryStatus::kAffected;
    if (remedy.category == "no_fix_planned") {
      record.status =
          remedy.details == "Out of support scope" ? AdvisoryStatus::kEndOfLife : AdvisoryStatus::kWillNotFix;
    } else if (remedy.category == "none_available" && remedy.details == "Fix deferred") {
      record.status = AdvisoryStatus::kFixDeferred;
    }
    record.note = trim(remedy.details.substr(0, remedy.details.find('\n')));
  }

  const CsafPublisher& publisher_;
  Sink& sink_;
  std::string_view document_id_;
  Severity severity_ = Severity::kUnknown;  // of the document
  std::unordered_map<std::string_view, Product> products_;
  std::unordered_map<std::string_view, Relationship> relationships_;  // by the id of the combined product

  // Of the present vulnerability:
  std::string_view id_;
  Severity vulnerability_severity_ = Severity::kUnknown;
  std::unordered_map<std::string_view, Remedy> remedies_;      // by product id
  std::unordered_map<std::string_view, Severity> severities_;  // by product id
  std::set<std::string, std::less<>> spoken_of_;               // key, package and module of what is or may be affected
};

}  // namespace

std::optional<CsafBuild> build_of_purl(std::string_view purl) {
  const auto parsed = inventory::parse_purl(purl, inventory::PurlCheck::kSyntax);
  if (!parsed || parsed->type != "rpm") return std::nullopt;
  CsafBuild build;
  build.name = parsed->name;
  build.architecture = parsed->qualifier("arch");
  if (!parsed->version.empty()) {
    // Most write the epoch as a qualifier, some in front of the version.
    std::string_view version = parsed->version;
    std::string_view epoch = parsed->qualifier("epoch");
    if (const size_t colon = version.find(':'); colon != std::string_view::npos) {
      epoch = version.substr(0, colon);
      version.remove_prefix(colon + 1);
    }
    build.evr = evr_text(epoch, version, {});
  }
  build.module = module_stream(parsed->qualifier("rpmmod"));
  return build;
}

CsafBuild build_of_name(std::string_view name, std::string_view architecture) {
  CsafBuild build;
  build.architecture = architecture;
  std::string_view rest = name;
  // "nodejs:16/nodejs", "….x86_64::ruby:2.5"
  if (const size_t module = rest.find("::"); module != std::string_view::npos) {
    build.module = rest.substr(module + 2);
    rest = rest.substr(0, module);
  }
  if (const std::string_view module = module_of_name(rest); !module.empty()) {
    build.module = module;
    rest.remove_prefix(module.size() + 1);
  }
  if (rest.ends_with(".rpm")) rest.remove_suffix(4);
  if (const size_t dot = rest.rfind('.'); dot != std::string_view::npos && is_architecture(rest.substr(dot + 1))) {
    build.architecture = rest.substr(dot + 1);
    rest = rest.substr(0, dot);
  }
  // name-[epoch:]version-release; what does not end in such parts is a bare name ("java-1_8_0-openjdk").
  const size_t release = rest.rfind('-');
  const size_t version = release == std::string_view::npos || release == 0 ? release : rest.rfind('-', release - 1);
  const bool versioned = version != std::string_view::npos && version != 0 && version != release &&
                         is_digit(rest[version + 1]) && is_release(rest.substr(release + 1));
  if (!versioned) {
    build.name = rest;
    return build;
  }
  build.name = rest.substr(0, version);
  build.evr = normal_evr(rest.substr(version + 1));
  return build;
}

Result<DocumentInfo> parse_csaf(const Document& document, const CsafPublisher& publisher, Sink& sink,
                                const FeedLimits& limits) {
  TRY_ASSIGN(const json::Document content, read_json(document, limits));
  return CsafReader(publisher, sink).read(content.root());
}

}  // namespace bulkhead::advisory::feeds
