// The merge against the real thing: layers are extracted by system calls in a chroot, mounted by overlayfs, and what
// the kernel shows is compared with what the walk and the merge say, over many small random stacks of layers.
#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <map>
#include <random>
#include <set>

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "archive/tar_builder.h"
#include "base/fs.h"
#include "base/glob.h"
#include "base/temporary_folder.h"
#include "base/test_data.h"
#include "base/text.h"
#include "layer/analyse.h"
#include "layer/merged_view.h"
#include "layer/path_matcher.h"
#include "layer/test_layers.h"

namespace bulkhead::layer {
namespace {

namespace fs = std::filesystem;
using archive::TarBuilder;

struct Entry {
  enum class Kind : uint8_t { kDirectory, kFile, kSymlink, kHardLink, kFifo, kWhiteout, kOpaque } kind;
  std::string path;  // of a whiteout: what it removes; of an opaque marker: the directory
  std::string text;  // content or target
};
using Layer = std::vector<Entry>;

std::string archive_of(const Layer& layer) {
  TarBuilder tar;
  for (const Entry& entry : layer) {
    const size_t name_at = entry.path.rfind('/') + 1;
    switch (entry.kind) {
      case Entry::Kind::kDirectory:
        tar.directory(entry.path);
        break;
      case Entry::Kind::kFile:
        tar.file(entry.path, entry.text);
        break;
      case Entry::Kind::kSymlink:
        tar.symlink(entry.path, entry.text);
        break;
      case Entry::Kind::kHardLink:
        tar.hard_link(entry.path, entry.text);
        break;
      case Entry::Kind::kFifo:
        tar.fifo(entry.path);
        break;
      case Entry::Kind::kWhiteout:
        tar.file(entry.path.substr(0, name_at) + ".wh." + entry.path.substr(name_at));
        break;
      case Entry::Kind::kOpaque:
        tar.file(entry.path + "/.wh..wh..opq");
        break;
    }
  }
  return tar.finish();
}

bool is_real_directory(const std::string& path) {
  struct stat status{};
  return ::lstat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

// Makes a directory of a path whose parents are made, too; links are followed, anything else is replaced.
bool make_folder(const std::string& path, int links = 0) {
  if (path.empty() || path == "/") return true;
  struct stat status{};
  if (::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode)) return true;
  const size_t slash = path.rfind('/');
  const std::string parent = path.substr(0, slash);
  if (path.substr(slash + 1) == "..") return make_folder(parent, links);  // exists once the parent does
  if (!make_folder(parent, links)) return false;
  if (::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode)) return true;
  if (::lstat(path.c_str(), &status) == 0 && S_ISLNK(status.st_mode)) {
    if (links == 40) return false;
    const std::string target = fs::read_symlink(path);
    return make_folder(target.starts_with('/') ? target : parent + '/' + target, links + 1);
  }
  ::unlink(path.c_str());
  return ::mkdir(path.c_str(), 0755) == 0;
}

// OCI image-spec v1.1, layer.md: a whiteout hides what lower layers have, never what its own layer has. overlayfs can
// say that of a directory only by making it opaque.
bool extract(const Layer& layer) {
  std::set<std::string> removed;  // resolved paths that a whiteout of this layer names
  const auto make_opaque = [](const std::string& path) {
    return ::setxattr(path.c_str(), "trusted.overlay.opaque", "y", 1, 0) == 0;
  };
  for (const Entry& entry : layer) {
    const std::string path = '/' + entry.path;
    const size_t slash = path.rfind('/');
    if (entry.kind == Entry::Kind::kOpaque) {
      if (!make_folder(path) || !make_opaque(path)) return false;
      continue;
    }
    if (!make_folder(path.substr(0, slash))) return false;
    const std::string resolved =
        fs::canonical(path.substr(0, std::max<size_t>(slash, 1))).string() + path.substr(slash);
    const bool was_directory = is_real_directory(path);
    if (entry.kind == Entry::Kind::kWhiteout) {
      removed.insert(resolved);
      std::error_code error;
      const bool is_free = fs::symlink_status(path, error).type() == fs::file_type::not_found;
      if (is_free && ::mknod(path.c_str(), S_IFCHR, 0) != 0) return false;
      continue;
    }
    if (entry.kind == Entry::Kind::kDirectory && was_directory) continue;
    std::string link_target;
    if (entry.kind == Entry::Kind::kHardLink) {
      link_target = '/' + entry.text;
      struct stat target{};
      struct stat own{};
      if (::lstat(link_target.c_str(), &target) != 0 || S_ISDIR(target.st_mode)) return false;
      if (::lstat(path.c_str(), &own) == 0 && own.st_ino == target.st_ino) continue;  // it is that file already
      // Kept alive while its own name may be replaced.
      if (::link(link_target.c_str(), "/.keep") != 0) return false;
    }
    fs::remove_all(path);
    std::erase_if(removed, [&](const std::string& gone) { return gone.starts_with(resolved + '/'); });
    bool made = false;
    switch (entry.kind) {
      case Entry::Kind::kDirectory:
        made = ::mkdir(path.c_str(), 0755) == 0;
        break;
      case Entry::Kind::kFile: {
        const UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
        made = fd && ::write(fd.get(), entry.text.data(), entry.text.size()) == static_cast<ssize_t>(entry.text.size());
        break;
      }
      case Entry::Kind::kSymlink:
        made = ::symlink(entry.text.c_str(), path.c_str()) == 0;
        break;
      case Entry::Kind::kHardLink:
        made = ::rename("/.keep", path.c_str()) == 0;
        break;
      case Entry::Kind::kFifo:
        made = ::mkfifo(path.c_str(), 0644) == 0;
        break;
      default:
        break;
    }
    if (!made) return false;
  }
  return std::ranges::all_of(removed,
                             [&](const std::string& path) { return !is_real_directory(path) || make_opaque(path); });
}

// "d path", "f path=content", "l path->target", "x path", a line each.
void list_into(const std::string& folder, std::set<std::string>& lines) {
  for (const auto& item : fs::directory_iterator(folder)) {
    const std::string path = item.path();
    struct stat status{};
    if (::lstat(path.c_str(), &status) != 0) continue;  // a whiteout that the listing of a single directory gives away
    if (S_ISDIR(status.st_mode)) {
      lines.insert("d " + path.substr(1));
      list_into(path, lines);
    } else if (S_ISREG(status.st_mode)) {
      lines.insert(fmt::format("f {}={}", path.substr(1), *read_file(path, 1000)));
    } else if (S_ISLNK(status.st_mode)) {
      lines.insert(fmt::format("l {}->{}", path.substr(1), fs::read_symlink(path).string()));
    } else {
      lines.insert("x " + path.substr(1));
    }
  }
}

void glob_into(const std::string& folder, std::span<const std::string> segments, std::set<std::string>& files) {
  std::error_code error;
  for (const auto& item : fs::directory_iterator(folder, error)) {
    if (!matches_glob(segments[0], item.path().filename().string())) continue;
    struct stat status{};
    if (::stat(item.path().c_str(), &status) != 0) continue;
    if (segments.size() > 1 && S_ISDIR(status.st_mode)) glob_into(item.path(), segments.subspan(1), files);
    if (segments.size() == 1 && S_ISREG(status.st_mode)) {
      const std::string path = fs::canonical(item.path());
      files.insert(fmt::format("w {}={}", path.substr(1), *read_file(path, 1000)));
    }
  }
}

std::vector<std::string> segments_of(std::string_view pattern) {
  std::vector<std::string> segments;
  for (const std::string_view segment : split(pattern, '/')) segments.emplace_back(segment);
  return segments;
}

void wanted_into(const std::vector<std::string>& patterns, std::set<std::string>& lines) {
  for (const std::string& pattern : patterns) glob_into("/", segments_of(pattern), lines);
}

// Runs `inside` in a child whose root is `root`; what it answers comes back through a pipe. Nothing when it fails.
std::optional<std::string> in_root(const std::string& root, const std::function<std::optional<std::string>()>& inside) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return std::nullopt;
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(ends[0]);
    std::optional<std::string> answer;
    if (::chroot(root.c_str()) == 0 && ::chdir("/") == 0) answer = inside();
    std::string_view rest = answer ? std::string_view(*answer) : std::string_view();
    while (!rest.empty()) {
      const ssize_t written = ::write(ends[1], rest.data(), rest.size());
      if (written <= 0) ::_exit(1);
      rest.remove_prefix(static_cast<size_t>(written));
    }
    ::_exit(answer ? 0 : 1);
  }
  ::close(ends[1]);
  const auto source = make_fd_source(UniqueFd(ends[0]), "child");
  const auto answer = read_all(*source, 1 << 20, "answer");
  int status = 0;
  ::waitpid(child, &status, 0);
  if (!answer || status != 0) return std::nullopt;
  return *answer;
}

