// Programs that keep credentials: docker-credential-<name> get.
// Source: docker/docker-credential-helpers, README.md (Development), credentials/{credentials,error}.go and client.
#pragma once

#include <chrono>
#include <optional>
#include <stop_token>
#include <string>

#include "base/result.h"
#include "oci/registry/auth_file.h"

namespace bulkhead::oci {

// Asks the helper for `key`; nothing when it has none. The key goes to its standard input, the answer is JSON of at
// most 1 MiB. Errors name the helper, never what it said on standard output: kNotFound (no such program),
// kDeadlineExceeded, kUnauthenticated (it refused), kMalformed, kCancelled.
Result<std::optional<Credentials>> ask_credential_helper(const AuthFile::Helper& helper,
                                                         std::chrono::milliseconds timeout, std::stop_token stop);

// Parses what a helper printed (ServerURL, Username, Secret). A user "<token>" makes the secret an identity token.
Result<Credentials> parse_helper_answer(std::string_view json);

}  // namespace bulkhead::oci
