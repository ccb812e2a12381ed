// What the program tells about its own command line: completion scripts and the man page, made from a neutral
// description of the commands so that they cannot differ from what is parsed.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace bulkhead::cli {

struct DescribedOption {
  std::string names;  // "-f,--format"
  std::string value;  // "FORMAT"; empty for a flag
  std::string help;
  std::vector<std::string> choices;  // values it takes, when they are few
  std::string group;
  bool takes_file = false;
};

struct DescribedCommand {
  std::string name;     // "scan", "db build"; empty for the program itself
  std::string usage;    // positional part: "IMAGE…"
  std::string summary;  // one line
  std::string details;  // paragraphs; may be empty
  std::vector<DescribedOption> options;
};

std::string bash_completion(const std::vector<DescribedCommand>& commands);
std::string zsh_completion(const std::vector<DescribedCommand>& commands);
std::string fish_completion(const std::vector<DescribedCommand>& commands);
// man(7), section 1.
std::string man_page(const std::vector<DescribedCommand>& commands, std::string_view version);

}  // namespace bulkhead::cli
