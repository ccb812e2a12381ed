#include "trust/rescue_sources.h"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "base/fs.h"
#include "tuf/codec.h"

namespace bulkhead::trust {
namespace {

constexpr size_t kMaxRepositories = 10'000;
constexpr size_t kMaxMetadataBytes = size_t{64} << 20;
constexpr uint64_t kMaxRootRotations = 256;
constexpr std::string_view kMetadata = "metadata";

// "docker.io" of "docker.io/library/debian": a repository's name holds its registry's.
std::string domain_of(std::string_view gun) {
  return std::string(gun.substr(0, gun.find('/')));
}

}  // namespace

Result<std::vector<std::string>> list_trust_repositories(const std::string& folder) {
  const std::string tuf = folder + "/tuf";
  std::vector<std::string> names;
  std::error_code error;
  std::filesystem::recursive_directory_iterator entry(tuf, error);
  if (error == std::errc::no_such_file_or_directory) return names;
  for (; !error && entry != std::filesystem::recursive_directory_iterator(); entry.increment(error)) {
    if (!entry->is_directory() || entry->path().filename() != kMetadata) continue;
    entry.disable_recursion_pending();
    // Docker makes the folder before it knows that there is nothing to put into it.
    if (std::filesystem::is_empty(entry->path(), error)) continue;
    names.push_back(entry->path().parent_path().string().substr(tuf.size() + 1));
    if (names.size() > kMaxRepositories)
      return fail(limit_error("repositories of a trust folder", kMaxRepositories, ""));
  }
  if (error) return fail(errno_error(error.value(), tuf));
  std::ranges::sort(names);
  return names;
}

ReadMetadata trust_folder_metadata(const std::string& folder, const std::string& gun) {
  // Names of roles are plain paths: the codec takes no others for delegated ones.
  return [base = fmt::format("{}/tuf/{}/{}", folder, gun, kMetadata)](std::string_view role, const tuf::MetaFile&) {
    return read_file(fmt::format("{}/{}.json", base, role), kMaxMetadataBytes);
  };
}

NotaryServer::NotaryServer(std::string server, std::string gun, const net::Client& client,
                           const oci::RegistryOptions& options, oci::CredentialStore& credentials)
    : base_(fmt::format("{}{}v2/{}/_trust/tuf/", server, server.ends_with('/') ? "" : "/", gun)),
      gun_(std::move(gun)),
      plain_http_(server.starts_with("http://")),
      client_(client),
      options_(options),
      authorizer_(domain_of(gun_), client, options, credentials) {}

Result<std::string> NotaryServer::fetch(std::string_view name, size_t max_bytes) {
  const oci::Scope scope{.repository = gun_};
  net::Request request;
  request.url = base_ + std::string(name);
  request.max_body_bytes = max_bytes;
  request.stop = options_.stop;
  request.authorization = authorizer_.current(scope);
  TRY_ASSIGN(net::Response response, client_.send(request));
  constexpr int kUnauthorized = 401;
  if (response.status == kUnauthorized) {
    TRY_ASSIGN(request.authorization, authorizer_.answer(response, scope, request.authorization, plain_http_));
    TRY_ASSIGN(response, client_.send(request));
    if (response.status == kUnauthorized) return fail(authorizer_.denial(scope));
  }
  TRY(response.expect_success());
  return read_all(*response.body, max_bytes, response.display_url);
}

Result<std::string> NotaryServer::root() {
  return fetch("root.json", kMaxRescuedRootBytes);
}

Result<std::vector<std::string>> NotaryServer::roots_after(int64_t version) {
  std::vector<std::string> roots;
  while (roots.size() < kMaxRootRotations) {
    auto next =
        fetch(tuf::notary_codec().file_name(
                  tuf::kRoot, {.version = version + 1 + static_cast<int64_t>(roots.size()), .length = {}, .hashes = {}},
                  true),
              kMaxRescuedRootBytes);
    if (!next && next.error().code() == Code::kNotFound) break;
    if (!next) return fail(std::move(next).error());
    roots.push_back(*std::move(next));
  }
  return roots;
}

Result<std::string> NotaryServer::metadata(std::string_view role, const tuf::MetaFile& file) {
  return fetch(tuf::notary_codec().file_name(role, file, true), kMaxMetadataBytes);
}

}  // namespace bulkhead::trust
