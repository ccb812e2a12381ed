#include "advisory/feeds/oval.h"

#include <algorithm>
#include <charconv>
#include <memory>
#include <unordered_map>

#include <fmt/format.h>

#include "advisory/feeds/common.h"
#include "advisory/feeds/oval_criteria.h"
#include "advisory/feeds/rpm_common.h"
#include "base/text.h"
#include "base/xml.h"

namespace bulkhead::advisory::feeds {

namespace {

constexpr size_t kMaxRecordsOfDefinition = 1'000'000;

struct Subject {
  std::string id;
  Severity severity = Severity::kUnknown;
};

// Red Hat's word on packages without a fix.
struct Resolution {
  std::string component;
  AdvisoryStatus status = AdvisoryStatus::kAffected;
};

// What is kept of a definition until its tests are known.
struct Definition {
  std::string record;
  std::vector<Subject> subjects;
  std::vector<Resolution> resolutions;
  std::string stream_cpe;  // Red Hat: of the product, when it is not the release itself
  bool not_applicable = false;
  OvalCriteria criteria;
};

AdvisoryStatus status_of_resolution(std::string_view state) {
  if (state == "Will not fix") return AdvisoryStatus::kWillNotFix;
  if (state == "Fix deferred") return AdvisoryStatus::kFixDeferred;
  if (state == "Out of support scope") return AdvisoryStatus::kEndOfLife;
  if (state == "Under investigation") return AdvisoryStatus::kUnderInvestigation;
  return AdvisoryStatus::kAffected;
}

// "20190211:1322", "20191126" -> "2019-02-11".
std::string date_of_digits(std::string_view text) {
  if (text.size() < 8 || !std::ranges::all_of(text.substr(0, 8), is_digit)) return date_of(text);
  return fmt::format("{}-{}-{}", text.substr(0, 4), text.substr(4, 2), text.substr(6, 2));
}

// "7.5/CVSS:3.0/AV:N/…", "7.8/AV:N/…"; AlmaLinux writes the vector alone.
std::optional<Cvss> score_in(std::string_view text, std::string_view source) {
  if (text.starts_with("CVSS:")) return cvss_of(text, source);
  const size_t slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  Cvss cvss{.source = std::string(source), .vector = std::string(text.substr(slash + 1))};
  const auto [end, error] = std::from_chars(text.data(), text.data() + slash, cvss.score);
  if (error != std::errc() || end != text.data() + slash || !(cvss.score >= 0 && cvss.score <= 10)) return std::nullopt;
  return cvss;
}

// SUSE lists each CVE twice, with its own score and with NVD's.
bool is_nvd_entry(const xml::Element& cve) {
  return cve.attribute("href").starts_with("https://nvd.nist.gov/");
}

// "CWE-532 CWE-200", "CWE-20->CWE-190", "(CWE-787|CWE-125)".
std::vector<std::string> cwes_in(std::string_view text) {
  std::vector<std::string> cwes;
  for (size_t at = text.find("CWE-"); at != std::string_view::npos; at = text.find("CWE-", at + 4)) {
    size_t end = at + 4;
    while (end < text.size() && is_digit(text[end])) ++end;
    if (end > at + 4) cwes.emplace_back(text.substr(at, end - at));
  }
  return cwes;
}

class OvalReader {
 public:
  OvalReader(const Document& document, const OvalPublisher& publisher, Sink& sink)
      : document_(document), publisher_(publisher), sink_(sink) {}

  Result<DocumentInfo> read(const FeedLimits& limits) {
    const xml::Limits xml_limits{
        .max_bytes = limits.max_document_bytes, .max_depth = limits.max_depth, .options = document_options()};
    TRY(xml::for_each_element(document_.source, 3, xml_limits,
                              [&](const xml::Element& element, std::span<const std::string> ancestors) -> Status {
                                const std::string& section = ancestors.back();
                                if (section == "definitions") return read_definition(element);
                                if (section == "tests") tables_.read_test(element);
                                if (section == "objects") tables_.read_object(element);
                                if (section == "states") tables_.read_state(element);
                                if (element.name() == "timestamp") info_.date = date_of(element.text());
                                return {};
                              }));
    for (const Definition& definition : definitions_) {
      if (auto emitted = emit(definition); !emitted)
        return fail(std::move(emitted).error().with_context(definition.record));
    }
    return info_;
  }

