#include "oci/local_sources.h"

#include <algorithm>
#include <array>
#include <cerrno>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "archive/inflate.h"
#include "archive/tar_index.h"
#include "base/fs.h"
#include "base/remedy.h"
#include "base/text.h"
#include "oci/archive_format.h"
#include "oci/file_store.h"
#include "oci/layout.h"
#include "oci/selector.h"
#include "oci/sequential.h"

namespace bulkhead::oci {
namespace {

constexpr std::string_view kStandardInput = "-";
constexpr size_t kTarBlock = 512;
constexpr std::string_view kCorrectPath =
    "correct the path; after the prefix comes a path, and after that :TAG or @DIGEST of one image of several";

// What lies at a path.
enum class Thing : uint8_t { kNothing, kFolder, kFile, kStream };

Result<Thing> thing_at(const std::string& path) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) {
    if (errno == ENOENT || errno == ENOTDIR) return Thing::kNothing;
    return fail(errno_error(errno, printable(path)));
  }
  if (S_ISDIR(status.st_mode)) return Thing::kFolder;
  return S_ISREG(status.st_mode) ? Thing::kFile : Thing::kStream;
}

std::string nothing_at(const std::string& path, std::string_view text) {
  if (path.empty()) return fmt::format("\"{}\": the path is empty", printable(text));
  return fmt::format("{}: there is no such file or folder", printable(path));
}

enum class FileKind : uint8_t { kOther, kSeekable, kSequential };

// A tar block's checksum: the sum of its bytes, its own field taken as spaces. An archive may also be empty (zeros
// only).
bool looks_like_tar(ByteSpan head) {
  constexpr size_t kField = 148;
  constexpr size_t kFieldBytes = 8;
  if (head.size() < kTarBlock) return false;
  uint64_t sum = 0;
  for (size_t i = 0; i < kTarBlock; ++i) {
    const bool in_field = i >= kField && i < kField + kFieldBytes;
    sum += in_field ? uint64_t{' '} : std::to_integer<uint64_t>(head[i]);
  }
  uint64_t stated = 0;
  for (const char c : as_text(head.subspan(kField, kFieldBytes))) {
    if (c >= '0' && c <= '7') stated = stated * 8 + static_cast<uint64_t>(c - '0');
  }
  return sum == stated || std::ranges::all_of(head.first(kTarBlock), [](std::byte b) { return b == std::byte{0}; });
}

Result<FileKind> kind_of_file(int fd, const std::string& path) {
  std::array<std::byte, kTarBlock> buffer{};
  size_t filled = 0;
  while (filled < buffer.size()) {
    const ssize_t count = ::pread(fd, buffer.data() + filled, buffer.size() - filled, static_cast<off_t>(filled));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return fail(errno_error(errno, printable(path)));
    if (count == 0) break;
    filled += static_cast<size_t>(count);
  }
  const ByteSpan head = ByteSpan(buffer).first(filled);
  if (archive::detect_compression(head) != archive::Compression::kNone) return FileKind::kSequential;
  return looks_like_tar(head) ? FileKind::kSeekable : FileKind::kOther;
}

struct ArchiveFile {
  UniqueFd fd;
  FileKind kind = FileKind::kOther;
};

Result<ArchiveFile> open_file(const std::string& path, Thing thing) {
  ArchiveFile file;
  // Opening a FIFO without O_NONBLOCK would wait for its writer, deaf to a stop; its source waits for the first block.
  file.fd = UniqueFd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  if (!file.fd) return fail(errno_error(errno, printable(path)));
  file.kind = FileKind::kSequential;  // what is no regular file is read from front to back too
  if (thing == Thing::kFile) {
    TRY_ASSIGN(file.kind, kind_of_file(file.fd.get(), path));
  }
  return file;
}

std::string no_archive(const std::string& path) {
  return fmt::format("{}: is a file, but no tar archive, compressed or not", printable(path));
}

