// The bundles to begin with, that come with the program: data/*.yaml.
#pragma once

#include <span>
#include <string_view>

namespace bulkhead::policy {

struct Starter {
  std::string_view name;  // "observe", "baseline", "strict"
  std::string_view summary;
  std::string_view text;
};
std::span<const Starter> starters();

}  // namespace bulkhead::policy
