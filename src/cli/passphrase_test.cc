#include "cli/passphrase.h"

#include <array>
#include <cstdlib>
#include <string>
#include <thread>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <termios.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/temporary_folder.h"

namespace bulkhead::cli {
namespace {

Environment variables() {
  return [](const std::string& name) -> std::optional<std::string> {
    if (name == "PASS") return "secret";
    return std::nullopt;
  };
}
Result<Secret> from(std::string_view source) {
  return read_passphrase(*parse_passphrase_source(source), variables(), "");
}

TEST(Passphrase, IsTheFirstLineOfAFileOrDescriptor) {
  const TemporaryFolder folder;
  for (const std::string_view text : {"secret", "secret\n", "secret\r\n", "secret\nmore\n"}) {
    const std::string path = folder.write("pass", text);
    const auto file = from("file:" + path);
    ASSERT_TRUE(file) << file.error().to_string();
    EXPECT_EQ(file->reveal(), "secret");
    const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    const auto descriptor = from("fd:" + std::to_string(fd.get()));
    ASSERT_TRUE(descriptor);
    EXPECT_EQ(descriptor->reveal(), "secret");
  }
  EXPECT_EQ(from("file:" + folder.write("long", std::string(5000, 'x'))).error().code(), Code::kLimitExceeded);
  EXPECT_EQ(from("file:" + (folder / "none")).error().code(), Code::kNotFound);
  EXPECT_FALSE(from("fd:987"));
}

TEST(Passphrase, IsAVariable) {
  EXPECT_EQ(from("env:PASS")->reveal(), "secret");
  EXPECT_EQ(from("env:OTHER").error().code(), Code::kNotFound);
}

TEST(Passphrase, IsNotRepeatedWhenItWasGivenForItsSource) {
  for (const std::string_view text : {"hunter2", "pass:hunter2", "fd:hunter2", "fd:-1", "file:", "env:", ""}) {
    const auto source = parse_passphrase_source(text);
    ASSERT_FALSE(source) << text;
    EXPECT_EQ(source.error().code(), Code::kInvalidArgument);
    EXPECT_FALSE((source.error().to_string() + source.error().remedy()).contains("hunter2"));
  }
}

// What the terminal shows while `keys` are typed after the prompt, and what is answered.
struct Asked {
  Result<Secret> answer;
  std::string shown;
  bool echoes_again;
};
Asked ask(std::string_view keys) {
  const UniqueFd screen(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
  EXPECT_TRUE(screen && ::grantpt(screen.get()) == 0 && ::unlockpt(screen.get()) == 0);
  std::array<char, 128> name{};
  EXPECT_EQ(::ptsname_r(screen.get(), name.data(), name.size()), 0);
  UniqueFd terminal(::open(name.data(), O_RDWR | O_NOCTTY | O_CLOEXEC));
  Asked asked{.answer = Secret(), .shown = {}, .echoes_again = false};
  std::jthread asking([&] { asked.answer = ask_terminal(terminal.get(), "Passphrase: "); });
  char byte = 0;
  while (!asked.shown.ends_with(": ") && ::read(screen.get(), &byte, 1) == 1) asked.shown += byte;
  EXPECT_EQ(::write(screen.get(), keys.data(), keys.size()), static_cast<ssize_t>(keys.size()));
  while (!asked.shown.ends_with('\n') && ::read(screen.get(), &byte, 1) == 1) asked.shown += byte;
  asking.join();
  termios settings{};
  asked.echoes_again = ::tcgetattr(terminal.get(), &settings) == 0 && (settings.c_lflag & ECHO) != 0;
  return asked;
}

TEST(Passphrase, IsNotShownOnTheTerminal) {
  const Asked asked = ask("sexx\x7f\bcret\r");
  ASSERT_TRUE(asked.answer) << asked.answer.error().to_string();
  EXPECT_EQ(asked.answer->reveal(), "secret");
  EXPECT_TRUE(asked.shown.starts_with("Passphrase: \r"));
  EXPECT_TRUE(asked.echoes_again);
}

TEST(Passphrase, CanBeRefusedAndLeavesTheTerminalAsItWas) {
  for (const std::string_view key : {"ab\x03", "\x04"}) {
    const Asked asked = ask(key);
    ASSERT_FALSE(asked.answer);
    EXPECT_EQ(asked.answer.error().code(), Code::kCancelled);
    EXPECT_TRUE(asked.echoes_again);
  }
  EXPECT_EQ(ask_terminal(-1, "").error().code(), Code::kInvalidArgument);
}

}  // namespace
}  // namespace bulkhead::cli
