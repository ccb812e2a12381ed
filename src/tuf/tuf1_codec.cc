#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "base/canonical_json.h"
#include "base/date.h"
#include "base/json.h"
#include "base/text.h"
#include "crypto/digest.h"
#include "tuf/codec.h"
#include "tuf/codec_parts.h"

namespace bulkhead::tuf {
namespace {

constexpr std::string_view kMetadataSuffix = ".json";

struct SchemeRow {
  std::string_view scheme;
  std::array<std::string_view, 2> key_types;
  SignatureScheme means;
};
// TUF 1.0.34 section 4.2, and the schemes of securesystemslib that repositories use.
constexpr auto kSchemes = std::to_array<SchemeRow>({
    {"ed25519", {"ed25519", ""}, {SignatureScheme::Kind::kEd25519}},
    {"ecdsa-sha2-nistp256", {"ecdsa", "ecdsa-sha2-nistp256"}, {SignatureScheme::Kind::kEcdsa, HashAlgorithm::kSha256}},
    {"ecdsa-sha2-nistp384", {"ecdsa", "ecdsa-sha2-nistp384"}, {SignatureScheme::Kind::kEcdsa, HashAlgorithm::kSha384}},
    {"ecdsa-sha2-nistp521", {"ecdsa", "ecdsa-sha2-nistp521"}, {SignatureScheme::Kind::kEcdsa, HashAlgorithm::kSha512}},
    {"rsassa-pss-sha256", {"rsa", ""}, {SignatureScheme::Kind::kRsaPss, HashAlgorithm::kSha256}},
    {"rsassa-pss-sha384", {"rsa", ""}, {SignatureScheme::Kind::kRsaPss, HashAlgorithm::kSha384}},
    {"rsassa-pss-sha512", {"rsa", ""}, {SignatureScheme::Kind::kRsaPss, HashAlgorithm::kSha512}},
    {"rsa-pkcs1v15-sha256", {"rsa", ""}, {SignatureScheme::Kind::kRsaPkcs1, HashAlgorithm::kSha256}},
    {"rsa-pkcs1v15-sha384", {"rsa", ""}, {SignatureScheme::Kind::kRsaPkcs1, HashAlgorithm::kSha384}},
    {"rsa-pkcs1v15-sha512", {"rsa", ""}, {SignatureScheme::Kind::kRsaPkcs1, HashAlgorithm::kSha512}},
});

std::optional<Key::Usable> usable_key(std::string_view type, std::string_view scheme, std::string_view text) {
  for (const SchemeRow& row : kSchemes) {
    if (row.scheme != scheme || type.empty() || std::ranges::find(row.key_types, type) == row.key_types.end()) continue;
    if (row.means.kind != SignatureScheme::Kind::kEd25519) {
      auto key = PublicKey::from_pem(text);
      if (!key) return std::nullopt;
      return Key::Usable{.key = *std::move(key), .scheme = row.means};
    }
    const auto raw = from_hex(text);
    auto key = raw ? PublicKey::from_ed25519(as_bytes(*raw)) : std::unexpected(raw.error());
    if (!key) return std::nullopt;
    return Key::Usable{.key = *std::move(key), .scheme = row.means};
  }
  return std::nullopt;
}

Result<Keys> read_keys(const json::Value& owner) {
  TRY_ASSIGN(const json::Value object, owner.require_object("keys"));
  Keys keys;
  for (const auto& [id, value] : object.members()) {
    TRY_CONTEXT(const auto type, value.require_string("keytype"), fmt::format("key {}", id));
    TRY_CONTEXT(const auto scheme, value.require_string("scheme"), fmt::format("key {}", id));
    TRY_CONTEXT(const auto keyval, value.require_object("keyval"), fmt::format("key {}", id));
    TRY_CONTEXT(const auto text, keyval.require_string("public"), fmt::format("key {}", id));
    TRY_CONTEXT(std::string listed, json::canonical(value), fmt::format("key {}", id));
    keys.emplace(id, Key{.usable = usable_key(type, scheme, text), .json = std::move(listed)});
  }
  return keys;
}

Result<Hashes> read_hashes(const json::Value& value) {
  TRY_ASSIGN(const json::Value object, value.require_object("hashes"));
  Hashes hashes;
  for (const auto& [name, hash] : object.members()) {
    auto raw = hash.is_string() ? from_hex(*hash.string()) : fail(malformed(""));
    if (!raw) return fail(malformed(fmt::format("the hash \"{}\" is no hexadecimal text", name)));
    hashes.emplace(name, *std::move(raw));
  }
  if (hashes.empty()) return fail(malformed("\"hashes\" is empty"));
  return hashes;
}

Result<MetaFile> read_meta_file(const json::Value& value) {
  MetaFile file;
  TRY_ASSIGN(file.version, value.require_integer("version"));
  if (file.version < 1) return fail(malformed("\"version\" must be 1 or more"));
  if (value.find("length")) {
    TRY_ASSIGN(file.length, read_length(value));
  }
  if (value.find("hashes")) {
    TRY_ASSIGN(file.hashes, read_hashes(value));
  }
  return file;
}

// The entries of "meta", by role.
Result<std::map<std::string, MetaFile, std::less<>>> read_meta(const json::Value& value) {
  TRY_ASSIGN(const json::Value object, value.require_object("meta"));
  std::map<std::string, MetaFile, std::less<>> meta;
  for (const auto& [name, file] : object.members()) {
    if (!name.ends_with(kMetadataSuffix)) return fail(malformed(fmt::format("\"{}\" in \"meta\" is no .json", name)));
    TRY_CONTEXT(MetaFile read, read_meta_file(file), fmt::format("meta of \"{}\"", name));
    meta.emplace(name.substr(0, name.size() - kMetadataSuffix.size()), std::move(read));
  }
  return meta;
}

Result<DelegatedRole> read_delegated_role(const json::Value& value) {
  DelegatedRole role;
  TRY_ASSIGN(role.name, value.require_string("name"));
  if (role.name.empty() || is_top_level(role.name)) {
    return fail(malformed(fmt::format("\"{}\" can be no delegated role", role.name)));
  }
  TRY_CONTEXT(role.keys, read_role_keys(value), fmt::format("delegation to \"{}\"", role.name));
  const auto terminating = value.find("terminating");
  if (!terminating || !terminating->boolean()) {
    return fail(malformed(fmt::format("delegation to \"{}\": \"terminating\" must be a boolean", role.name)));
  }
  role.terminating = *terminating->boolean();
  const auto paths = value.find("paths");
  const auto prefixes = value.find("path_hash_prefixes");
  if (paths.has_value() == prefixes.has_value()) {
    return fail(malformed(
        fmt::format("delegation to \"{}\": either \"paths\" or \"path_hash_prefixes\" must be there", role.name)));
  }
  if (paths) {
    TRY_ASSIGN(role.paths, read_strings(*paths, "paths"));
  } else {
    TRY_ASSIGN(role.hash_prefixes, read_strings(*prefixes, "path_hash_prefixes"));
  }
  return role;
}

Result<SuccinctRoles> read_succinct(const json::Value& value) {
  constexpr int64_t kMaxBits = 32;
  SuccinctRoles out;
  TRY_ASSIGN(out.keys, read_role_keys(value));
  TRY_ASSIGN(const int64_t bits, value.require_integer("bit_length"));
  if (bits < 1 || bits > kMaxBits) return fail(malformed("\"bit_length\" must be 1 to 32"));
  out.bit_length = static_cast<uint32_t>(bits);
  TRY_ASSIGN(out.name_prefix, value.require_string("name_prefix"));
  return out;
}

Result<Delegations> read_delegations(const json::Value& value) {
  Delegations out;
  TRY_ASSIGN(out.keys, read_keys(value));
  const auto roles = value.find("roles");
  const auto succinct = value.find("succinct_roles");
  if (roles.has_value() == succinct.has_value()) {
    return fail(malformed("either \"roles\" or \"succinct_roles\" must be there"));
  }
  if (succinct) {
    TRY_CONTEXT(out.succinct, read_succinct(*succinct), "succinct_roles");
    return out;
  }
  if (!roles->is_array()) return fail(malformed("\"roles\" is no array"));
  std::set<std::string> names;
  for (const json::Value role : roles->elements()) {
    TRY_ASSIGN(DelegatedRole read, read_delegated_role(role));
    if (!names.insert(read.name).second) return fail(malformed(fmt::format("\"{}\" is delegated twice", read.name)));
    out.roles.push_back(std::move(read));
  }
  return out;
}

Result<std::vector<Signature>> read_signatures(const json::Value& envelope) {
  TRY_ASSIGN(const json::Value array, envelope.require_array("signatures"));
  std::vector<Signature> signatures;
  std::set<std::string_view> seen;
  for (const json::Value value : array.elements()) {
    TRY_ASSIGN(const auto id, value.require_string("keyid"));
    TRY_ASSIGN(const auto text, value.require_string("sig"));
    if (!seen.insert(id).second) return fail(malformed(fmt::format("two signatures of the key {}", id)));
    signatures.push_back({.key_id = std::string(id), .bytes = from_hex(text).value_or("")});
  }
  return signatures;
}

// "1.x" or "1.x.y".
Status check_spec_version(std::string_view text) {
  const auto parts = split(text, '.');
  if (parts.size() < 2 || parts.size() > 3 ||
      !std::ranges::all_of(parts, [](std::string_view part) { return parse_decimal(part).has_value(); })) {
    return fail(malformed(fmt::format("\"{}\" is no version of the specification", text)));
  }
  if (parts[0] != "1") return fail(Code::kUnsupported, fmt::format("TUF {} is not supported", text));
  return {};
}

template <typename T>
struct Opened {
  json::Document document;
  json::Value body;  // "signed"
  Signed<T> out;
};

// The envelope and what all roles have.
template <typename T>
Result<Opened<T>> open(std::string_view bytes) {
  TRY_ASSIGN(json::Document document, json::Document::parse(bytes));
  Signed<T> out;
  TRY_ASSIGN(const json::Value body, document.root().require_object("signed"));
  TRY_ASSIGN(out.signatures, read_signatures(document.root()));
  TRY_ASSIGN(const auto type, body.require_string("_type"));
  if (type != T::kRole) return fail(malformed(fmt::format("\"_type\" is \"{}\"", type)));
  TRY_ASSIGN(const auto spec_version, body.require_string("spec_version"));
  TRY(check_spec_version(spec_version));
  TRY_ASSIGN(static_cast<Common&>(out.metadata), read_common(body));
  TRY_ASSIGN(out.signed_bytes, json::canonical(body));
  return Opened<T>{.document = std::move(document), .body = body, .out = std::move(out)};
}

Result<Signed<Root>> read_root(std::string_view bytes) {
  TRY_ASSIGN(auto opened, open<Root>(bytes));
  TRY_ASSIGN(Keys keys, read_keys(opened.body));
  TRY(read_root_body(opened.body, std::move(keys), opened.out.metadata));
  return std::move(opened.out);
}

Result<Signed<Timestamp>> read_timestamp(std::string_view bytes) {
  TRY_ASSIGN(auto opened, open<Timestamp>(bytes));
  TRY_ASSIGN(auto meta, read_meta(opened.body));
  const auto snapshot = meta.find(kSnapshot);
  if (snapshot == meta.end()) return fail(malformed("\"snapshot.json\" is missing"));
  opened.out.metadata.snapshot = std::move(snapshot->second);
  return std::move(opened.out);
}

Result<Signed<Snapshot>> read_snapshot(std::string_view bytes) {
  TRY_ASSIGN(auto opened, open<Snapshot>(bytes));
  TRY_ASSIGN(opened.out.metadata.meta, read_meta(opened.body));
  return std::move(opened.out);
}

Result<Signed<Targets>> read_targets(std::string_view bytes) {
  TRY_ASSIGN(auto opened, open<Targets>(bytes));
  TRY_ASSIGN(const json::Value files, opened.body.require_object("targets"));
  for (const auto& [path, value] : files.members()) {
    TargetFile file;
    TRY_CONTEXT(file.length, read_length(value), fmt::format("target \"{}\"", path));
    TRY_CONTEXT(file.hashes, read_hashes(value), fmt::format("target \"{}\"", path));
    if (const auto custom = value.find("custom")) {
      TRY_ASSIGN(file.custom, json::canonical(*custom));
    }
    opened.out.metadata.targets.emplace(path, std::move(file));
  }
  if (const auto delegations = opened.body.find("delegations")) {
    TRY_CONTEXT(opened.out.metadata.delegations, read_delegations(*delegations), "delegations");
  }
  return std::move(opened.out);
}

using json::canonical_string;
using json::CanonicalObject;

CanonicalObject begin(const Common& metadata, std::string_view type) {
  constexpr std::string_view kSpecVersion = "1.0.34";
  CanonicalObject out;
  out.add("_type", canonical_string(type));
  out.add("spec_version", canonical_string(kSpecVersion));
  out.add("version", fmt::to_string(metadata.version));
  out.add("expires", canonical_string(rfc3339_of(metadata.expires)));
  return out;
}

std::string write_hashes(const Hashes& hashes) {
  CanonicalObject out;
  for (const auto& [name, hash] : hashes) out.add(name, canonical_string(to_hex(as_bytes(hash))));
  return out.text();
}

std::string write_meta_file(const MetaFile& file) {
  CanonicalObject out;
  out.add("version", fmt::to_string(file.version));
  if (file.length) out.add("length", fmt::to_string(*file.length));
  if (!file.hashes.empty()) out.add("hashes", write_hashes(file.hashes));
  return out.text();
}

std::string write_delegated_role(const DelegatedRole& role) {
  CanonicalObject out;
  add_role_keys(role.keys, out);
  out.add("name", canonical_string(role.name));
  out.add("terminating", boolean(role.terminating));
  if (role.hash_prefixes.empty()) {
    out.add("paths", array_of(role.paths, canonical_string));
  } else {
    out.add("path_hash_prefixes", array_of(role.hash_prefixes, canonical_string));
  }
  return out.text();
}

std::string write_delegations(const Delegations& delegations) {
  CanonicalObject out;
  out.add("keys", write_keys(delegations.keys));
  if (delegations.succinct) {
    CanonicalObject bins;
    add_role_keys(delegations.succinct->keys, bins);
    bins.add("bit_length", fmt::to_string(delegations.succinct->bit_length));
    bins.add("name_prefix", canonical_string(delegations.succinct->name_prefix));
    out.add("succinct_roles", bins.text());
  } else {
    out.add("roles", array_of(delegations.roles, write_delegated_role));
  }
  return out.text();
}

// The row of kSchemes that new keys of this type are listed by.
const SchemeRow& scheme_for(KeyType type) {
  const SignatureScheme wanted = default_scheme(type);
  return *std::ranges::find(kSchemes, wanted, &SchemeRow::means);
}

class Tuf1Codec final : public Codec {
 public:
  Result<Signed<Root>> root(std::string_view bytes) const override { return in_role(kRoot, read_root(bytes)); }
  Result<Signed<Timestamp>> timestamp(std::string_view bytes) const override {
    return in_role(kTimestamp, read_timestamp(bytes));
  }
  Result<Signed<Snapshot>> snapshot(std::string_view bytes) const override {
    return in_role(kSnapshot, read_snapshot(bytes));
  }
  Result<Signed<Targets>> targets(std::string_view bytes, std::string_view role) const override {
    return in_role(role, read_targets(bytes));
  }

