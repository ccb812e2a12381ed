#include "cli/help.h"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/completion.h"
#include "cli/man_page.h"
#include "report/report.h"

namespace bulkhead::cli {
namespace {

using testing::HasSubstr;

TEST(Help, SaysWhatEachFormatIsFor) {
  const std::string help = help_text(describe(commands()), "scan");
  for (const report::Format& format : report::formats()) {
    const std::string first_words(format.description.substr(0, 16));
    EXPECT_THAT(help, testing::ContainsRegex(std::string(format.name) + " +" + first_words.substr(0, 10)));
  }
}

TEST(Help, ShowsExamplesBeforeTheLimits) {
  const std::string help = help_text(describe(commands()), "scan");
  const size_t examples = help.find("\nExamples:\n");
  ASSERT_NE(examples, std::string::npos);
  EXPECT_LT(examples, help.find("\nLimits:\n"));
  EXPECT_LT(help.find("\nRegistries:\n"), examples);
  EXPECT_LT(help.find("--max-entries"), help.size());
  EXPECT_GT(help.find("--max-entries"), examples);
}

TEST(Help, GivesNoExampleThatTheCommandRefuses) {
  const auto described = describe(commands());
  const auto joined = [&](std::string_view command) {
    std::string text;
    for (const std::string_view line : split(help_text(described, command), '\n')) {
      text += std::string(trim(line)) + " ";
    }
    return text;
  };
  EXPECT_THAT(joined("scan"), HasSubstr("goes to: json=report.json;"));
  EXPECT_THAT(joined("sbom"), HasSubstr("goes to: cyclonedx=report.json;"));
  EXPECT_THAT(joined("sbom"), testing::Not(HasSubstr(" json=")));
}

TEST(Help, TellsEveryStatusThatACommandMayEndWith) {
  const auto described = describe(commands());
  for (const DescribedCommand& command : described) {
    if (command.is_group()) continue;
    const std::string help = help_text(described, command.info.name);
    const size_t status = help.find("Exit status: 0");
    ASSERT_NE(status, std::string::npos) << command.info.name;
    EXPECT_NE(help.find("130 when", status), std::string::npos) << command.info.name;
  }
}

TEST(Help, OfAGroupNamesTheGroupsInIt) {
  const auto described = describe(commands());
  const std::string help = help_text(described, "trust");
  EXPECT_THAT(help, HasSubstr("\n  trust keys "));
  EXPECT_THAT(help, testing::Not(HasSubstr("trust keys list")));
}

TEST(Help, KeepsWithin80Columns) {
  const auto described = describe(commands());
  for (const DescribedCommand& command : described) {
    const std::string help = help_text(described, command.info.name);
    for (const std::string_view line : split(help, '\n')) {
      if (line.starts_with("  bulkhead ")) continue;  // an example stays one line
      size_t columns = 0;
      for (size_t at = 0; at < line.size(); ++columns) at += std::max<size_t>(utf8_sequence_length(line.substr(at)), 1);
      EXPECT_LE(columns, 80U) << line;
    }
  }
}

// Every option of every command, under each of its names: in help, in the manual and for each shell.
TEST(Description, LeavesNoOptionOut) {
  const auto described = describe(commands());
  const std::string man = man_page(described);
  const std::string bash = bash_completion(described);
  const std::string zsh = zsh_completion(described);
  const std::string fish = fish_completion(described);
  for (const DescribedCommand& command : described) {
    const std::string help = help_text(described, command.info.name);
    for (const Option& option : command.options) {
      if (option.is_argument()) continue;
      for (const std::string_view name : option.all_names()) {
        EXPECT_THAT(help, HasSubstr(std::string(name))) << command.info.name;
        EXPECT_THAT(bash, HasSubstr(std::string(name)));
        EXPECT_THAT(zsh, HasSubstr(std::string(name)));
        EXPECT_THAT(fish, HasSubstr(name.starts_with("--") ? " -l " + std::string(name.substr(2))
                                                           : " -s " + std::string(name.substr(1))));
        std::string in_roff;
        for (const char c : name) in_roff += c == '-' ? std::string("\\-") : std::string(1, c);
        EXPECT_THAT(man, HasSubstr(in_roff));
      }
    }
  }
}

TEST(ManPage, HasTheSectionsThatManualsHave) {
  const std::string man = man_page(describe(commands()));
  size_t at = 0;
  for (const char* section :
       {"NAME", "SYNOPSIS", "DESCRIPTION", "COMMANDS", "EXIT STATUS", "ENVIRONMENT", "FILES", "EXAMPLES", "SEE ALSO"}) {
    const size_t found = man.find(std::string("\n.SH ") + section + "\n");
    ASSERT_NE(found, std::string::npos) << section;
    EXPECT_GT(found, at) << section;
    at = found;
  }
  EXPECT_TRUE(std::ranges::all_of(man, [](char c) { return c == '\n' || (c >= ' ' && c <= '~'); }));
  EXPECT_THAT(man, HasSubstr(".TP\n.B 130\n"));
}

}  // namespace
}  // namespace bulkhead::cli
