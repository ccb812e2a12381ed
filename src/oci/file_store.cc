#include "oci/file_store.h"

#include <cerrno>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include "base/fs.h"
#include "base/text.h"

namespace bulkhead::oci {
namespace {

constexpr std::string_view kBlobs = "blobs/";

class FolderStore final : public FileStore {
 public:
  explicit FolderStore(std::string folder) : folder_(std::move(folder)) {}

  Result<std::optional<File>> find(const std::string& path) const override {
    const std::string full = full_path(path);
    struct stat status{};
    if (::stat(full.c_str(), &status) != 0) {
      if (errno == ENOENT || errno == ENOTDIR) return std::nullopt;
      return fail(errno_error(errno, printable(path)));
    }
    if (!S_ISREG(status.st_mode)) return std::nullopt;
    return File{path, static_cast<uint64_t>(status.st_size)};
  }

  Result<std::unique_ptr<BlockSource>> open(const std::string& path) const override {
    const std::string full = full_path(path);
    // Without O_NONBLOCK a pipe in the place of a blob would hold us forever.
    UniqueFd fd(::open(full.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
    if (!fd) return fail(errno_error(errno, printable(path)));
    struct stat status{};
    if (::fstat(fd.get(), &status) != 0) return fail(errno_error(errno, printable(path)));
    if (!S_ISREG(status.st_mode)) return fail(Code::kNotFound, printable(path) + ": is not a regular file");
    return make_fd_source(std::move(fd), printable(path));
  }

  std::string name() const override { return folder_; }

 private:
  std::string full_path(const std::string& path) const { return folder_ + '/' + path; }

  std::string folder_;
};

class TarStore final : public FileStore {
 public:
  TarStore(archive::TarIndex index, std::string name) : index_(std::move(index)), name_(std::move(name)) {}

  Result<std::optional<File>> find(const std::string& path) const override {
    const auto* const member = index_.find(path);
    if (member == nullptr) return std::nullopt;
    return File{member->path, member->size};
  }

  Result<std::unique_ptr<BlockSource>> open(const std::string& path) const override { return index_.open_member(path); }

  std::string name() const override { return name_; }

 private:
  archive::TarIndex index_;
  std::string name_;
};

}  // namespace

Result<std::string> FileStore::read(const std::string& path, uint64_t max_bytes) const {
  TRY_ASSIGN(const auto file, find(path));
  if (!file) return fail(Code::kNotFound, fmt::format("holds no {}", printable(path)));
  TRY_ASSIGN(auto source, open(path));
  return read_all(*source, max_bytes, printable(path));
}

std::shared_ptr<const FileStore> make_folder_store(std::string folder) {
  return std::make_shared<const FolderStore>(std::move(folder));
}

std::shared_ptr<const FileStore> make_tar_store(archive::TarIndex index, std::string name) {
  return std::make_shared<const TarStore>(std::move(index), std::move(name));
}

std::string blob_path(const Digest& digest) {
  std::string path = digest.to_string();
  if (const size_t colon = path.find(':'); colon != std::string::npos) path[colon] = '/';
  return std::string(kBlobs) + path;
}

Digest digest_of_blob_path(std::string_view path) {
  if (!path.starts_with(kBlobs)) return {};
  std::string text(path.substr(kBlobs.size()));
  const size_t slash = text.find('/');
  if (slash == std::string::npos) return {};
  text[slash] = ':';
  return Digest::parse(text).value_or(Digest());
}

}  // namespace bulkhead::oci
