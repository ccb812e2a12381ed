// What is mapped can go away under its reader: a file that somebody cuts short in place, a disk that fails, a server of
// files that is gone. The next access is then a SIGBUS (mmap(2)), which nothing at opening can rule out and no reader
// can answer: there are no bytes. The guard makes of it what the user can act on: the file's name and what to do on
// standard error, and exit code 1. It ends the program on the spot, as a kill does; files that are written beside their
// place stay temporary.
#pragma once

#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace bulkhead {

// For main(), once, before threads. A bus error outside of every MappedFile kills the program as before.
void guard_mappings();

// Whether what was read of a MappedFile is of one file: kIo, with its name, when it was written to or cut short in
// place since it was mapped, even where every byte could be read (what is cut off a last page reads as zeros). To be
// asked before an answer is given out. A file that was replaced by rename is unchanged for those who have it open.
Status check_mapping(ByteSpan bytes);

// For MappedFile: that these bytes are those of the open file, and that they no longer are. Thread-safe. At most
// kMaxMappings are known at a time; more are mapped all the same, without guard and check.
inline constexpr int kMaxMappings = 64;
void remember_mapping(ByteSpan bytes, std::string_view path, int fd);
void forget_mapping(ByteSpan bytes);

}  // namespace bulkhead
