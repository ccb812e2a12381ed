// What is mapped can go away under its reader: a file that somebody cuts short in place, a disk that fails, a server of
// files that is gone. The next access is then a SIGBUS (mmap(2)), which nothing at opening can rule out and no reader
// can answer: there are no bytes. The guard makes of it what the user can act on: the file's name and what to do on
// standard error, and exit code 1. It ends the program on the spot, as a kill does; files that are written beside their
// place stay temporary.
#pragma once

#include <string_view>

#include "base/bytes.h"

namespace bulkhead {

// For main(), once, before threads. A bus error outside of every MappedFile kills the program as before.
void guard_mappings();

// For MappedFile: that these bytes are the file's, and that they no longer are. Thread-safe. At most kMaxMappings are
// known at a time; more are mapped all the same, without the guard.
inline constexpr int kMaxMappings = 64;
void remember_mapping(ByteSpan bytes, std::string_view path);
void forget_mapping(ByteSpan bytes);

}  // namespace bulkhead
