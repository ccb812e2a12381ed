// An image looked into and matched, as the commands about policies need it: one function for `facts` and `check`.
#pragma once

#include <functional>
#include <stop_token>
#include <string>

#include "advisory/store.h"
#include "cli/image_flags.h"
#include "scan/scan.h"

namespace bulkhead::cli {

struct JudgementFlags {
  ImageFlags image;
  std::string database;
  advisory::StoreLimits database_limits;

  void declare(Flags& flags);
};

// Calls `take` with each image's facts, in order; `now` is the time of all of them. Its error ends the run.
using TakeFacts = std::function<Status(const std::string& image, const std::string& facts)>;
Status judge_images(const JudgementFlags& flags, const std::stop_token& stop, const TakeFacts& take);

}  // namespace bulkhead::cli
