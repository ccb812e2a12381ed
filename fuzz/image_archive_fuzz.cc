// fuzz: oci
// Image archives, read as a stream and, when that finds an image, as a file that can be sought: both must then see the
// same layers, or an archive could show one face to a scan of the file and another to a scan of standard input.
#include <cstdint>
#include <set>

#include <sys/mman.h>
#include <unistd.h>

#include "archive/tar_index.h"
#include "base/fs.h"
#include "oci/archive_format.h"
#include "oci/sequential.h"

using namespace bulkhead;
using namespace bulkhead::oci;

namespace {

void require(bool holds) {
  if (!holds) __builtin_trap();
}

class Visitor final : public LayerVisitor {
 public:
  Status visit(const std::string& entry_name, const Digest& /*digest*/, BlockSource& bytes) override {
    TRY_ASSIGN(const std::string content, read_all(bytes, 1 << 20, "entry"));
    if (content.starts_with("bad")) return fail(Code::kMalformed, "a bad layer");
    visited.insert(entry_name);
    return {};
  }
  std::set<std::string> visited;
};

Result<Image> open_as_file(const uint8_t* data, size_t size, const OpenOptions& options) {
  UniqueFd fd(::memfd_create("archive", MFD_CLOEXEC));
  if (!fd || ::write(fd.get(), data, size) != static_cast<ssize_t>(size)) return fail(Code::kIo, "memfd");
  TRY_ASSIGN(auto index, archive::TarIndex::create(std::move(fd), "archive", options.archive_limits));
  return open_files(make_tar_store(std::move(index), "archive"), ArchiveFormat::kAny, {}, options);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  OpenOptions options;
  options.archive_limits.max_image_bytes = 1 << 20;
  options.archive_limits.max_members = 64;
  options.limits.max_kept_json_bytes = 1 << 18;
  Visitor visitor;
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  const auto streamed =
      make_sequential_image(std::make_unique<MemorySource>(bytes), "stream", ArchiveFormat::kAny, {}, options)
          ->read(visitor);
  if (!streamed) return 0;
  for (const Layer& layer : streamed->layers) {
    require(layer.kind != Layer::Kind::kArchive || visitor.visited.contains(layer.entry_name));
    require(!layer.open);
  }
  const auto file = open_as_file(data, size, options);
  if (!file) return 0;
  require(file->config_digest == streamed->config_digest && file->manifest_digest == streamed->manifest_digest);
  require(file->layers.size() == streamed->layers.size());
  for (size_t i = 0; i < file->layers.size(); ++i) {
    require(file->layers[i].entry_name == streamed->layers[i].entry_name);
    require(file->layers[i].diff_id == streamed->layers[i].diff_id);
  }
  return 0;
}
