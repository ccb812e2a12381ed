// The flags of every command that asks registries, and what becomes of them.
#pragma once

#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/environment.h"
#include "cli/flags.h"
#include "oci/registry/options.h"

namespace bulkhead::cli {

inline constexpr std::string_view kRegistryGroup = "Registries";

struct RegistryFlags {
  std::vector<std::string> insecure_registries;              // plain HTTP or unverified TLS allowed, by host[:port]
  std::vector<std::string> ca_files;                         // further certificate authorities (PEM)
  std::vector<std::pair<std::string, std::string>> mirrors;  // registry, URL

  void declare(Flags& flags);
  // With what the environment says, and notices on standard error.
  oci::RegistryOptions options(const Environment& environment, const std::stop_token& stop) const;
};

// What servers are told that we are: "bulkhead/1.0".
std::string user_agent();

}  // namespace bulkhead::cli
