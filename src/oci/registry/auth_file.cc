#include "oci/registry/auth_file.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/base64.h"
#include "base/json.h"
#include "base/text.h"

namespace bulkhead::oci {
namespace {

constexpr std::string_view kDockerHubKey = "https://index.docker.io/v1/";  // docker/cli's own name for Docker Hub

// docker writes "https://host/v1/" for some registries; a URL stands for its host. What has no scheme is podman's
// "host/namespace" and kept whole. Docker Hub's key is kept as it is, since helpers are asked for it literally.
std::string normalised_key(std::string_view key) {
  if (key == kDockerHubKey) return std::string(key);
  for (const std::string_view scheme : {"https://", "http://"}) {
    if (key.starts_with(scheme)) {
      key.remove_prefix(scheme.size());
      return std::string(key.substr(0, key.find('/')));
    }
  }
  while (key.ends_with('/')) key.remove_suffix(1);
  return std::string(key);
}

// The name becomes part of a program's name: nothing that could leave it.
bool is_helper_name(std::string_view name) {
  return !name.empty() && name.size() <= 64 &&
         std::ranges::all_of(name, [](char c) { return is_alnum(c) || c == '-' || c == '_' || c == '.'; });
}

// "auth": Base64 of user:password.
Status decode_auth(std::string_view encoded, Credentials& credentials) {
  TRY_ASSIGN(std::string decoded, base64_decode(encoded));
  const size_t colon = decoded.find(':');
  if (colon == std::string::npos) {
    wipe(decoded);
    return fail(Code::kMalformed, "its decoded text has no colon");
  }
  credentials.username = decoded.substr(0, colon);
  std::string password = decoded.substr(colon + 1);
  wipe(decoded);
  while (password.ends_with('\0')) password.pop_back();  // as docker does: some tools pad with NUL
  credentials.password = Secret(std::move(password));
  return {};
}

Result<Credentials> parse_entry(const json::Value& entry) {
  Credentials credentials;
  if (const std::string_view auth = entry.string_or("auth", ""); !auth.empty()) {
    if (auto decoded = decode_auth(auth, credentials); !decoded) {
      return fail(Code::kMalformed,
                  fmt::format("'auth' is not user:password in Base64: {}", decoded.error().message()));
    }
  } else {
    credentials.username = entry.string_or("username", "");
    credentials.password = Secret::copy_of(entry.string_or("password", ""));
  }
  credentials.identity_token = Secret::copy_of(entry.string_or("identitytoken", ""));
  credentials.registry_token = Secret::copy_of(entry.string_or("registrytoken", ""));
  return credentials;
}

}  // namespace

std::vector<std::string> credential_keys(std::string_view domain, std::string_view repository) {
  std::vector<std::string> keys;
  std::string path = fmt::format("{}/{}", domain, repository);
  while (path.size() > domain.size()) {
    if (!path.ends_with('/')) keys.push_back(path);
    path.resize(path.rfind('/'));
  }
  keys.emplace_back(domain);
  if (domain == "docker.io") {
    for (const std::string_view name :
         {kDockerHubKey, std::string_view("index.docker.io"), std::string_view("registry-1.docker.io")}) {
      keys.emplace_back(name);
    }
  }
  return keys;
}

Result<AuthFile> AuthFile::parse(std::string_view text, const std::string& path) {
  AuthFile file;
  if (trim(text).empty()) return file;  // an empty file says nothing
  auto document = json::Document::parse(text, {.max_bytes = kMaxBytes, .max_depth = 32});
  if (!document) return fail(std::move(document).error().with_context(path));
  const json::Value root = document->root();
  if (!root.is_object()) return fail(Code::kMalformed, fmt::format("{}: not a JSON object", path));

  if (const auto auths = root.find("auths")) {
    for (const json::Member& member : auths->members()) {
      auto entry = parse_entry(member.value);
      if (!entry) {
        return fail(std::move(entry).error().with_context(fmt::format("{}: auths: '{}'", path, printable(member.key))));
      }
      entry->origin = path;
      // An entry without content says that a helper has it. A URL and its host may both be there: the first with
      // content.
      if (!entry->empty()) file.entries_.try_emplace(normalised_key(member.key), *std::move(entry));
    }
  }
  if (const auto helpers = root.find("credHelpers")) {
    for (const json::Member& member : helpers->members()) {
      const auto name = member.value.string();
      if (!name || (!name->empty() && !is_helper_name(*name))) {
        return fail(Code::kMalformed,
                    fmt::format("{}: credHelpers: '{}' names no helper", path, printable(member.key)));
      }
      file.helpers_.try_emplace(normalised_key(member.key), *name);
    }
  }
  file.store_ = root.string_or("credsStore", "");
  if (!file.store_.empty() && !is_helper_name(file.store_)) {
    return fail(Code::kMalformed, fmt::format("{}: credsStore names no helper", path));
  }
  return file;
}

std::optional<Credentials> AuthFile::find(const std::vector<std::string>& keys) const {
  for (const std::string& key : keys) {
    if (const auto found = entries_.find(key); found != entries_.end()) return found->second;
  }
  return std::nullopt;
}

std::vector<AuthFile::Helper> AuthFile::helpers(const std::vector<std::string>& keys) const {
  for (const std::string& key : keys) {
    const auto found = helpers_.find(key);
    if (found == helpers_.end()) continue;
    // An empty name switches the general store off for this registry, as docker has it.
    return found->second.empty() ? std::vector<Helper>() : std::vector<Helper>{{found->second, key}};
  }
  if (store_.empty()) return {};
  // The general store is asked by the registry's own names, not by podman's namespaces; docker's name for the Hub
  // first.
  std::vector<Helper> asked;
  if (std::ranges::find(keys, kDockerHubKey) != keys.end()) asked.push_back({store_, std::string(kDockerHubKey)});
  for (const std::string& key : keys) {
    if (!key.contains('/')) asked.push_back({store_, key});
  }
  return asked;
}

}  // namespace bulkhead::oci