std::string joined(const std::set<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += line + '\n';
  return text;
}

void list_view(const MergedView& view, std::span<const LayerTree* const> trees, const MergedView::Folder& folder,
               const std::string& path, const std::map<NodeRef, std::string>& contents, std::set<std::string>& lines) {
  const Status listed = view.for_names(folder, "*", true, [&](std::string_view name) -> Status {
    using Kind = Found<MergedView>::Kind;
    const auto found = view.look_up(folder, name);
    const std::string child = path + std::string(name);
    switch (found.kind) {
      case Kind::kNothing:
        break;
      case Kind::kFolder:
        lines.insert("d " + child);
        list_view(view, trees, found.folder, child + '/', contents, lines);
        break;
      case Kind::kFile:
        lines.insert(fmt::format("f {}={}", child, contents.at(found.file)));
        break;
      case Kind::kLink:
        lines.insert(fmt::format("l {}->{}", child, trees[found.file.layer]->target(found.file.node)));
        break;
      case Kind::kOther:
        lines.insert("x " + child);
        break;
    }
    return {};
  });
  EXPECT_TRUE(listed);
}

Result<std::string> our_listing(const std::vector<std::string>& archives) {
  std::vector<std::string> every_depth = {"*"};
  while (every_depth.size() < 12) every_depth.push_back(every_depth.back() + "/*");
  const EchoAnalyser everything("all", every_depth);
  const Analyser* const all[] = {&everything};
  std::vector<LayerFacts> facts;
  for (const std::string& archive : archives) {
    TRY_ASSIGN(LayerFacts layer,
               analyse_layer(std::make_unique<MemorySource>(archive), {}, *AnalyserSet::create(all), {}));
    facts.push_back(std::move(layer));
  }
  std::vector<const LayerTree*> trees;
  std::map<NodeRef, std::string> contents;
  for (uint32_t i = 0; i < facts.size(); ++i) {
    trees.push_back(&facts[i].tree);
    for (const ContentFact& fact : facts[i].facts) contents[{i, fact.node}] = fact.value;
  }
  const MergedView view(trees);
  std::set<std::string> lines;
  list_view(view, trees, view.root(), "", contents, lines);
  return joined(lines);
}

