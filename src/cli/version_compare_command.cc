// bulkhead version-compare
#include <fmt/format.h>

#include "base/fs.h"
#include "cli/command.h"
#include "cli/output.h"
#include "version/compare.h"

namespace bulkhead::cli {
namespace {

constexpr size_t kMaxLinesBytes = size_t{256} << 20;

class VersionCompareCommand final : public Command {
 public:
  void declare(Flags& flags) override {
    std::vector<Choice> schemes;
    for (const version::Scheme scheme : version::all_schemes()) {
      schemes.push_back({std::string(version::scheme_name(scheme)), {}});
    }
    flags.add({.names = "--scheme",
               .value = "SCHEME",
               .help = "whose rules",
               .choices = std::move(schemes),
               .required = true},
              [this](std::string_view value) -> Status {
                scheme_ = *version::scheme_of(value);
                return {};
              });
    flags.add({.names = "VERSION", .value = "[A B]", .help = "the two versions", .may_be_empty = true}, versions_);
    flags.check([this]() -> Status {
      if (versions_.empty() || versions_.size() == 2) return {};
      return fail(Code::kInvalidArgument,
                  versions_.size() == 1 ? "one version compares with nothing" : "more than two versions",
                  "give two versions, or none and lines on standard input");
    });
  }

  // A signal ends it at once: there is nothing to put in order.
  Result<int> run(Interrupts& /*interrupts*/) override {
    if (!versions_.empty()) {
      TRY(write_standard_output(version::answer_lines(scheme_, fmt::format("{}\t{}\n", versions_[0], versions_[1]))));
      return kSuccess;
    }
    TRY_ASSIGN(const auto source, open_file_source("-"));
    TRY_ASSIGN(const std::string input, read_all(*source, kMaxLinesBytes, "standard input"));
    TRY(write_standard_output(version::answer_lines(scheme_, input)));
    return kSuccess;
  }

 private:
  version::Scheme scheme_ = version::Scheme::kGeneric;
  std::vector<std::string> versions_;
};

}  // namespace

CommandInfo version_compare_command() {
  return {.name = "version-compare",
          .summary = "how two versions compare in a packaging world: <, = or >, or invalid",
          .details = "Without A and B it reads lines `A<TAB>B` from standard input and answers a line for each.",
          .examples =
              "bulkhead version-compare --scheme deb 1.0~rc1 1.0\n"
              "printf '1.0^git1\\t1.0.1\\n' | bulkhead version-compare --scheme rpm",
          .make = [] -> std::unique_ptr<Command> { return std::make_unique<VersionCompareCommand>(); }};
}

}  // namespace bulkhead::cli
