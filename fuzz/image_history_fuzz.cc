// fuzz: audit
// The history of an image (a line for each step, oldest first) against every check of images: each answers with one row
// for the image, none that it could not judge; no command has no words, and no failure no evidence.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "audit/check.h"
#include "audit/checks/image_history.h"
#include "base/text.h"

namespace {

using namespace bulkhead;         // NOLINT(google-build-using-namespace)
using namespace bulkhead::audit;  // NOLINT(google-build-using-namespace)

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  Image image;
  image.id = "sha256:1";
  image.tags = {"app:1"};
  image.user = text.substr(0, 16);
  image.history.emplace();
  for (const std::string_view line : split(text, '\n')) {
    image.history->push_back({.created_by = std::string(line)});
    image.env.emplace_back(line);
  }
  const auto instructions = read_history(*image.history);
  if (instructions.size() != image.history->size()) std::abort();
  for (const Instruction& instruction : instructions) {
    for (const ShellCommand& command : split_shell(instruction.arguments)) {
      if (command.words.empty()) std::abort();
    }
  }
  Facts facts;
  facts.now = "2026-11-22T12:00:00Z";
  facts.images.emplace();
  facts.images->push_back(std::move(image));
  Selection selection;
  selection.sections = {Section::kImages};
  const AuditResult result = run_checks(facts, selection);
  if (result.rows.size() != image_checks().size()) std::abort();
  for (const Row& row : result.rows) {
    if (row.status == RowStatus::kError) std::abort();
    if (row.status == RowStatus::kFail && row.evidence.empty()) std::abort();
  }
  return 0;
}
