#include "audit/exceptions.h"

#include <algorithm>
#include <memory>

#include <fmt/format.h>

#include "base/date.h"
#include "base/entry_list.h"
#include "base/glob.h"

namespace bulkhead::audit {
namespace {

constexpr std::string_view kKeys[] = {"check", "object", "host", "reason", "owner", "expires"};
constexpr EntryForm kForm{.list = "exceptions", .keys = kKeys, .page = "docs/audit.md"};

bool is_any(std::string_view pattern) {
  return pattern.find_first_not_of("*?") == std::string_view::npos;  // also the empty one
}

Result<Exception> exception_of(const Entry& entry, const std::string& name) {
  const auto bad = [&](std::string_view what) { return fail(entry_error(kForm, name, entry.number, what)); };
  Exception exception{.check = entry.values[0],
                      .object = entry.values[1],
                      .host = entry.values[2],
                      .reason = entry.values[3],
                      .owner = entry.values[4],
                      .expires = entry.values[5],
                      .number = entry.number};
  if (exception.check.empty()) return bad("\"check\" is missing");
  if (exception.reason.empty()) return bad("\"reason\" is missing: whoever reads this in a year will want to know");
  if (exception.owner.empty()) return bad("\"owner\" is missing: somebody must answer for it");
  if (!exception.expires.empty() && !is_date(exception.expires)) {
    return bad(fmt::format("\"{}\" is no date like 2026-12-31", exception.expires));
  }
  if (is_any(exception.check) && is_any(exception.object)) {
    return bad("a pattern for every check needs an object: it would except everything");
  }
  const auto meets = [&](const CheckInfo& check) { return matches_glob(exception.check, check.id); };
  if (!std::ranges::any_of(catalogue(), meets)) {
    return bad(fmt::format("there is no check \"{}\" (bulkhead audit --list names them)", exception.check));
  }
  return exception;
}

bool matches(std::string_view pattern, std::string_view text) {
  return pattern.empty() || matches_glob(pattern, text);
}

bool concerns(const Exception& exception, const Object& object) {
  return matches(exception.object, object.name) || (!object.id.empty() && matches(exception.object, object.id));
}

bool has_expired(const Exception& exception, std::string_view today) {
  return !exception.expires.empty() && exception.expires < today;
}

std::string label_of(const Exceptions& exceptions, const Exception& exception) {
  return fmt::format("{}: entry {} ({}{}{})", exceptions.name, exception.number, exception.check,
                     exception.object.empty() ? "" : " of ", exception.object);
}

}  // namespace

Result<Exceptions> parse_exceptions(std::string_view text, std::string name) {
  TRY_ASSIGN(const std::vector<Entry> entries, parse_entries(text, name, kForm));
  Exceptions exceptions{.name = std::move(name), .entries = {}};
  for (const Entry& entry : entries) {
    TRY_ASSIGN(Exception exception, exception_of(entry, exceptions.name));
    exceptions.entries.push_back(std::move(exception));
  }
  return exceptions;
}

void apply_exceptions(AuditResult& result, const Exceptions& exceptions, std::string_view today, UsedExceptions& used) {
  used.resize(exceptions.entries.size());
  UsedExceptions here(exceptions.entries.size());
  const CheckInfo* check = nullptr;
  std::vector<size_t> of_check;  // the entries about `check` on this host: rows stand check by check, and may be many
  std::vector<std::shared_ptr<const Exempted>> exempted;
  for (const Exception& exception : exceptions.entries) {
    exempted.push_back(std::make_shared<const Exempted>(
        Exempted{.reason = exception.reason, .owner = exception.owner, .expires = exception.expires}));
  }
  for (Row& row : result.rows) {
    if (row.check != check) {
      check = row.check;
      of_check.clear();
      for (size_t i = 0; i < exceptions.entries.size(); ++i) {
        const Exception& exception = exceptions.entries[i];
        if (matches_glob(exception.check, check->id) && matches(exception.host, result.address)) of_check.push_back(i);
      }
    }
    if (row.status != RowStatus::kFail) continue;
    for (const size_t i : of_check) {
      const Exception& exception = exceptions.entries[i];
      if (!concerns(exception, row.object)) continue;
      here[i] = true;
      if (has_expired(exception, today) || row.exempted) continue;
      row.exempted = exempted[i];
    }
  }
  for (size_t i = 0; i < exceptions.entries.size(); ++i) {
    if (!here[i]) continue;
    used[i] = true;
    const Exception& exception = exceptions.entries[i];
    if (!has_expired(exception, today)) continue;
    result.warnings.push_back(fmt::format("{} expired on {}: its failures count again; its owner is {}",
                                          label_of(exceptions, exception), exception.expires, exception.owner));
  }
}

std::vector<std::string> unused_exceptions(const Exceptions& exceptions, std::string_view today,
                                           const UsedExceptions& used) {
  std::vector<std::string> warnings;
  for (size_t i = 0; i < exceptions.entries.size(); ++i) {
    if (i < used.size() && used[i]) continue;
    const Exception& exception = exceptions.entries[i];
    const std::string expired =
        has_expired(exception, today) ? fmt::format("expired on {} and ", exception.expires) : "";
    warnings.push_back(fmt::format("{} {}met no failure in this run; its owner is {}", label_of(exceptions, exception),
                                   expired, exception.owner));
  }
  return warnings;
}

}  // namespace bulkhead::audit
