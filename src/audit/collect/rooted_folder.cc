#include "audit/collect/rooted_folder.h"

#include <array>
#include <cerrno>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "audit/collect/process_folder.h"
#include "base/text.h"

namespace bulkhead::audit {
namespace {

constexpr int kMaxLinks = 40;       // as the kernel
constexpr size_t kMaxDepth = 256;   // folders held open at a time
constexpr size_t kMaxSteps = 4096;  // names looked up

// One after the other from the end.
void push_names(std::vector<std::string>& stack, std::string_view path) {
  const std::vector<std::string_view> names = split(path, '/');
  for (size_t i = names.size(); i-- > 0;) {
    if (!names[i].empty() && names[i] != ".") stack.emplace_back(names[i]);
  }
}

class Walk {
 public:
  explicit Walk(int root) : root_(root) {}
  Result<RootedFolder::Found> run(std::string_view path);

 private:
  struct Step {
    UniqueFd fd;
    std::string name;
    struct stat status{};
  };
  int here() const { return trail_.empty() ? root_ : trail_.back().fd.get(); }
  std::string path() const;
  // Follows the link; what it leads to comes next.
  Status follow(int link, const std::string& shown);
  Status step(const std::string& name);
  Result<RootedFolder::Found> arrive();

  int root_;
  std::vector<Step> trail_;
  std::vector<std::string> ahead_;  // the next one last
  int links_ = 0;
};

std::string Walk::path() const {
  if (trail_.empty()) return "/";
  std::string path;
  for (const Step& step : trail_) path.append("/").append(step.name);
  return path;
}

Status Walk::follow(int link, const std::string& shown) {
  std::array<char, 4096> target{};
  const ssize_t size = ::readlinkat(link, "", target.data(), target.size());
  if (size < 0) return fail(errno_error(errno, shown));
  if (++links_ > kMaxLinks) return fail(errno_error(ELOOP, shown));
  const std::string_view text(target.data(), static_cast<size_t>(size));
  if (text.starts_with('/')) trail_.clear();
  push_names(ahead_, text);
  return {};
}

Status Walk::step(const std::string& name) {
  if (name == "..") {
    if (!trail_.empty()) trail_.pop_back();
    return {};
  }
  const std::string shown = printable(trail_.empty() ? "/" + name : fmt::format("{}/{}", path(), name));
  Step next{.fd = UniqueFd(::openat(here(), name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC)), .name = name};
  if (!next.fd || ::fstat(next.fd.get(), &next.status) != 0) return fail(errno_error(errno, shown));
  if (S_ISLNK(next.status.st_mode)) return follow(next.fd.get(), shown);
  if (!ahead_.empty() && !S_ISDIR(next.status.st_mode)) return fail(errno_error(ENOTDIR, shown));
  if (trail_.size() == kMaxDepth) return fail(errno_error(ENAMETOOLONG, shown));
  trail_.push_back(std::move(next));
  return {};
}

Result<RootedFolder::Found> Walk::arrive() {
  RootedFolder::Found found;
  struct stat root{};
  if (::fstat(root_, &root) != 0) return fail(errno_error(errno, "/"));
  found.status = root;
  found.trail.emplace_back(root.st_dev, root.st_ino);
  for (const Step& step : trail_) found.trail.emplace_back(step.status.st_dev, step.status.st_ino);
  found.path = path();
  if (trail_.empty()) {
    found.fd = UniqueFd(::openat(root_, ".", O_PATH | O_CLOEXEC));
    if (!found.fd) return fail(errno_error(errno, "/"));
  } else {
    found.status = trail_.back().status;
    found.fd = std::move(trail_.back().fd);
  }
  return found;
}

Result<RootedFolder::Found> Walk::run(std::string_view wanted) {
  push_names(ahead_, wanted);
  std::string named;
  for (size_t steps = 0; !ahead_.empty(); ++steps) {
    if (steps == kMaxSteps) return fail(errno_error(ENAMETOOLONG, printable(wanted.substr(0, 256))));
    const std::string name = std::move(ahead_.back());
    ahead_.pop_back();
    // The last name of what was asked for: everything above it has been followed.
    if (ahead_.empty() && named.empty() && name != "..") {
      named = trail_.empty() ? "/" + name : fmt::format("{}/{}", path(), name);
    }
    TRY(step(name));
  }
  TRY_ASSIGN(RootedFolder::Found found, arrive());
  found.named = named.empty() ? found.path : std::move(named);
  return found;
}

// What is there already, for reading.
Result<UniqueFd> open_again(int fd, int flags, const std::string& shown) {
  UniqueFd again(::open(fmt::format("/proc/self/fd/{}", fd).c_str(), flags | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  if (!again) return fail(errno_error(errno, printable(shown)));
  return again;
}

}  // namespace

Result<RootedFolder> RootedFolder::open(const std::string& root) {
  UniqueFd fd(::open(root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return fail(errno_error(errno, root));
  return RootedFolder(std::move(fd));
}

Result<RootedFolder::Found> RootedFolder::find(std::string_view path) const {
  return Walk(root_.get()).run(path);
}

Result<std::string> RootedFolder::read(const Found& file, size_t max_bytes) const {
  if (!S_ISREG(file.status.st_mode)) {
    return fail(Code::kInvalidArgument, fmt::format("{}: is no regular file", printable(file.named)));
  }
  TRY_ASSIGN(const UniqueFd fd, open_again(file.fd.get(), O_RDONLY, file.named));
  return read_descriptor(fd.get(), max_bytes, file.named);
}

Result<std::vector<std::string>> RootedFolder::list(std::string_view path) const {
  TRY_ASSIGN(const Found found, find(path));
  return list_names(found.fd.get(), found.path);
}

std::string RootedFolder::named(std::string_view path) const {
  const size_t slash = path.rfind('/');
  if (slash == std::string_view::npos) return std::string(path);
  const std::string_view name = path.substr(slash + 1);
  const auto folder = find(path.substr(0, slash));
  if (!folder || name.empty() || name == "." || name == "..") return std::string(path);
  return folder->path == "/" ? fmt::format("/{}", name) : fmt::format("{}/{}", folder->path, name);
}

}  // namespace bulkhead::audit
