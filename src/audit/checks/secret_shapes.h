// Secrets by the shapes that their issuers gave them, wherever in a text they are. Pure. Internal to audit.
//
// Sources: Swarm's join tokens and unlock keys: moby/swarmkit ca/certificates.go and
// manager/encryption/encryption.go; the others: what their issuers publish for secret scanning.
#pragma once

#include <string_view>
#include <vector>

namespace bulkhead::audit {

// "Swarm join token", "AWS access key", "password in a URL": the shapes that occur in the text, each once. Never the
// values.
std::vector<std::string_view> secret_shapes_in(std::string_view text);

}  // namespace bulkhead::audit
