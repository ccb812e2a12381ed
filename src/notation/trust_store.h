// The certificates that a trust policy's named stores hold. Source: notaryproject/specifications,
// trust-store-trust-policy.md, Trust Store.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "crypto/certificate.h"
#include "notation/trust_policy.h"

namespace bulkhead::notation {

// Implementations are safe to use from several threads at once.
class TrustStore {
 public:
  TrustStore() = default;
  TrustStore(const TrustStore&) = delete;
  TrustStore& operator=(const TrustStore&) = delete;
  virtual ~TrustStore() = default;

  // At least one; errors name the store.
  virtual Result<std::vector<Certificate>> certificates(const NamedStore& store) const = 0;
};

// The folder of notation's own layout ("truststore" in its configuration):
// ROOT/x509/{ca,signingAuthority,tsa}/NAME/*.{pem,crt,cer}. Folders in a named store are left alone, as are files of
// other names; a symbolic link anywhere below ROOT is kInvalidArgument, as is a certificate that is neither an
// authority's nor signs itself (for time-stamps: not both). At most 1000 files of 1 MiB a store.
class FolderTrustStore final : public TrustStore {
 public:
  explicit FolderTrustStore(std::string root) : root_(std::move(root)) {}
  Result<std::vector<Certificate>> certificates(const NamedStore& store) const override;

 private:
  std::string root_;
};

}  // namespace bulkhead::notation
