// fuzz: archive
// Tar archives: no input harms the reader, and neither how the stream is cut into blocks nor whether contents are read
// changes what entries there are.
#include <cstdlib>
#include <memory>
#include <string>

#include "archive/tar_reader.h"
#include "base/chopped_source.h"

namespace {

using namespace bulkhead;

constexpr uint64_t kMaxContentBytes = 1 << 20;  // a sparse file may claim to be endless

std::string list(const std::string& bytes, size_t block_bytes, bool with_content) {
  archive::TarReader reader(std::make_unique<ChoppedSource>(bytes, block_bytes),
                            {.max_entries = 1000, .max_header_bytes = 1 << 16});
  std::string text;
  for (;;) {
    const auto entry = reader.next();
    if (!entry) return with_content ? text : text + "error";
    if (*entry == nullptr) return text + "end";
    const archive::TarEntry& e = **entry;
    text += e.path + '\0' + e.link + '\0' + std::to_string(static_cast<int>(e.type)) + ' ' + std::to_string(e.size) +
            ' ' + std::to_string(e.stored_size) + ' ' + std::to_string(e.offset) + ' ' + std::to_string(e.mode) + '\n';
    std::string normal;
    if (archive::normalise_path(e.path, normal) && ("/" + normal + "/").find("/../") != std::string::npos) std::abort();
    uint64_t read = 0;
    while (with_content && read < kMaxContentBytes) {
      const auto piece = reader.read();
      if (!piece) return text;
      if (piece->empty()) {
        if (read != e.size) std::abort();
        break;
      }
      read += piece->size();
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  const std::string whole = list(bytes, 1 << 20, false);
  if (list(bytes, 61, false) != whole) std::abort();
  const std::string read = list(bytes, 1000, true);
  if (!whole.starts_with(read)) std::abort();
  return 0;
}
