// bulkhead trust publish
#include <condition_variable>
#include <mutex>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/date.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/output.h"
#include "cli/terminal.h"
#include "cli/trust_publisher.h"

namespace bulkhead::cli {
namespace {

class TrustPublishCommand final : public Command {
 public:
  void declare(Flags& flags) override {
    common_.declare(flags);
    flags.add({.names = "--key",
               .value = "KEY",
               .help = "of snapshot and timestamp",
               .preset = "those whose place is known",
               .repeats = true},
              named_);
    flags.add_switch(
        {.names = "--leave-unsigned",
         .help = "while something staged lacks signatures, leave it staged, and make what is published fresh "
                 "all the same: for timers"},
        leave_);
    flags.add(
        {.names = "--every",
         .value = "SECONDS",
         .help = "stay, and publish again and again, with --leave-unsigned: the timestamp stays fresh as long as this "
                 "runs"},
        every_, 1, 86'400);
  }

  Result<int> run(Interrupts& interrupts) override {
    if (every_ == 0) {
      TRY(publish());
      return kSuccess;
    }
    const std::stop_token stop = interrupts.stop_in_order();
    std::mutex mutex;
    std::condition_variable_any ticks;
    std::unique_lock lock(mutex);
    while (!stop.stop_requested()) {
      // What is wrong now (a disk that is full, a role that is half signed) may be mended at the next turn.
      if (const Status done = publish(); !done) print_notice(error_text(done.error(), false));
      ticks.wait_for(lock, stop, std::chrono::seconds(every_), [] { return false; });
    }
    return kSuccess;
  }

 private:
  Status publish() {
    TRY_ASSIGN(auto publisher, common_.open());
    // Keys that were opened at an earlier turn are open; one that a rotation has brought since is opened now.
    TRY_ASSIGN(const auto online, online_signers(publisher, common_.keys, named_));
    const bool refreshed = (leave_ || every_ > 0) && publisher.has_unsigned();
    TRY(refreshed ? publisher.refresh(online) : publisher.publish(online));
    if (common_.quiet) return {};
    const tuf::Published& now = *publisher.repository().published();
    const tuf::Timestamp& timestamp = now.timestamp.content.metadata;
    return write_standard_output(fmt::format(
        "{}/metadata: timestamp {}, fresh until {}; snapshot {}, root {}{}\n", printable(common_.folder),
        timestamp.version, rfc3339_of(timestamp.expires), now.snapshot.content.metadata.version,
        now.root.content.metadata.version, refreshed ? "; what is staged lacks signatures and was left" : ""));
  }

  PublisherFlags common_;
  std::vector<std::string> named_;
  bool leave_ = false;
  uint64_t every_ = 0;
};

}  // namespace

CommandInfo trust_publish_command() {
  return {
      .name = "trust publish",
      .summary = "make what is staged known, or the timestamp fresh again",
      .details =
          "Snapshot and timestamp are signed with their online keys, and DIR/metadata becomes the new state at once: "
          "readers see the old one or the new one. What a client would refuse is not published. Without anything "
          "staged "
          "it signs a new timestamp, which is what a timer is for; --every does that without one. A web server serves "
          "DIR/metadata; the first root there, 1.root.json, is what readers pin.",
      .examples =
          "bulkhead trust publish map\n"
          "bulkhead trust publish map --passphrase file:/run/credentials/online --every 3600",
      .make = [] -> std::unique_ptr<Command> { return std::make_unique<TrustPublishCommand>(); }};
}

}  // namespace bulkhead::cli
