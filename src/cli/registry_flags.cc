#include "cli/registry_flags.h"

#include <fmt/format.h>

#include "base/text.h"
#include "cli/database_flags.h"
#include "cli/terminal.h"
#include "net/url.h"

namespace bulkhead::cli {
namespace {

Status check_host(std::string_view host) {
  if (host.find_first_of("/?#@") == std::string_view::npos && net::Url::parse(fmt::format("https://{}", host))) {
    return {};
  }
  return fail(Code::kInvalidArgument, fmt::format("\"{}\" is no registry", printable(host)),
              "write it as HOST or HOST:PORT, as localhost:5000");
}

Result<std::pair<std::string, std::string>> parse_mirror(std::string_view text) {
  const size_t equals = text.find('=');
  if (equals == std::string_view::npos || equals == 0 || equals + 1 == text.size()) {
    return fail(Code::kInvalidArgument, fmt::format("\"{}\" is not REGISTRY=URL", printable(text)),
                "write it as docker.io=https://mirror.example");
  }
  TRY(check_host(text.substr(0, equals)));
  TRY(net::Url::parse(text.substr(equals + 1)));
  return std::pair(std::string(text.substr(0, equals)), std::string(text.substr(equals + 1)));
}

}  // namespace

void RegistryFlags::declare(Flags& flags) {
  flags.add({.names = "--insecure-registry",
             .value = "HOST[:PORT]",
             .help = "allow this registry to use plain HTTP or an unverified certificate",
             .group = kRegistryGroup,
             .repeats = true},
            [this](std::string_view value) -> Status {
              TRY(check_host(value));
              insecure_registries.emplace_back(value);
              return {};
            });
  add_ca_file_flag(flags, ca_files, kRegistryGroup);
  flags.add({.names = "--mirror",
             .value = "REGISTRY=URL",
             .help = "ask this mirror first, as docker.io=https://mirror.example",
             .group = kRegistryGroup,
             .repeats = true},
            [this](std::string_view value) -> Status {
              TRY_ASSIGN(auto mirror, parse_mirror(value));
              mirrors.push_back(std::move(mirror));
              return {};
            });
}

std::string user_agent() {
  return "bulkhead/" BULKHEAD_VERSION;
}

oci::RegistryOptions RegistryFlags::options(const Environment& environment, const std::stop_token& stop) const {
  oci::RegistryOptions options = oci::RegistryOptions::from_environment(environment);
  options.http.user_agent = user_agent();
  options.http.tls.ca_files = ca_files;
  options.insecure_registries = insecure_registries;
  for (const auto& [registry, url] : mirrors) options.mirrors[registry].push_back(url);
  options.stop = stop;
  options.notice = [](const std::string& text) { print_notice(text); };
  return options;
}

}  // namespace bulkhead::cli
