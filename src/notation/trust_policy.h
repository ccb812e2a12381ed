// Trust policies: whose signatures count for which artifacts, and what their checks may cost. Source:
// notaryproject/specifications, trust-store-trust-policy.md, version 1.0. A policy is the user's, yet every mistake in
// it is an error that names the statement: a policy that is read wrongly trusts wrongly. Pure and thread-safe.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "notation/distinguished_name.h"

namespace bulkhead::notation {

enum class Check : uint8_t { kIntegrity, kAuthenticity, kAuthenticTimestamp, kExpiry, kRevocation };
inline constexpr size_t kChecks = 5;
std::string_view name_of(Check check);  // as policies write it: "authenticTimestamp"

enum class Action : uint8_t { kEnforce, kLog, kSkip };
std::string_view name_of(Action action);

enum class StoreType : uint8_t { kCa, kSigningAuthority, kTsa };
std::string_view name_of(StoreType type);  // as folders are named: "signingAuthority"

struct NamedStore {
  StoreType type{};
  std::string name;  // letters, digits, "_", "." and "-": a folder's name, and nothing else

  friend bool operator==(const NamedStore&, const NamedStore&) = default;
};

struct TrustStatement {
  std::string name;
  std::vector<std::string> scopes;  // "registry.example/repository", or "*" alone; empty in a policy for blobs
  bool global = false;              // applies where no other does
  std::string level;                // "strict", "permissive", "audit", "skip"
  std::array<Action, kChecks> actions{};
  bool timestamp_after_expiry_only = false;
  std::vector<NamedStore> stores;
  bool any_identity = false;
  std::vector<DistinguishedName> identities;

  Action action(Check check) const { return actions.at(static_cast<size_t>(check)); }
  bool skips() const { return level == "skip"; }
  bool has_store(StoreType type) const;
};

class TrustPolicy {
 public:
  enum class Kind : uint8_t { kOci, kBlob };
  // At most 1 MiB. kMalformed, kUnsupported (another version), kInvalidArgument (a rule of the specification is
  // broken).
  static Result<TrustPolicy> parse(std::string_view text, Kind kind = Kind::kOci);

  // The statement for a repository ("registry.example/team/image", no tag, no digest): its own, else the global one.
  // kNotFound: nothing trusts what is there.
  Result<const TrustStatement*> for_repository(std::string_view repository) const;
  // The statement of that name; the global one when the name is empty.
  Result<const TrustStatement*> for_blob(std::string_view name) const;

  const std::vector<TrustStatement>& statements() const { return statements_; }

 private:
  explicit TrustPolicy(std::vector<TrustStatement> statements) : statements_(std::move(statements)) {}
  std::vector<TrustStatement> statements_;
};

}  // namespace bulkhead::notation