Result<std::string> our_wanted(const std::vector<std::string>& archives, const std::vector<std::string>& patterns) {
  const EchoAnalyser analyser("echo", patterns);
  const Analyser* const all[] = {&analyser};
  TRY_ASSIGN(const MergedImage image, analyse_image(image_of(archives), *AnalyserSet::create(all), {}));
  std::set<std::string> lines;
  for (const FileFact* fact : image.visible("echo"))
    lines.insert(fmt::format("w {}={}", fact->path, fact->value + fact->error));
  return joined(lines);
}

class Generator {
 public:
  explicit Generator(unsigned seed) : random_(seed) {}

  std::vector<Layer> layers() {
    std::vector<Layer> layers(1 + pick(4));
    for (Layer& layer : layers) {
      const size_t entries = 1 + pick(7);
      for (size_t i = 0; i < entries; ++i) layer.push_back(entry(layer));
    }
    return layers;
  }

  std::vector<std::string> patterns() {
    static const std::vector<std::string> kPatterns = {"a",     "a/b",   "a/*",   "*/b",    "*",     "a/b/c",
                                                       "*/*/*", "*/*",   "*/a/b", "*/a/*",  "*/*/c", "c/*/b",
                                                       "b/c",   "c/a/*", "*/c/c", "*/b/*/a"};
    std::vector<std::string> chosen;
    for (size_t i = 0; i <= pick(3); ++i) {
      const std::string& pattern = kPatterns[pick(kPatterns.size())];
      if (std::ranges::find(chosen, pattern) == chosen.end()) chosen.push_back(pattern);
    }
    return chosen;
  }

