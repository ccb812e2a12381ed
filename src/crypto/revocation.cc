// Whom to ask about a chain, and in which order. Source: notaryproject/specifications, trust-store-trust-policy.md,
// Certificate Revocation Evaluation; RFC 6960 section 4.2.2.2.1.
#include "crypto/revocation.h"

#include <utility>

#include <fmt/format.h>

#include "base/text.h"

namespace bulkhead {
namespace {

RevocationStatus unknown(std::string why) {
  return {.status = Revocation::kUnknown, .why = std::move(why)};
}

bool is_settled(const RevocationStatus& status) {
  return status.status == Revocation::kGood || status.status == Revocation::kRevoked;
}

// Lists and answers are signed: nobody offers them otherwise, and other schemes lead to other places.
bool is_askable(std::string_view url) {
  return url.starts_with("http://");
}

struct Delta {
  std::string url;
  std::string bytes;
};

Result<std::optional<Delta>> fetch_delta(std::string_view list, RevocationFetcher& fetcher) {
  TRY_ASSIGN(const RevocationListFacts facts, describe_revocation_list(as_bytes(list)));
  if (facts.delta_urls.empty()) return std::nullopt;
  Error last(Code::kUnavailable, "its changes are at no place to ask");
  for (const std::string& url : facts.delta_urls) {
    if (!is_askable(url)) continue;
    auto delta = fetcher.revocation_list(url);
    if (delta) return Delta{.url = url, .bytes = *std::move(delta)};
    last = std::move(delta).error();
  }
  return fail(std::move(last));
}

Result<RevocationStatus> ask_list(const std::string& url, const RevocationQuestion& question,
                                  RevocationFetcher& fetcher) {
  TRY_ASSIGN(const std::string list, fetcher.revocation_list(url));
  const auto delta = fetch_delta(list, fetcher);
  const bool has_delta = delta && delta->has_value();
  Result<RevocationStatus> status =
      delta ? read_revocation_list(as_bytes(list), has_delta ? std::optional(as_bytes((*delta)->bytes)) : std::nullopt,
                                   question)
            : fail(delta.error());
  if (!status || !is_settled(*status)) {
    fetcher.forget(url);
    if (has_delta) fetcher.forget((*delta)->url);
  }
  return status;
}

// Asks one place after another until one decides; of those that do not, the last one's reason stays.
RevocationStatus ask_each(const Result<std::vector<std::string>>& urls, const auto& ask_one) {
  if (!urls) return unknown(urls.error().to_string());
  RevocationStatus status{.status = Revocation::kNotCheckable};
  for (const std::string& url : *urls) {
    if (!is_askable(url)) {
      status = unknown(fmt::format("\"{}\" is no place to ask", printable(url)));
      continue;
    }
    Result<RevocationStatus> answer = ask_one(url);
    status = answer ? *std::move(answer) : unknown(fmt::format("{}: {}", printable(url), answer.error().to_string()));
    if (status.status != Revocation::kUnknown) break;
  }
  return status;
}

RevocationStatus ask_lists(const RevocationQuestion& question, RevocationFetcher& fetcher) {
  return ask_each(revocation_list_urls(question.certificate),
                  [&](const std::string& url) { return ask_list(url, question, fetcher); });
}

Result<RevocationStatus> ask_responder(const std::string& url, const RevocationQuestion& question,
                                       RevocationFetcher& fetcher) {
  TRY_ASSIGN(const std::string request, ocsp_request(question.certificate, question.issuer));
  TRY_ASSIGN(const std::string response, fetcher.ocsp(url, request));
  TRY_ASSIGN(OcspAnswer answer, read_ocsp(as_bytes(response), question));
  if (answer.delegate) {
    const RevocationStatus delegate =
        ask_lists({.certificate = *answer.delegate, .issuer = question.issuer, .at = question.at}, fetcher);
    if (delegate.status == Revocation::kRevoked || delegate.status == Revocation::kUnknown) {
      return unknown("the certificate of the OCSP responder is " + std::string(revocation_name(delegate.status)));
    }
  }
  return std::move(answer.status);
}

RevocationStatus ask_responders(const RevocationQuestion& question, RevocationFetcher& fetcher) {
  return ask_each(ocsp_urls(question.certificate),
                  [&](const std::string& url) { return ask_responder(url, question, fetcher); });
}

// Without anybody to ask.
class NoFetcher final : public RevocationFetcher {
 public:
  Result<std::string> revocation_list(std::string_view) override { return refused(); }
  Result<std::string> ocsp(std::string_view, std::string_view) override { return refused(); }

 private:
  static std::unexpected<Error> refused() { return fail(Code::kUnavailable, "nobody may be asked"); }
};

RevocationStatus ask(const RevocationQuestion& question, RevocationFetcher& fetcher) {
  RevocationStatus responder = ask_responders(question, fetcher);
  if (is_settled(responder)) return responder;
  RevocationStatus list = ask_lists(question, fetcher);
  return list.status == Revocation::kNotCheckable ? responder : list;
}

}  // namespace

std::string_view revocation_name(Revocation status) {
  switch (status) {
    case Revocation::kGood:
      return "good";
    case Revocation::kRevoked:
      return "revoked";
    case Revocation::kUnknown:
      return "unknown";
    case Revocation::kNotCheckable:
      return "not checkable";
  }
  return "";
}

std::vector<RevocationStatus> check_revocation(std::span<const Certificate> chain, int64_t at,
                                               std::optional<int64_t> used_at, RevocationFetcher* fetcher) {
  NoFetcher nobody;
  RevocationFetcher& places = fetcher == nullptr ? nobody : *fetcher;
  std::vector<RevocationStatus> statuses;
  for (size_t i = 0; i < chain.size(); ++i) {
    statuses.push_back(
        i + 1 == chain.size()
            ? RevocationStatus{.status = Revocation::kNotCheckable}
            : ask({.certificate = chain[i], .issuer = chain[i + 1], .at = at, .used_at = used_at}, places));
  }
  return statuses;
}

}  // namespace bulkhead
