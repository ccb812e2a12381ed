#include <chrono>
#include <map>
#include <optional>

#include <fmt/format.h>

#include "base/json_writer.h"
#include "base/text.h"
#include "crypto/digest.h"
#include "sbom/identifiers.h"
#include "sbom/sbom.h"

namespace bulkhead::sbom {
namespace {

using json::Writer;

// SPDX asks for a creation time; when nothing dependable says one, the same bytes matter more than a made-up clock
// reading.
constexpr std::string_view kUnknownTime = "1970-01-01T00:00:00Z";

std::string package_id(const inventory::Package& package, std::string_view ref) {
  const std::string hash = Digest::sha256_of(as_bytes(ref)).hex().substr(0, 16);
  return fmt::format("SPDXRef-Package-{}-{}-{}", inventory::purl_type(package.type), spdx_identifier(package.name),
                     hash);
}

std::string all_declared(const std::vector<std::string>& licenses) {
  if (licenses.empty()) return "NOASSERTION";
  std::vector<std::string> expressions;
  for (const std::string& license : licenses) expressions.push_back(license_expression(license));
  return conjunction_of(expressions);
}

// SPDX takes seconds and Z only: RFC 3339 with fractions or an offset is converted. What is no time is not known.
std::string spdx_time(std::string_view time) {
  const auto number = [&](size_t at, size_t count) {
    return at + count <= time.size() ? parse_decimal(time.substr(at, count)) : std::nullopt;
  };
  const auto year = number(0, 4);
  const auto month = number(5, 2);
  const auto day = number(8, 2);
  const auto hour = number(11, 2);
  const auto minute = number(14, 2);
  const auto second = number(17, 2);
  if (!year || !month || !day || !hour || !minute || !second) return std::string(kUnknownTime);
  if (time[4] != '-' || time[7] != '-' || (time[10] != 'T' && time[10] != 't') || time[13] != ':' || time[16] != ':')
    return std::string(kUnknownTime);
  size_t zone = 19;
  if (zone < time.size() && time[zone] == '.') zone = time.find_first_not_of("0123456789", zone + 1);
  if (zone == std::string_view::npos || zone >= time.size()) return std::string(kUnknownTime);
  int64_t offset = 0;  // minutes
  if (time[zone] == '+' || time[zone] == '-') {
    const auto hours = number(zone + 1, 2);
    const auto minutes = number(zone + 4, 2);
    if (!hours || !minutes || *hours > 23 || *minutes > 59 || time[zone + 3] != ':' || time.size() != zone + 6)
      return std::string(kUnknownTime);
    offset = static_cast<int64_t>(*hours * 60 + *minutes) * (time[zone] == '-' ? -1 : 1);
  } else if ((time[zone] != 'Z' && time[zone] != 'z') || time.size() != zone + 1) {
    return std::string(kUnknownTime);
  }
  const std::chrono::year_month_day date(std::chrono::year(static_cast<int>(*year)),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day)));
  if (!date.ok() || *hour > 23 || *minute > 59 || *second > 60) return std::string(kUnknownTime);
  const auto utc = std::chrono::sys_days(date) + std::chrono::hours(*hour) + std::chrono::minutes(*minute) +
                   std::chrono::seconds(*second) - std::chrono::minutes(offset);
  const auto midnight = std::chrono::floor<std::chrono::days>(utc);
  const std::chrono::year_month_day utc_date(midnight);
  const std::chrono::hh_mm_ss clock(utc - midnight);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", static_cast<int>(utc_date.year()),
                     static_cast<unsigned>(utc_date.month()), static_cast<unsigned>(utc_date.day()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count());
}

// "Organization: Name (mail)" (SPDX 2.3, clause 7.5) of "Name <mail>".
std::string supplier_of(const inventory::Package& package) {
  std::string name = package.maintainer.empty() ? package.vendor : package.maintainer;
  if (name.empty()) return "NOASSERTION";
  const size_t open = name.find(" <");
  if (open != std::string::npos && name.find('>') == name.size() - 1) {
    name = fmt::format("{} ({})", name.substr(0, open), name.substr(open + 2, name.size() - open - 3));
  }
  return "Organization: " + name;
}

// What the reader must know, as a comment: the format has no other place for it.
std::string comment_of(const Bom& bom) {
  std::string comment;
  for (const std::string& warning : bom.warnings) comment += fmt::format("warning: {}\n", warning);
  for (const std::string& feed : bom.feeds) comment += fmt::format("advisories: {}\n", feed);
  return comment;
}

void relationship(Writer& w, std::string_view from, std::string_view type, std::string_view to) {
  w.begin_object();
  w.member("spdxElementId", from);
  w.member("relationshipType", type);
  w.member("relatedSpdxElement", to);
  w.end_object();
}

void locator(Writer& w, std::string_view purl) {
  if (purl.empty()) return;
  w.key("externalRefs");
  w.begin_array();
  w.begin_object();
  w.member("referenceCategory", "PACKAGE-MANAGER");
  w.member("referenceType", "purl");
  w.member("referenceLocator", purl);
  w.end_object();
  w.end_array();
}

