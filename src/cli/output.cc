#include "cli/output.h"

#include <cerrno>

#include <unistd.h>

#include "base/fs.h"

namespace bulkhead::cli {

Status write_standard_output(std::string_view text) {
  while (!text.empty()) {
    const ssize_t count = ::write(STDOUT_FILENO, text.data(), text.size());
    if (count >= 0) {
      text.remove_prefix(static_cast<size_t>(count));
    } else if (errno == EPIPE) {
      return {};
    } else if (errno != EINTR) {
      return fail(errno_error(errno, "standard output"));
    }
  }
  return {};
}

Status write_output(const std::string& file, std::string_view text) {
  return file.empty() ? write_standard_output(text) : write_file_atomically(file, text);
}

}  // namespace bulkhead::cli
