#include "trust/freshness_entry.h"

#include <array>
#include <utility>

#include <fmt/format.h>

#include "base/canonical_json.h"
#include "base/date.h"
#include "base/json.h"
#include "base/text.h"

namespace bulkhead::trust {
namespace {

constexpr std::string_view kMember = "bulkhead-freshness";
constexpr int64_t kVersion = 1;
constexpr size_t kMaxCustomBytes = size_t{16} << 10;

constexpr auto kStates = std::to_array<std::pair<EntryState, std::string_view>>({
    {EntryState::kCurrent, "current"},
    {EntryState::kWithdrawn, "withdrawn"},
    {EntryState::kRevoked, "revoked"},
});

Error malformed(std::string message) {
  return {Code::kMalformed, std::move(message)};
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const size_t length = utf8_sequence_length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

Result<EntryState> state_of(std::string_view name) {
  for (const auto& [state, its_name] : kStates) {
    if (its_name == name) return state;
  }
  return fail(Code::kUnsupported, fmt::format("the state \"{}\" is unknown", printable(name)));
}

// SHA-256 before SHA-512, as manifests are named.
Result<Digest> digest_of(const tuf::Hashes& hashes) {
  for (const std::string_view algorithm : {"sha256", "sha512"}) {
    const auto found = hashes.find(algorithm);
    if (found != hashes.end()) return Digest::parse(fmt::format("{}:{}", algorithm, to_hex(as_bytes(found->second))));
  }
  return fail(Code::kUnsupported, "the entry has no hash that is known here");
}

Status read_custom(std::string_view custom, MapEntry& entry) {
  TRY_ASSIGN(const json::Document document,
             json::Document::parse(json::parseable(custom), {.max_bytes = kMaxCustomBytes, .max_depth = 8}));
  const auto said = document.root().find(kMember);
  if (!said) return {};
  TRY_ASSIGN(const int64_t version, said->require_integer("version"));
  if (version != kVersion) {
    return fail(Code::kUnsupported, fmt::format("version {} of the freshness map is unknown", version),
                "a newer bulkhead may know it");
  }
  TRY_ASSIGN(const std::string_view state, said->require_string("state"));
  TRY_ASSIGN(entry.state, state_of(state));
  if (said->find("reason")) {
    TRY_ASSIGN(entry.reason, said->require_string("reason"));
    if (entry.reason.size() > kMaxReasonBytes) return fail(malformed("the reason is too long"));
  }
  if (said->find("time")) {
    TRY_ASSIGN(const std::string_view text, said->require_string("time"));
    const auto time = parse_rfc3339(text);
    if (!time || *time <= 0) return fail(malformed("\"time\" is no time"));
    entry.time = *time;
  }
  return {};
}

std::string path_of(const oci::Reference& reference, std::string_view separator, std::string_view what) {
  return fmt::format("{}{}{}", reference.name(), separator, what);
}

}  // namespace

std::string_view entry_state_name(EntryState state) {
  return kStates.at(static_cast<size_t>(state)).second;
}

std::string tag_path(const oci::Reference& reference) {
  return path_of(reference, ":", reference.tag);
}

std::string digest_path(const oci::Reference& reference, const Digest& digest) {
  return path_of(reference, "@", digest.to_string());
}

std::string revoked_digest_path(const Digest& digest) {
  return fmt::format("revoked/digests/{}", digest.to_string());
}

std::string revoked_signature_path(const Digest& signature) {
  return fmt::format("revoked/signatures/{}", signature.to_string());
}

std::string revoked_key_path(std::string_view key_id) {
  return fmt::format("revoked/keys/sha256:{}", key_id);
}

Result<tuf::TargetFile> encode_entry(const MapEntry& entry) {
  if (entry.digest.empty()) return fail(Code::kInvalidArgument, "an entry of a freshness map needs a digest");
  if (entry.reason.size() > kMaxReasonBytes) {
    return fail(Code::kInvalidArgument, fmt::format("the reason is longer than {} bytes", kMaxReasonBytes));
  }
  if (!is_utf8(entry.reason)) return fail(Code::kInvalidArgument, "the reason is no UTF-8");
  json::CanonicalObject said;
  said.add("version", fmt::to_string(kVersion));
  said.add("state", json::canonical_string(entry_state_name(entry.state)));
  if (!entry.reason.empty()) said.add("reason", json::canonical_string(entry.reason));
  if (entry.time > 0) said.add("time", json::canonical_string(rfc3339_of(entry.time)));
  json::CanonicalObject custom;
  custom.add(kMember, said.text());
  const std::string_view algorithm = entry.digest.algorithm() == Digest::Algorithm::kSha256 ? "sha256" : "sha512";
  return tuf::TargetFile{.length = entry.size,
                         .hashes = {{std::string(algorithm), std::string(as_text(entry.digest.raw()))}},
                         .custom = custom.text()};
}

Result<MapEntry> decode_entry(const tuf::TargetFile& file) {
  MapEntry entry{.digest = {}, .size = file.length};
  TRY_ASSIGN(entry.digest, digest_of(file.hashes));
  if (!file.custom.empty()) TRY(read_custom(file.custom, entry));
  return entry;
}

}  // namespace bulkhead::trust
