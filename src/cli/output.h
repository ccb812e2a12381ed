// Where finished text goes: a descriptor that is open already, a device or pipe, or a file that is written whole or not
// at all.
#pragma once

#include <functional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace bulkhead::cli {

// A reader that went away (`bulkhead scan … | head`) is not an error.
Status write_standard_output(std::string_view text);

// One place that text can go to, found before the work begins.
struct OutputTarget {
  std::string file;      // as the user named it; empty: standard output
  int descriptor = -1;   // open already: standard output, or the N of /dev/stdout, /dev/stderr and /dev/fd/N
  std::string path;      // with links followed; empty when there is a descriptor
  bool replaced = true;  // a regular file, or none yet: replaced atomically; else (pipe, device) opened and written
};

// By file name, "" being standard output. A link is followed, so that it stays a link. kNotFound when the folder does
// not exist (a misspelt path is not made up), kInvalidArgument for a folder, and for two names of one place.
Result<std::vector<OutputTarget>> find_outputs(std::span<const std::string> files);

// Regular files become the new text whole, or stay as they were. What is read by somebody else (a pipe, a terminal) is
// waited for until a stop is requested (kCancelled): also a FIFO that nobody has opened for reading, and then standard
// error says so. kIo, kPermissionDenied name the file.
Status write_output(const OutputTarget& target, std::string_view text, const std::stop_token& stop = {});

// The same for text that comes in pieces: `produce` hands each to the function that it is given, and passes its failure
// on. A regular file stays as it was when either fails.
using WritePiece = std::function<Status(std::string_view)>;
Status write_output(const OutputTarget& target, const std::function<Status(const WritePiece&)>& produce,
                    const std::stop_token& stop = {});

// A line about what went to `target`: on standard output, unless the target is that; then on standard error.
Status write_note(const OutputTarget& target, std::string_view line);

}  // namespace bulkhead::cli
