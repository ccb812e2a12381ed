#include "notary/service.h"

#include <algorithm>
#include <charconv>
#include <chrono>

#include <fmt/format.h>

#include "base/base64.h"
#include "base/date.h"
#include "base/json.h"
#include "base/text.h"
#include "net/http_fields.h"
#include "notary/answers.h"
#include "notary/multipart.h"
#include "tuf/codec.h"

namespace bulkhead::notary {
namespace {

constexpr uint64_t kMaxOtherBody = 4096;  // of requests whose body nobody reads
constexpr size_t kMaxMessage = 700;       // with its escapes: clients read 1 KiB of an answer
constexpr int64_t kDefaultRecords = 100;
constexpr std::string_view kCurrentCaching = "public, max-age=300, s-maxage=300, must-revalidate";
constexpr std::string_view kKeptCaching = "public, max-age=2592000, s-maxage=2592000";

int64_t system_clock() {
  return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

ServiceOptions with_clock(ServiceOptions options) {
  if (!options.clock) options.clock = &system_clock;
  return options;
}

// As much of the text, as JSON, as clients read.
std::string cut_go_string(std::string_view text) {
  text = text.substr(0, kMaxMessage);
  std::string out = go_string(text);
  while (out.size() > kMaxMessage) {
    text.remove_suffix(text.size() / 8 + 1);
    out = go_string(text);
  }
  return out;
}

// What is wrong with an upload's parts, or the files they hold.
std::expected<Upload, net::ServerResponse> read_upload(std::string_view content_type, std::string_view body) {
  const auto refuse = [](Fault fault, std::string_view detail = {}) {
    return std::unexpected(fault_answer(fault, detail));
  };
  const auto boundary = multipart_boundary(content_type);
  const auto parts = boundary ? read_multipart(body, *boundary) : fail(Code::kMalformed, "");
  if (!parts) return refuse(Fault::kMalformedUpload);
  Upload upload;
  for (const Part& part : *parts) {
    std::string_view role = part.filename ? std::string_view(*part.filename) : std::string_view();
    if (role.ends_with(".json")) role.remove_suffix(5);
    if (role.empty()) return refuse(Fault::kNoFilename);
    if (!is_role(role)) return refuse(Fault::kInvalidRole, cut_go_string(role));
    const auto document = json::Document::parse(part.contents);
    if (!document || !document->root().is_object()) return refuse(Fault::kMalformedJson);
    const auto body_of = document->root().find("signed");
    const auto version = body_of ? body_of->find("version") : std::nullopt;
    if ((body_of && !body_of->is_object()) || (version && !version->integer())) return refuse(Fault::kMalformedJson);
    UploadedFile file{.version = version ? *version->integer() : 0, .bytes = std::string(part.contents)};
    if (!upload.emplace(role, std::move(file)).second) return refuse(Fault::kMalformedUpload);
  }
  return upload;
}

net::ServerResponse refusal_answer(const Refusal& refusal) {
  const auto detail = [&](std::string_view name) {
    const std::string missing =
        refusal.missing.empty() ? "" : fmt::format("\"Missing\":{},", go_string(refusal.missing));
    return fault_answer(Fault::kInvalidUpdate, fmt::format(R"({{"Name":"{}","Error":{{{}"Msg":{}}}}})", name, missing,
                                                           cut_go_string(printable(refusal.message))));
  };
  switch (refusal.kind) {
    case Refusal::Kind::kValidation:
      return detail("ErrValidation");
    case Refusal::Kind::kHierarchy:
      return detail("ErrBadHierarchy");
    case Refusal::Kind::kRoot:
      return detail("ErrBadRoot");
    case Refusal::Kind::kTargets:
      return detail("ErrBadTargets");
    case Refusal::Kind::kSnapshot:
      return detail("ErrBadSnapshot");
    case Refusal::Kind::kOldVersion:
      return fault_answer(Fault::kOldVersion, kEmptyDetail);
    case Refusal::Kind::kInternal:
      break;
  }
  return fault_answer(Fault::kUpdating);
}

// Go's strconv.ParseInt of 32 bits, and its words.
struct Number {
  int64_t value = 0;
  std::string_view problem;  // empty: none
};
Number parse_int32(std::string_view text) {
  Number out;
  const std::string_view digits = text.starts_with('+') && !text.starts_with("+-") ? text.substr(1) : text;
  const char* end = digits.data() + digits.size();
  const auto [stop, code] = std::from_chars(digits.data(), end, out.value);
  if (digits.empty() || stop != end) {
    out.problem = "invalid syntax";
  } else if (code == std::errc::result_out_of_range || out.value > INT32_MAX || out.value < INT32_MIN) {
    out.problem = "value out of range";
  }
  return out;
}

std::string rfc3339_nano(int64_t micros) {
  std::string text = rfc3339_of(micros / 1'000'000);
  std::string fraction = fmt::format(".{:06}", micros % 1'000'000);
  while (fraction.ends_with('0')) fraction.pop_back();
  if (fraction.size() > 1) text.insert(text.size() - 1, fraction);
  return text;
}

std::string change_text(const Change& change) {
  return fmt::format(R"({{"ID":"{}","CreatedAt":"{}","GUN":{},"Version":{},"SHA256":"{}","Category":"{}"}})", change.id,
                     rfc3339_nano(change.created), go_string(change.gun), change.version,
                     to_hex(as_bytes(change.sha256)), change.deletion ? "deletion" : "update");
}

}  // namespace

bool is_notary_path(std::string_view path) {
  return path == "/v2/_trust/changefeed" || (path.starts_with("/v2/") && path.contains("/_trust/"));
}

Service::Service(Store& store, ServiceOptions options)
    : store_(store), options_(with_clock(std::move(options))), repositories_(store, options_.rules, options_.clock) {}

std::optional<net::ServerResponse> Service::refuse(const net::RequestHead& head, const Route& route) const {
  if (route.operation == Operation::kBadMethod) {
    net::ServerResponse answer;
    answer.status = 405;
    answer.headers.add("Allow", "GET, POST, DELETE");
    return answer;
  }
  if (route.operation == Operation::kUnknown) return fault_answer(Fault::kNotFound);
  const auto has_prefix = [&](const std::string& prefix) { return route.gun.starts_with(prefix); };
  if (!route.gun.empty() && !options_.gun_prefixes.empty() && std::ranges::none_of(options_.gun_prefixes, has_prefix)) {
    if (route.operation != Operation::kUpdate) return fault_answer(Fault::kNotFound);
    return fault_answer(Fault::kInvalidGun, go_string(fmt::format("Require GUNs with prefix: [{}]",
                                                                  fmt::join(options_.gun_prefixes, " "))));
  }
  const Scope scope = scope_of(route);
  if (scope.type.empty() || !options_.authorize) return std::nullopt;
  return options_.authorize(head, scope);
}

std::expected<uint64_t, net::ServerResponse> Service::admit(const net::RequestHead& head,
                                                            const net::ServerLimits& /*limits*/) {
  const Route route = route_of(head.method, head.path());
  if (auto refused = refuse(head, route)) return std::unexpected(*std::move(refused));
  if (route.operation != Operation::kUpdate) return kMaxOtherBody;
  if (head.content_length.value_or(0) > options_.max_upload_bytes) {
    return std::unexpected(fault_answer(Fault::kTooLarge));
  }
  return options_.max_upload_bytes;
}

net::ServerResponse Service::handle(net::ServerRequest& request) {
  const Route route = route_of(request.head.method, request.head.path());
  auto refused = refuse(request.head, route);
  net::ServerResponse given = refused ? *std::move(refused) : answer(request, route);
  const std::scoped_lock lock(counts_mutex_);
  ++counts_[{route.operation, given.status}];
  return given;
}

net::ServerResponse Service::answer(net::ServerRequest& request, const Route& route) {
  switch (route.operation) {
    case Operation::kPing:
      return text_answer("{}");
    case Operation::kGet:
    case Operation::kGetByHash:
    case Operation::kGetVersion:
      return get(route);
    case Operation::kUpdate:
      return update(request, route);
    case Operation::kDelete:
      return remove(route);
    case Operation::kGetKey:
    case Operation::kRotateKey:
      return key(route);
    case Operation::kChanges:
    case Operation::kAllChanges:
      return changes(request.head, route);
    case Operation::kHealth:
      return health();
    case Operation::kMetrics:
      return metrics();
    case Operation::kUnknown:
    case Operation::kBadMethod:
      break;  // refused before
  }
  return fault_answer(Fault::kNotFound);
}

Result<std::optional<StoredFile>> Service::find(const Route& route) {
  if (!is_role(route.role)) return std::nullopt;
  if (route.operation == Operation::kGet) return repositories_.current(route.gun, route.role);
  if (route.operation == Operation::kGetByHash) {
    // Files are kept by their SHA-256, in lower case as snapshots are read.
    const auto sha256 = from_hex(route.sha256);
    if (!sha256 || to_hex(as_bytes(*sha256)) != route.sha256) return std::nullopt;
    return store_.by_hash(route.gun, route.role, *sha256);
  }
  const auto version = parse_decimal(route.version);
  if (!version || *version > INT64_MAX) return std::nullopt;
  return store_.by_version(route.gun, route.role, static_cast<int64_t>(*version));
}

net::ServerResponse Service::get(const Route& route) {
  auto found = find(route);
  if (!found) return broken(found.error());
  if (!*found) return fault_answer(Fault::kNotFound, kEmptyDetail);
  net::ServerResponse out = text_answer(std::move((*found)->bytes));
  out.headers.add("Cache-Control", std::string(route.operation == Operation::kGet ? kCurrentCaching : kKeptCaching));
  out.headers.add("Last-Modified",
                  net::format_http_date(std::chrono::sys_seconds(std::chrono::seconds((*found)->created / 1'000'000))));
  return out;
}

net::ServerResponse Service::update(net::ServerRequest& request, const Route& route) {
  const auto body = receive(request);
  if (!body) {
    const Code code = body.error().code();
    return fault_answer(code == Code::kUnavailable     ? Fault::kBusy
                        : code == Code::kLimitExceeded ? Fault::kTooLarge
                                                       : Fault::kMalformedUpload);
  }
  auto upload = read_upload(request.head.headers.find("Content-Type").value_or(""), *body);
  return upload ? publish(route, *upload) : std::move(upload).error();
}

// The whole body; kUnavailable while others bring more than is taken at once.
Result<std::string> Service::receive(net::ServerRequest& request) {
  struct Reservation {
    std::atomic<uint64_t>& all;
    uint64_t mine = 0;
    ~Reservation() { all -= mine; }
  } reserved{in_flight_};
  std::string body;
  for (;;) {
    TRY_ASSIGN(const ByteSpan block, request.body->next());
    if (block.empty()) return body;
    reserved.mine += block.size();
    if ((in_flight_ += block.size()) > options_.max_bytes_in_flight) {
      return fail(Code::kUnavailable, "too much is being uploaded at once");
    }
    if (reserved.mine > options_.max_upload_bytes) {
      return fail(limit_error("bytes of an upload", options_.max_upload_bytes, ""));
    }
    body += as_text(block);
  }
}

net::ServerResponse Service::publish(const Route& route, const Upload& upload) {
  const auto published = repositories_.publish(route.gun, upload);
  if (published) return {};
  const Refusal& refusal = published.error();
  if (refusal.kind == Refusal::Kind::kInternal && options_.report) {
    options_.report(Error(Code::kInternal, refusal.message));
  }
  return refusal_answer(refusal);
}

net::ServerResponse Service::remove(const Route& route) {
  if (const Status removed = repositories_.remove(route.gun); !removed) return broken(removed.error());
  return {};
}

net::ServerResponse Service::key(const Route& route) {
  const auto held = route.operation == Operation::kRotateKey ? repositories_.next_key(route.gun, route.role)
                                                             : repositories_.key(route.gun, route.role);
  if (!held && held.error().code() == Code::kLimitExceeded) return fault_answer(Fault::kBusy);
  if (!held) return broken(held.error());
  return text_answer(fmt::format(R"({{"keytype":"ed25519","keyval":{{"public":"{}","private":null}}}})",
                                 base64_encode(as_bytes(held->key.ed25519()))));
}

net::ServerResponse Service::changes(const net::RequestHead& head, const Route& route) {
  const auto query = head.query();
  if (!query) return fault_answer(Fault::kInvalidParameters, go_string(query.error().to_string()));
  const auto value_of = [&](std::string_view name) {
    const auto found = std::ranges::find(*query, name, &std::pair<std::string, std::string>::first);
    return found == query->end() ? std::string_view() : std::string_view(found->second);
  };
  const std::string_view given = value_of("records");
  const Number records = parse_int32(given);
  if (!records.problem.empty()) {
    return fault_answer(Fault::kInvalidParameters,
                        go_string(fmt::format("invalid records parameter: strconv.ParseInt: parsing {}: {}",
                                              go_string(given.substr(0, 64)), records.problem)));
  }
  const std::string_view change_id = value_of("change_id");
  const Number id = change_id.empty() ? Number() : parse_int32(change_id);
  if (!id.problem.empty()) return fault_answer(Fault::kInvalidParameters, kEmptyDetail);

  // Going backward is asked for by either number being negative.
  Store::ChangeQuery wanted{.gun = route.gun, .backward = records.value < 0 || id.value < 0};
  wanted.limit = std::min(records.value == 0 ? kDefaultRecords : std::abs(records.value), options_.max_change_records);
  if (wanted.backward && id.value > 0) wanted.before = id.value;
  if (!wanted.backward) wanted.after = id.value;
  const auto found = store_.changes(wanted);
  if (!found) return broken(found.error());
  std::string list;
  for (const Change& change : *found) list += (list.empty() ? "" : ",") + change_text(change);
  return text_answer(fmt::format(R"({{"count":{},"records":[{}]}})", found->size(), list));
}

net::ServerResponse Service::health() const {
  const Status database = store_.check();
  net::ServerResponse out = text_answer(database ? "{}" : R"({"database":"cannot be read"})");
  out.headers.set("Content-Type", "application/json; charset=utf-8");
  if (!database) out.status = 503;
  return out;
}

net::ServerResponse Service::metrics() const {
  std::string out =
      "# HELP bulkhead_notary_requests_total Requests answered.\n# TYPE bulkhead_notary_requests_total counter\n";
  {
    const std::scoped_lock lock(counts_mutex_);
    for (const auto& [key, count] : counts_) {
      out += fmt::format("bulkhead_notary_requests_total{{operation=\"{}\",status=\"{}\"}} {}\n",
                         operation_name(key.first), key.second, count);
    }
  }
  out += fmt::format(
      "# HELP bulkhead_notary_renewals_total Timestamps signed anew because they were about to expire.\n"
      "# TYPE bulkhead_notary_renewals_total counter\nbulkhead_notary_renewals_total {}\n"
      "# HELP bulkhead_notary_upload_bytes_in_flight Bytes of uploads being received.\n"
      "# TYPE bulkhead_notary_upload_bytes_in_flight gauge\nbulkhead_notary_upload_bytes_in_flight {}\n",
      repositories_.renewals(), in_flight_.load());
  net::ServerResponse answer = text_answer(std::move(out));
  answer.headers.set("Content-Type", "text/plain; version=0.0.4; charset=utf-8");
  return answer;
}

net::ServerResponse Service::broken(const Error& error) const {
  if (options_.report) options_.report(error);
  return fault_answer(Fault::kUnknown, kEmptyDetail);
}

}  // namespace bulkhead::notary
