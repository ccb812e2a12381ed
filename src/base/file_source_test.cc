// Files that make their readers wait: pipes, FIFOs, terminals.
#include <array>
#include <chrono>
#include <future>
#include <string>
#include <thread>
#include <utility>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/thread_state.h"

namespace bulkhead {
namespace {

struct Pipe {
  UniqueFd read_end;
  UniqueFd write_end;

  explicit Pipe(int flags = 0) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC | flags) != 0) return;
    read_end = UniqueFd(ends[0]);
    write_end = UniqueFd(ends[1]);
  }
};

class Fifo {
 public:
  explicit Fifo(const std::string& name) : path_(testing::TempDir() + "/" + name + "." + std::to_string(::getpid())) {
    made_ = ::mkfifo(path_.c_str(), 0600) == 0;
  }
  Fifo(const Fifo&) = delete;
  Fifo& operator=(const Fifo&) = delete;
  ~Fifo() { ::unlink(path_.c_str()); }
  bool made() const { return made_; }
  const std::string& path() const { return path_; }
  // Lets a reader that waits for a writer go on, to the end of the file.
  void come_and_go() const { const UniqueFd writer(::open(path_.c_str(), O_WRONLY | O_CLOEXEC | O_NONBLOCK)); }

 private:
  std::string path_;
  bool made_ = false;
};

// What `read` answers once a stop is requested while it waits; should it not hear of it, `release` ends the waiting.
template <typename Read, typename Release>
auto stopped(std::stop_source stop, Read read, Release release) {
  std::promise<pid_t> reader;
  auto answer = std::async(std::launch::async, [&] {
    reader.set_value(::gettid());
    return read();
  });
  await_sleep_of(reader.get_future().get());
  EXPECT_EQ(answer.wait_for(std::chrono::seconds(0)), std::future_status::timeout) << "it did not wait at all";
  stop.request_stop();
  const auto heard = answer.wait_for(std::chrono::seconds(20));
  EXPECT_EQ(heard, std::future_status::ready) << "the stop was not heard";
  if (heard != std::future_status::ready) release();
  return answer.get();
}

TEST(FileSource, StopsWaitingForAPipeOnRequest) {
  Pipe pipe;
  std::stop_source stop;
  const auto source = make_fd_source(std::move(pipe.read_end), "the pipe", stop.get_token());
  ASSERT_EQ(::write(pipe.write_end.get(), "ab", 2), 2);
  EXPECT_EQ(as_text(*source->next()), "ab");
  const auto answer = stopped(stop, [&] { return source->next(); }, [&] { pipe.write_end = UniqueFd(); });
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code(), Code::kCancelled);
  EXPECT_EQ(answer.error().to_string(), "the pipe: stopped on request");
}

TEST(FileSource, StopsReadingWhatNeverEnds) {
  std::stop_source stop;
  const auto source = open_file_source("/dev/zero", stop.get_token());
  ASSERT_TRUE(source);
  EXPECT_TRUE((*source)->next());
  stop.request_stop();
  EXPECT_EQ((*source)->next().error().code(), Code::kCancelled);
}

TEST(FileSource, WaitsForAPipeThatItsGiverMadeNonBlocking) {
  Pipe pipe(O_NONBLOCK);
  const auto source = make_fd_source(std::move(pipe.read_end), "the pipe");
  const std::jthread writer([&, reader = ::gettid()] {
    await_sleep_of(reader);
    EXPECT_EQ(::write(pipe.write_end.get(), "late", 4), 4);
    pipe.write_end = UniqueFd();
  });
  const auto text = read_all(*source, 100, "the pipe");
  ASSERT_TRUE(text) << text.error().to_string();
  EXPECT_EQ(*text, "late");
}

TEST(FileSource, WaitsForTheWriterOfAFifoUntilAStop) {
  const Fifo fifo("bulkhead_fifo_source");
  ASSERT_TRUE(fifo.made());
  std::stop_source stop;
  const auto answer = stopped(
      stop,
      [&]() -> Status {
        TRY_ASSIGN(const auto source, open_file_source(fifo.path(), stop.get_token()));
        TRY(source->next());
        return {};
      },
      [&] { fifo.come_and_go(); });
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code(), Code::kCancelled);
  EXPECT_NE(answer.error().to_string().find(fifo.path()), std::string::npos);
}

TEST(FileSource, ReadsAFifoWhoseWriterComesLate) {
  const Fifo fifo("bulkhead_fifo_late");
  ASSERT_TRUE(fifo.made());
  const std::jthread writer([&, reader = ::gettid()] {
    await_sleep_of(reader);
    const UniqueFd fd(::open(fifo.path().c_str(), O_WRONLY | O_CLOEXEC));
    EXPECT_EQ(::write(fd.get(), "hello", 5), 5);
  });
  const auto text = read_file(fifo.path(), 100);
  ASSERT_TRUE(text) << text.error().to_string();
  EXPECT_EQ(*text, "hello");
}

TEST(MappedFile, RefusesWhatIsNoRegularFileWithoutWaiting) {
  const Fifo fifo("bulkhead_fifo_mapped");
  ASSERT_TRUE(fifo.made());
  auto mapped = std::async(std::launch::async, [&] { return MappedFile::open(fifo.path()).error(); });
  const auto answered = mapped.wait_for(std::chrono::seconds(20));
  EXPECT_EQ(answered, std::future_status::ready);
  if (answered != std::future_status::ready) fifo.come_and_go();
  EXPECT_EQ(mapped.get().to_string(), fifo.path() + ": is no regular file");
}

}  // namespace
}  // namespace bulkhead