Result<OpenedImage> open_archive(ArchiveFile file, const std::string& path, ArchiveFormat format, Selector selector,
                                 const OpenOptions& options) {
  const std::string name = printable(path);
  if (file.kind == FileKind::kSequential) {
    return make_sequential_image(make_fd_source(std::move(file.fd), name, options.stop), name, format,
                                 std::move(selector), options);
  }
  auto index = archive::TarIndex::create(std::move(file.fd), name, options.archive_limits);
  if (!index && index.error().code() == Code::kLimitExceeded) {
    return fail(doubt_that_it_is_an_image(std::move(index).error()));
  }
  if (!index && index.error().code() == Code::kMalformed) {
    return fail(or_remedy(std::move(index).error(), kArchiveAgain));
  }
  if (!index) return fail(std::move(index).error());
  TRY_ASSIGN(Image image, open_files(make_tar_store(*std::move(index), name), format, selector, options));
  return image;
}

Result<OpenedImage> open_standard_input(ArchiveFormat format, Selector selector, const OpenOptions& options) {
  TRY_ASSIGN(auto source, open_file_source(std::string(kStandardInput), options.stop));
  return make_sequential_image(std::move(source), "standard input", format, std::move(selector), options);
}

Result<OpenedImage> open_layout_folder(const std::string& path, const Selector& selector, const OpenOptions& options) {
  TRY_ASSIGN(Image image, open_layout(make_folder_store(path), selector, options));
  return image;
}

Image rootfs_image(std::string folder) {
  Layer layer;
  layer.kind = Layer::Kind::kDirectory;
  layer.directory = std::move(folder);
  Image image;
  image.layers.push_back(std::move(layer));
  return image;
}

// What comes after "-" in "-", "-:NAME" and "-@DIGEST"; nothing when the reference is another path.
std::optional<std::string_view> after_standard_input(std::string_view reference) {
  if (!reference.starts_with(kStandardInput)) return std::nullopt;
  const std::string_view rest = reference.substr(kStandardInput.size());
  if (!rest.empty() && rest.front() != ':' && rest.front() != '@') return std::nullopt;
  return rest;
}

// An image archive whose format the prefix forces.
class ArchiveSource final : public ImageSource {
 public:
  ArchiveSource(std::string_view scheme, std::string description, ArchiveFormat format)
      : scheme_(scheme), description_(std::move(description)), format_(format) {}

  std::string_view scheme() const override { return scheme_; }
  std::string description() const override { return description_; }

  Result<OpenedImage> open(std::string_view reference, const OpenOptions& options) override {
    if (const auto rest = after_standard_input(reference)) {
      TRY_ASSIGN(auto selector, Selector::parse(*rest));
      return open_standard_input(format_, std::move(selector), options);
    }
    TRY_ASSIGN(auto where, split_path(reference));
    TRY_ASSIGN(const Thing thing, thing_at(where.path));
    if (thing == Thing::kNothing) {
      return fail(Code::kNotFound, nothing_at(where.path, reference), std::string(kCorrectPath));
    }
    if (thing == Thing::kFolder) return open_folder(where, options);
    TRY_ASSIGN(ArchiveFile file, open_file(where.path, thing));
    if (file.kind == FileKind::kOther) return fail(Code::kUnsupported, no_archive(where.path));
    return open_archive(std::move(file), where.path, format_, std::move(where.selector), options);
  }

 private:
  Result<OpenedImage> open_folder(const PathAndSelector& where, const OpenOptions& options) const {
    if (format_ == ArchiveFormat::kLayout) return open_layout_folder(where.path, where.selector, options);
    const std::string name = printable(where.path);
    return fail(Code::kInvalidArgument, fmt::format("{}: is a folder, not {}", name, description_),
                fmt::format("write oci:{0} if it is an OCI layout, rootfs:{0} if it is a root file system", name));
  }

