// The reports that a command was asked for, with the places that they go to.
#pragma once

#include <functional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "cli/output.h"
#include "cli/output_flags.h"
#include "report/audit_report.h"
#include "report/report.h"
#include "report/verdict_report.h"
#include "report/verify_report.h"

namespace bulkhead::cli {

class Reports {
 public:
  // Errors as find_outputs() has them: before any work is done.
  static Result<Reports> create(const OutputFlags& flags);
  // Every format that may fail is rendered before the first is written: an error leaves no half of the answer behind.
  // `options` is the command's; where it is written to and when it was made are filled in.
  Status write(std::span<const scan::ScanResult> results, report::Options options, const std::stop_token& stop) const;
  Status write(std::span<const audit::AuditResult> results, report::AuditOptions options,
               const std::stop_token& stop) const;
  Status write(const report::VerifyReport& report, const std::stop_token& stop) const;
  Status write(std::span<const report::JudgedObject> objects, const policy::Bundle& bundle,
               const std::stop_token& stop) const;

 private:
  // A report that is ready to be written.
  using Ready = std::function<Status(const WritePiece& out)>;
  using Render = std::function<Result<Ready>(std::string_view format, bool color, unsigned width)>;
  static Ready ready(std::string text);
  Status write_all(const Render& render, const std::stop_token& stop) const;

  std::vector<std::string> formats_;
  std::vector<OutputTarget> targets_;
};

}  // namespace bulkhead::cli
