#include "engine/address.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "base/fs.h"
#include "base/json.h"
#include "base/text.h"
#include "crypto/digest.h"
#include "net/url.h"

namespace bulkhead::engine {
namespace {

constexpr size_t kMaxConfigBytes = size_t{4} << 20;
constexpr size_t kMaxSocketPath = 107;  // sockaddr_un::sun_path, with its final NUL

Address socket_address(std::string path, std::string origin) {
  return {.unix_socket = std::move(path), .url = "http://localhost", .tls = {}, .origin = std::move(origin)};
}

// ca.pem, cert.pem and key.pem of a folder, as far as they exist. The engine's own authority is the only one trusted
// then: whoever the web trusts has no business being a Docker daemon.
net::TlsOptions tls_of_folder(const std::string& folder, bool skip_verification) {
  const auto exists = [](const std::string& path) { return open_file_source(path).has_value(); };
  net::TlsOptions tls;
  if (exists(folder + "/ca.pem")) {
    tls.ca_files = {folder + "/ca.pem"};
    tls.only_these_authorities = true;
  }
  if (exists(folder + "/cert.pem")) {
    tls.client_certificate = folder + "/cert.pem";
    tls.client_key = folder + "/key.pem";
  }
  tls.skip_verification = skip_verification;
  return tls;
}

// The file's text; nothing when it is not there.
Result<std::optional<std::string>> read_if_there(const std::string& path) {
  auto text = read_file(path, kMaxConfigBytes);
  if (text) return *std::move(text);
  if (text.error().code() == Code::kNotFound) return std::nullopt;
  return fail(std::move(text).error());
}

// "currentContext" of docker's config.json; empty when there is none.
Result<std::string> current_context(const std::string& config_folder) {
  const std::string path = config_folder + "/config.json";
  TRY_ASSIGN(std::optional<std::string> text, read_if_there(path));
  if (!text || trim(*text).empty()) return std::string();
  auto document = json::Document::parse(*text);
  wipe(*text);  // it may hold credentials
  if (!document) return fail(std::move(document).error().with_context(path));
  return std::string(document->root().string_or("currentContext", ""));
}

std::string config_folder_of(const Environment& environment) {
  if (const auto config = non_empty(environment, "DOCKER_CONFIG")) return *config;
  const auto home = non_empty(environment, "HOME");
  return home ? *home + "/.docker" : "";
}

std::vector<Address> chosen(Address address) {
  address.chosen = true;
  return {std::move(address)};
}

// An address with the TLS settings of docker's variables.
Result<Address> address_with_tls(std::string_view text, const Environment& environment, std::string origin) {
  const bool verifies = non_empty(environment, "DOCKER_TLS_VERIFY").has_value();
  const bool use_tls = verifies || non_empty(environment, "DOCKER_TLS").has_value();
  const std::string folder = non_empty(environment, "DOCKER_CERT_PATH").value_or(config_folder_of(environment));
  const net::TlsOptions tls = use_tls ? tls_of_folder(folder, !verifies) : net::TlsOptions();
  return parse_address(text, tls, use_tls, std::move(origin));
}

// contexts/meta/<sha256 of the name>/meta.json and contexts/tls/<the same>/docker/*.pem
Result<Address> context_address(const std::string& config_folder, const std::string& name) {
  const std::string origin = fmt::format("docker context '{}'", printable(name));
  const std::string id = Digest::sha256_of(as_bytes(name)).hex();
  const std::string path = fmt::format("{}/contexts/meta/{}/meta.json", config_folder, id);
  TRY_CONTEXT(const std::optional<std::string> text, read_if_there(path), origin);
  if (!text) {
    return fail(Code::kInvalidArgument, fmt::format("{} does not exist: {} is missing", origin, path),
                "choose another context (docker context ls, docker context use)");
  }
  TRY_CONTEXT(const json::Document document, json::Document::parse(*text), path);
  const auto endpoints = document.root().find("Endpoints");
  const auto docker = endpoints ? endpoints->find("docker") : std::nullopt;
  const std::string_view host = docker ? docker->string_or("Host", "") : "";
  if (host.empty()) return fail(Code::kMalformed, fmt::format("{}: names no host of a Docker endpoint", path));
  const auto skip = docker->find("SkipTLSVerify");
  const std::string tls_folder = fmt::format("{}/contexts/tls/{}/docker", config_folder, id);
  const net::TlsOptions tls = tls_of_folder(tls_folder, skip && skip->boolean().value_or(false));
  const bool use_tls = !tls.ca_files.empty() || !tls.client_certificate.empty() || tls.skip_verification;
  return parse_address(host, tls, use_tls, origin);
}

}  // namespace

std::string Address::to_string() const {
  if (!unix_socket.empty()) return "unix://" + unix_socket;
  return "tcp" + url.substr(url.find(':'));
}

Result<Address> parse_address(std::string_view text, const net::TlsOptions& tls, bool use_tls, std::string origin) {
  const size_t scheme_end = text.find("://");
  const std::string_view scheme = scheme_end == std::string_view::npos ? "" : text.substr(0, scheme_end);
  const std::string_view rest = scheme.empty() ? text : text.substr(scheme_end + 3);
  if (scheme == "unix") {
    if (!rest.starts_with('/') || rest.size() > kMaxSocketPath) {
      return fail(Code::kInvalidArgument, fmt::format("{}: '{}' is no absolute path of at most {} bytes", origin,
                                                      printable(text), kMaxSocketPath));
    }
    return socket_address(std::string(rest), std::move(origin));
  }
  if (scheme == "tcp" || scheme == "http" || scheme == "https") {
    const bool tls_spoken = scheme == "https" || (scheme == "tcp" && use_tls);
    auto url = net::Url::parse(fmt::format("{}://{}", tls_spoken ? "https" : "http", rest));
    if (!url) return fail(std::move(url).error().with_context(std::move(origin)));
    std::string base = url->text();
    while (base.ends_with('/')) base.pop_back();
    return Address{.unix_socket = {}, .url = std::move(base), .tls = tls, .origin = std::move(origin)};
  }
  if (scheme == "ssh") {
    return fail(
        Code::kUnsupported, fmt::format("{}: engines behind ssh are not reached directly", origin),
        "forward the socket (ssh -L /tmp/docker.sock:/var/run/docker.sock HOST) and use unix:///tmp/docker.sock");
  }
  return fail(Code::kUnsupported, fmt::format("{}: '{}' is no address of an engine", origin, printable(text)),
              "use unix:///path/to/socket or tcp://host:port");
}

Result<std::vector<Address>> docker_addresses(const Environment& environment) {
  const std::string config_folder = config_folder_of(environment);
  if (const auto host = non_empty(environment, "DOCKER_HOST")) {
    TRY_ASSIGN(Address address, address_with_tls(*host, environment, "$DOCKER_HOST"));
    return chosen(std::move(address));
  }
  std::string context = non_empty(environment, "DOCKER_CONTEXT").value_or("");
  if (context.empty() && !config_folder.empty()) {
    TRY_ASSIGN(context, current_context(config_folder));
  }
  if (!context.empty() && context != "default") {
    TRY_ASSIGN(Address address, context_address(config_folder, context));
    return chosen(std::move(address));
  }
  std::vector<Address> addresses{socket_address("/var/run/docker.sock", "the default")};
  if (const auto runtime = non_empty(environment, "XDG_RUNTIME_DIR")) {
    addresses.push_back(socket_address(*runtime + "/docker.sock", "the default of a rootless engine"));
  }
  const auto home = non_empty(environment, "HOME");
  if (home) addresses.push_back(socket_address(*home + "/.docker/run/docker.sock", "the default of Docker Desktop"));
  return addresses;
}

Result<std::vector<Address>> podman_addresses(const Environment& environment) {
  if (const auto host = non_empty(environment, "CONTAINER_HOST")) {
    TRY_ASSIGN(Address address, parse_address(*host, {}, false, "$CONTAINER_HOST"));
    return chosen(std::move(address));
  }
  std::vector<Address> addresses;
  if (const auto runtime = non_empty(environment, "XDG_RUNTIME_DIR")) {
    addresses.push_back(socket_address(*runtime + "/podman/podman.sock", "the user's default"));
  }
  addresses.push_back(socket_address("/run/podman/podman.sock", "the system's default"));
  return addresses;
}

Result<std::vector<Address>> engine_addresses(const Environment& environment) {
  TRY_ASSIGN(std::vector<Address> addresses, docker_addresses(environment));
  if (addresses.front().chosen) return addresses;
  TRY_ASSIGN(std::vector<Address> podman, podman_addresses(environment));
  std::ranges::move(podman, std::back_inserter(addresses));
  return addresses;
}

Result<std::vector<Address>> named_addresses(std::string_view text, const Environment& environment,
                                             const std::string& origin) {
  constexpr std::string_view kContext = "context:";
  if (text == "docker:" || text == "context:default") return docker_addresses(environment);
  if (text == "podman:") return podman_addresses(environment);
  if (text.starts_with(kContext)) {
    const std::string name(text.substr(kContext.size()));
    TRY_CONTEXT(Address address, context_address(config_folder_of(environment), name), origin);
    return chosen(std::move(address));
  }
  TRY_ASSIGN(Address address, address_with_tls(text, environment, origin));
  return chosen(std::move(address));
}

}  // namespace bulkhead::engine
