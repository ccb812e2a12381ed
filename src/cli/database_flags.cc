#include "cli/database_flags.h"

#include <filesystem>

#include "advisory/match.h"
#include "net/trust.h"

namespace bulkhead::cli {

void add_database_flag(Flags& flags, std::string& file) {
  flags.add({.names = "--db",
             .value = "FILE",
             .help = "use this advisory database instead of the updated one, or the one that came with the program",
             .kind = Option::Kind::kFile},
            file);
}

void add_database_limit(Flags& flags, advisory::StoreLimits& limits) {
  flags.add({.names = "--max-database-bytes",
             .value = "N",
             .help = "stop past so many bytes in an unpacked database",
             .group = kLimitGroup},
            limits.max_database_bytes);
}

void add_feed_age_flag(Flags& flags, std::optional<uint32_t>& days) {
  flags.add({.names = "--max-feed-age",
             .value = "DAYS",
             .help = "call a feed stale that is older than so many days",
             .preset = std::to_string(advisory::MatchOptions().max_feed_age_days)},
            [&days](std::string_view value) -> Status {
              TRY_ASSIGN(const uint64_t number, parse_number(value, 0, UINT32_MAX));
              days = static_cast<uint32_t>(number);
              return {};
            });
}

void add_build_limits(Flags& flags, BuildLimits& limits) {
  flags.add({.names = "--max-database-bytes",
             .value = "N",
             .help = "stop past so many bytes of memory for building the database",
             .group = kLimitGroup},
            limits.store.max_database_bytes);
  add_limits(flags, limits.feeds, advisory::feed_limit_options());
}

void add_cache_dir_flag(Flags& flags, std::string& folder, std::string help) {
  flags.add({.names = "--cache-dir",
             .value = "DIR",
             .help = std::move(help),
             .preset = "~/.cache/bulkhead",
             .kind = Option::Kind::kFolder},
            folder);
}

void add_ca_file_flag(Flags& flags, std::vector<std::string>& files, std::string_view group) {
  flags.add({.names = "--ca-file",
             .value = "FILE",
             .help = "trust these certificate authorities too (PEM)",
             .group = group,
             .kind = Option::Kind::kFile,
             .repeats = true},
            [&files](std::string_view value) -> Status {
              net::TlsOptions tls;
              tls.ca_files.emplace_back(value);
              std::error_code error;
              // What can be read only once, as <(command), is left to the one who needs it.
              if (!std::filesystem::exists(value, error) || std::filesystem::is_regular_file(value, error)) {
                TRY(net::load_authorities(tls, {}));
              }
              files.emplace_back(value);
              return {};
            });
}

void add_quiet_flag(Flags& flags, bool& quiet, std::string help) {
  flags.add_switch({.names = "-q,--quiet", .help = std::move(help)}, quiet);
}

}  // namespace bulkhead::cli
