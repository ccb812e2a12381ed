#include <algorithm>

#include <fmt/format.h>

#include "base/json_writer.h"
#include "inventory/license/spdx.h"
#include "sbom/identifiers.h"
#include "sbom/sbom.h"

namespace bulkhead::sbom {
namespace {

using json::Writer;

void property(Writer& w, std::string_view name, std::string_view value) {
  if (value.empty()) return;
  w.begin_object();
  w.member("name", fmt::format("bulkhead:{}", name));
  w.member("value", value);
  w.end_object();
}

void write_subject(Writer& w, const Bom& bom) {
  w.key("component");
  w.begin_object();
  const std::string purl = image_purl(bom);
  w.member("bom-ref", "image");
  w.member("type", bom.digest.empty() ? "platform" : "container");
  w.member("name", bom.reference);
  w.member_if("version", bom.digest);
  w.member_if("purl", purl);
  if (!bom.platform.empty()) {
    w.key("properties");
    w.begin_array();
    property(w, "platform", bom.platform);
    w.end_array();
  }
  w.end_object();
}

void write_operating_system(Writer& w, const Bom& bom) {
  if (!bom.os.known()) return;
  w.begin_object();
  w.member("bom-ref", "os");
  w.member("type", "operating-system");
  w.member("name", bom.os.id);
  w.member_if("version", bom.os.version_id);
  w.member_if("description", bom.os.pretty_name);
  w.end_object();
}

// Licences by their ids or names; or, where any of them is more than an id, as one expression, in which those that are
// not on the list are references.
void write_licenses(Writer& w, const std::vector<std::string>& licenses) {
  if (licenses.empty()) return;
  const auto is_id = [](const std::string& license) { return inventory::spdx_license_id(license) == license; };
  const auto is_compound = [&](const std::string& license) { return is_on_license_list(license) && !is_id(license); };
  w.key("licenses");
  w.begin_array();
  if (std::ranges::any_of(licenses, is_compound)) {
    std::vector<std::string> expressions;
    for (const std::string& license : licenses) expressions.push_back(license_expression(license));
    w.begin_object();
    w.member("expression", conjunction_of(expressions));
    w.end_object();
  } else {
    for (const std::string& license : licenses) {
      w.begin_object();
      w.key("license");
      w.begin_object();
      w.member(is_id(license) ? "id" : "name", license);
      w.end_object();
      w.end_object();
    }
  }
  w.end_array();
}

void write_component(Writer& w, const Bom& bom, size_t index, std::string_view ref) {
  const inventory::Package& package = bom.packages[index];
  w.begin_object();
  w.member("bom-ref", ref);
  w.member("type", "library");
  if (!package.maintainer.empty() || !package.vendor.empty()) {
    w.key("supplier");
    w.begin_object();
    w.member("name", package.maintainer.empty() ? package.vendor : package.maintainer);
    w.end_object();
  }
  w.member("name", package.name);
  w.member("version", package.version);
  write_licenses(w, package.licenses);
  w.member("purl", bom.purls[index]);
  w.key("properties");
  w.begin_array();
  property(w, "package:type", inventory::purl_type(package.type));
  property(w, "package:architecture", package.architecture);
  property(w, "package:source_name", package.source_name);
  property(w, "package:source_version", package.source_version);
  property(w, "package:module", package.module);
  if (package.layer < bom.layer_ids.size()) property(w, "layer:diff_id", bom.layer_ids[package.layer]);
  for (const std::string& location : package.locations) property(w, "location", location);
  for (const std::string& license : package.licenses) {
    // An expression names it by a reference only.
    if (!is_on_license_list(license)) property(w, license_expression(license), license);
  }
  w.end_array();
  w.end_object();
}

void write_dependencies(Writer& w, const Bom& bom, const std::vector<std::string>& refs) {
  w.key("dependencies");
  w.begin_array();
  w.begin_object();
  w.member("ref", "image");
  w.key("dependsOn");
  w.begin_array();
  if (bom.os.known()) w.string("os");
  for (const std::string& ref : refs) w.string(ref);
  w.end_array();
  w.end_object();
  w.end_array();
}

// CycloneDX has no CVSS method for a vector of unknown version: "other" then.
std::string_view rating_method(std::string_view vector) {
  if (vector.starts_with("CVSS:4")) return "CVSSv4";
  if (vector.starts_with("CVSS:3.1")) return "CVSSv31";
  if (vector.starts_with("CVSS:3.0")) return "CVSSv3";
  if (vector.starts_with("AV:")) return "CVSSv2";
  return "other";
}

void write_rating(Writer& w, const Rating& rating) {
  w.begin_object();
  w.key("source");
  w.begin_object();
  w.member("name", rating.source);
  w.end_object();
  if (rating.score > 0) {
    w.key("score");
    w.number(rating.score);
  }
  w.member("severity", rating.severity);
  if (!rating.vector.empty()) {
    w.member("method", rating_method(rating.vector));
    w.member("vector", rating.vector);
  }
  w.end_object();
}

int cwe_number(std::string_view cwe) {
  int number = 0;
  if (cwe.starts_with("CWE-")) cwe.remove_prefix(4);
  for (const char c : cwe) {
    if (c < '0' || c > '9' || number > 99999) return 0;
    number = number * 10 + (c - '0');
  }
  return number;
}

void write_vulnerability(Writer& w, const Bom& bom, const Vulnerability& vulnerability, std::string_view ref) {
  w.begin_object();
  w.member("bom-ref", fmt::format("{}#{}", ref, vulnerability.id));
  w.member("id", vulnerability.id);
  w.key("source");
  w.begin_object();
  w.member("name", vulnerability.source);
  w.end_object();
  if (!vulnerability.references.empty()) {
    w.key("references");
    w.begin_array();
    for (const std::string& alias : vulnerability.references) {
      w.begin_object();
      w.member("id", alias);
      w.key("source");
      w.begin_object();
      w.member("name", vulnerability.source);
      w.end_object();
      w.end_object();
    }
    w.end_array();
  }
  w.key("ratings");
  w.begin_array();
  for (const Rating& rating : vulnerability.ratings) write_rating(w, rating);
  w.end_array();
  w.key("cwes");
  w.begin_array();
  for (const std::string& cwe : vulnerability.cwes) {
    if (const int number = cwe_number(cwe); number > 0) w.integer(number);
  }
  w.end_array();
  w.member_if("description", vulnerability.description);
  w.member_if("recommendation", vulnerability.recommendation);
  if (vulnerability.not_affected) {
    w.key("analysis");
    w.begin_object();
    w.member("state", "not_affected");
    w.member_if("detail", vulnerability.analysis_detail);
    w.end_object();
  } else if (vulnerability.will_not_fix) {
    w.key("analysis");
    w.begin_object();
    w.key("response");
    w.begin_array();
    w.string("will_not_fix");
    w.end_array();
    w.end_object();
  }
  w.key("affects");
  w.begin_array();
  w.begin_object();
  w.member("ref", ref);
  w.key("versions");
  w.begin_array();
  w.begin_object();
  w.member("version", bom.packages[vulnerability.package].version);
  w.member("status", vulnerability.not_affected ? "unaffected" : "affected");
  w.end_object();
  w.end_array();
  w.end_object();
  w.end_array();
  w.end_object();
}

}  // namespace

std::string write_cyclonedx(const Bom& bom) {
  Writer w;
  w.begin_object();
  w.member("$schema", "http://cyclonedx.org/schema/bom-1.6.schema.json");
  w.member("bomFormat", "CycloneDX");
  w.member("specVersion", "1.6");
  w.member("serialNumber", fmt::format("urn:uuid:{}", uuid_of(content_key(bom))));
  w.key("version");
  w.integer(1);
  w.key("metadata");
  w.begin_object();
  w.member_if("timestamp", bom.created);
  w.key("tools");
  w.begin_object();
  w.key("components");
  w.begin_array();
  w.begin_object();
  w.member("type", "application");
  w.member("name", "bulkhead");
  w.member("version", bom.tool_version);
  w.end_object();
  w.end_array();
  w.end_object();
  write_subject(w, bom);
  if (!bom.warnings.empty() || !bom.feeds.empty()) {
    w.key("properties");
    w.begin_array();
    for (const std::string& warning : bom.warnings) property(w, "warning", warning);
    for (const std::string& feed : bom.feeds) property(w, "feed", feed);
    w.end_array();
  }
  w.end_object();
  w.key("components");
  w.begin_array();
  write_operating_system(w, bom);
  const std::vector<std::string> refs = component_refs(bom);
  for (size_t i = 0; i < bom.packages.size(); ++i) write_component(w, bom, i, refs[i]);
  w.end_array();
  write_dependencies(w, bom, refs);
  if (!bom.vulnerabilities.empty()) {
    w.key("vulnerabilities");
    w.begin_array();
    for (const Vulnerability& vulnerability : bom.vulnerabilities) {
      write_vulnerability(w, bom, vulnerability, refs[vulnerability.package]);
    }
    w.end_array();
  }
  w.end_object();
  return std::move(w).take();
}

}  // namespace bulkhead::sbom
