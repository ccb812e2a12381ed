// Docker's config.json and podman's auth.json: whose credentials are for which registry, and which programs keep them.
// Sources: docker/cli, cli/config/configfile (file.go) and types (authconfig.go); containers-auth.json(5).
//
// Pure; trust of the input: the user's own file, but read as carefully as any other. Values, thread-safe to read.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/secret.h"

namespace bulkhead::oci {

struct Credentials {
  std::string username;
  Secret password;
  Secret identity_token;  // refresh token of the OAuth 2 flow; used instead of the password
  Secret registry_token;  // bearer token, sent as it is
  std::string origin;     // "/root/.docker/config.json": for messages

  bool empty() const { return username.empty() && identity_token.empty() && registry_token.empty(); }
};

// The keys under which a registry's credentials may stand, the most specific first: "quay.io/team/app", "quay.io/team",
// "quay.io"; for Docker Hub also "https://index.docker.io/v1/" and its other names.
std::vector<std::string> credential_keys(std::string_view domain, std::string_view repository);

class AuthFile {
 public:
  static constexpr size_t kMaxBytes = size_t{4} << 20;

  // kMalformed naming the file and what is wrong, never its contents. Unknown members are ignored, as everywhere.
  static Result<AuthFile> parse(std::string_view json, const std::string& path);

  // What stands in the file itself.
  std::optional<Credentials> find(const std::vector<std::string>& keys) const;

  struct Helper {
    std::string name;  // "pass": the program docker-credential-pass
    std::string key;   // what to ask it for
  };
  // The programs to ask before the file itself, in order: the one named for this registry, then the one named for all.
  std::vector<Helper> helpers(const std::vector<std::string>& keys) const;

 private:
  std::map<std::string, Credentials> entries_;  // by normalised key
  std::map<std::string, std::string> helpers_;  // by registry
  std::string store_;
};

}  // namespace bulkhead::oci
