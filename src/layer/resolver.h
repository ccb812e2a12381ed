// Finds files by path and by pattern in a tree whose folders are asked name by name, as path_resolution(7) does below a
// root that nothing leads out of. Internal to this folder. Shared by the merge of layers (MergedView) and the walk over
// a directory (DirectoryView), so that both follow links alike.
//
// A View has: Folder, a copyable handle; File, the handle of anything else;
//   Folder root();
//   Found<View> look_up(const Folder&, std::string_view name);
//   Status for_names(const Folder&, std::string_view glob, bool all, use);  // use(name) for each, once; returns a
//   Status std::string link_target(const File&);                                   // of what look_up called a link
//   uint64_t look_up_cost(const Folder&);  // in steps
//   uint64_t names_cost(const Folder&);
// A View may be asked only for what one part of it, the news, makes different:
//   bool is_news(const Folder&);            // the news have something of it
//   bool is_news_link(const File&);         // what look_up called a link is of the news
//   bool may_lead_to_news(const Found<View>&);
// and for_names() may then leave out, unless `all`, what leads to no news.
#pragma once

#include <cstdint>
#include <span>
#include <stop_token>
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

// What following links may cost in all, and what may end it. Not thread-safe; shared by resolvers one after another.
class ResolverBudget {
 public:
  ResolverBudget(const archive::Limits& limits, std::stop_token stop)
      : limits_(limits), stop_(std::move(stop)), steps_left_(limits.max_entries * 8) {}

  // kLimitExceeded (--max-entries) once more steps were taken than any image needs; kCancelled.
  Status take(uint64_t steps) {
    if (steps > steps_left_) return fail(archive::limit_passed(limits_, &archive::Limits::max_entries));
    steps_left_ -= steps;
    if (stop_.stop_requested()) return fail(Code::kCancelled, "stopped on request");
    return {};
  }

 private:
  const archive::Limits limits_;
  const std::stop_token stop_;
  uint64_t steps_left_;
};

template <typename View>
class Resolver {
 public:
  using Folder = typename View::Folder;
  using File = typename View::File;
  // Where a path has led to: the folders passed, from the root on, so that ".." leads back; and whether it would have
  // led there without the view's news.
  struct Trail {
    std::vector<Folder> folders;
    bool through_news = false;
  };

  // Both must outlive the resolver. Errors are those of the budget and of use().
  Resolver(View& view, ResolverBudget& budget) : view_(view), budget_(budget) {}

  Trail root_trail() { return {.folders = {view_.root()}}; }

  // Calls use(file, wanted_as) for every regular file that a path matching `segments`, from `trail` on, opens;
  // wanted_as is that path, put behind `prefix`. use() returns a Status.
  template <typename Use>
  Status expand(const Trail& trail, std::span<const std::string> segments, const std::string& prefix, Use&& use) {
    const std::string& segment = segments.front();
    if (!segment.contains('*')) return expand_one(trail, segment, segments.subspan(1), prefix, use);
    const Folder& folder = trail.folders.back();
    TRY(budget_.take(view_.names_cost(folder)));
    return view_.for_names(folder, segment, trail.through_news, [&](std::string_view name) -> Status {
      return expand_one(trail, name, segments.subspan(1), prefix, use);
    });
  }

 private:
  using Kind = typename Found<View>::Kind;
  static constexpr int kMaxLinks = 40;

  template <typename Use>
  Status expand_one(const Trail& trail, std::string_view name, std::span<const std::string> rest,
                    const std::string& prefix, Use&& use) {
    Trail here = trail;
    int links = 0;
    TRY_ASSIGN(const Found<View> found, follow(here, name, links));
    if (!here.through_news && !view_.may_lead_to_news(found)) return {};
    const std::string wanted_as = prefix.empty() ? std::string(name) : prefix + '/' + std::string(name);
    if (rest.empty()) return found.kind == Kind::kFile ? use(found.file, wanted_as) : Status();
    return found.kind == Kind::kFolder ? expand(here, rest, wanted_as, use) : Status();
  }

  // Follows `path`, from `trail` on. Into a folder: its kind is kFolder and `trail` has become its trail.
  Result<Found<View>> follow(Trail& trail, std::string_view path, int& links) {
    std::vector<Folder>& folders = trail.folders;
    Found<View> at{.kind = Kind::kFolder, .folder = folders.back(), .file = {}};
    if (path.empty()) return Found<View>{};  // a link without a target
    while (!path.empty()) {
      const size_t slash = path.find('/');
      const std::string_view name = path.substr(0, slash);
      const bool needs_folder = slash != std::string_view::npos;
      path.remove_prefix(needs_folder ? slash + 1 : path.size());
      TRY(budget_.take(view_.look_up_cost(folders.back())));
      if (name.empty() || name == ".") continue;
      if (name == "..") {
        // A folder that is passed only to leave it again may be there only since the news.
        trail.through_news = trail.through_news || view_.is_news(folders.back());
        if (folders.size() > 1) folders.pop_back();
        at.folder = folders.back();
        continue;
      }
      at = view_.look_up(folders.back(), name);
      if (at.kind == Kind::kLink) {
        if (++links > kMaxLinks) return Found<View>{};
        const std::string target = view_.link_target(at.file);
        trail.through_news = trail.through_news || view_.is_news_link(at.file);
        if (target.starts_with('/')) folders.resize(1);
        TRY_ASSIGN(at, follow(trail, target, links));
      } else if (at.kind == Kind::kFolder) {
        folders.push_back(at.folder);
      }
      if (needs_folder && at.kind != Kind::kFolder) return Found<View>{};
    }
    return at;
  }

  View& view_;
  ResolverBudget& budget_;
};

}  // namespace bulkhead::layer
