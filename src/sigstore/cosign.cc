#include "sigstore/cosign.h"

#include <array>

#include <fmt/format.h>

namespace bulkhead::sigstore {
namespace {

struct WordRow {
  std::string_view word;
  std::string_view type;
};
// cosign 3.1, `cosign attest --help`.
constexpr auto kWords = std::to_array<WordRow>({
    {"custom", kCustomPredicate},
    {"cyclonedx", kCycloneDxPredicate},
    {"link", kLinkPredicate},
    {"openvex", kOpenVexPredicate},
    {"slsaprovenance", kSlsaPredicate02},
    {"slsaprovenance02", kSlsaPredicate02},
    {"slsaprovenance1", kSlsaPredicate1},
    {"spdx", kSpdxPredicate},
    {"spdxjson", kSpdxPredicate},
    {"vuln", kVulnerabilityPredicate},
});

}  // namespace

bool is_bundle_media_type(std::string_view type) {
  return type.starts_with("application/vnd.dev.sigstore.bundle.v") ||
         type.starts_with("application/vnd.dev.sigstore.bundle+json");
}

std::string artifact_tag(const Digest& image, std::string_view suffix) {
  std::string text = image.to_string();
  text[text.find(':')] = '-';
  return text.append(suffix);
}

std::optional<std::string_view> predicate_type(std::string_view word) {
  for (const WordRow& row : kWords) {
    if (row.word == word) return row.type;
  }
  return word.find("://") != std::string_view::npos ? std::optional(word) : std::nullopt;
}

}  // namespace bulkhead::sigstore
