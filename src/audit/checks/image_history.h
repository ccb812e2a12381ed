// How an image was built, by its history: instructions, and the commands that RUN ran. Pure; the text is the image's
// and untrusted. Sources: OCI image-spec v1.1, config.md, history; what the classic builder ("/bin/sh -c #(nop) ADD
// file:… in /"), BuildKit ("ADD app.tar / # buildkit") and buildah write there. Internal to audit.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "audit/facts.h"

namespace bulkhead::audit {

struct Instruction {
  std::string keyword;    // "RUN", "ADD", …; RUN as well for what names no instruction
  std::string arguments;  // of RUN: the command without its shell
  size_t index = 0;       // in the history, oldest first
  bool base = false;      // the file system that everything else is laid upon
};

std::vector<Instruction> read_history(const std::vector<HistoryEntry>& history);

// One simple command of a shell's list.
struct ShellCommand {
  std::vector<std::string> words;  // without quotes; "sudo", "env A=b", "then" and their like are left out
  bool piped = false;              // reads what the one before it writes
};

// Splits at "&&", "||", ";", "|", "&" and lines, outside of quotes. Substitutions "$(…)" stay part of their word.
std::vector<ShellCommand> split_shell(std::string_view text);

// "/usr/bin/apt-get" is "apt-get"; empty for no words at all.
std::string_view program_of(const ShellCommand& command);

}  // namespace bulkhead::audit
