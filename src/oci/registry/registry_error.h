// What a registry says when it refuses. Source: OCI distribution-spec v1.1, "Error Codes".
#pragma once

#include <string>
#include <string_view>

#include "base/secret.h"
#include "net/http_client.h"

namespace bulkhead::oci {

// The error of an answer that is no success: Response::expect_success() with the codes and messages of the body's JSON,
// if it has any ("MANIFEST_UNKNOWN: manifest unknown"), made printable and cut. Reads at most 64 KiB of the body. 429
// gets the remedy of logging in, `domain` being the registry's name. `sent`: what the server knows of secrets and may
// repeat.
Error registry_error(net::Response& response, std::string_view domain, const SecretFilter& sent);

// The text of such a body; "" when it has none of it. Pure; trust of the input: none.
std::string registry_error_text(std::string_view body, const SecretFilter& sent = {});

}  // namespace bulkhead::oci
