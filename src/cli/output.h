// Where finished text goes: standard output, or a file that is written whole or not at all.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace bulkhead::cli {

// A reader that went away (`bulkhead scan … | head`) is not an error.
Status write_standard_output(std::string_view text);
// Empty `file`: standard output.
Status write_output(const std::string& file, std::string_view text);

}  // namespace bulkhead::cli
