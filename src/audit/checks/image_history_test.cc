#include "audit/checks/image_history.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bulkhead::audit {
namespace {

struct Case {
  std::string_view created_by;
  std::string_view keyword;
  std::string_view arguments;
};

TEST(ImageHistory, ReadsWhatBuildersWrite) {
  constexpr Case kCases[] = {
      {"/bin/sh -c #(nop) ADD file:0a1b in / ", "ADD", "file:0a1b in /"},
      {"/bin/sh -c #(nop)  ENV PATH=/bin", "ENV", "PATH=/bin"},
      {"/bin/sh -c apt-get update", "RUN", "apt-get update"},
      {"|2 A=b TOKEN=c /bin/sh -c make all", "RUN", "make all"},
      {"RUN /bin/sh -c apt-get update # buildkit", "RUN", "apt-get update"},
      {"RUN |1 A=b /bin/sh -c make # buildkit", "RUN", "make"},
      {"RUN --mount=type=cache,target=/x /bin/sh -c make # buildkit", "RUN", "make"},
      {"RUN /bin/bash -o pipefail -c a | b # buildkit", "RUN", "a | b"},
      {"COPY app /app # buildkit", "COPY", "app /app"},
      {"ADD app.tar.gz / # buildkit", "ADD", "app.tar.gz /"},
      {"CMD [\"bash\"]", "CMD", "[\"bash\"]"},
      {"HEALTHCHECK", "HEALTHCHECK", ""},
      {"make /bin/sh -c x", "RUN", "make /bin/sh -c x"},
      {"", "RUN", ""},
  };
  for (const Case& c : kCases) {
    const auto read = read_history({{.created_by = std::string(c.created_by)}});
    ASSERT_EQ(read.size(), 1U);
    EXPECT_EQ(read[0].keyword, c.keyword) << c.created_by;
    EXPECT_EQ(read[0].arguments, c.arguments) << c.created_by;
  }
}

TEST(ImageHistory, TheFirstFilesAtTheRootAreTheBase) {
  const auto read = read_history({{.created_by = "/bin/sh -c #(nop)  ENV A=b"},
                                  {.created_by = "/bin/sh -c #(nop) ADD file:0a1b in / "},
                                  {.created_by = "/bin/sh -c #(nop) ADD file:2c3d in / "}});
  EXPECT_FALSE(read[0].base);
  EXPECT_TRUE(read[1].base);
  EXPECT_FALSE(read[2].base);
  EXPECT_FALSE(read_history({{.created_by = "ADD app.tar /opt # buildkit"}})[0].base);
  EXPECT_FALSE(read_history({{.created_by = "RUN /bin/sh -c x"}, {.created_by = "ADD rootfs.tar /"}})[1].base);
}

std::string shown(std::string_view text) {
  std::string all;
  for (const ShellCommand& command : split_shell(text)) {
    all += fmt::format("{}[{}]", command.piped ? "|" : "", fmt::join(command.words, ","));
  }
  return all;
}

TEST(ShellText, IsSplitIntoSimpleCommands) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"", ""},
      {"a b  c", "[a,b,c]"},
      {"a && b || c; d & e", "[a][b][c][d][e]"},
      {"a | b |& c", "[a]|[b]|[c]"},
      {"a || b", "[a][b]"},
      {"a\nb", "[a][b]"},
      {"a \\\n  && b", "[a][b]"},
      {"echo 'a && b' \"c | d\"", "[echo,a && b,c | d]"},
      {"echo a\\;b", "[echo,a;b]"},
      {"set -ex; (cd /x && make)", "[set,-ex][cd,/x][make]"},
      {"if a; then b; else c; fi", "[a][b][c][fi]"},
      {"for x in y; do z; done", "[for,x,in,y][z][done]"},
      {"DEBIAN_FRONTEND=noninteractive apt-get install x", "[apt-get,install,x]"},
      {"sudo -E apt-get update", "[apt-get,update]"},
      {"env A=b c", "[c]"},
      {"a > /dev/null 2>&1 && b &> c", "[a,>,/dev/null,2>&1][b,&>,c]"},
      {"sh -c \"$(curl -fsSL https://x)\"", "[sh,-c,$(curl -fsSL https://x)]"},
      {"bash <(curl https://x | cat) y", "[bash,<(curl https://x | cat),y]"},
      {"a $(b && (c)) d", "[a,$(b && (c)),d]"},
      {"a # b && c\nd", "[a][d]"},
      {"a#b", "[a#b]"},
      {"{ a; }", "[a][}]"},
      {"echo ''", "[echo,]"},
      {"a 'not closed && b", "[a,not closed && b]"},
      {"a \\", "[a]"},
      {"a $(b", "[a,$(b]"},
      {"))", ""},
  };
  for (const auto& [text, commands] : cases) EXPECT_EQ(shown(text), commands) << text;
}

TEST(ShellText, ProgramsAreKnownWithoutTheirFolder) {
  EXPECT_EQ(program_of(split_shell("/usr/bin/apt-get update")[0]), "apt-get");
  EXPECT_EQ(program_of(ShellCommand{}), "");
}

}  // namespace
}  // namespace bulkhead::audit
