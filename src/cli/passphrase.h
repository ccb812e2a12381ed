// Where the passphrase of a key is from: the terminal, a file, a descriptor or a variable. Never an argument, which
// every process of the machine can read. Its first line counts, and no message repeats it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/environment.h"
#include "base/result.h"
#include "base/secret.h"

namespace bulkhead::cli {

struct PassphraseSource {
  enum class Kind : uint8_t { kTerminal, kFile, kDescriptor, kVariable };
  Kind kind = Kind::kTerminal;
  std::string name{};  // of the file or variable; the descriptor's number
};

// `prompt`, `file:PATH`, `fd:NUMBER` or `env:NAME`, as openssl has them; else kInvalidArgument.
Result<PassphraseSource> parse_passphrase_source(std::string_view text);

// kInvalidArgument when the terminal is asked for and there is none, kCancelled when the user breaks off, kNotFound for
// a variable that is not set. `prompt` is shown on the terminal.
Result<Secret> read_passphrase(const PassphraseSource& source, const Environment& environment, std::string_view prompt);

// Asks on the terminal of that descriptor, which is as it was before when this returns. What is typed is not shown.
Result<Secret> ask_terminal(int terminal, std::string_view prompt);

}  // namespace bulkhead::cli
