#include "cli/output.h"

#include <chrono>
#include <filesystem>
#include <fstream>
#include <future>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/temporary_folder.h"

namespace bulkhead::cli {
namespace {

namespace fs = std::filesystem;

class OutputTest : public testing::Test {
 protected:
  std::string in(const std::string& name) const { return folder_ / name; }

  static Status write(const std::string& file, std::string_view text, const std::stop_token& stop = {}) {
    TRY_ASSIGN(const auto targets, find_outputs({&file, 1}));
    return write_output(targets.front(), text, stop);
  }

  // What is answered once a stop is requested; should it not be heard, a reader of the pipe ends the waiting.
  Status stopped(const std::string& pipe, std::string_view text) const {
    std::stop_source stop;
    auto written = std::async(std::launch::async, [&] { return write(in(pipe), text, stop.get_token()); });
    stop.request_stop();
    const auto heard = written.wait_for(std::chrono::seconds(20));
    EXPECT_EQ(heard, std::future_status::ready) << "the stop was not heard";
    if (heard != std::future_status::ready) (void)read_file(in(pipe), size_t{1} << 30);
    return written.get();
  }

  TemporaryFolder folder_;
};

TEST_F(OutputTest, ReplacesAFileAndLeavesNothingBeside) {
  for (const char* text : {"first, and longer", "second"}) {
    const Status written = write(in("report"), text);
    ASSERT_TRUE(written) << written.error().to_string();
    EXPECT_EQ(read_file(in("report"), 100).value_or(""), text);
  }
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_.path()), fs::directory_iterator()), 1);
}

TEST_F(OutputTest, KeepsTheOldFileWhenTheTextBreaksOff) {
  const std::string file = folder_.write("report", "old");
  const auto targets = find_outputs({&file, 1});
  ASSERT_TRUE(targets);
  const auto pieces = [&](bool breaks_off) {
    return write_output(targets->front(), [&](const WritePiece& out) -> Status {
      TRY(out("one "));
      if (breaks_off) return fail(Code::kMalformed, "no more");
      return out("two");
    });
  };
  EXPECT_FALSE(pieces(true));
  EXPECT_EQ(read_file(file, 100).value_or(""), "old");
  ASSERT_TRUE(pieces(false));
  EXPECT_EQ(read_file(file, 100).value_or(""), "one two");
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_.path()), fs::directory_iterator()), 1);
}

TEST_F(OutputTest, WritesIntoAPipeAndLeavesItOne) {
  ASSERT_EQ(::mkfifo(in("pipe").c_str(), 0600), 0);
  std::string received;
  std::thread reader([&] { received = read_file(in("pipe"), 100).value_or("not read"); });
  const Status written = write(in("pipe"), "through the pipe");
  if (!written || !fs::is_fifo(in("pipe"))) {
    // Nobody writes: the reader must not wait for ever.
    ::close(::open(in("pipe").c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC));
  }
  reader.join();
  ASSERT_TRUE(written) << written.error().to_string();
  EXPECT_TRUE(fs::is_fifo(in("pipe")));
  EXPECT_EQ(received, "through the pipe");
}

TEST_F(OutputTest, SaysThatItWaitsForTheReaderOfAPipeAndStopsOnRequest) {
  ASSERT_EQ(::mkfifo(in("pipe").c_str(), 0600), 0);
  testing::internal::CaptureStderr();
  const Status written = stopped("pipe", "nobody reads this");
  EXPECT_EQ(testing::internal::GetCapturedStderr(),
            "bulkhead: " + in("pipe") + ": waiting for somebody to read this FIFO\n");
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code(), Code::kCancelled);
  EXPECT_EQ(written.error().to_string(), in("pipe") + ": stopped on request");
}

