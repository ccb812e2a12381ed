// Finds the user's credentials for a registry: configuration files in their order, and the helpers that they name.
#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "oci/registry/auth_file.h"
#include "oci/registry/options.h"

namespace bulkhead::oci {

// Reads its files when it is first asked. Thread-safe.
class CredentialStore {
 public:
  // `options` must outlive the store.
  explicit CredentialStore(const RegistryOptions& options) : options_(options) {}

  struct Found {
    std::optional<Credentials> credentials;
    // Why a file or helper could not be asked. Access goes on without it: most images are public; if it is refused in
    // the end, these are part of the error.
    std::vector<std::string> problems;
  };
  Found find(const std::string& domain, const std::string& repository);

 private:
  void load_files();

  const RegistryOptions& options_;
  std::mutex mutex_;
  bool loaded_ = false;  // guarded by mutex_, as all below
  std::vector<AuthFile> files_;
  std::vector<std::string> problems_;
};

}  // namespace bulkhead::oci