void write_image(Writer& w, const Bom& bom) {
  w.begin_object();
  w.member("SPDXID", "SPDXRef-Image");
  w.member("name", bom.reference);
  w.member_if("versionInfo", bom.digest);
  w.member("downloadLocation", "NOASSERTION");
  w.member("filesAnalyzed", false);
  w.member("licenseConcluded", "NOASSERTION");
  w.member("licenseDeclared", "NOASSERTION");
  w.member("copyrightText", "NOASSERTION");
  w.member("primaryPackagePurpose", bom.digest.empty() ? "OTHER" : "CONTAINER");
  if (const size_t colon = bom.digest.find(':'); colon != std::string::npos) {
    w.key("checksums");
    w.begin_array();
    w.begin_object();
    w.member("algorithm", bom.digest.starts_with("sha512") ? "SHA512" : "SHA256");
    w.member("checksumValue", bom.digest.substr(colon + 1));
    w.end_object();
    w.end_array();
  }
  locator(w, image_purl(bom));
  w.end_object();
}

void write_operating_system(Writer& w, const Bom& bom) {
  w.begin_object();
  w.member("SPDXID", "SPDXRef-OperatingSystem");
  w.member("name", bom.os.id);
  w.member_if("versionInfo", bom.os.version_id);
  w.member("downloadLocation", "NOASSERTION");
  w.member("filesAnalyzed", false);
  w.member("licenseConcluded", "NOASSERTION");
  w.member("licenseDeclared", "NOASSERTION");
  w.member("copyrightText", "NOASSERTION");
  w.member("primaryPackagePurpose", "OPERATING_SYSTEM");
  w.member_if("description", bom.os.pretty_name);
  w.end_object();
}

void write_package(Writer& w, const Bom& bom, size_t index, std::string_view id) {
  const inventory::Package& package = bom.packages[index];
  w.begin_object();
  w.member("SPDXID", id);
  w.member("name", package.name);
  w.member("versionInfo", package.version);
  w.member("supplier", supplier_of(package));
  w.member("downloadLocation", "NOASSERTION");
  w.member("filesAnalyzed", false);
  if (!package.source_name.empty()) {
    w.member("sourceInfo", fmt::format("built from {} {}", package.source_name, package.source_version));
  }
  w.member("licenseConcluded", "NOASSERTION");
  w.member("licenseDeclared", all_declared(package.licenses));
  w.member("copyrightText", "NOASSERTION");
  w.member("primaryPackagePurpose", "LIBRARY");
  locator(w, bom.purls[index]);
  w.end_object();
}

void write_extracted_licenses(Writer& w, const Bom& bom) {
  std::map<std::string, std::string> extracted;
  for (const auto& package : bom.packages) {
    for (const std::string& license : package.licenses) {
      if (!is_on_license_list(license)) extracted.emplace(license_expression(license), license);
    }
  }
  if (extracted.empty()) return;
  w.key("hasExtractedLicensingInfos");
  w.begin_array();
  for (const auto& [id, license] : extracted) {
    w.begin_object();
    w.member("licenseId", id);
    w.member("name", license);
    w.member("extractedText", fmt::format("The package declares this licence as: {}", license));
    w.end_object();
  }
  w.end_array();
}

}  // namespace

std::string write_spdx(const Bom& bom) {
  Writer w;
  w.begin_object();
  w.member("spdxVersion", "SPDX-2.3");
  w.member("dataLicense", "CC0-1.0");
  w.member("SPDXID", "SPDXRef-DOCUMENT");
  w.member("name", bom.reference);
  w.member("documentNamespace", fmt::format("https://spdx.org/spdxdocs/bulkhead-{}", uuid_of(content_key(bom))));
  w.key("creationInfo");
  w.begin_object();
  w.member("created", spdx_time(bom.created));
  w.key("creators");
  w.begin_array();
  w.string(fmt::format("Tool: bulkhead-{}", bom.tool_version));
  w.end_array();
  w.member_if("comment", comment_of(bom));
  w.end_object();
  w.key("documentDescribes");
  w.begin_array();
  w.string("SPDXRef-Image");
  w.end_array();
  w.key("packages");
  w.begin_array();
  write_image(w, bom);
  if (bom.os.known()) write_operating_system(w, bom);
  const std::vector<std::string> refs = component_refs(bom);
  std::vector<std::string> ids;
  for (size_t i = 0; i < bom.packages.size(); ++i) ids.push_back(package_id(bom.packages[i], refs[i]));
  for (size_t i = 0; i < bom.packages.size(); ++i) write_package(w, bom, i, ids[i]);
  w.end_array();
  write_extracted_licenses(w, bom);
  w.key("relationships");
  w.begin_array();
  relationship(w, "SPDXRef-DOCUMENT", "DESCRIBES", "SPDXRef-Image");
  if (bom.os.known()) relationship(w, "SPDXRef-Image", "CONTAINS", "SPDXRef-OperatingSystem");
  for (const std::string& id : ids) relationship(w, "SPDXRef-Image", "CONTAINS", id);
  w.end_array();
  w.end_object();
  return std::move(w).take();
}

}  // namespace bulkhead::sbom
