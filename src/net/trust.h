// The certificate authorities of a connection; outside of net only to tell a wrong file before a network is asked.
#pragma once

#include <string>

#include "base/result.h"
#include "net/http_client.h"

namespace bulkhead::net {

// PEM text of the system's bundle (skipped when that file does not exist, or is not wanted) and of every file that
// `options` names, for CURLOPT_CAINFO_BLOB. Empty when `options` adds nothing: libcurl's own defaults then hold.
// kNotFound, kPermissionDenied, kMalformed (no certificate in a file), kLimitExceeded name the path.
Result<std::string> load_authorities(const TlsOptions& options, const std::string& system_bundle);

}  // namespace bulkhead::net