 private:
  Status read_definition(const xml::Element& element) {
    const auto metadata = element.child("metadata");
    const auto criteria = element.child("criteria");
    if (!metadata || !criteria || element.attribute("deprecated") == "true") return {};
    Definition definition;
    definition.record = element.attribute("id");
    for (const xml::Element child : metadata->children()) {
      const bool names_advisory =
          child.name() == "reference" && std::ranges::find(publisher_.advisory_sources, child.attribute("source")) !=
                                             publisher_.advisory_sources.end();
      if (names_advisory) {
        definition.record = child.attribute("ref_id");
        break;
      }
    }
    definition.not_applicable = metadata->child_text("patchable") == "Not Applicable";
    const auto advisory = metadata->child("advisory");
    if (advisory) {
      read_resolutions(*advisory, definition);
      if (publisher_.cpes_decide) read_cpes(*advisory, definition);
    }
    if (auto read = read_vulnerabilities(element, *metadata, advisory, definition); !read) {
      return fail(std::move(read).error().with_context(definition.record));
    }
    definition.criteria = tables_.read_criteria(*criteria);
    definitions_.push_back(std::move(definition));
    return {};
  }

  void read_resolutions(const xml::Element& advisory, Definition& definition) {
    const auto affected = advisory.child("affected");
    if (!affected) return;
    for (const xml::Element resolution : affected->children()) {
      if (resolution.name() != "resolution") continue;
      const AdvisoryStatus status = status_of_resolution(resolution.attribute("state"));
      for (const xml::Element component : resolution.children()) {
        if (component.name() == "component") definition.resolutions.push_back({std::string(component.text()), status});
      }
    }
  }

  // A document about a stream (eus, aus, …) or a layered product asks for the release, like the release's own; its CPEs
  // tell them apart.
  static void read_cpes(const xml::Element& advisory, Definition& definition) {
    const auto list = advisory.child("affected_cpe_list");
    if (!list) return;
    for (const xml::Element cpe : list->children()) {
      if (is_redhat_release(cpe.text())) {
        definition.stream_cpe.clear();
        return;
      }
      // The most telling one: which names a release.
      const bool better = !redhat_key(definition.stream_cpe) && redhat_key(cpe.text());
      if (definition.stream_cpe.empty() || better) definition.stream_cpe = cpe.text();
    }
  }

  // The ids that the definition is about, and what it says of each.
  Status read_vulnerabilities(const xml::Element& element, const xml::Element& metadata,
                              const std::optional<xml::Element>& advisory, Definition& definition) {
    const std::string_view stated = advisory ? advisory->child_text("severity") : metadata.child_text("severity");
    const Severity severity = severity_of_word(stated);
    std::vector<Vulnerability> vulnerabilities;  // by the numbers of their ids, as are the subjects
    NameTable ids;
    const auto about = [&](std::string_view id) -> uint32_t {
      const uint32_t number = ids.number_of(id);
      if (number == vulnerabilities.size()) {
        vulnerabilities.emplace_back().id = id;
        definition.subjects.push_back({std::string(id), severity});
      }
      return number;
    };
    if (advisory) {
      for (const xml::Element cve : advisory->children()) {
        if (cve.name() != "cve") continue;
        for (const std::string& id : cves_in(cve.text())) {
          const uint32_t number = about(id);
          read_cve(cve, vulnerabilities[number], definition.subjects[number]);
        }
      }
    }
    for (const xml::Element reference : metadata.children()) {
      if (reference.name() != "reference" || to_lower(reference.attribute("source")) != "cve") continue;
      for (const std::string& id : cves_in(reference.attribute("ref_id"))) {
        Vulnerability& vulnerability = vulnerabilities[about(id)];
        const std::string_view url = reference.attribute("ref_url");
        if (!url.empty()) vulnerability.references.emplace_back(url);
      }
    }
    if (vulnerabilities.empty()) {
      for (const std::string& id : cves_in(metadata.child_text("title"))) about(id);
    }
    if (vulnerabilities.empty()) {
      definition.subjects.push_back({definition.record, severity});
      return {};
    }
    // A definition of class "vulnerability" describes the one that it is about, one of class "patch" the update.
    if (element.attribute("class") == "vulnerability" && vulnerabilities.size() == 1 &&
        publisher_.describes_vulnerabilities) {
      vulnerabilities.front().description = metadata.child_text("description");
    }
    for (size_t i = 0; i < vulnerabilities.size(); ++i) {
      Vulnerability& vulnerability = vulnerabilities[i];
      vulnerability.severity = definition.subjects[i].severity;
      if (vulnerability.severity != Severity::kUnknown) vulnerability.severity_source = publisher_.score_source;
      TRY(sink_.add(std::move(vulnerability)));
    }
    return {};
  }

