// bulkhead policy test
#include <algorithm>
#include <filesystem>

#include <fmt/format.h>

#include "base/fs.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/named_file.h"
#include "cli/output.h"
#include "policy/case_file.h"

namespace bulkhead::cli {
namespace {

constexpr size_t kMaxFileBytes = size_t{64} << 20;

class PolicyTestCommand final : public Command {
 public:
  void declare(Flags& flags) override {
    flags.add({.names = "FILE",
               .value = "FILE...",
               .help = "files of cases",
               .kind = Option::Kind::kFile,
               .required = true,
               .repeats = true},
              files_);
    flags.add({.names = "--policy",
               .value = "FILE",
               .help = "the bundle: a YAML or JSON file, or a folder of them",
               .kind = Option::Kind::kFile,
               .required = true},
              policy_);
    flags.add_switch(
        {.names = "--require-coverage", .help = "fail unless every rule was seen to pass and to be violated"},
        require_coverage_);
  }

  Result<int> run(Interrupts& interrupts) override {
    const std::stop_token stop = interrupts.stop_in_order();
    TRY_ASSIGN(const policy::Bundle bundle, policy::load_bundle(policy_));
    std::vector<policy::Coverage> covered(bundle.rules.size());
    size_t passed = 0;
    size_t failed = 0;
    std::string out;
    for (const std::string& file : files_) {
      TRY_ASSIGN(const std::string text, read_named_file("FILE", file, kMaxFileBytes, stop));
      TRY_ASSIGN(std::vector<policy::TestCase> cases, policy::parse_test_cases(file, text));
      for (policy::TestCase& test : cases) {
        if (!test.facts_file.empty()) {
          const std::string path = std::filesystem::path(file).parent_path() / test.facts_file;
          TRY_CONTEXT(test.facts, read_file(path, kMaxFileBytes, stop), fmt::format("{}:{}", file, test.line));
        }
        TRY_CONTEXT(const std::string wrong, policy::run_test_case(test, bundle, covered),
                    fmt::format("{}:{}: {}", file, test.line, printable(test.name)));
        ++(wrong.empty() ? passed : failed);
        if (!wrong.empty())
          out += fmt::format("failed  {}:{}: {}: {}\n", file, test.line, printable(test.name), printable(wrong));
      }
    }
    const bool gaps = add_coverage(bundle, covered, out);
    out += fmt::format("{} passed, {} failed\n", passed, failed);
    TRY(write_standard_output(out));
    return failed > 0 || (require_coverage_ && gaps) ? kThresholdMet : kSuccess;
  }

 private:
  // Whether a rule was not seen both ways.
  static bool add_coverage(const policy::Bundle& bundle, const std::vector<policy::Coverage>& covered,
                           std::string& out) {
    size_t whole = 0;
    for (size_t i = 0; i < covered.size(); ++i) {
      const policy::Coverage& rule = covered[i];
      if (rule.passed && rule.violated) {
        ++whole;
        continue;
      }
      const std::string_view lack = !rule.passed && !rule.violated ? "asked" : rule.passed ? "violated" : "passed";
      out += fmt::format("never {}  {}\n", lack, printable(bundle.rules[i].name));
    }
    out += fmt::format("{} of {} rules passed and were violated\n", whole, covered.size());
    return whole != covered.size();
  }

  std::vector<std::string> files_;
  std::string policy_;
  bool require_coverage_ = false;
};

}  // namespace

CommandInfo policy_test_command() {
  return {.name = "policy test",
          .summary = "try a bundle on cases: facts, and the verdict that they have to get",
          .details = "What a case is stands in docs/policy.md; facts are made by `bulkhead facts`.",
          .examples = "bulkhead policy test --policy policy.yaml cases.yaml",
          .exit_status =
              "0 when every case gets its verdict; 2 when one does not, or a rule is not covered and "
              "--require-coverage was given; 1 on an error; 130 when stopped by a signal.",
          .make = [] -> std::unique_ptr<Command> { return std::make_unique<PolicyTestCommand>(); }};
}

}  // namespace bulkhead::cli
