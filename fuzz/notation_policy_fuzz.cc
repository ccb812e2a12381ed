// fuzz: notation
// Trust policies: what is read trusts somebody, enforces integrity and never names a store outside of its folder.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "notation/trust_policy.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace bulkhead::notation;  // NOLINT(google-build-using-namespace)
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const auto kind : {TrustPolicy::Kind::kOci, TrustPolicy::Kind::kBlob}) {
    const auto policy = TrustPolicy::parse(text, kind);
    if (!policy) continue;
    for (const TrustStatement& statement : policy->statements()) {
      if (statement.skips()) continue;
      if (statement.action(Check::kIntegrity) != Action::kEnforce || statement.stores.empty()) std::abort();
      if (!statement.any_identity && statement.identities.empty()) std::abort();
      for (const NamedStore& store : statement.stores) {
        if (store.name.empty() || store.name == ".." || store.name.contains('/')) std::abort();
      }
    }
    static_cast<void>(policy->for_repository("registry.example/team/image"));
    static_cast<void>(policy->for_blob(""));
  }
  static_cast<void>(DistinguishedName::parse(text));
  return 0;
}
