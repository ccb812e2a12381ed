#include "inventory/license/spdx.h"

#include <map>

#include <fmt/format.h>

#include "base/json_writer.h"
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

// A licence as SPDX lets it be declared: an expression over its list, else a name that the document itself explains (as
// it must explain every LicenseRef-, so that one that somebody else made up is text like any other).
bool is_on_the_list(const std::string& license) {
  return license.find("LicenseRef-") == std::string::npos && inventory::spdx_expression(license).has_value();
}

std::string declared(const std::string& license) {
  if (is_on_the_list(license)) return inventory::spdx_expression(license).value();
  return fmt::format("LicenseRef-{}", uuid_of(license));
}

std::string all_declared(const std::vector<std::string>& licenses) {
  if (licenses.empty()) return "NOASSERTION";
  std::vector<std::string> expressions;
  for (const std::string& license : licenses) expressions.push_back(declared(license));
  return conjunction_of(expressions);
}

// RFC 3339 with fractions or an offset is not what SPDX's pattern takes: seconds and Z only.
std::string spdx_time(const std::string& time) {
  if (time.size() >= 20 && time.ends_with('Z')) return time.substr(0, 19) + "Z";
  return std::string(kUnknownTime);
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
  const std::string& supplier = package.maintainer.empty() ? package.vendor : package.maintainer;
  w.member("supplier", supplier.empty() ? "NOASSERTION" : "Organization: " + supplier);
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
      if (!is_on_the_list(license)) extracted.emplace(declared(license), license);
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
  w.member("documentNamespace",
           fmt::format("https://spdx.org/spdxdocs/{}-{}", spdx_identifier(bom.reference), uuid_of(content_key(bom))));
  w.key("creationInfo");
  w.begin_object();
  w.member("created", spdx_time(bom.created));
  w.key("creators");
  w.begin_array();
  w.string(fmt::format("Tool: bulkhead-{}", bom.tool_version));
  w.end_array();
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
