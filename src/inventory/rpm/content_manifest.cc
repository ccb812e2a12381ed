#include "inventory/rpm/content_manifest.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/json.h"

namespace bulkhead::inventory::rpm {
namespace {

constexpr uint8_t kFormat = 1;
constexpr uint8_t kIncomplete = 1;

std::unexpected<Error> corrupt(std::string_view what) {
  return fail(Code::kMalformed, fmt::format("content manifest value: {}", what));
}

}  // namespace

Result<std::optional<ContentManifest>> read_content_manifest(std::string_view text,
                                                             const ContentManifestLimits& limits) {
  TRY_CONTEXT(const json::Document document, json::Document::parse(text, {.max_bytes = limits.max_bytes}),
              "content manifest");
  const auto sets = document.root().find("content_sets");
  const auto hint = document.root().find("from_dnf_hint");
  if (!sets && !hint) return std::nullopt;
  ContentManifest manifest;
  manifest.incomplete = hint && hint->boolean().value_or(false);
  if (!sets || sets->is_null()) return manifest;
  if (!sets->is_array()) return fail(Code::kMalformed, "content manifest: content_sets is no list");
  if (sets->size() > limits.max_repositories) {
    return fail(Code::kLimitExceeded,
                fmt::format("content manifest: more than {} content sets", limits.max_repositories));
  }
  for (const json::Value each : sets->elements()) {
    const auto name = each.string();
    if (!name) return fail(Code::kMalformed, "content manifest: a content set is no text");
    if (name->size() > limits.max_name_bytes) {
      return fail(
          Code::kLimitExceeded,
          fmt::format("content manifest: the name of a content set has more than {} bytes", limits.max_name_bytes));
    }
    if (!name->empty()) manifest.repositories.emplace_back(*name);
  }
  std::ranges::sort(manifest.repositories);
  const auto repeated = std::ranges::unique(manifest.repositories);
  manifest.repositories.erase(repeated.begin(), repeated.end());
  return manifest;
}

std::string encode_content_manifest(const ContentManifest& manifest) {
  ByteWriter out;
  out.u8(kFormat);
  out.u8(manifest.incomplete ? kIncomplete : 0);
  out.varint(manifest.repositories.size());
  for (const std::string& name : manifest.repositories) out.string(name);
  return std::move(out).take();
}

Result<ContentManifest> decode_content_manifest(ByteSpan value) {
  ByteReader reader(value);
  TRY_ASSIGN(const uint8_t format, reader.u8());
  if (format != kFormat) return corrupt(fmt::format("format {}, expected {}", format, kFormat));
  TRY_ASSIGN(const uint8_t flags, reader.u8());
  ContentManifest manifest;
  manifest.incomplete = (flags & kIncomplete) != 0;
  TRY_ASSIGN(const uint64_t count, reader.varint());
  if (count > reader.remaining()) return corrupt("count is larger than the value");
  manifest.repositories.reserve(static_cast<size_t>(count));
  for (uint64_t i = 0; i < count; ++i) {
    TRY_ASSIGN(const std::string_view name, read_string(reader));
    manifest.repositories.emplace_back(name);
  }
  if (!reader.at_end()) return corrupt("bytes after its end");
  return manifest;
}

}  // namespace bulkhead::inventory::rpm
