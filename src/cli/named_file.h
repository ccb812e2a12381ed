// A file that an option names: its errors name the option too, and what to do.
#pragma once

#include <cstddef>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/result.h"

namespace bulkhead::cli {

// As read_file() of base/fs.h, with `option` ("--ignore-file") as context.
Result<std::string> read_named_file(std::string_view option, const std::string& file, size_t max_bytes,
                                    const std::stop_token& stop);

}  // namespace bulkhead::cli
