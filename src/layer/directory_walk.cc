// analyse_directory: the files of a directory on this machine, looked at only where a wanted path can be.
//
// Links are followed here and not by the kernel: every folder and file is opened by its resolved path, below the root
// and without a link on the way, so that nothing that happens in the directory meanwhile leads a step outside.
#include <algorithm>
#include <array>
#include <cerrno>
#include <iterator>
#include <map>
#include <memory>
#include <set>
#include <utility>

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/glob.h"
#include "base/text.h"
#include "layer/analyse.h"
#include "layer/content_analysis.h"
#include "layer/path_matcher.h"
#include "layer/resolver.h"
#include "layer/tree_builder.h"

namespace bulkhead::layer {
namespace {

struct DirectoryCloser {
  void operator()(DIR* directory) const { ::closedir(directory); }
};

UniqueFd open_step_by_step(int root, const std::string& path, int flags) {
  UniqueFd at(::openat(root, ".", O_PATH | O_CLOEXEC));
  std::vector<std::string_view> names = split(path, '/');
  for (size_t i = 0; at && i < names.size(); ++i) {
    const bool is_last = i + 1 == names.size();
    at = UniqueFd(::openat(at.get(), std::string(names[i]).c_str(),
                           is_last ? flags | O_NOFOLLOW | O_CLOEXEC : O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  }
  return at;
}

// Below `root`, by a path without links; errno tells what went wrong.
UniqueFd open_beneath(int root, const std::string& path, int flags) {
  if (path.empty()) return UniqueFd(::openat(root, ".", flags | O_CLOEXEC));
  open_how how{};
  how.flags = static_cast<uint64_t>(flags | O_NOFOLLOW | O_CLOEXEC);
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
  const long fd = ::syscall(SYS_openat2, root, path.c_str(), &how, sizeof how);
  if (fd >= 0) return UniqueFd(static_cast<int>(fd));
  // Kernels before 5.6 do not know the call, and old sandboxes forbid it.
  if (errno == ENOSYS || errno == EPERM) return open_step_by_step(root, path, flags);
  return UniqueFd();
}

// Why something was not read, for who has to do without it.
std::string denial(const Error& error) {
  const bool needs_rights = error.code() == Code::kPermissionDenied;
  return error.to_string() + (needs_rights ? " (scan as a user who may read it, root for instance)" : "");
}

// The directory as far as it was asked for, growing as a tree. A View for Resolver.
class DirectoryView {
 public:
  using Folder = BuildId;
  using File = BuildId;

  DirectoryView(UniqueFd root, std::string root_name, TreeBuilder& tree)
      : root_(std::move(root)), root_name_(std::move(root_name)), tree_(tree) {}

  Folder root() const { return TreeBuilder::kRoot; }
  Found<DirectoryView> look_up(Folder folder, std::string_view name);
  template <typename Use>
  Status for_names(Folder folder, std::string_view glob, bool all, Use&& use);
  std::string link_target(File file) const { return std::string(tree_.target(file)); }
  static uint64_t look_up_cost(Folder /*folder*/) { return 1; }
  static uint64_t names_cost(Folder /*folder*/) { return 1; }
  static bool is_news(Folder /*folder*/) { return false; }
  static bool is_news_link(File /*link*/) { return false; }
  static bool may_lead_to_news(const Found<DirectoryView>& /*found*/) { return true; }  // all is asked for

  // What a node cannot be put into the tree for (limits); look_up has no other way to say so.
  Status status() const { return status_ ? Status(fail(*status_)) : Status(); }
  // What may not be read of all that was asked for since the last call.
  struct Denial {
    std::string path;
    std::string error;
  };
  std::vector<Denial> take_denials() { return std::exchange(denials_, {}); }

  // A regular file, for reading.
  Result<UniqueFd> open_file(File file, uint64_t& size) const;
  std::string shown(std::string_view path) const {
    return printable(path.empty() ? root_name_ : fmt::format("{}/{}", root_name_, path));
  }

 private:
  int folder_fd(Folder folder);
  void deny(std::string path, int error_number);
  Found<DirectoryView> known(BuildId node) const;
  Result<BuildId> learn(TreeBuilder::Place place, const struct stat& status, int folder_fd);

  UniqueFd root_;
  std::string root_name_;
  TreeBuilder& tree_;
  BuildId open_folder_ = TreeBuilder::kRoot;  // the folder of open_fd_
  UniqueFd open_fd_;
  std::optional<Error> status_;
  std::vector<Denial> denials_;
};

void DirectoryView::deny(std::string path, int error_number) {
  if (denials_.size() >= LayerFacts::kMaxDenied) return;
  std::string error = denial(errno_error(error_number, shown(path)));
  if (path.empty()) path = "/";  // the top has no name of its own
  denials_.push_back({.path = std::move(path), .error = std::move(error)});
}

int DirectoryView::folder_fd(Folder folder) {
  if (open_fd_ && open_folder_ == folder) return open_fd_.get();
  const std::string path = tree_.path(folder);
  // Without O_DIRECTORY, which would mount what is to be mounted on demand.
  open_fd_ = open_beneath(root_.get(), path, O_PATH);
  if (!open_fd_) deny(path, errno);
  open_folder_ = folder;
  return open_fd_.get();
}

Found<DirectoryView> DirectoryView::known(BuildId node) const {
  using Kind = Found<DirectoryView>::Kind;
  switch (tree_.kind(node)) {
    case NodeKind::kDirectory:
      return {.kind = Kind::kFolder, .folder = node, .file = {}};
    case NodeKind::kFile:
      return {.kind = Kind::kFile, .folder = {}, .file = node};
    case NodeKind::kSymlink:
      return {.kind = Kind::kLink, .folder = {}, .file = node};
    default:
      return {.kind = Kind::kOther, .folder = {}, .file = node};
  }
}

Result<BuildId> DirectoryView::learn(TreeBuilder::Place place, const struct stat& status, int folder_fd) {
  if (S_ISDIR(status.st_mode)) return tree_.put_directory(place);
  if (S_ISREG(status.st_mode)) return tree_.put(place, NodeKind::kFile);
  if (!S_ISLNK(status.st_mode)) return tree_.put(place, NodeKind::kOther);
  std::array<char, 4096> target{};
  const ssize_t size = ::readlinkat(folder_fd, std::string(place.name).c_str(), target.data(), target.size());
  return tree_.put(place, NodeKind::kSymlink, {target.data(), static_cast<size_t>(std::max<ssize_t>(size, 0))});
}

Found<DirectoryView> DirectoryView::look_up(Folder folder, std::string_view name) {
  if (const auto node = tree_.child(folder, name)) return known(*node);
  const int fd = folder_fd(folder);
  struct stat status{};
  if (fd < 0 || status_) return {};
  if (::fstatat(fd, std::string(name).c_str(), &status, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT) != 0) {
    if (errno != ENOENT && errno != ENOTDIR && errno != ENAMETOOLONG) {
      deny(folder == TreeBuilder::kRoot ? std::string(name) : fmt::format("{}/{}", tree_.path(folder), name), errno);
    }
    return {};
  }
  auto node = learn({folder, name}, status, fd);
  if (!node) {
    status_ = std::move(node).error();
    return {};
  }
  return known(*node);
}

template <typename Use>
Status DirectoryView::for_names(Folder folder, std::string_view glob, bool /*all*/, Use&& use) {
  std::vector<std::string> names;
  {
    const int list_fd = ::openat(folder_fd(folder), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NONBLOCK);
    const std::unique_ptr<DIR, DirectoryCloser> list(list_fd < 0 ? nullptr : ::fdopendir(list_fd));
    if (list == nullptr) {
      deny(tree_.path(folder), errno);
      return {};
    }
    while (const dirent* item = ::readdir(list.get())) {  // NOLINT(concurrency-mt-unsafe): a stream of our own
      const std::string_view name = item->d_name;
      if (name != "." && name != ".." && matches_glob(glob, name)) names.emplace_back(name);
    }
  }
  std::ranges::sort(names);
  for (const std::string& name : names) TRY(use(name));
  return {};
}

Result<UniqueFd> DirectoryView::open_file(File file, uint64_t& size) const {
  const std::string path = tree_.path(file);
  // It was a regular file a moment ago; should it have become a FIFO, this does not wait for a writer.
  UniqueFd fd = open_beneath(root_.get(), path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
  struct stat status{};
  if (!fd || ::fstat(fd.get(), &status) != 0) return fail(errno_error(errno, shown(path)));
  if (!S_ISREG(status.st_mode)) return fail(Code::kIo, fmt::format("{}: has changed while it was read", shown(path)));
  size = static_cast<uint64_t>(status.st_size);
  return fd;
}

class DirectoryWalk {
 public:
  DirectoryWalk(UniqueFd root, const std::string& root_name, const AnalyserSet& analysers,
                const AnalyseOptions& options)
      : matcher_(analysers.matcher()),
        options_(options),
        own_budget_(options.limits),
        account_(options.budget != nullptr ? *options.budget : own_budget_),
        tree_(options.limits, account_, matcher_),
        view_(std::move(root), root_name, tree_),
        budget_(options.limits, options.stop),
        resolver_(view_, budget_),
        analysis_(analysers, options.limits, account_) {}

  Result<LayerFacts> run();

 private:
  Status reach_wanted();
  void reach(uint32_t pattern, BuildId file, const std::string& wanted_as);
  void deny(uint32_t analyser, std::string path, std::string error);
  void take_denials(uint32_t pattern);
  Status look_into_files();
  Status look_into(BuildId file, std::vector<ContentAnalysis::Want> wants);
  Status check() const;

  const PathMatcher& matcher_;
  const AnalyseOptions& options_;
  ImageBudget own_budget_;
  LayerAccount account_;
  TreeBuilder tree_;
  DirectoryView view_;
  ResolverBudget budget_;
  Resolver<DirectoryView> resolver_;
  ContentAnalysis analysis_;
  FactCollector collector_;
  std::map<BuildId, std::vector<ContentAnalysis::Want>> wants_;  // by file
  std::set<ExtraWant> extras_;
  std::map<uint32_t, std::vector<Denied>> denied_;  // by analyser
};

void DirectoryWalk::deny(uint32_t analyser, std::string path, std::string error) {
  auto& denied = denied_[analyser];
  const bool known = std::ranges::any_of(denied, [&](const Denied& d) { return d.path == path; });
  if (known || denied.size() >= LayerFacts::kMaxDenied) return;
  denied.push_back({.analyser = analyser, .path = std::move(path), .error = std::move(error)});
}

// What could not be looked at on the way of this pattern.
void DirectoryWalk::take_denials(uint32_t pattern) {
  for (auto& denial : view_.take_denials()) {
    deny(matcher_.patterns()[pattern].analyser, std::move(denial.path), std::move(denial.error));
  }
}

Status DirectoryWalk::check() const {
  if (options_.stop.stop_requested()) return fail(Code::kCancelled, "stopped on request");
  return view_.status();
}

void DirectoryWalk::reach(uint32_t pattern, BuildId file, const std::string& wanted_as) {
  auto& wants = wants_[file];
  const bool known = std::ranges::any_of(wants, [&](const auto& want) { return want.pattern == pattern; });
  if (!known) wants.push_back({.pattern = pattern, .wanted_as = wanted_as});
}

Status DirectoryWalk::reach_wanted() {
  const auto root = resolver_.root_trail();
  const std::vector<Pattern>& patterns = matcher_.patterns();
  for (uint32_t i = 0; i < patterns.size(); ++i) {
    TRY(resolver_.expand(root, patterns[i].segments, {}, [&](BuildId file, const std::string& wanted_as) -> Status {
      reach(i, file, wanted_as);
      return {};
    }));
    take_denials(i);
    TRY(check());
  }
  return {};
}

Status DirectoryWalk::look_into(BuildId file, std::vector<ContentAnalysis::Want> wants) {
  const std::string path = tree_.path(file);
  for (const ContentAnalysis::Want& want : wants) {
    // Tells the merge that a file which is wanted by a link's name only was looked into.
    if (want.wanted_as != path) {
      extras_.insert(
          {.path = path, .wanted_as = want.wanted_as, .analyser = matcher_.patterns()[want.pattern].analyser});
    }
  }
  uint64_t size = 0;
  auto fd = view_.open_file(file, size);
  std::vector<ContentAnalysis::Finding> findings;
  if (!fd) {
    for (const ContentAnalysis::Want& want : wants) {
      deny(matcher_.patterns()[want.pattern].analyser, path, denial(fd.error()));
    }
  } else {
    const auto source = make_fd_source(*std::move(fd), view_.shown(path));
    TRY_CONTEXT(findings, analysis_.run(std::move(wants), size, *source), view_.shown(path));
  }
  collector_.add(tree_, file, std::move(findings));
  return {};
}

Status DirectoryWalk::look_into_files() {
  ProgressStep progress(options_.progress, "files", wants_.size());
  for (auto& [file, wants] : wants_) {
    TRY(check());
    TRY(look_into(file, std::move(wants)));
    progress.advance(1);
  }
  return {};
}

Result<LayerFacts> DirectoryWalk::run() {
  TRY(reach_wanted());
  TRY(look_into_files());
  std::vector<NodeId> final_ids;
  LayerFacts facts = std::move(collector_).finish(std::move(tree_), final_ids);
  facts.extras.assign(extras_.begin(), extras_.end());
  facts.cost = account_.keep();
  for (auto& [analyser, denied] : denied_) std::ranges::move(denied, std::back_inserter(facts.denied));
  return facts;
}

}  // namespace

Result<LayerFacts> analyse_directory(const std::string& root, const AnalyserSet& analysers,
                                     const AnalyseOptions& options) {
  UniqueFd fd(::open(root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return fail(errno_error(errno, root));
  return DirectoryWalk(std::move(fd), root == "/" ? "" : root, analysers, options).run();
}

}  // namespace bulkhead::layer
