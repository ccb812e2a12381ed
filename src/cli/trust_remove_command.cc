// bulkhead trust remove
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "cli/command.h"
#include "cli/trust_publisher.h"
#include "oci/reference.h"

namespace bulkhead::cli {
namespace {

class TrustRemoveCommand final : public Command {
 public:
  void declare(Flags& flags) override {
    common_.declare(flags);
    common_.declare_publish(flags);
    add_reason_flag(flags, reason_);
    flags.add({.names = "IMAGE", .help = "NAME:TAG", .required = true, .repeats = true},
              [this](std::string_view value) -> Status {
                TRY_ASSIGN(const oci::Reference image, oci::Reference::parse_normalized(value));
                images_.push_back(image.with_default_tag());
                if (!images_.back().tag.empty()) return {};
                return fail(Code::kInvalidArgument, "it names a digest and no tag",
                            "a digest is revoked with `bulkhead trust revoke`");
              });
  }

  Result<int> run(Interrupts& /*interrupts*/) override {
    TRY_ASSIGN(auto publisher, common_.open());
    std::string text;
    for (const oci::Reference& image : images_) {
      TRY_ASSIGN(trust::MapEntry entry, publisher.current_entry(image));
      entry.state = trust::EntryState::kWithdrawn;
      entry.reason = reason_;
      entry.time = unix_now();
      TRY(publisher.set(trust::tag_path(image), entry));
      text += fmt::format("{} is withdrawn\n", trust::tag_path(image));
    }
    TRY(finish_change(publisher, common_, text));
    return kSuccess;
  }

 private:
  PublisherFlags common_;
  std::string reason_;
  std::vector<oci::Reference> images_;
};

}  // namespace

CommandInfo trust_remove_command() {
  return {.name = "trust remove",
          .summary = "withdraw a tag: it means nothing any more",
          .details =
              "The entry stays, as a tombstone with its reason and time: a reader can tell a tag that is gone from "
              "one that somebody holds back. `bulkhead trust add` gives it a meaning again.",
          .examples = "bulkhead trust remove map registry.example/team/app:1.1 --reason 'end of life' --publish",
          .make = [] -> std::unique_ptr<Command> { return std::make_unique<TrustRemoveCommand>(); }};
}

}  // namespace bulkhead::cli
