// Limits on what input may cost us, and the options that raise them. Each struct of limits has one table, from which
// the command line makes its flags and errors take their words.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/result.h"

namespace bulkhead {

template <typename Limits>
struct LimitOption {
  std::string_view option;  // "--max-entries"
  std::string_view what;    // completes "more than 5000000 …"; also the flag's help
  uint64_t Limits::* field;
};

// The row of a field that has one.
template <typename Limits>
const LimitOption<Limits>& limit_option(std::span<const LimitOption<Limits>> table, uint64_t Limits::* field) {
  return *std::ranges::find(table, field, &LimitOption<Limits>::field);
}

// The error of passing `field`: kLimitExceeded, as the table names it.
template <typename Limits>
Error limit_passed(std::span<const LimitOption<Limits>> table, const Limits& limits, uint64_t Limits::* field) {
  const LimitOption<Limits>& row = limit_option(table, field);
  return limit_error(row.what, limits.*field, row.option);
}

}  // namespace bulkhead
