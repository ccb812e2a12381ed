// bulkhead check
#include <algorithm>

#include <fmt/format.h>

#include "base/date.h"
#include "base/json.h"
#include "cli/command.h"
#include "cli/image_judgement.h"
#include "cli/output_flags.h"
#include "cli/reports.h"
#include "policy/bundle.h"
#include "policy/verdict.h"

namespace bulkhead::cli {
namespace {

class CheckCommand final : public Command {
 public:
  void declare(Flags& flags) override {
    std::vector<Choice> formats;
    for (const report::VerdictFormat& format : report::verdict_formats()) {
      formats.push_back({std::string(format.name), std::string(format.description)});
    }
    flags.add({.names = "--policy",
               .value = "FILE",
               .help = "the bundle: a YAML or JSON file, or a folder of them",
               .kind = Option::Kind::kFile,
               .required = true},
              policy_);
    flags.add({.names = "--user", .value = "NAME", .help = "who asks, for the bundle's mappings"}, user_);
    judgement_.declare(flags);
    output_.declare(flags, std::move(formats), "table");
  }

  Result<int> run(Interrupts& interrupts) override {
    const std::stop_token stop = interrupts.stop_in_order();
    TRY_ASSIGN(const policy::Bundle bundle, policy::load_bundle(policy_));
    TRY_ASSIGN(const Reports reports, Reports::create(output_));
    std::vector<report::JudgedObject> judged;
    TRY(judge_images(judgement_, stop, [&](const std::string& image, const std::string& facts) -> Status {
      TRY_ASSIGN(const json::Document document, json::Document::parse(facts, {.max_bytes = facts.size()}));
      const json::Value root = document.root();
      const auto now = parse_rfc3339(root.string_or("time", ""));
      TRY_CONTEXT(policy::Verdict verdict,
                  policy::evaluate(bundle, {.facts = root, .user = user_, .now = now.value_or(0)}), image);
      const auto described = root.find("image");
      judged.push_back({.name = image,
                        .digest = described ? std::string(described->string_or("digest", "")) : std::string(),
                        .verdict = std::move(verdict)});
      return {};
    }));
    TRY(reports.write(judged, bundle, stop));
    const bool allowed =
        std::ranges::all_of(judged, [](const report::JudgedObject& each) { return each.verdict.allowed; });
    return allowed ? kSuccess : kThresholdMet;
  }

 private:
  JudgementFlags judgement_;
  OutputFlags output_;
  std::string policy_;
  std::string user_;
};

}  // namespace

CommandInfo check_command() {
  return {
      .name = "check",
      .summary = "hold images to a policy: the gate for CI",
      .details = kImageForms,
      .examples =
          "bulkhead check --policy baseline.yaml alpine:3.19\n"
          "bulkhead check --policy policy/ -o json=verdict.json -o table registry.example/shop/cart:1.4",
      .exit_status =
          "0 when the policy allows every image, 1 on an error of the program or its input, 2 when it denies one, 130 "
          "when stopped by a signal.",
      .make = [] -> std::unique_ptr<Command> { return std::make_unique<CheckCommand>(); }};
}

}  // namespace bulkhead::cli
