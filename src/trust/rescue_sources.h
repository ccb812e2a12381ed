// Where the metadata of Docker Content Trust is to be had: the trust folder of docker or notary, and a Notary server
// while there is one. What is read is untrusted.
#pragma once

#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "net/http_client.h"
#include "oci/registry/authorizer.h"
#include "trust/rescue.h"

namespace bulkhead::trust {

// The repositories of which the folder has any metadata: FOLDER/tuf/<gun>/metadata. In the order of their names;
// kLimitExceeded past 10,000.
Result<std::vector<std::string>> list_trust_repositories(const std::string& folder);

// Of one of them. The role's file is FOLDER/tuf/<gun>/metadata/<role>.json.
ReadMetadata trust_folder_metadata(const std::string& folder, const std::string& gun);

// The metadata of one repository at a Notary server, with the user's credentials for the registry of its name. Not
// thread-safe; what it is given must outlive it.
class NotaryServer {
 public:
  // `server`: "https://notary.docker.io".
  NotaryServer(std::string server, std::string gun, const net::Client& client, const oci::RegistryOptions& options,
               oci::CredentialStore& credentials);

  // The present root. kNotFound: the server does not know the repository. kLimitExceeded: a root of more than 512 KiB.
  Result<std::string> root();
  // The roots that came after that version, in order.
  Result<std::vector<std::string>> roots_after(int64_t version);
  Result<std::string> metadata(std::string_view role, const tuf::MetaFile& file);

 private:
  Result<std::string> fetch(std::string_view name, size_t max_bytes);

  std::string base_;
  std::string gun_;
  bool plain_http_;
  const net::Client& client_;
  const oci::RegistryOptions& options_;
  oci::Authorizer authorizer_;
};

}  // namespace bulkhead::trust
