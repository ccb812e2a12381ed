// Secrets by the shapes that their issuers gave them, wherever in a text they are. Pure. Internal to audit.
//
// Sources: Swarm's join tokens and unlock keys: moby/swarmkit ca/certificates.go and
// manager/encryption/encryption.go; JSON web tokens: RFC 7515, 7.1; HTTP credentials: RFC 7235, 2.1; addresses of
// databases: github.com/go-sql-driver/mysql, DSN; the others: what their issuers publish for secret scanning.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace bulkhead::audit {

// Who reads a text before it is used, and puts something in the place of "$NAME". No engine does so for the environment
// of a container.
enum class Expansion : uint8_t { kNone, kShell };

// A value that is not there itself: "$NAME" and "`command`" where a shell reads it; everywhere "${NAME}", of capital
// letters, and "{{ … }}", which programs and engines fill in themselves.
bool is_reference(std::string_view value, Expansion expansion);

// "Swarm join token", "AWS access key", "password in a URL": the shapes that occur in the text, each once. Never the
// values.
std::vector<std::string_view> secret_shapes_in(std::string_view text, Expansion expansion);

}  // namespace bulkhead::audit
