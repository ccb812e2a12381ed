// bulkhead trust delegate
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/text.h"
#include "cli/command.h"
#include "cli/trust_publisher.h"

namespace bulkhead::cli {
namespace {

class TrustDelegateCommand final : public Command {
 public:
  void declare(Flags& flags) override {
    common_.declare(flags);
    common_.declare_publish(flags);
    flags.add({.names = "ROLE", .help = "a new role; of hash bins, what their names begin with", .required = true},
              role_);
    flags.add({.names = "--key", .value = "KEY", .help = "signs it", .required = true, .repeats = true}, named_);
    flags.add({.names = "--threshold", .value = "N", .help = "so many of the keys have to sign"}, threshold_, 1, 100);
    flags.add({.names = "--path",
               .value = "PATTERN",
               .help = "what it may speak of: registry.example/team/*; a * matches no slash",
               .repeats = true},
              paths_);
    flags.add_switch({.names = "--terminating", .help = "where it is silent, nobody else is asked"}, terminating_);
    flags.add(
        {.names = "--bins",
         .value = "BITS",
         .help = "2^BITS roles, each for the paths whose SHA-256 begins with its bits: so a map of very many entries "
                 "is fetched in small pieces"},
        bits_, 1, tuf::Repository::kMaxBinBits);
    flags.add({.names = "--by", .value = "ROLE", .help = "the role that delegates", .preset = "targets"}, by_);
    flags.check([this]() -> Status {
      if ((bits_ == 0) != paths_.empty()) return {};
      return fail(Code::kInvalidArgument, "a role is for paths or for hash bins", "name either --path or --bins");
    });
  }

  Result<int> run(Interrupts& /*interrupts*/) override {
    TRY_ASSIGN(auto publisher, common_.open());
    TRY_ASSIGN(ListedKeys listed, keys_to_list(common_.keys, named_));
    const tuf::RoleSetup setup{.keys = std::move(listed.keys), .threshold = static_cast<uint32_t>(threshold_)};
    if (bits_ > 0) {
      TRY(publisher.repository().delegate_bins(by_, role_, setup, static_cast<uint32_t>(bits_)));
    } else {
      TRY(publisher.repository().delegate(by_, role_, setup, terminating_, paths_));
    }
    TRY(publisher.add_references(listed.references));
    const std::string of =
        bits_ > 0 ? fmt::format("{} hash bins", uint64_t{1} << bits_) : fmt::format("{}", fmt::join(paths_, ", "));
    TRY(finish_change(publisher, common_,
                      fmt::format("\"{}\" delegates {} to \"{}\"\n", printable(by_), printable(of), printable(role_))));
    return kSuccess;
  }

 private:
  PublisherFlags common_;
  std::string role_;
  std::vector<std::string> named_;
  uint64_t threshold_ = 1;
  std::vector<std::string> paths_;
  bool terminating_ = false;
  uint64_t bits_ = 0;
  std::string by_ = std::string(tuf::kTargets);
};

}  // namespace

CommandInfo trust_delegate_command() {
  return {.name = "trust delegate",
          .summary = "let others speak for some of the images",
          .details = kKeyReferences,
          .examples =
              "bulkhead trust delegate map team --key file:team.pub --path 'registry.example/team/*' --terminating\n"
              "bulkhead trust delegate map bin --key store:ID --bins 8",
          .make = [] -> std::unique_ptr<Command> { return std::make_unique<TrustDelegateCommand>(); }};
}

}  // namespace bulkhead::cli
