// What an audit answers: a row for each check and object, with its evidence. Of thousands of containers there are a
// million rows: what many of them have alike they share.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "audit/catalogue.h"
#include "audit/shared_text.h"

namespace bulkhead::audit {

enum class RowStatus : uint8_t {
  kPass,
  kFail,
  kManual,         // a person decides; the evidence is what helps
  kNotApplicable,  // with the reason
  kError,          // could not be checked, with the reason: never a pass
};
std::string_view status_name(RowStatus status);  // "pass", "fail", "manual", "not_applicable", "error"
std::optional<RowStatus> status_of(std::string_view name);

// What a row is about. In reports ordered by kind, then name.
struct Object {
  enum class Kind : uint8_t { kHost, kDaemon, kFile, kImage, kContainer, kNetwork, kSwarm, kService };
  Kind kind = Kind::kHost;
  SharedText name;  // "web", "/etc/docker/daemon.json", "nginx:latest"
  SharedText id{};  // of a container, image, network or service; empty where the name says it all
  friend auto operator<=>(const Object&, const Object&) = default;
};
std::string_view kind_name(Object::Kind kind);  // "host", "daemon", …
std::optional<Object::Kind> kind_of(std::string_view name);

struct Evidence {
  SharedText where;   // "/HostConfig/Privileged", "/etc/docker/daemon.json#/icc", "/proc/812/status CapEff"
  SharedText found;   // "true"; "not set"
  SharedText wanted;  // "false"
  friend bool operator==(const Evidence&, const Evidence&) = default;
};

struct Exempted {
  std::string reason;
  std::string owner;
  std::string expires;  // the last day on which it counts; empty: never expires
};

struct Row {
  const CheckInfo* check = nullptr;
  Object object;
  RowStatus status = RowStatus::kError;
  std::vector<Evidence> evidence;
  SharedText reason;  // of not_applicable, error and manual; of pass and fail where it helps
  // A failure that an exception covers: told, not counted. All that one exception covers have the same; null: none.
  std::shared_ptr<const Exempted> exempted{};
};

// A failure that no exception covers.
inline bool counts_as_failure(const Row& row) {
  return row.status == RowStatus::kFail && !row.exempted;
}

struct Counts {
  std::array<uint32_t, 5> by_status{};  // indexed by RowStatus; exempted failures are in `exempted` alone
  std::array<uint32_t, 6> failures_by_severity{};
  uint32_t exempted = 0;
};

// What got better or worse since an earlier report (baseline.h).
struct Change {
  enum class Kind : uint8_t { kWorse, kBetter, kNew, kGone };
  Kind kind = Kind::kWorse;
  std::string check;
  Object object;
  std::optional<RowStatus> before;
  std::optional<RowStatus> after;
};

// The audit of one engine.
struct AuditResult {
  std::string address;    // "unix:///var/run/docker.sock"
  std::string engine;     // "Docker Engine 20.10.24+dfsg1 on node-1 (Debian GNU/Linux 12)"; empty: it did not answer
  std::string created;    // RFC 3339
  std::vector<Row> rows;  // by section, then check, then object
  std::vector<std::string> warnings;
  std::optional<std::vector<Change>> changes{};  // with a baseline
};

Counts count(const AuditResult& result);

}  // namespace bulkhead::audit
