// Finds files by path and by pattern in a tree whose folders are asked name by name, as path_resolution(7) does below a
// root that nothing leads out of. Internal to this folder. Shared by the merge of layers (MergedView) and the walk over
// a directory (DirectoryView), so that both follow links alike.
//
// A View has: Folder, a copyable handle; File, the handle of anything else;
//   Folder root();
//   Found<View> look_up(const Folder&, std::string_view name);
//   Status for_names(const Folder&, std::string_view glob, use);   // use(name) for each, once; use returns a Status
//   std::string link_target(const File&);                                   // of what look_up called a link
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "archive/limits.h"
#include "base/result.h"

namespace bulkhead::layer {

template <typename View>
struct Found {
  enum class Kind : uint8_t { kNothing, kFolder, kFile, kLink, kOther } kind = Kind::kNothing;
  typename View::Folder folder{};
  typename View::File file{};
};

template <typename View>
class Resolver {
 public:
  using Folder = typename View::Folder;
  using File = typename View::File;
  // Where a path has led to: the folders passed, from the root on, so that ".." leads back.
  using Trail = std::vector<Folder>;

  // `view` must outlive the resolver. Following links is bounded: kLimitExceeded (--max-entries) once it has taken more
  // steps than any image needs.
  Resolver(View& view, const archive::Limits& limits)
      : view_(view), limits_(limits), steps_left_(limits.max_entries * 8) {}

  Trail root_trail() { return {view_.root()}; }

  // Calls use(file, wanted_as) for every regular file that a path matching `segments`, from `trail` on, opens;
  // wanted_as is that path, put behind `prefix`. use() returns a Status.
  template <typename Use>
  Status expand(const Trail& trail, std::span<const std::string> segments, const std::string& prefix, Use&& use) {
    const std::string& segment = segments.front();
    if (!segment.contains('*')) return expand_one(trail, segment, segments.subspan(1), prefix, use);
    return view_.for_names(trail.back(), segment, [&](std::string_view name) -> Status {
      return expand_one(trail, name, segments.subspan(1), prefix, use);
    });
  }

  // Follows `path`, from `trail` on. Into a folder: its kind is kFolder and `trail` has become its trail.
  Result<Found<View>> follow(Trail& trail, std::string_view path) {
    int links = 0;
    return follow(trail, path, links);
  }

 private:
  using Kind = typename Found<View>::Kind;
  static constexpr int kMaxLinks = 40;

  template <typename Use>
  Status expand_one(const Trail& trail, std::string_view name, std::span<const std::string> rest,
                    const std::string& prefix, Use&& use) {
    Trail here = trail;
    TRY_ASSIGN(const Found<View> found, follow(here, name));
    const std::string wanted_as = prefix.empty() ? std::string(name) : prefix + '/' + std::string(name);
    if (rest.empty()) return found.kind == Kind::kFile ? use(found.file, wanted_as) : Status();
    return found.kind == Kind::kFolder ? expand(here, rest, wanted_as, use) : Status();
  }

  Result<Found<View>> follow(Trail& trail, std::string_view path, int& links) {
    Found<View> at{.kind = Kind::kFolder, .folder = trail.back(), .file = {}};
    if (path.empty()) return Found<View>{};  // a link without a target
    while (!path.empty()) {
      const size_t slash = path.find('/');
      const std::string_view name = path.substr(0, slash);
      const bool needs_folder = slash != std::string_view::npos;
      path.remove_prefix(needs_folder ? slash + 1 : path.size());
      if (steps_left_-- == 0) return fail(archive::limit_passed(limits_, &archive::Limits::max_entries));
      if (name.empty() || name == ".") continue;
      if (name == "..") {
        if (trail.size() > 1) trail.pop_back();
        at.folder = trail.back();
        continue;
      }
      at = view_.look_up(trail.back(), name);
      if (at.kind == Kind::kLink) {
        if (++links > kMaxLinks) return Found<View>{};
        const std::string target = view_.link_target(at.file);
        if (target.starts_with('/')) trail.resize(1);
        TRY_ASSIGN(at, follow(trail, target, links));
      } else if (at.kind == Kind::kFolder) {
        trail.push_back(at.folder);
      }
      if (needs_folder && at.kind != Kind::kFolder) return Found<View>{};
    }
    return at;
  }

  View& view_;
  const archive::Limits limits_;
  uint64_t steps_left_;
};

}  // namespace bulkhead::layer
