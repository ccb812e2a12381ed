#include "notary/issue.h"

#include "crypto/digest.h"
#include "tuf/codec.h"

namespace bulkhead::notary {
namespace {

template <typename T>
Result<std::optional<NewFile>> issue_signed(const ServerKeys& keys, const tuf::Root& root, const T& metadata) {
  const tuf::RoleKeys& role = root.roles.find(T::kRole)->second;
  const std::string signed_bytes = tuf::notary_codec().write(metadata);
  std::vector<tuf::Signature> signatures;
  for (const std::string& id : role.key_ids) {
    const auto listed = root.keys.find(id);
    if (listed == root.keys.end() || !listed->second.usable) continue;
    TRY_ASSIGN(const bool held, keys.holds(T::kRole, id));
    if (!held) continue;
    const SignatureScheme scheme = listed->second.usable->scheme;
    TRY_ASSIGN(std::string bytes, keys.sign(T::kRole, id, scheme, signed_bytes));
    signatures.push_back({.key_id = id, .bytes = std::move(bytes), .scheme = scheme});
  }
  if (signatures.size() < role.threshold) return std::nullopt;
  return NewFile{.role = std::string(T::kRole),
                 .version = metadata.version,
                 .bytes = tuf::notary_codec().envelope(signed_bytes, signatures)};
}

}  // namespace

Result<std::optional<NewFile>> issue(const ServerKeys& keys, const tuf::Root& root, const tuf::Snapshot& snapshot) {
  return issue_signed(keys, root, snapshot);
}

Result<std::optional<NewFile>> issue(const ServerKeys& keys, const tuf::Root& root, const tuf::Timestamp& timestamp) {
  return issue_signed(keys, root, timestamp);
}

tuf::MetaFile meta_of(std::string_view bytes) {
  tuf::MetaFile out;
  out.length = bytes.size();
  Hasher sha512(Digest::Algorithm::kSha512);
  sha512.update(as_bytes(bytes));
  out.hashes.emplace("sha256", as_text(Digest::sha256_of(as_bytes(bytes)).raw()));
  out.hashes.emplace("sha512", as_text(sha512.finish().raw()));
  return out;
}

}  // namespace bulkhead::notary