  std::string_view scheme_;
  std::string description_;
  ArchiveFormat format_;
};

class RootfsSource final : public ImageSource {
 public:
  std::string_view scheme() const override { return "rootfs"; }
  std::string description() const override { return "a root file system"; }
  Result<OpenedImage> open(std::string_view reference, const OpenOptions& /*options*/) override {
    std::string path(reference);
    TRY_ASSIGN(const Thing thing, thing_at(path));
    if (thing == Thing::kNothing) {
      return fail(Code::kNotFound, nothing_at(path, reference), "correct the path: rootfs: takes a folder");
    }
    if (thing != Thing::kFolder) {
      return fail(Code::kInvalidArgument,
                  fmt::format("{}: is not a folder, so it is no root file system", printable(path)),
                  "leave the prefix out: what kind of image a file is can be told by what it holds");
    }
    return rootfs_image(std::move(path));
  }
};

bool looks_like_root(const std::string& folder) {
  // Not followed: a link in a root leads somewhere in that root.
  const auto is_there = [&](std::string_view name) {
    struct stat status{};
    return ::lstat(fmt::format("{}/{}", folder, name).c_str(), &status) == 0;
  };
  return std::ranges::any_of(kRootMarks, is_there) ||
         (is_there("etc") && is_there("usr") && (is_there("bin") || is_there("usr/bin")));
}

Result<AtPath> look_into_folder(const PathAndSelector& where, const OpenOptions& options) {
  const std::string name = printable(where.path);
  const auto files = make_folder_store(where.path);
  TRY_CONTEXT(const bool layout, is_layout(*files), name);
  if (layout) {
    TRY_ASSIGN(auto image, open_layout_folder(where.path, where.selector, options));
    return AtPath{std::move(image), {}};
  }
  if (!where.selector.empty()) {
    return AtPath{std::nullopt, fmt::format("{}: is a folder, but no OCI layout that could hold {}", name,
                                            printable(where.selector.to_string()))};
  }
  if (looks_like_root(where.path)) return AtPath{rootfs_image(where.path), {}};
  return AtPath{std::nullopt,
                fmt::format("{}: is a folder, but neither an OCI layout (it has no oci-layout and index.json) "
                            "nor a root file system that says what it is (with an os-release or a package database, or "
                            "with etc, usr and bin in it); rootfs:{} scans it all the same",
                            name, name)};
}

}  // namespace

std::unique_ptr<ImageSource> make_layout_source() {
  return std::make_unique<ArchiveSource>("oci", "an OCI layout", ArchiveFormat::kLayout);
}
std::unique_ptr<ImageSource> make_docker_archive_source() {
  return std::make_unique<ArchiveSource>("docker-archive", "an archive of docker save", ArchiveFormat::kDockerArchive);
}
std::unique_ptr<ImageSource> make_rootfs_source() {
  return std::make_unique<RootfsSource>();
}

Result<AtPath> open_path(std::string_view text, const OpenOptions& options) {
  if (text == kStandardInput) {
    TRY_ASSIGN(auto image, open_standard_input(ArchiveFormat::kAny, {}, options));
    return AtPath{std::move(image), {}};
  }
  auto where = split_path(text);
  if (!where) return AtPath{std::nullopt, nothing_at(std::string(text), text)};
  TRY_ASSIGN(const Thing thing, thing_at(where->path));
  if (thing == Thing::kNothing) return AtPath{std::nullopt, nothing_at(where->path, text)};
  if (thing == Thing::kFolder) return look_into_folder(*where, options);
  TRY_ASSIGN(ArchiveFile file, open_file(where->path, thing));
  if (file.kind == FileKind::kOther) return AtPath{std::nullopt, no_archive(where->path)};
  TRY_ASSIGN(auto image,
             open_archive(std::move(file), where->path, ArchiveFormat::kAny, std::move(where->selector), options));
  return AtPath{std::move(image), {}};
}

}  // namespace bulkhead::oci
