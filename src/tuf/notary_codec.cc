#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "base/base64.h"
#include "base/canonical_json.h"
#include "base/date.h"
#include "base/json.h"
#include "base/text.h"
#include "crypto/certificate.h"
#include "crypto/digest.h"
#include "tuf/codec.h"
#include "tuf/codec_parts.h"

namespace bulkhead::tuf {
namespace {

using json::canonical_string;
using json::CanonicalObject;

constexpr size_t kMaxRoleName = 255;

// notary's tuf/data/types.go and tuf/signed/verifiers.go: all methods hash with SHA-256.
struct MethodRow {
  std::string_view method;
  SignatureScheme scheme;
};
constexpr auto kMethods = std::to_array<MethodRow>({
    {"ecdsa", {SignatureScheme::Kind::kEcdsaRaw}},
    {"eddsa", {SignatureScheme::Kind::kEd25519}},
    {"rsapss", {SignatureScheme::Kind::kRsaPss}},
    {"rsapkcs1v15", {SignatureScheme::Kind::kRsaPkcs1}},
});

// The type of a role's metadata, "Root"; delegated roles are Targets.
std::string type_of(std::string_view role) {
  std::string type(role);
  type.front() = static_cast<char>(type.front() - 'a' + 'A');
  return type;
}

SignatureScheme scheme_for(KeyType type) {
  if (type == KeyType::kEd25519) return {SignatureScheme::Kind::kEd25519};
  return {type == KeyType::kRsa ? SignatureScheme::Kind::kRsaPss : SignatureScheme::Kind::kEcdsaRaw};
}

bool fits(std::string_view key_type, KeyType type) {
  if (type == KeyType::kEd25519) return key_type == "ed25519";
  return key_type.starts_with(type == KeyType::kRsa ? "rsa" : "ecdsa");
}

Result<PublicKey> key_of_certificate(std::string_view pem) {
  TRY_ASSIGN(const Certificate certificate, Certificate::from_pem(pem));
  return certificate.public_key();
}

// "ecdsa", "rsa": a key in DER; "ed25519": the key itself; "…-x509": a certificate in PEM.
std::optional<Key::Usable> usable_key(std::string_view key_type, std::string_view text) {
  const auto bytes = base64_decode(text);
  if (!bytes) return std::nullopt;
  auto key = key_type == "ed25519"         ? PublicKey::from_ed25519(as_bytes(*bytes))
             : key_type.ends_with("-x509") ? key_of_certificate(*bytes)
                                           : PublicKey::from_der(as_bytes(*bytes));
  if (!key || !fits(key_type, key->type())) return std::nullopt;
  const SignatureScheme scheme = scheme_for(key->type());
  return Key::Usable{.key = *std::move(key), .scheme = scheme};
}

Result<Keys> read_keys(const json::Value& owner) {
  Keys keys;
  const auto object = owner.find("keys");
  if (!object || object->is_null()) return keys;  // as Go writes an empty map
  if (!object->is_object()) return fail(malformed("\"keys\" is no object"));
  for (const auto& [id, value] : object->members()) {
    TRY_CONTEXT(const auto type, value.require_string("keytype"), fmt::format("key {}", id));
    TRY_CONTEXT(const auto keyval, value.require_object("keyval"), fmt::format("key {}", id));
    TRY_CONTEXT(const auto text, keyval.require_string("public"), fmt::format("key {}", id));
    TRY_CONTEXT(std::string listed, json::canonical(value), fmt::format("key {}", id));
    keys.emplace(id, Key{.usable = usable_key(type, text), .json = std::move(listed)});
  }
  return keys;
}

Result<Hashes> read_hashes(const json::Value& value) {
  TRY_ASSIGN(const json::Value object, value.require_object("hashes"));
  Hashes hashes;
  for (const auto& [name, hash] : object.members()) {
    auto raw = hash.is_string() ? base64_decode(*hash.string()) : fail(malformed(""));
    if (!raw) return fail(malformed(fmt::format("the hash \"{}\" is no base64", name)));
    hashes.emplace(name, *std::move(raw));
  }
  if (hashes.empty()) return fail(malformed("\"hashes\" is empty"));
  return hashes;
}

Result<MetaFile> read_meta_file(const json::Value& value) {
  MetaFile file;
  TRY_ASSIGN(file.length, read_length(value));
  TRY_ASSIGN(file.hashes, read_hashes(value));
  // Files are asked for by it.
  const auto sha256 = file.hashes.find("sha256");
  if (sha256 == file.hashes.end() || sha256->second.size() != 32) return fail(malformed("no hash \"sha256\""));
  return file;
}

Result<std::map<std::string, MetaFile, std::less<>>> read_meta(const json::Value& value) {
  TRY_ASSIGN(const json::Value object, value.require_object("meta"));
  std::map<std::string, MetaFile, std::less<>> meta;
  for (const auto& [name, file] : object.members()) {
    TRY_CONTEXT(MetaFile read, read_meta_file(file), fmt::format("meta of \"{}\"", name));
    meta.emplace(name, std::move(read));
  }
  return meta;
}

// "targets/releases": a path below targets, of [-a-z0-9_].
bool is_delegated_role(std::string_view name) {
  if (name.size() > kMaxRoleName || !name.starts_with("targets/")) return false;
  return std::ranges::none_of(split(name, '/'), &std::string_view::empty) && std::ranges::all_of(name, [](char c) {
           return is_lower(c) || is_digit(c) || c == '-' || c == '_' || c == '/';
         });
}

Result<Delegations> read_delegations(const json::Value& value) {
  Delegations out;
  TRY_ASSIGN(out.keys, read_keys(value));
  const auto roles = value.find("roles");
  if (!roles || roles->is_null()) return out;
  if (!roles->is_array()) return fail(malformed("\"roles\" is no array"));
  std::set<std::string> names;
  for (const json::Value role : roles->elements()) {
    DelegatedRole read;
    TRY_ASSIGN(read.name, role.require_string("name"));
    if (!is_delegated_role(read.name)) {
      return fail(malformed(fmt::format("\"{}\" can be no delegated role", read.name)));
    }
    TRY_CONTEXT(read.keys, read_role_keys(role), fmt::format("delegation to \"{}\"", read.name));
    if (const auto paths = role.find("paths"); paths && !paths->is_null()) {
      TRY_ASSIGN(read.path_prefixes, read_strings(*paths, "paths"));
    }
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
    TRY_ASSIGN(const auto method, value.require_string("method"));
    TRY_ASSIGN(const auto text, value.require_string("sig"));
    if (!seen.insert(id).second) return fail(malformed(fmt::format("two signatures of the key {}", id)));
    Signature signature{.key_id = std::string(id), .bytes = base64_decode(text).value_or("")};
    const auto row = std::ranges::find(kMethods, to_lower(method), &MethodRow::method);
    if (row == kMethods.end()) {
      signature.bytes.clear();  // a method that is unknown here verifies nothing
    } else {
      signature.scheme = row->scheme;
    }
    signatures.push_back(std::move(signature));
  }
  return signatures;
}

template <typename T>
struct Opened {
  json::Document document;
  json::Value body;  // "signed"
  Signed<T> out;
};

template <typename T>
Result<Opened<T>> open(std::string_view bytes) {
  TRY_ASSIGN(json::Document document, json::Document::parse(bytes));
  Signed<T> out;
  TRY_ASSIGN(const json::Value body, document.root().require_object("signed"));
  TRY_ASSIGN(out.signatures, read_signatures(document.root()));
  TRY_ASSIGN(const auto type, body.require_string("_type"));
  if (type != type_of(T::kRole)) return fail(malformed(fmt::format("\"_type\" is \"{}\"", type)));
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
  if (snapshot == meta.end()) return fail(malformed("\"snapshot\" is missing"));
  opened.out.metadata.snapshot = std::move(snapshot->second);
  return std::move(opened.out);
}

Result<Signed<Snapshot>> read_snapshot(std::string_view bytes) {
  TRY_ASSIGN(auto opened, open<Snapshot>(bytes));
  TRY_ASSIGN(auto meta, read_meta(opened.body));
  for (const std::string_view role : {kRoot, kTargets}) {
    if (!meta.contains(role)) return fail(malformed(fmt::format("\"{}\" is missing", role)));
  }
  opened.out.metadata.root = std::move(meta.extract(meta.find(kRoot)).mapped());
  opened.out.metadata.meta = std::move(meta);
  return std::move(opened.out);
}

Result<Signed<Targets>> read_targets(std::string_view bytes) {
  TRY_ASSIGN(auto opened, open<Targets>(bytes));
  if (const auto files = opened.body.find("targets"); files && !files->is_null()) {
    if (!files->is_object()) return fail(malformed("\"targets\" is no object"));
    for (const auto& [path, value] : files->members()) {
      TargetFile file;
      TRY_CONTEXT(file.length, read_length(value), fmt::format("target \"{}\"", path));
      TRY_CONTEXT(file.hashes, read_hashes(value), fmt::format("target \"{}\"", path));
      if (const auto custom = value.find("custom"); custom && !custom->is_null()) {
        TRY_ASSIGN(file.custom, json::canonical(*custom));
      }
      opened.out.metadata.targets.emplace(path, std::move(file));
    }
  }
  if (const auto delegations = opened.body.find("delegations")) {
    TRY_CONTEXT(opened.out.metadata.delegations, read_delegations(*delegations), "delegations");
  }
  return std::move(opened.out);
}

CanonicalObject begin(const Common& metadata, std::string_view role) {
  CanonicalObject out;
  out.add("_type", canonical_string(type_of(role)));
  out.add("version", fmt::to_string(metadata.version));
  out.add("expires", canonical_string(rfc3339_of(metadata.expires)));
  return out;
}

std::string write_file(uint64_t length, const Hashes& hashes, const std::string& custom = "") {
  CanonicalObject listed;
  for (const auto& [name, hash] : hashes) listed.add(name, canonical_string(base64_encode(as_bytes(hash))));
  CanonicalObject out;
  out.add("length", fmt::to_string(length));
  out.add("hashes", listed.text());
  if (!custom.empty()) out.add("custom", custom);
  return out.text();
}

std::string write_meta_file(const MetaFile& file) {
  return write_file(file.length.value_or(0), file.hashes);
}

std::string write_delegated_role(const DelegatedRole& role) {
  CanonicalObject out;
  add_role_keys(role.keys, out);
  out.add("name", canonical_string(role.name));
  out.add("paths", array_of(role.path_prefixes, canonical_string));
  return out.text();
}

class NotaryCodec final : public Codec {
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
    meta.add(kSnapshot, write_meta_file(timestamp.snapshot));
    out.add("meta", meta.text());
    return out.text();
  }
  std::string write(const Snapshot& snapshot) const override {
    CanonicalObject out = begin(snapshot, kSnapshot);
    CanonicalObject meta;
    if (snapshot.root) meta.add(kRoot, write_meta_file(*snapshot.root));
    for (const auto& [role, file] : snapshot.meta) meta.add(role, write_meta_file(file));
    out.add("meta", meta.text());
    return out.text();
  }
  std::string write(const Targets& targets) const override {
    CanonicalObject out = begin(targets, kTargets);
    CanonicalObject files;
    for (const auto& [path, file] : targets.targets) files.add(path, write_file(file.length, file.hashes, file.custom));
    out.add("targets", files.text());
    CanonicalObject delegations;
    const Delegations none;
    const Delegations& present = targets.delegations ? *targets.delegations : none;
    delegations.add("keys", write_keys(present.keys));
    delegations.add("roles", array_of(present.roles, write_delegated_role));
    out.add("delegations", delegations.text());
    return out.text();
  }
  std::string envelope(std::string_view signed_bytes, std::span<const Signature> signatures) const override {
    const std::string array = array_of(signatures, [](const Signature& signature) {
      const auto row = std::ranges::find_if(kMethods, [&](const MethodRow& method) {
        return signature.scheme && method.scheme.kind == signature.scheme->kind;
      });
      CanonicalObject entry;
      entry.add("keyid", canonical_string(signature.key_id));
      entry.add("method", canonical_string(row == kMethods.end() ? "" : row->method));
      entry.add("sig", canonical_string(base64_encode(as_bytes(signature.bytes))));
      return entry.text();
    });
    // In notary's order.
    return json::parseable(fmt::format(R"({{"signed":{},"signatures":{}}})", signed_bytes, array));
  }
  std::pair<std::string, Key> list(const PublicKey& key) const override {
    const bool edwards = key.type() == KeyType::kEd25519;
    CanonicalObject keyval;
    keyval.add("private", "null");
    keyval.add("public", canonical_string(base64_encode(as_bytes(edwards ? key.ed25519() : key.der()))));
    CanonicalObject out;
    out.add("keytype", canonical_string(edwards ? "ed25519" : key.type() == KeyType::kRsa ? "rsa" : "ecdsa"));
    out.add("keyval", keyval.text());
    std::string json = out.text();
    std::string id = Digest::sha256_of(as_bytes(json)).hex();
    return {std::move(id),
            Key{.usable = Key::Usable{.key = key, .scheme = scheme_for(key.type())}, .json = std::move(json)}};
  }

  std::string file_name(std::string_view role, const MetaFile& file, bool /*consistent_snapshot*/) const override {
    if (role == kRoot) return fmt::format("{}.root.json", file.version);
    const auto sha256 = file.hashes.find("sha256");
    // Roles are paths of plain characters (is_delegated_role).
    if (role == kTimestamp || sha256 == file.hashes.end()) return fmt::format("{}.json", role);
    return fmt::format("{}.{}.json", role, to_hex(as_bytes(sha256->second)));
  }
};

}  // namespace

const Codec& notary_codec() {
  static const NotaryCodec codec;
  return codec;
}

}  // namespace bulkhead::tuf
