// Places of a host that a container with a mount of them can read secrets from, or change the host by. Pure, and by
// path alone. Internal to audit.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace bulkhead::audit {

// Absolute, without ".", "..", double and trailing slashes; "/var/run" becomes "/run", which it is a link to.
std::string normal_path(std::string_view path);

// Whether `path` is `folder` or lies below it. Both normal.
bool is_at_or_below(std::string_view path, std::string_view folder);

// What a mount of this folder or file gives away; nothing when it gives nothing away. `root_dir`: the engine's own
// folder, whose volumes are no part of the host. Paths are normal.
std::optional<std::string> given_away_by(std::string_view path, bool read_only, std::string_view root_dir);

// Sockets over which an engine, and with it the host, can be ruled: that this path is, holds or is named like. Empty
// when there is none. Paths are normal.
std::string engine_socket_at(std::string_view path);

}  // namespace bulkhead::audit
