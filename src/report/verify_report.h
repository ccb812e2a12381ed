// What `bulkhead verify` says: a table for people, JSON for programs (docs/schemas/verify-report.schema.json), and the
// verified digest alone for shells. Names, annotations and reasons are untrusted text: each format escapes them. Pure
// and thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "trust/verify.h"

namespace bulkhead::report {

struct VerifyReport {
  std::string reference;  // as the user wrote it
  std::string name;       // "registry.example.com/team/app", or the layout's path: what digests belong to
  trust::Verification verification;
  std::string predicate_type{};   // of the attestation that was asked for; empty: a signature
  uint64_t required_signers = 1;  // 0: the map decides alone
  std::optional<trust::MapFacts> map{};
};

struct VerifyOptions {
  bool color = false;  // table
  unsigned width = 0;  // table: columns of the terminal; 0: as wide as the text is
  std::string tool_version;
};

struct VerifyFormat {
  std::string_view name;
  std::string_view description;  // one line for --help
  std::string (*render)(const VerifyReport& report, const VerifyOptions& options);
};

// In the order of --help: table, json, digest.
std::span<const VerifyFormat> verify_formats();

}  // namespace bulkhead::report
