#include "audit/baseline.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include <fmt/format.h>

#include "base/json.h"

namespace bulkhead::audit {
namespace {

constexpr int64_t kSchemaVersion = 1;

Result<Object> parse_object(const json::Value& row) {
  TRY_ASSIGN(const json::Value member, row.require_object("object"));
  TRY_ASSIGN(const std::string_view kind_text, member.require_string("kind"));
  TRY_ASSIGN(const std::string_view name, member.require_string("name"));
  const auto kind = kind_of(kind_text);
  if (!kind) return fail(Code::kMalformed, fmt::format("\"{}\" is no kind of object", kind_text));
  return Object{.kind = *kind, .name = std::string(name), .id = std::string(member.string_or("id", ""))};
}

Result<BaselineRow> parse_row(const json::Value& value) {
  TRY_ASSIGN(const std::string_view check, value.require_string("check"));
  TRY_ASSIGN(const std::string_view status_text, value.require_string("status"));
  TRY_ASSIGN(Object object, parse_object(value));
  const auto status = status_of(status_text);
  if (!status) return fail(Code::kMalformed, fmt::format("\"{}\" is no status", status_text));
  return BaselineRow{.check = std::string(check), .object = std::move(object), .status = *status};
}

Result<Baseline::Host> parse_host(const json::Value& value) {
  Baseline::Host host;
  TRY_ASSIGN(const std::string_view address, value.require_string("address"));
  TRY_ASSIGN(const std::string_view created, value.require_string("created"));
  TRY_ASSIGN(const json::Value rows, value.require_array("rows"));
  host.address = address;
  host.created = created;
  host.answered = !value.string_or("engine", "").empty();
  for (const json::Value row : rows.elements()) {
    TRY_CONTEXT(BaselineRow parsed, parse_row(row), fmt::format("row {}", host.rows.size() + 1));
    host.rows.push_back(std::move(parsed));
  }
  return host;
}

Result<std::vector<Baseline::Host>> parse_hosts(const json::Value& report) {
  TRY_ASSIGN(const int64_t version, report.require_integer("schema_version"));
  if (version != kSchemaVersion) {
    return fail(Code::kUnsupported, fmt::format("its schema_version is {}, not {}", version, kSchemaVersion),
                "make the baseline anew: bulkhead audit --output json=FILE");
  }
  TRY_ASSIGN(const json::Value list, report.require_array("hosts"));
  std::vector<Baseline::Host> hosts;
  std::set<std::string> addresses;
  for (const json::Value value : list.elements()) {
    TRY_CONTEXT(Baseline::Host host, parse_host(value), fmt::format("host {}", hosts.size() + 1));
    if (!addresses.insert(host.address).second) {
      return fail(Code::kMalformed, fmt::format("the host {} is there twice", host.address));
    }
    hosts.push_back(std::move(host));
  }
  return hosts;
}

// By what a row is known again. Ids change when a container or a network is made anew, under the same name.
using Key = std::tuple<std::string_view, Object::Kind, std::string_view>;

int badness(RowStatus status) {
  switch (status) {
    case RowStatus::kPass:
    case RowStatus::kNotApplicable:
      return 0;
    case RowStatus::kManual:
      return 1;
    case RowStatus::kError:
      return 2;
    case RowStatus::kFail:
      return 3;
  }
  return 2;
}

bool is_bad(RowStatus status) {
  return status == RowStatus::kFail || status == RowStatus::kError;
}

struct Seen {
  RowStatus status = RowStatus::kPass;
  const Object* object = nullptr;
};
using Rows = std::map<Key, Seen>;

// Where several rows have one key, the worst stands for them.
void take(Rows& rows, std::string_view check, const Object& object, RowStatus status) {
  const auto [place, is_new] = rows.try_emplace({check, object.kind, object.name}, Seen{status, &object});
  if (!is_new && badness(status) > badness(place->second.status)) place->second = {status, &object};
}

std::optional<Change::Kind> compare(RowStatus before, RowStatus after) {
  // What can no longer be looked at has not become better.
  if (after == RowStatus::kError && before != RowStatus::kError) return Change::Kind::kWorse;
  if (badness(after) == badness(before)) return std::nullopt;
  return badness(after) > badness(before) ? Change::Kind::kWorse : Change::Kind::kBetter;
}

bool is_narrowed(const Selection& selection, Object::Kind kind) {
  if (kind == Object::Kind::kContainer) return !selection.containers.empty();
  return kind == Object::Kind::kImage && !selection.images.empty();
}

auto order_of(const Change& change) {
  const CheckInfo* const check = find_check(change.check);
  const auto rank = [](const std::optional<RowStatus>& status) { return status ? -badness(*status) : 0; };
  constexpr int kRanks[] = {0, 2, 1, 3};  // worse, new, better, gone: the order of Change::Kind is another
  return std::tuple(kRanks[static_cast<size_t>(change.kind)], rank(change.after),
                    check == nullptr ? 0 : -static_cast<int>(check->severity), std::string_view(change.check),
                    change.object.kind, std::string_view(change.object.name));
}

}  // namespace

Result<Baseline> parse_baseline(std::string_view json_report, std::string name) {
  TRY_CONTEXT(const json::Document document,
              json::Document::parse(json_report, {.max_bytes = kMaxBaselineBytes, .max_depth = 16}), name);
  TRY_CONTEXT(std::vector<Baseline::Host> hosts, parse_hosts(document.root()), name);
  return Baseline{.name = std::move(name), .hosts = std::move(hosts)};
}

void compare_with(const Baseline& baseline, const Selection& selection, AuditResult& result) {
  const auto host = std::ranges::find(baseline.hosts, result.address, &Baseline::Host::address);
  if (host == baseline.hosts.end()) {
    result.warnings.push_back(fmt::format("{}: has no host {}: nothing is compared", baseline.name, result.address));
    return;
  }
  if (!host->answered || result.engine.empty()) {
    result.warnings.push_back(fmt::format("{}: {} of {}: nothing is compared", baseline.name,
                                          host->answered ? "there is no answer now" : "there was no answer then",
                                          result.address));
    return;
  }
  Rows before;
  Rows after;
  for (const BaselineRow& row : host->rows) take(before, row.check, row.object, row.status);
  std::set<std::string_view> looked;  // checks that saw all of their objects
  for (const Row& row : result.rows) looked.insert(row.check->id);
  for (const Row& row : result.rows) {
    take(after, row.check->id, row.object, row.status);
    if (row.status == RowStatus::kError) looked.erase(row.check->id);
  }
  std::vector<Change> changes;
  const auto add = [&](Change::Kind kind, const Key& key, const Object& object, std::optional<RowStatus> was,
                       std::optional<RowStatus> is) {
    changes.push_back(
        {.kind = kind, .check = std::string(std::get<0>(key)), .object = object, .before = was, .after = is});
  };
  for (const auto& [key, now] : after) {
    const auto then = before.find(key);
    if (then == before.end()) {
      if (is_bad(now.status)) add(Change::Kind::kNew, key, *now.object, std::nullopt, now.status);
      continue;
    }
    const auto kind = compare(then->second.status, now.status);
    if (kind) add(*kind, key, *now.object, then->second.status, now.status);
  }
  for (const auto& [key, then] : before) {
    if (!is_bad(then.status) || after.contains(key) || !looked.contains(std::get<0>(key))) continue;
    if (is_narrowed(selection, then.object->kind)) continue;
    add(Change::Kind::kGone, key, *then.object, then.status, std::nullopt);
  }
  std::ranges::sort(changes, {}, order_of);
  result.changes = std::move(changes);
}

}  // namespace bulkhead::audit
