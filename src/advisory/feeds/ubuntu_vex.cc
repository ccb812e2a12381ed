// Canonical's OpenVEX documents, one for each CVE: which source package of which release is affected.
// Source: OpenVEX specification 0.2.0, "Status Labels"; Canonical's security documentation, "VEX", which maps the
// tracker's states to labels and sentences; and the documents themselves: products are package URLs, the ones of source
// packages with "arch=source&distro=<label>", those of the binaries built from them without any release.
//
// VEX documents of others speak of their products, not of packages of a distribution; they are no feed.
#include <array>

#include <fmt/format.h>

#include "advisory/ecosystem.h"
#include "advisory/feeds/common.h"
#include "base/text.h"
#include "inventory/purl.h"

namespace bulkhead::advisory::feeds {
namespace {

std::optional<AdvisoryStatus> status_of_label(std::string_view label) {
  if (label == "not_affected") return AdvisoryStatus::kNotAffected;
  if (label == "affected") return AdvisoryStatus::kAffected;
  if (label == "fixed") return AdvisoryStatus::kFixed;
  if (label == "under_investigation") return AdvisoryStatus::kUnderInvestigation;
  return std::nullopt;
}

// The tracker's states that share a label, by words of the sentence that Canonical writes for each.
struct Wording {
  std::string_view member;
  std::string_view words;
  AdvisoryStatus status;
};
constexpr std::array kWordings = {
    Wording{"action_statement", "decided to not fix", AdvisoryStatus::kWillNotFix},
    Wording{"action_statement", "no longer supported", AdvisoryStatus::kEndOfLife},
    Wording{"status_notes", "remediation is deferred", AdvisoryStatus::kFixDeferred},
};

AdvisoryStatus status_in_words(const json::Value& statement, AdvisoryStatus status) {
  if (status != AdvisoryStatus::kAffected && status != AdvisoryStatus::kUnderInvestigation) return status;
  for (const Wording& wording : kWordings) {
    if (statement.string_or(wording.member, {}).contains(wording.words)) return wording.status;
  }
  return status;
}

struct Source {
  std::string name;
  std::string version;
  std::string ecosystem;
};

// "pkg:deb/ubuntu/curl@7.81.0-1ubuntu1.20?arch=source&distro=jammy"; nothing for anything else.
std::optional<Source> source_of(std::string_view product) {
  if (!product.contains("arch=source")) return std::nullopt;  // most are binaries', which are not worth the reading
  auto purl = inventory::parse_purl(product, inventory::PurlCheck::kSyntax);
  if (!purl || purl->type != "deb" || purl->name_space != "ubuntu" || purl->qualifier("arch") != "source") {
    return std::nullopt;
  }
  auto ecosystem = ecosystem_key_of_ubuntu_label(purl->qualifier("distro"));
  if (!ecosystem) return std::nullopt;
  return Source{.name = std::move(purl->name), .version = std::move(purl->version), .ecosystem = *std::move(ecosystem)};
}

Status read_statement(const json::Value& statement, Sink& sink, const FeedLimits& limits) {
  TRY_ASSIGN(const json::Value vulnerability, statement.require_object("vulnerability"));
  TRY_ASSIGN(const std::string_view name, vulnerability.require_string("name"));
  TRY_ASSIGN(const std::string_view label, statement.require_string("status"));
  const auto status = status_of_label(label);
  if (!status) return fail(Code::kMalformed, fmt::format("\"{}\" is no status", printable(label.substr(0, 40))));
  // A notice is about the CVEs among its aliases.
  std::vector<std::string> ids;
  for (const std::string& alias : strings_of(vulnerability, "aliases")) {
    if (!is_cve(name) && is_cve(alias)) ids.push_back(alias);
  }
  if (ids.empty()) ids.emplace_back(name);
  TRY(check_aliases(name, ids.size(), limits));

  const auto products = statement.find("products");
  if (!products) return {};
  for (const json::Value product : products->elements()) {
    const auto source = source_of(product.string_or("@id", {}));
    if (!source) continue;
    AdvisoryRecord record = record_for(source->ecosystem);
    record.record = name;
    record.package = source->name;
    record.status = status_in_words(statement, *status);
    record.note = statement.string_or("justification",
                                      statement.string_or("status_notes", statement.string_or("action_statement", {})));
    if (*status == AdvisoryStatus::kFixed) {
      if (source->version.empty()) continue;
      record.ranges.push_back({.fixed = source->version});
    }
    for (const std::string& id : ids) {
      record.id = id;
      TRY(sink.add(record));
    }
  }
  return {};
}

Result<DocumentInfo> parse(const Document& document, Sink& sink, const FeedLimits& limits) {
  TRY_ASSIGN(const json::Document vex, read_json(document, limits));
  const json::Value root = vex.root();
  TRY_ASSIGN(const json::Value statements, root.require_array("statements"));
  for (const json::Value statement : statements.elements()) TRY(read_statement(statement, sink, limits));
  const auto metadata = root.find("metadata");
  return DocumentInfo{.date = date_of((metadata ? *metadata : root).string_or("timestamp", {}))};
}

bool recognises(const DocumentHead& head) {
  return head.text.find("https://openvex.dev/ns") != std::string_view::npos && head.has_json_member("statements") &&
         head.text.find("Canonical") != std::string_view::npos;
}

constexpr std::array kDownloads = {
    Download{"ubuntu:*", "https://security-metadata.canonical.com/vex/vex-all.tar.xz"},
};
constexpr std::array<std::string_view, 1> kEcosystems = {"ubuntu:*"};

constexpr Feed kFeed = {
    .name = "ubuntu-vex",
    .title = "Ubuntu VEX",
    .publisher = "Canonical",
    .licence = "CC-BY-SA-4.0",
    .attribution = "Ubuntu security data, Canonical Ltd., CC BY-SA 4.0",
    .may_be_shipped = true,
    .downloads = kDownloads,
    .ecosystems = kEcosystems,
    .recognises = recognises,
    .parse = parse,
};

}  // namespace

extern const std::span<const Feed> ubuntu_vex;
const std::span<const Feed> ubuntu_vex(&kFeed, 1);

}  // namespace bulkhead::advisory::feeds