  void read_cve(const xml::Element& cve, Vulnerability& vulnerability, Subject& subject) const {
    const std::string_view source = is_nvd_entry(cve) ? "nvd" : publisher_.score_source;
    for (const std::string_view attribute : {"cvss4", "cvss3", "cvss2"}) {
      if (auto score = score_in(cve.attribute(attribute), source)) vulnerability.cvss.push_back(std::move(*score));
    }
    for (std::string& cwe : cwes_in(cve.attribute("cwe"))) vulnerability.cwes.push_back(std::move(cwe));
    if (vulnerability.published.empty()) vulnerability.published = date_of_digits(cve.attribute("public"));
    const Severity impact = severity_of_word(cve.attribute("impact"));
    if (impact == Severity::kUnknown || is_nvd_entry(cve)) return;
    subject.severity = impact;
  }

  Status emit(const Definition& definition) {
    RecordMerger records;
    const Resolutions resolutions = resolutions_of(definition);
    TRY(tables_.for_each_statement(definition.criteria, [&](const OvalStatement& statement) -> Status {
      for (const std::string& ecosystem : ecosystems_of(statement)) {
        AdvisoryRecord record = record_for(ecosystem);
        record.cpe = definition.stream_cpe;
        record.record = definition.record;
        record.package = statement.package;
        record.name_kind = publisher_.name_kind;
        record.module = statement.module;
        record.architectures = statement.architectures;
        set_status(definition, resolutions, statement, record);
        for (const Subject& subject : definition.subjects) {
          AdvisoryRecord copy = record;
          copy.id = subject.id;
          copy.severity = subject.severity;
          records.add(std::move(copy));
        }
        if (records.size() > kMaxRecordsOfDefinition) {
          return fail(limit_error("records of one OVAL definition", kMaxRecordsOfDefinition, "--max-document-bytes"));
        }
      }
      return {};
    }));
    return records.flush(sink_);
  }

  // The packages of a definition share their products, so these are looked up once.
  const std::vector<std::string>& ecosystems_of(const OvalStatement& statement) {
    if (products_of_keys_ != nullptr && products_of_keys_ == statement.products) return keys_;
    std::vector<std::string> keys;
    if (statement.any_product && publisher_.implied_ecosystem != nullptr) {
      if (auto key = publisher_.implied_ecosystem(document_.path, statement.range.fixed))
        keys.push_back(std::move(*key));
    }
    if (statement.products != nullptr) {
      for (const std::string_view product : *statement.products) {
        if (auto key = publisher_.ecosystem(product)) keys.push_back(std::move(*key));
      }
    }
    std::ranges::sort(keys);
    const auto repeated = std::ranges::unique(keys);
    keys.erase(repeated.begin(), repeated.end());
    products_of_keys_ = statement.products;
    keys_ = std::move(keys);
    return keys_;
  }

  // By the name of a package: a component is one, or "module:stream/package". A single resolution is of every package
  // of the definition, and stands under no name.
  using Resolutions = std::unordered_map<std::string_view, AdvisoryStatus>;
  static Resolutions resolutions_of(const Definition& definition) {
    Resolutions resolutions;
    const bool single = definition.resolutions.size() == 1;
    for (const Resolution& resolution : definition.resolutions) {
      const std::string_view component = resolution.component;
      resolutions.try_emplace(single ? std::string_view() : component.substr(component.rfind('/') + 1),
                              resolution.status);
    }
    return resolutions;
  }

  static void set_status(const Definition& definition, const Resolutions& resolutions, const OvalStatement& statement,
                         AdvisoryRecord& record) {
    if (statement.none || definition.not_applicable) {
      record.status = AdvisoryStatus::kNotAffected;
      return;
    }
    if (!statement.every) record.ranges.push_back(statement.range);
    if (!statement.range.fixed.empty()) {
      record.status = AdvisoryStatus::kFixed;
      return;
    }
    const auto found = resolutions.find(definition.resolutions.size() == 1 ? std::string_view() : record.package);
    if (found != resolutions.end()) record.status = found->second;
  }

  const Document& document_;
  const OvalPublisher& publisher_;
  Sink& sink_;
  OvalTables tables_;
  std::vector<Definition> definitions_;
  DocumentInfo info_;
  std::shared_ptr<const std::vector<std::string_view>> products_of_keys_;
  std::vector<std::string> keys_;
};

}  // namespace

Result<DocumentInfo> parse_oval(const Document& document, const OvalPublisher& publisher, Sink& sink,
                                const FeedLimits& limits) {
  return OvalReader(document, publisher, sink).read(limits);
}

}  // namespace bulkhead::advisory::feeds
