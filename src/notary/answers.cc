#include "notary/answers.h"

#include <array>

#include <fmt/format.h>

#include "base/text.h"

namespace bulkhead::notary {
namespace {

struct FaultRow {
  int status;
  std::string_view code;
  std::string_view message;
};
constexpr auto kFaults = std::to_array<FaultRow>({
    {400, "NO_FILENAME", "No file/role name provided."},
    {400, "INVALID_ROLE", "The role you are attempting to operate on is invalid."},
    {400, "MALFORMED_JSON", "JSON sent by the client could not be parsed by the server"},
    {500, "UPDATING", "An error has occurred while updating the TUF repository."},
    {400, "VERSION", "A newer version of metadata is already available."},
    {404, "METADATA_NOT_FOUND", "You have requested metadata that does not exist."},
    {400, "INVALID_UPDATE", "Update sent by the client is invalid."},
    {400, "MALFORMED_UPLOAD", "The body of your request is malformed."},
    {400, "INVALID_GUN", "The server does not support actions on images of this name."},
    {400, "INVALID_PARAMETERS", "The parameters provided are not valid."},
    {401, "UNAUTHORIZED", "authentication required"},
    {403, "DENIED", "requested access to the resource is denied"},
    {413, "TOO_LARGE", "The upload is larger than this server takes."},
    {503, "UNAVAILABLE", "The server is busy; try again later."},
    {500, "UNKNOWN", "unknown error"},
});

// What was demanded, an entry for each action, as distribution lists it.
std::string access_list(const Scope& scope) {
  std::string out;
  for (const std::string_view action : split(scope.actions, ',')) {
    out += fmt::format(R"({}{{"Type":{},"Class":"","Name":{},"Action":{}}})", out.empty() ? "" : ",",
                       go_string(scope.type), go_string(scope.name), go_string(action));
  }
  return fmt::format("[{}]", out);
}

}  // namespace

std::string go_string(std::string_view text) {
  std::string out = "\"";
  while (!text.empty()) {
    const size_t length = utf8_sequence_length(text);
    const std::string_view sequence = text.substr(0, length == 0 ? 1 : length);
    const char c = text.front();
    if (length == 0) {
      out += "\\ufffd";
    } else if (c == '"' || c == '\\') {
      out += {'\\', c};
    } else if (c == '\n' || c == '\r' || c == '\t') {
      out += {'\\', c == '\n' ? 'n' : c == '\r' ? 'r' : 't'};
    } else if (static_cast<unsigned char>(c) < ' ' || c == '<' || c == '>' || c == '&') {
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    } else if (sequence == "\u2028" || sequence == "\u2029") {
      out += sequence == "\u2028" ? "\\u2028" : "\\u2029";
    } else {
      out += sequence;
    }
    text.remove_prefix(sequence.size());
  }
  return out + '"';
}

net::ServerResponse fault_answer(Fault fault, std::string_view detail) {
  const FaultRow& row = kFaults.at(static_cast<size_t>(fault));
  net::ServerResponse answer;
  answer.status = row.status;
  answer.headers.add("Content-Type", "application/json; charset=utf-8");
  if (fault == Fault::kBusy) answer.headers.add("Retry-After", "5");
  answer.body = fmt::format("{{\"errors\":[{{\"code\":\"{}\",\"message\":\"{}\"{}{}}}]}}\n", row.code, row.message,
                            detail.empty() ? "" : ",\"detail\":", detail);
  return answer;
}

net::ServerResponse text_answer(std::string body) {
  net::ServerResponse answer;
  answer.headers.add("Content-Type", "text/plain; charset=utf-8");
  answer.body = std::move(body);
  return answer;
}

net::ServerResponse unauthorized(const Scope& scope, std::string challenge) {
  net::ServerResponse answer = fault_answer(Fault::kUnauthorized, access_list(scope));
  if (!challenge.empty()) answer.headers.add("WWW-Authenticate", std::move(challenge));
  return answer;
}

net::ServerResponse denied(const Scope& scope) {
  return fault_answer(Fault::kDenied, access_list(scope));
}

}  // namespace bulkhead::notary