TEST_F(OutputTest, StopsWhenTheReaderOfAPipeDoesNotRead) {
  ASSERT_EQ(::mkfifo(in("pipe").c_str(), 0600), 0);
  const UniqueFd reader(::open(in("pipe").c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  ASSERT_TRUE(reader);
  const Status written = stopped("pipe", std::string(size_t{4} << 20, 'x'));
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code(), Code::kCancelled);
}

TEST_F(OutputTest, WaitsForAPipeThatItsGiverMadeNonBlocking) {
  ASSERT_EQ(::mkfifo(in("pipe").c_str(), 0600), 0);
  const std::string text(size_t{4} << 20, 'x');
  const UniqueFd reader(::open(in("pipe").c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  UniqueFd writer(::open(in("pipe").c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC));
  ASSERT_TRUE(writer);
  auto written = std::async(std::launch::async, [&] {
    const Status status = write("/dev/fd/" + std::to_string(writer.get()), text);
    writer = UniqueFd();
    return status;
  });
  const auto received = read_file("/dev/fd/" + std::to_string(reader.get()), text.size());
  const Status status = written.get();
  EXPECT_TRUE(status) << status.error().to_string();
  EXPECT_EQ(received.value_or(""), text);
}

TEST_F(OutputTest, LeavesDevicesWhatTheyAre) {
  ASSERT_TRUE(fs::is_character_file("/dev/null"));
  const std::string null = "/dev/null";
  const auto targets = find_outputs({&null, 1});
  ASSERT_TRUE(targets);
  EXPECT_FALSE(targets->front().replaced);
  ASSERT_FALSE(targets->front().replaced);  // writing would replace the machine's
  EXPECT_TRUE(write_output(targets->front(), "nothing"));
  EXPECT_TRUE(fs::is_character_file("/dev/null"));
}

TEST_F(OutputTest, FollowsALinkToItsFile) {
  fs::create_directory(in("far"));
  fs::create_symlink("far/real", in("link"));
  for (const char* text : {"made", "replaced"}) {  // the file behind the link is not there at first
    const Status written = write(in("link"), text);
    ASSERT_TRUE(written) << written.error().to_string();
    EXPECT_TRUE(fs::is_symlink(in("link")));
    EXPECT_EQ(read_file(in("far/real"), 100).value_or(""), text);
  }
  fs::create_symlink("circle", in("circle"));
  EXPECT_FALSE(write(in("circle"), "x"));
}

TEST_F(OutputTest, WritesToTheDescriptorThatItsNameStandsFor) {
  std::ofstream(in("log")) << "before\n";
  const UniqueFd fd(::open(in("log").c_str(), O_WRONLY | O_APPEND | O_CLOEXEC));
  for (const char* folder : {"/dev/fd/", "/proc/self/fd/"}) {
    const Status written = write(folder + std::to_string(fd.get()), "after\n");
    ASSERT_TRUE(written) << written.error().to_string();
  }
  EXPECT_EQ(read_file(in("log"), 100).value_or(""), "before\nafter\nafter\n");
  const std::string standard = "/dev/stdout";
  const auto targets = find_outputs({&standard, 1});
  ASSERT_TRUE(targets);
  EXPECT_EQ(targets->front().descriptor, STDOUT_FILENO);
  EXPECT_FALSE(write("/dev/fd/1048000", "nobody"));
}

TEST_F(OutputTest, SaysWhatWasWrittenBesideIt) {
  const auto note = [](const OutputTarget& target) {
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    EXPECT_TRUE(write_note(target, "note\n"));
    const std::string output = testing::internal::GetCapturedStdout();
    return std::pair(output, testing::internal::GetCapturedStderr());
  };
  EXPECT_EQ(note({.file = "x", .path = "x"}), std::pair(std::string("note\n"), std::string()));
  EXPECT_EQ(note({.file = "/dev/stdout", .descriptor = STDOUT_FILENO, .path = {}}),
            std::pair(std::string(), std::string("note\n")));
}

TEST_F(OutputTest, MakesNoFolderUp) {
  const Status written = write(in("typo/dir/report"), "x");
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code(), Code::kNotFound);
  EXPECT_NE(written.error().message().find("typo/dir"), std::string::npos);
  EXPECT_FALSE(fs::exists(in("typo")));
  const Status folder = write(folder_.path(), "x");
  ASSERT_FALSE(folder);
  EXPECT_EQ(folder.error().code(), Code::kInvalidArgument);
}

TEST_F(OutputTest, RefusesTwoOutputsToOnePlace) {
  std::ofstream(in("there")) << "x";
  fs::create_symlink("there", in("link"));
  const std::vector<std::vector<std::string>> twice = {
      {in("a"), in("a")},  {in("a"), folder_ / "./a"},   {in("there"), in("link")},
      {"", "/dev/stdout"}, {"/dev/fd/1", "/dev/stdout"},
  };
  for (const auto& files : twice) {
    const auto targets = find_outputs(files);
    ASSERT_FALSE(targets) << files[0] << ' ' << files[1];
    EXPECT_EQ(targets.error().code(), Code::kInvalidArgument);
  }
  EXPECT_TRUE(find_outputs(std::vector<std::string>{in("a"), in("b"), in("there"), ""}));
}

}  // namespace
}  // namespace bulkhead::cli
