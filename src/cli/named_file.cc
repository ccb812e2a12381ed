#include "cli/named_file.h"

#include <utility>

#include "base/fs.h"
#include "base/remedy.h"

namespace bulkhead::cli {

Result<std::string> read_named_file(std::string_view option, const std::string& file, size_t max_bytes,
                                    const std::stop_token& stop) {
  auto text = read_file(file, max_bytes, stop);
  if (text) return text;
  Error error = std::move(text).error().with_context(std::string(option));
  if (error.code() != Code::kNotFound) return fail(std::move(error));
  return fail(or_remedy(std::move(error), "correct the path"));
}

}  // namespace bulkhead::cli