 private:
  size_t pick(size_t count) { return random_() % count; }
  std::string name() { return std::string(1, static_cast<char>('a' + pick(3))); }
  std::string path() {
    std::string path = name();
    for (size_t depth = pick(3); depth > 0; --depth) path += '/' + name();
    return path;
  }

  Entry entry(const Layer& layer) {
    using Kind = Entry::Kind;
    switch (pick(12)) {
      case 0:
      case 1:
        return {Kind::kDirectory, path(), {}};
      case 2:
        return {Kind::kWhiteout, path(), {}};
      case 3:
        return {Kind::kOpaque, path(), {}};
      case 4:
        return {Kind::kFifo, path(), {}};
      case 5: {
        std::vector<const Entry*> files;
        for (const Entry& e : layer) {
          if (e.kind == Kind::kFile || e.kind == Kind::kHardLink) files.push_back(&e);
        }
        if (files.empty()) return {Kind::kDirectory, path(), {}};
        return {Kind::kHardLink, path(), files[pick(files.size())]->path};
      }
      case 6:
      case 7:
      case 8: {
        static constexpr std::string_view kPrefixes[] = {"", "", "../", "/", "../../", "./"};
        return {Kind::kSymlink, path(), std::string(kPrefixes[pick(std::size(kPrefixes))]) + path()};
      }
      default:
        return {Kind::kFile, path(), fmt::format("content{}", ++contents_)};
    }
  }

  std::mt19937 random_;
  int contents_ = 0;
};

class OverlayTest : public testing::Test {
 protected:
  ~OverlayTest() override {
    if (mounted_) ::umount2((folder_ / "work").c_str(), MNT_DETACH);
  }

