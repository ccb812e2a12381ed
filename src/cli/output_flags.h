// Which formats a command writes, and where to.
#pragma once

#include <string>
#include <vector>

#include "cli/flags.h"

namespace bulkhead::cli {

struct OutputArgument {
  std::string format;
  std::string file;  // empty: standard output
  friend bool operator==(const OutputArgument&, const OutputArgument&) = default;
};

struct OutputFlags {
  std::vector<OutputArgument> outputs;  // once parsed at least one, and at most one to standard output
  bool given = false;                   // by the user, not the preset

  // `formats` are all that the command writes; `preset` is the one of them that it writes when none was asked for.
  void declare(Flags& flags, std::vector<Choice> formats, const std::string& preset);
  bool writes(std::string_view format) const;
};

}  // namespace bulkhead::cli
