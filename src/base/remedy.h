// What to do about an error, said by who knows what the input is for: the place that finds it often does not.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"

namespace bulkhead {

// The error with this remedy, unless it has one: who found it knows more.
inline Error or_remedy(Error error, std::string_view remedy) {
  if (error.remedy().empty()) return std::move(error).with_remedy(std::string(remedy));
  return error;
}

}  // namespace bulkhead
