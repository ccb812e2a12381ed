#include "notary/root_rules.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/base64.h"
#include "base/canonical_json.h"
#include "base/json.h"
#include "crypto/certificate.h"
#include "crypto/digest.h"
#include "tuf/trusted_set.h"

namespace bulkhead::notary {
namespace {

constexpr int64_t kDay = 86'400;

std::unexpected<Error> refuse(std::string message) {
  return fail(Code::kVerificationFailed, std::move(message));
}

std::string public_text_of(const json::Value& listed) {
  const auto keyval = listed.find("keyval");
  return std::string(keyval ? keyval->string_or("public", "") : "");
}

// The hash of a key's type and public half, whatever else is listed with them.
std::string id_of(const tuf::Key& key) {
  const auto document = json::Document::parse(key.json);
  if (!document) return "";
  json::CanonicalObject keyval;
  keyval.add("private", "null");
  keyval.add("public", json::canonical_string(public_text_of(document->root())));
  json::CanonicalObject out;
  out.add("keytype", json::canonical_string(document->root().string_or("keytype", "")));
  out.add("keyval", keyval.text());
  return Digest::sha256_of(as_bytes(out.text())).hex();
}

bool is_name_of(std::string_view common_name, std::string_view gun) {
  if (!common_name.ends_with('*')) return common_name == gun;
  while (common_name.ends_with('*')) common_name.remove_suffix(1);
  return gun.starts_with(common_name);
}

bool is_authority(const Certificate& certificate) {
  return certificate.basic_constraints() && certificate.basic_constraints()->ca;
}

std::string_view common_name_of(const Certificate& certificate) {
  std::string_view name;  // the last one counts
  for (const NameAttribute& attribute : certificate.subject_attributes()) {
    if (attribute.type == "CN") name = attribute.value;
  }
  return name;
}

// The certificate of a key as metadata lists it: it comes first, and only authorities follow.
std::optional<Certificate> leaf_of(const tuf::Key& key) {
  const auto document = json::Document::parse(key.json);
  if (!document) return std::nullopt;
  const auto pem = base64_decode(public_text_of(document->root()));
  const auto certificates = pem ? Certificate::list_from(as_bytes(*pem)) : fail(Code::kMalformed, "");
  if (!certificates || is_authority(certificates->front())) return std::nullopt;
  if (std::ranges::count(*certificates, false, is_authority) != 1) return std::nullopt;
  return certificates->front();
}

// A day's leave for clocks that are slow; none for expiry.
bool is_in_time(const Certificate& certificate, int64_t now) {
  return certificate.not_before() <= now + kDay && now <= certificate.not_after();
}

bool is_sound(const Certificate& certificate) {
  return certificate.not_before() <= certificate.not_after() && certificate.signature_scheme() &&
         certificate.public_key();
}

// The keys of the role root whose certificates are good for this repository.
tuf::RoleKeys certified_keys(const tuf::Root& root, std::string_view gun, std::optional<int64_t> now) {
  const tuf::RoleKeys& role = root.roles.find(tuf::kRoot)->second;
  tuf::RoleKeys out{.key_ids = {}, .threshold = role.threshold};
  for (const std::string& id : role.key_ids) {
    const auto key = root.keys.find(id);
    const auto leaf = key == root.keys.end() ? std::nullopt : leaf_of(key->second);
    if (!leaf || !is_sound(*leaf) || !is_name_of(common_name_of(*leaf), gun)) continue;
    if (now && !is_in_time(*leaf, *now)) continue;
    out.key_ids.push_back(id);
  }
  return out;
}

}  // namespace

Status check_key_ids(const std::vector<std::string>& ids, const tuf::Keys& known, std::string_view lister,
                     std::string_view role) {
  for (const std::string& id : ids) {
    const auto key = known.find(id);
    if (key == known.end()) {
      return refuse(fmt::format("{} type metadata invalid: key ID {} specified in {} without corresponding key", lister,
                                id, role));
    }
    if (id_of(key->second) != id) {
      return refuse("key ID is not valid for key content");
    }
  }
  return {};
}

Status check_signatures(const tuf::RoleKeys& keys, const tuf::Keys& known, std::string_view signed_bytes,
                        const std::vector<tuf::Signature>& signatures, std::string_view role) {
  if (signatures.empty()) return refuse("tuf: data has no signatures");
  if (tuf::count_signers(keys, known, signed_bytes, signatures) >= keys.threshold) return {};
  return refuse(fmt::format("valid signatures did not meet threshold for {}", role));
}

Status check_root(const tuf::Signed<tuf::Root>& root, const tuf::Root* previous, std::string_view gun, int64_t now) {
  for (const auto& [role, keys] : root.metadata.roles) {
    TRY(check_key_ids(keys.key_ids, root.metadata.keys, tuf::kRoot, role));
  }
  constexpr std::string_view kPath = "could not validate the path to a trusted root: ";
  const tuf::RoleKeys own = certified_keys(root.metadata, gun, now);
  if (own.key_ids.empty()) return refuse(fmt::format("{}unable to retrieve valid leaf certificates", kPath));
  if (previous != nullptr) {
    // Those of the root before may have expired: a new one is how one recovers from that.
    const tuf::RoleKeys before = certified_keys(*previous, gun, std::nullopt);
    if (before.key_ids.empty()) {
      return refuse(fmt::format("{}could not retrieve trusted certs from previous root role data", kPath));
    }
    if (!check_signatures(before, previous->keys, root.signed_bytes, root.signatures, tuf::kRoot)) {
      return refuse(
          "could not rotate trust to a new trusted root: failed to validate data with current trusted certificates");
    }
  }
  if (!check_signatures(own, root.metadata.keys, root.signed_bytes, root.signatures, tuf::kRoot)) {
    return refuse(fmt::format("{}failed to validate integrity of roots", kPath));
  }
  return {};
}

}  // namespace bulkhead::notary
