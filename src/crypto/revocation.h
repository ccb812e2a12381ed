// Whether certificates were revoked: by revocation lists (RFC 5280 section 5) and by answers of OCSP responders
// (RFC 6960). Reading them is pure: bytes, a certificate, its issuer and a time go in; who fetches the bytes is behind
// an interface. Everything that is fetched is untrusted.
//
// A revoked certificate stays so unless its list says since when it is invalid, and the signature is known to be older.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/certificate.h"

namespace bulkhead {

enum class Revocation : uint8_t {
  kGood,
  kRevoked,
  kUnknown,       // nobody could be asked, or nobody answered what can be believed
  kNotCheckable,  // the certificate names neither a list nor a responder; nor is a root ever revoked
};
std::string_view revocation_name(Revocation status);  // "good", "revoked", "unknown", "not checkable"

struct RevocationStatus {
  Revocation status = Revocation::kUnknown;
  std::string why{};  // of kRevoked and kUnknown
};

struct RevocationQuestion {
  const Certificate& certificate;
  const Certificate& issuer;  // believed already
  int64_t at;                 // now, seconds since 1970
  // When the certificate's key was used, by somebody who is believed; nothing: not known.
  std::optional<int64_t> used_at{};
};

constexpr size_t kMaxRevocationListBytes = size_t{32} << 20;
constexpr size_t kMaxOcspBytes = size_t{64} << 10;

// Where the certificate says to ask, in its order, whatever the scheme; empty: nowhere. kMalformed.
Result<std::vector<std::string>> revocation_list_urls(const Certificate& certificate);
Result<std::vector<std::string>> ocsp_urls(const Certificate& certificate);

struct RevocationListFacts {
  std::optional<int64_t> next_update{};   // seconds since 1970; until then it holds
  std::vector<std::string> delta_urls{};  // where the changes to it since are; empty: nowhere
};
// What a list says of itself; nothing is verified. kMalformed, kLimitExceeded.
Result<RevocationListFacts> describe_revocation_list(ByteSpan list);

// What a list (DER) of the certificate's issuer says, with the changes to it (a delta list), where there are any.
// kUnknown for lists that are of others, out of date, partial in what they cover, indirect, or have critical extensions
// that are unknown. kMalformed, kLimitExceeded, kVerificationFailed (signature), kUnsupported (weak algorithms).
Result<RevocationStatus> read_revocation_list(ByteSpan list, std::optional<ByteSpan> delta,
                                              const RevocationQuestion& question);

// A request for the certificate's status, in DER.
Result<std::string> ocsp_request(const Certificate& certificate, const Certificate& issuer);

struct OcspAnswer {
  RevocationStatus status;
  // Who signed it in the issuer's name; nothing when the issuer itself did, or said that nobody need check its
  // delegate.
  std::optional<Certificate> delegate;
};
// What a response says. Errors as above.
Result<OcspAnswer> read_ocsp(ByteSpan response, const RevocationQuestion& question);

// Gets what certificates point at. URLs come from certificates that are not yet believed: implementations bound time
// and size, go nowhere without the user's leave, and are asked for "http:" only: lists and answers are signed. Errors
// mean that the status stays unknown.
class RevocationFetcher {
 public:
  RevocationFetcher() = default;
  RevocationFetcher(const RevocationFetcher&) = delete;
  RevocationFetcher& operator=(const RevocationFetcher&) = delete;
  virtual ~RevocationFetcher() = default;

  virtual Result<std::string> revocation_list(std::string_view url) = 0;
  // The list of that URL, which was handed out, decided nothing: maybe nobody signed it. Whoever keeps lists keeps it
  // no longer.
  virtual void forget(std::string_view /*url*/) {}
  virtual Result<std::string> ocsp(std::string_view url, std::string_view request) = 0;
};

// The status of each certificate of a chain (leaf first, root last, believed already): responders first, then lists.
// Without a fetcher, of those that say where to ask: kUnknown.
std::vector<RevocationStatus> check_revocation(std::span<const Certificate> chain, int64_t at,
                                               std::optional<int64_t> used_at, RevocationFetcher* fetcher);

}  // namespace bulkhead
