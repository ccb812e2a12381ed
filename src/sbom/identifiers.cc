#include "sbom/identifiers.h"

#include <unordered_map>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "crypto/digest.h"
#include "inventory/license/spdx.h"
#include "inventory/purl.h"

namespace bulkhead::sbom {

std::string uuid_of(std::string_view text) {
  std::string hex = Digest::sha256_of(as_bytes(text)).hex().substr(0, 32);
  hex[12] = '8';                  // version
  hex[16] = "89ab"[hex[16] % 4];  // variant
  return fmt::format("{}-{}-{}-{}-{}", hex.substr(0, 8), hex.substr(8, 4), hex.substr(12, 4), hex.substr(16, 4),
                     hex.substr(20, 12));
}

std::string spdx_identifier(std::string_view text) {
  std::string id(text);
  for (char& c : id) {
    if (!is_alnum(c) && c != '.') c = '-';
  }
  return id;
}

bool is_on_license_list(const std::string& license) {
  return license.find("LicenseRef-") == std::string::npos && inventory::spdx_expression(license).has_value();
}

std::string license_expression(const std::string& license) {
  if (is_on_license_list(license)) return inventory::spdx_expression(license).value();
  constexpr size_t kReadable = 40;  // what follows makes it unique
  return fmt::format("LicenseRef-{}-{}", spdx_identifier(std::string_view(license).substr(0, kReadable)),
                     Digest::sha256_of(as_bytes(license)).hex().substr(0, 16));
}

std::string conjunction_of(const std::vector<std::string>& expressions) {
  std::string all;
  for (const std::string& expression : expressions) {
    if (!all.empty()) all += " AND ";
    const bool alternative = expressions.size() > 1 && expression.find(" OR ") != std::string::npos;
    all += alternative ? fmt::format("({})", expression) : expression;
  }
  return all;
}

std::vector<std::string> component_refs(const Bom& bom) {
  std::vector<std::string> refs;
  std::unordered_map<std::string_view, size_t> seen;
  for (const std::string& purl : bom.purls) {
    const size_t times = ++seen[purl];
    refs.push_back(times == 1 ? purl : fmt::format("{}#{}", purl, times));
  }
  return refs;
}

std::string content_key(const Bom& bom) {
  std::string key =
      fmt::format("{}\n{}\n{}\n{}\n{}\n", bom.tool_version, bom.digest, bom.created, bom.os.id, bom.os.version_id);
  for (const std::string& purl : bom.purls) key += purl + "\n";
  for (const Vulnerability& vulnerability : bom.vulnerabilities) {
    key += fmt::format("{} {} {}\n", vulnerability.id, vulnerability.package, vulnerability.not_affected);
  }
  for (const std::string& feed : bom.feeds) key += feed + "\n";
  return key;
}

std::string image_purl(const Bom& bom) {
  if (bom.digest.empty() || bom.repository.empty()) return {};
  inventory::PackageUrl purl;
  purl.type = "oci";
  purl.name = to_lower(std::string_view(bom.repository).substr(bom.repository.rfind('/') + 1));
  purl.version = bom.digest;
  const std::pair<std::string_view, const std::string&> qualifiers[] = {
      {"arch", bom.architecture}, {"repository_url", bom.repository}, {"tag", bom.tag}};
  for (const auto& [key, value] : qualifiers) {
    if (!value.empty()) purl.qualifiers.emplace_back(key, value);
  }
  return inventory::build_purl(std::move(purl)).value_or("");
}

}  // namespace bulkhead::sbom
