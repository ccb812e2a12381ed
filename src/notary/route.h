// What a request asks of a server of Notary v1, by its method and path, and what it must be allowed for that. Source:
// theupdateframework/notary 0.7, server/server.go (RootHandler). Trust of the input: none. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace bulkhead::notary {

enum class Operation : uint8_t {
  kPing,        // GET /v2/
  kGet,         // GET  …/tuf/<role>.json: what is current
  kGetByHash,   // GET  …/tuf/<role>.<sha256>.json
  kGetVersion,  // GET  …/tuf/<version>.<role>.json
  kUpdate,      // POST …/tuf/
  kDelete,      // DELETE …/tuf/
  kGetKey,      // GET  …/tuf/{timestamp,snapshot}.key
  kRotateKey,   // POST …/tuf/{timestamp,snapshot}.key
  kChanges,     // GET  …/changefeed of one repository
  kAllChanges,  // GET /v2/_trust/changefeed
  kHealth,      // GET /_notary_server/health
  kMetrics,     // GET /metrics
  kUnknown,     // anything else below a path that could be one: 404
  kBadMethod,   // a method that no path has: 405
};
std::string_view operation_name(Operation operation);  // "get_by_hash"

struct Route {
  Operation operation = Operation::kUnknown;
  std::string gun{};      // the repository, as clients name it: "localhost:5999/x", "docker.io/library/debian"
  std::string role{};     // as it stands in the path: it need not be one that can be
  std::string sha256{};   // hexadecimal digits as they stand in the path
  std::string version{};  // decimal digits
};

// `path` is the request's target without its query, not decoded.
Route route_of(std::string_view method, std::string_view path);

// Whether the name can be a repository's: at most 255 bytes of UTF-8 without control characters, `*`, empty segments,
// `.`, `..` and `_trust`.
bool is_gun(std::string_view text);

// root, snapshot, timestamp, targets, or a path below targets of [-a-z0-9_], at most 255 bytes.
bool is_role(std::string_view text);
bool is_targets_role(std::string_view role);  // of those that are roles

// What whoever asks must be allowed, as token servers name it: `repository:<gun>:push,pull`.
struct Scope {
  std::string_view type = {};     // "repository" or "registry"; empty: nothing is demanded
  std::string name = {};          // the repository, or "catalog"
  std::string_view actions = {};  // "pull", "push,pull" or "*"
  bool any_token = false;         // who asks must be known, and need not be allowed this

  std::string text() const;
};
Scope scope_of(const Route& route);

}  // namespace bulkhead::notary
