// The answers of a server of Notary v1, to the byte: clients read an error's body on 400 only, at most 1 KiB of it,
// want exactly one error, and show its detail only where that is a refusal of validation. Source:
// theupdateframework/notary 0.7, server/errors and tuf/validation/errors.go, as Go's encoding/json writes them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "net/http_server.h"
#include "notary/route.h"

namespace bulkhead::notary {

enum class Fault : uint8_t {
  kNoFilename,
  kInvalidRole,
  kMalformedJson,
  kUpdating,
  kOldVersion,
  kNotFound,
  kInvalidUpdate,
  kMalformedUpload,
  kInvalidGun,
  kInvalidParameters,
  kUnauthorized,
  kDenied,
  kTooLarge,
  kBusy,
  kUnknown,
};

// A string as Go's encoder writes it, with its quotes: `<`, `>` and `&` are escaped, too.
std::string go_string(std::string_view text);

// `detail` is JSON, or empty for none.
net::ServerResponse fault_answer(Fault fault, std::string_view detail = {});
inline constexpr std::string_view kEmptyDetail = "{}";

// 200, of the type that Go finds for JSON.
net::ServerResponse text_answer(std::string body);

// 401 with that challenge, in the words that clients of distribution expect; for implementations of Authorize.
net::ServerResponse unauthorized(const Scope& scope, std::string challenge);
// 403: who asks is known, and may not.
net::ServerResponse denied(const Scope& scope);

}  // namespace bulkhead::notary
