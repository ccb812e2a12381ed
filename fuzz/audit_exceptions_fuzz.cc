// fuzz: audit
// Files of exceptions against an audit: one that is read has a check, a reason and an owner for each entry and none
// that excepts everything; it marks failures and nothing else; when every entry has expired it marks none.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "audit/exceptions.h"

namespace {

using namespace bulkhead::audit;  // NOLINT(google-build-using-namespace)

AuditResult some_result() {
  AuditResult result{.address = "unix:///x", .engine = "e", .created = {}, .rows = {}, .warnings = {}};
  for (const CheckInfo& check : catalogue().first(std::min<size_t>(catalogue().size(), 8))) {
    for (const char* name : {"web", "db"}) {
      for (const RowStatus status : {RowStatus::kFail, RowStatus::kError, RowStatus::kPass}) {
        result.rows.push_back({.check = &check,
                               .object = {.kind = Object::Kind::kContainer, .name = name, .id = "0123456789ab"},
                               .status = status,
                               .evidence = {},
                               .reason = {}});
      }
    }
  }
  return result;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto exceptions = parse_exceptions({reinterpret_cast<const char*>(data), size}, "exceptions.yaml");
  if (!exceptions) return 0;
  bool all_expire = true;
  for (const Exception& exception : exceptions->entries) {
    if (exception.check.empty() || exception.reason.empty() || exception.owner.empty()) std::abort();
    if (exception.check == "*" && exception.object.empty()) std::abort();
    all_expire = all_expire && !exception.expires.empty();
  }
  static const AuditResult original = some_result();
  for (const std::string_view today : {"0000-00-00", "2026-11-22", "9999-99-99"}) {
    AuditResult result = original;
    UsedExceptions used;
    apply_exceptions(result, *exceptions, today, used);
    if (used.size() != exceptions->entries.size()) std::abort();
    const auto unused = static_cast<size_t>(std::ranges::count(used, false));
    if (unused_exceptions(*exceptions, today, used).size() != unused) std::abort();
    for (const Row& row : result.rows) {
      if (row.exempted && (row.status != RowStatus::kFail || (all_expire && today > "9999"))) std::abort();
    }
  }
  return 0;
}
