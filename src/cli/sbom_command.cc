// bulkhead sbom
#include "cli/command.h"
#include "cli/image_flags.h"
#include "cli/image_session.h"
#include "cli/output_flags.h"
#include "cli/reports.h"

namespace bulkhead::cli {
namespace {

class SbomCommand final : public Command {
 public:
  void declare(Flags& flags) override {
    image_.declare(flags);
    output_.declare(flags,
                    {{"cyclonedx", "CycloneDX 1.6, JSON"}, {"spdx", "SPDX 2.3, JSON, with the licences of packages"}},
                    "cyclonedx");
    flags.check([this]() -> Status {
      if (image_.images.size() == 1) return {};
      return fail(Code::kInvalidArgument, "a bill of materials describes one image",
                  "run bulkhead sbom once for each image");
    });
  }

  Result<int> run(Interrupts& interrupts) override {
    TRY_ASSIGN(const Reports reports, Reports::create(output_));
    const std::stop_token stop = interrupts.stop_in_order();
    TRY_ASSIGN(const auto session, ImageSession::create(image_, stop));
    const std::string& image = image_.images.front();
    TRY_ASSIGN(const scan::ScanResult result, session->take_facts(image, session->options()));
    session->finish_progress();
    TRY(reports.write({&result, 1}, {}, stop));
    return kSuccess;
  }

 private:
  ImageFlags image_;
  OutputFlags output_;
};

}  // namespace

CommandInfo sbom_command() {
  return {.name = "sbom",
          .summary = "write a bill of materials: CycloneDX 1.6 or SPDX 2.3, byte-identical for the same input",
          .details = kImageForms,
          .examples =
              "bulkhead sbom alpine:3.19\n"
              "bulkhead sbom --format spdx --output spdx=cart.spdx.json oci:build/image:latest",
          .make = [] -> std::unique_ptr<Command> { return std::make_unique<SbomCommand>(); }};
}

}  // namespace bulkhead::cli