  // Mounts are made in a namespace of our own, on a file system of memory; false when we may not.
  bool prepare() {
    const fs::path work = folder_ / "work";
    fs::create_directories(work);
    if (::unshare(CLONE_NEWNS) != 0 || ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return false;
    if (::mount("tmpfs", work.c_str(), "tmpfs", 0, nullptr) != 0) return false;
    mounted_ = true;
    const fs::path probe = work / "probe";
    for (const char* name : {"a", "b", "m"}) fs::create_directories(probe / name);
    const std::string options = fmt::format("lowerdir={}:{}", (probe / "a").string(), (probe / "b").string());
    if (::mount("overlay", (probe / "m").c_str(), "overlay", MS_RDONLY, options.c_str()) != 0) return false;
    ::umount2((probe / "m").c_str(), MNT_DETACH);
    return ::setxattr((probe / "a").c_str(), "trusted.overlay.opaque", "y", 1, 0) == 0 &&
           ::mknod((probe / "a/w").c_str(), S_IFCHR, 0) == 0;
  }

  // What the kernel makes of the stack; nothing when a layer cannot be extracted.
  std::optional<std::pair<std::string, std::string>> kernel_says(const std::vector<Layer>& layers,
                                                                 const std::vector<std::string>& patterns) {
    const fs::path stack = folder_ / "work" / "stack";
    fs::remove_all(stack);
    std::string lower;
    for (size_t i = 0; i < layers.size(); ++i) {
      const std::string root = stack / std::to_string(i);
      fs::create_directories(root);
      if (!in_root(root, [&] { return extract(layers[i]) ? std::optional<std::string>("") : std::nullopt; }))
        return std::nullopt;
      lower.insert(0, root + ':');
    }
    fs::create_directories(stack / "empty");  // overlayfs wants two at least
    fs::create_directories(stack / "merged");
    lower += stack / "empty";
    const std::string merged = stack / "merged";
    if (::mount("overlay", merged.c_str(), "overlay", MS_RDONLY, ("lowerdir=" + lower).c_str()) != 0) {
      ADD_FAILURE() << "mount: " << std::generic_category().message(errno);
      return std::nullopt;
    }
    const auto answer = in_root(merged, [&]() -> std::optional<std::string> {
      std::set<std::string> tree;
      std::set<std::string> wanted;
      list_into("/", tree);
      wanted_into(patterns, wanted);
      return joined(tree) + "---\n" + joined(wanted);
    });
    ::umount2(merged.c_str(), MNT_DETACH);
    if (!answer) {
      ADD_FAILURE() << "nothing can be read of the mounted stack";
      return std::nullopt;
    }
    const size_t middle = answer->find("---\n");
    return std::pair(answer->substr(0, middle), answer->substr(middle + 4));
  }

  static std::string describe(const std::vector<Layer>& layers) {
    static constexpr std::array<std::string_view, 7> kKinds = {"dir",  "file",     "symlink", "hardlink",
                                                               "fifo", "whiteout", "opaque"};
    std::string text;
    for (size_t i = 0; i < layers.size(); ++i) {
      for (const Entry& e : layers[i]) {
        text += fmt::format("layer {}: {} {} {}\n", i, kKinds[static_cast<size_t>(e.kind)], e.path, e.text);
      }
    }
    return text;
  }

  const TemporaryFolder outer_;
  const fs::path folder_ = outer_.path();
  bool mounted_ = false;
};

TEST_F(OverlayTest, MergesRandomLayersAsTheKernelDoes) {
  BULKHEAD_NEED(::geteuid() == 0, "needs root for overlay mounts");
  BULKHEAD_NEED(prepare(), "this machine allows no overlay mounts");
  const char* const chosen = std::getenv("BULKHEAD_OVERLAY_STACKS");  // NOLINT(concurrency-mt-unsafe)
  const unsigned stacks = chosen == nullptr ? 400 : static_cast<unsigned>(std::strtoul(chosen, nullptr, 10));
  size_t compared = 0;
  for (unsigned seed = 0; seed < stacks && !HasFailure(); ++seed) {
    Generator generator(seed);
    const std::vector<Layer> layers = generator.layers();
    const std::vector<std::string> patterns = generator.patterns();
    std::vector<std::string> archives;
    for (const Layer& layer : layers) archives.push_back(archive_of(layer));
    const auto kernel = kernel_says(layers, patterns);
    if (!kernel) continue;  // links in circles, or to directories: no engine extracts it, and neither need we
    SCOPED_TRACE(fmt::format("seed {}, patterns {}\n{}", seed, fmt::join(patterns, " "), describe(layers)));
    const auto tree = our_listing(archives);
    ASSERT_TRUE(tree) << tree.error().to_string();
    EXPECT_EQ(*tree, kernel->first);
    const auto wanted = our_wanted(archives, patterns);
    ASSERT_TRUE(wanted) << wanted.error().to_string();
    EXPECT_EQ(*wanted, kernel->second);
    ++compared;
  }
  EXPECT_GT(compared, stacks / 2);
}

}  // namespace
}  // namespace bulkhead::layer
