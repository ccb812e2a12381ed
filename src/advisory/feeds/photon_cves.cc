// Photon OS's CVE metadata: cve_data_photon<release>.json, an array of
//   {"cve_id", "pkg", "cve_score", "aff_ver": "all versions before V are vulnerable", "res_ver", "status"}.
// Packages are named by their own names. The release stands in the file's name, and in the dist tag of versions
// (".ph4"). Source: packages.broadcom.com/photon/photon_cve_metadata.
#include <array>

#include <fmt/format.h>

#include "advisory/ecosystem.h"
#include "advisory/feeds/common.h"
#include "advisory/feeds/rpm_common.h"
#include "base/text.h"

namespace bulkhead::advisory::feeds {
namespace {

constexpr std::string_view kFilePrefix = "cve_data_photon";

// "…/cve_data_photon4.0.json" -> "photon:4".
std::optional<std::string> release_of_path(std::string_view path) {
  const size_t found = path.rfind(kFilePrefix);
  if (found == std::string_view::npos) return std::nullopt;
  return ecosystem_key("photon", path.substr(found + kFilePrefix.size()));
}

// "2.34.1-1.ph4" -> "photon:4".
std::optional<std::string> release_of_version(std::string_view version) {
  const size_t tag = version.rfind(".ph");
  if (tag == std::string_view::npos) return std::nullopt;
  return ecosystem_key("photon", version.substr(tag + 3));
}

bool is_version(std::string_view text) {
  return !text.empty() && text != "NA";
}

Status read_entry(const json::Value& entry, std::string_view path, Sink& sink) {
  TRY_ASSIGN(const std::string_view id, entry.require_string("cve_id"));
  TRY_ASSIGN(const std::string_view package, entry.require_string("pkg"));
  const auto ids = cves_in(id);
  if (ids.size() != 1) return {};  // "UNK-1", "Re", BDSA: nothing that anyone could look up
  const std::string_view fixed = entry.string_or("res_ver", {});
  const std::string_view status = entry.string_or("status", {});
  auto key = release_of_version(fixed);
  if (!key) key = release_of_path(path);
  if (!key)
    return fail(Code::kMalformed, fmt::format("{}: neither the version nor the file's name tells the release", id));

  AdvisoryRecord record = record_for(*key);
  record.id = ids.front();
  record.record = record.id;
  record.package = package;
  record.name_kind = NameKind::kBinary;
  if (status == "Not Affected") {
    record.status = AdvisoryStatus::kNotAffected;
  } else if (is_version(fixed)) {
    record.status = AdvisoryStatus::kFixed;
    record.ranges.push_back(fixed_below(normal_evr(fixed)));
  } else {
    record.status = AdvisoryStatus::kAffected;
  }
  if (status != "Fixed" && record.status != AdvisoryStatus::kNotAffected) record.note = status;
  return sink.add(std::move(record));
}

Result<DocumentInfo> parse(const Document& document, Sink& sink, const FeedLimits& limits) {
  TRY_ASSIGN(const json::Document content, read_json(document, limits));
  if (!content.root().is_array()) return fail(Code::kMalformed, "an array of CVEs expected");
  for (const json::Value entry : content.root().elements()) TRY(read_entry(entry, document.path, sink));
  return DocumentInfo{};
}

bool recognises(const DocumentHead& head) {
  const std::string_view text = trim(head.text);
  return text.starts_with('[') && text.contains("\"cve_id\"") && text.contains("\"res_ver\"") &&
         text.contains("\"aff_ver\"");
}

constexpr std::array kDownloads = {
    Download{"photon:*", "https://packages.broadcom.com/photon/photon_cve_metadata/cve_data_photon{release}.0.json"},
};
constexpr std::array<std::string_view, 1> kEcosystems = {"photon:*"};

constexpr Feed kFeed = {
    .name = "photon-cves",
    .title = "Photon OS CVE metadata",
    .publisher = "VMware by Broadcom",
    .licence = "publisher's terms; no explicit licence",
    .attribution = "Photon OS security advisories, https://github.com/vmware/photon/wiki/Security-Advisories",
    .may_be_shipped = false,
    .downloads = kDownloads,
    .ecosystems = kEcosystems,
    .recognises = recognises,
    .parse = parse,
};

}  // namespace

extern const std::span<const Feed> photon_cves;
const std::span<const Feed> photon_cves(&kFeed, 1);

}  // namespace bulkhead::advisory::feeds
