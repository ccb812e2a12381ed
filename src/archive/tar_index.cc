#include "archive/tar_index.h"

#include <algorithm>
#include <cerrno>
#include <tuple>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "archive/tar_links.h"
#include "base/text.h"

namespace bulkhead::archive {
namespace {

constexpr size_t kHeaderBufferBytes = size_t{16} << 10;  // headers stand far apart: little is worth reading ahead
constexpr size_t kContentBufferBytes = size_t{256} << 10;

using Member = TarIndex::Member;

// The last member of each path, sorted by path.
void keep_last_of_each(std::vector<Member>& members) {
  std::ranges::sort(members, {}, [](const Member& m) { return std::tie(m.path, m.offset); });
  auto kept = members.begin();
  for (auto group = members.begin(); group != members.end();) {
    const auto next = std::find_if(group, members.end(), [&](const Member& m) { return m.path != group->path; });
    if (kept != next - 1) *kept = std::move(*(next - 1));
    ++kept;
    group = next;
  }
  members.erase(kept, members.end());
}

}  // namespace

struct TarIndex::File {
  UniqueFd fd;
  std::string name;
};

// A stretch of the file, read by position, so that any number of them may be read at once.
class TarIndex::RangeSource final : public BlockSource {
 public:
  RangeSource(std::shared_ptr<const File> file, uint64_t offset, uint64_t size, size_t buffer_bytes)
      : file_(std::move(file)), offset_(offset), left_(size), buffer_(buffer_bytes) {}

  Result<ByteSpan> next() override {
    const auto wanted = static_cast<size_t>(std::min<uint64_t>(left_, buffer_.size()));
    if (wanted == 0) return ByteSpan();
    for (;;) {
      const ssize_t count = ::pread(file_->fd.get(), buffer_.data(), wanted, static_cast<off_t>(offset_));
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return fail(errno_error(errno, file_->name));
      if (count == 0) return fail(Code::kIo, fmt::format("{}: became shorter while it was read", file_->name));
      pass(static_cast<uint64_t>(count));
      return ByteSpan(buffer_).first(static_cast<size_t>(count));
    }
  }

  Result<uint64_t> skip(uint64_t count) override {
    const uint64_t skipped = std::min(count, left_);
    pass(skipped);
    return skipped;
  }

 private:
  void pass(uint64_t count) {
    offset_ += count;
    left_ -= count;
  }

  std::shared_ptr<const File> file_;
  uint64_t offset_;
  uint64_t left_;
  std::vector<std::byte> buffer_;
};

Result<TarIndex> TarIndex::open(const std::string& path, const Limits& limits) {
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  if (!fd) return fail(errno_error(errno, path));
  return create(std::move(fd), path, limits);
}

Result<TarIndex> TarIndex::create(UniqueFd fd, std::string name, const Limits& limits) {
  struct stat status{};
  if (::fstat(fd.get(), &status) != 0) return fail(errno_error(errno, name));
  if (!S_ISREG(status.st_mode)) return fail(Code::kInvalidArgument, fmt::format("{}: is no regular file", name));
  TarIndex index;
  index.file_ = std::make_shared<const File>(std::move(fd), std::move(name));
  const std::string& file_name = index.file_->name;
  TarReader reader(
      std::make_unique<RangeSource>(index.file_, 0, static_cast<uint64_t>(status.st_size), kHeaderBufferBytes), limits);
  for (;;) {
    TRY_CONTEXT(const TarEntry* const entry, reader.next(), file_name);
    if (entry == nullptr) break;
    const bool is_symlink = entry->type == TarType::kSymlink;
    const bool is_hard_link = entry->type == TarType::kHardLink;
    if (entry->type != TarType::kFile && !is_symlink && !is_hard_link) continue;
    if (index.members_.size() == limits.max_members) {
      return fail(limit_passed(limits, &Limits::max_members).with_context(file_name));
    }
    Member member{.path = {}, .link = {}, .offset = entry->offset, .size = entry->stored_size, .sparse = entry->sparse};
    TRY_CONTEXT(member.path, normalise_path(entry->path), file_name);
    if (is_hard_link || is_symlink) {
      TRY_CONTEXT(auto target, link_destination(entry->type, member.path, entry->link), file_name);
      if (!target) continue;
      member.link = *std::move(target);
    }
    index.members_.push_back(std::move(member));
  }
  keep_last_of_each(index.members_);
  return index;
}

const TarIndex::Member* TarIndex::find_exactly(std::string_view path) const {
  const auto found =
      std::ranges::lower_bound(members_, path, {}, [](const Member& m) { return std::string_view(m.path); });
  return found != members_.end() && found->path == path ? &*found : nullptr;
}

const TarIndex::Member* TarIndex::find(std::string_view path) const {
  auto normal = normalise_path(path);
  if (!normal) return nullptr;
  const auto end = follow_links(*std::move(normal), [this](const std::string& at) -> const std::string* {
    const Member* const member = find_exactly(at);
    return member == nullptr || member->link.empty() ? nullptr : &member->link;
  });
  return end ? find_exactly(*end) : nullptr;
}

Result<const TarIndex::Member*> TarIndex::require(std::string_view path) const {
  const Member* member = find(path);
  if (member == nullptr) {
    return fail(Code::kNotFound, fmt::format("{}: has no file \"{}\"", file_->name, printable(path)));
  }
  if (member->sparse) {
    return fail(Code::kUnsupported, fmt::format("{}: \"{}\" is stored as a sparse file", file_->name, printable(path)),
                "write the archive again without --sparse");
  }
  return member;
}

Result<std::unique_ptr<BlockSource>> TarIndex::open_member(std::string_view path) const {
  TRY_ASSIGN(const Member* const member, require(path));
  return std::make_unique<RangeSource>(file_, member->offset, member->size, kContentBufferBytes);
}

Result<std::string> TarIndex::read_member(std::string_view path, size_t max_bytes) const {
  TRY_ASSIGN(const Member* const member, require(path));
  RangeSource source(file_, member->offset, member->size,
                     static_cast<size_t>(std::min<uint64_t>(member->size, kContentBufferBytes)));
  return read_all(source, max_bytes, fmt::format("{}: {}", file_->name, printable(path)));
}

}  // namespace bulkhead::archive
