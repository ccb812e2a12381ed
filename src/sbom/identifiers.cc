#include "sbom/identifiers.h"

#include <algorithm>
#include <unordered_map>

#include <fmt/format.h>

#include "base/text.h"
#include "crypto/digest.h"

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
  std::string key = fmt::format("{}\n{}\n{}\n{}\n{}\n{}\n", bom.tool_version, bom.reference, bom.digest, bom.created,
                                bom.os.id, bom.os.version_id);
  for (const std::string& purl : bom.purls) key += purl + "\n";
  for (const Vulnerability& vulnerability : bom.vulnerabilities) {
    key += fmt::format("{} {} {}\n", vulnerability.id, vulnerability.package, vulnerability.not_affected);
  }
  return key;
}

std::string image_purl(const Bom& bom) {
  if (bom.digest.empty()) return {};
  std::string_view repository = bom.reference;
  repository = repository.substr(0, repository.find('@'));
  const size_t slash = repository.rfind('/');
  std::string_view name = slash == std::string_view::npos ? repository : repository.substr(slash + 1);
  const size_t colon = name.find(':');
  const std::string_view tag = colon == std::string_view::npos ? std::string_view() : name.substr(colon + 1);
  name = name.substr(0, colon);
  const auto plain = [](char c) { return is_alnum(c) || c == '.' || c == '-' || c == '_'; };
  if (name.empty() || !std::ranges::all_of(name, plain) || !std::ranges::all_of(tag, plain)) return {};
  std::string purl = fmt::format("pkg:oci/{}@{}", to_lower(name), bom.digest);
  purl.replace(purl.find("@sha") + 1 + bom.digest.find(':'), 1, "%3A");
  if (!tag.empty()) purl += fmt::format("?tag={}", tag);
  return purl;
}

}  // namespace bulkhead::sbom
