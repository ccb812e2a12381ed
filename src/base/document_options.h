// The options that raise the limits of a document (JSON, YAML, TOML, XML): who reads it for a user says them, and
// errors of passed limits name them. Empty: no option does.
#pragma once

#include <string_view>

namespace bulkhead {

struct DocumentOptions {
  std::string_view bytes{};
  std::string_view depth{};
};

}  // namespace bulkhead