  std::string write(const Root& root) const override {
    CanonicalObject out = begin(root, kRoot);
    add_root_body(root, out);
    return out.text();
  }
  std::string write(const Timestamp& timestamp) const override {
    CanonicalObject out = begin(timestamp, kTimestamp);
    CanonicalObject meta;
    meta.add("snapshot.json", write_meta_file(timestamp.snapshot));
    out.add("meta", meta.text());
    return out.text();
  }
  std::string write(const Snapshot& snapshot) const override {
    CanonicalObject out = begin(snapshot, kSnapshot);
    CanonicalObject meta;
    for (const auto& [role, file] : snapshot.meta) meta.add(role + std::string(kMetadataSuffix), write_meta_file(file));
    out.add("meta", meta.text());
    return out.text();
  }
  std::string write(const Targets& targets) const override {
    CanonicalObject out = begin(targets, kTargets);
    CanonicalObject files;
    for (const auto& [path, file] : targets.targets) {
      CanonicalObject entry;
      entry.add("length", fmt::to_string(file.length));
      entry.add("hashes", write_hashes(file.hashes));
      if (!file.custom.empty()) entry.add("custom", file.custom);
      files.add(path, entry.text());
    }
    out.add("targets", files.text());
    if (targets.delegations) out.add("delegations", write_delegations(*targets.delegations));
    return out.text();
  }
  std::string envelope(std::string_view signed_bytes, std::span<const Signature> signatures) const override {
    CanonicalObject out;
    out.add("signed", std::string(signed_bytes));
    out.add("signatures", array_of(signatures, [](const Signature& signature) {
              CanonicalObject entry;
              entry.add("keyid", canonical_string(signature.key_id));
              entry.add("sig", canonical_string(to_hex(as_bytes(signature.bytes))));
              return entry.text();
            }));
    return json::parseable(out.text());
  }
  std::pair<std::string, Key> list(const PublicKey& key) const override {
    const SchemeRow& row = scheme_for(key.type());
    CanonicalObject keyval;
    keyval.add("public",
               canonical_string(key.type() == KeyType::kEd25519 ? to_hex(as_bytes(key.ed25519())) : key.pem()));
    CanonicalObject out;
    out.add("keytype", canonical_string(row.key_types[0]));
    out.add("scheme", canonical_string(row.scheme));
    out.add("keyval", keyval.text());
    std::string json = out.text();
    std::string id = Digest::sha256_of(as_bytes(json)).hex();
    return {std::move(id), Key{.usable = Key::Usable{.key = key, .scheme = row.means}, .json = std::move(json)}};
  }

  // TUF 1.0.34 section 6.2: the timestamp never bears its version.
  std::string file_name(std::string_view role, const MetaFile& file, bool consistent_snapshot) const override {
    const std::string name = path_segment(role) + std::string(kMetadataSuffix);
    const bool versioned = role == kRoot || (consistent_snapshot && role != kTimestamp);
    return versioned ? fmt::format("{}.{}", file.version, name) : name;
  }
};

}  // namespace

const Codec& tuf1_codec() {
  static const Tuf1Codec codec;
  return codec;
}

}  // namespace bulkhead::tuf
