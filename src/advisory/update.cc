#include "advisory/update.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>

#include <fmt/format.h>

#include "advisory/ecosystem.h"
#include "advisory/feed_manifest.h"
#include "advisory/match_rules.h"
#include "base/fs.h"
#include "base/json.h"
#include "base/text.h"
#include "crypto/digest.h"

namespace bulkhead::advisory {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMaxManifestBytes = size_t{16} << 20;
constexpr size_t kMaxPointerBytes = 4096;
constexpr size_t kNvdPageSize = 2000;
constexpr size_t kMaxNvdPages = 1000;

// The codename of a release: "bookworm" of debian 12.
std::string codename_of(std::string_view family, std::string_view release) {
  // version_id_of_codename() goes the other way; the names are few enough to ask for each.
  for (const std::string_view name :
       {"jessie", "stretch", "buster", "bullseye", "bookworm", "trixie", "forky", "duke", "sid", "trusty", "xenial",
        "bionic", "focal", "jammy", "noble", "questing", "resolute"}) {
    if (version_id_of_codename(family, name) == release) return std::string(name);
  }
  return std::string(release);
}

void replace_all(std::string& text, std::string_view what, std::string_view with) {
  for (size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + with.size())) {
    text.replace(at, what.size(), with);
  }
}

std::string filled_in(std::string_view pattern, std::string_view key) {
  std::string url(pattern);
  const Family* family = family_of(key);
  const std::string_view release = release_of(key);
  replace_all(url, "{release}", release);
  replace_all(url, "{major}", release.substr(0, release.find('.')));
  if (family != nullptr && url.find("{codename}") != std::string::npos) {
    replace_all(url, "{codename}", codename_of(family->name, release));
  }
  return url;
}

// A file name of the URL: without its scheme, one level.
std::string path_of(const Feed& feed, std::string_view url) {
  const size_t scheme = url.find("://");
  std::string name(scheme == std::string_view::npos ? url : url.substr(scheme + 3));
  for (char& c : name) {
    if (!is_alnum(c) && c != '.' && c != '-' && c != '_') c = '_';
  }
  while (name.starts_with('.')) name.erase(0, 1);
  if (name.size() > 200) name.erase(0, name.size() - 200);
  return fmt::format("{}/{}", feed.name, name);
}

// Swallows records: to see whether a document can be read at all.
class NullSink final : public Sink {
 public:
  Status add(AdvisoryRecord) override { return {}; }
  Status add(Vulnerability) override { return {}; }
};

class Checker final : public FeedReader {
 public:
  Result<Sink*> begin_document(const Feed&, std::string_view) override { return &sink_; }
  Status end_document(const Feed&, std::string_view, const DocumentInfo&) override {
    ++read_;
    return {};
  }
  Status failed_document(const Feed&, std::string_view, Error error) override {
    if (!first_) first_ = std::move(error);
    return {};
  }
  Status unknown_document(std::string_view) override { return {}; }

  // What its feed can read nothing of has not replaced anything worth having.
  Status verdict() {
    if (read_ > 0) return {};
    if (first_) return std::unexpected(*std::move(first_));
    return fail(Code::kMalformed, "nothing in it is a document of its feed");
  }

 private:
  NullSink sink_;
  size_t read_ = 0;
  std::optional<Error> first_;
};

class Update {
 public:
  Update(const UpdateOptions& options, FeedFetcher& fetcher) : options_(options), fetcher_(fetcher) {}
  Result<UpdateResult> run();

 private:
  // Fetches one planned download; true when a file changed.
  Result<bool> download(const PlannedDownload& plan);
  Result<bool> download_file(const PlannedDownload& plan, const std::string& url, const std::string& path);
  Result<bool> download_nvd(const PlannedDownload& plan);
  Result<std::string> pointed_to(const std::string& url);
  Status save_state() const;

  const UpdateOptions& options_;
  FeedFetcher& fetcher_;
  FeedManifest state_;
};

Result<FeedManifest> load_state(const std::string& folder) {
  const auto text = read_file(folder + "/" + std::string(kManifestName), kMaxManifestBytes);
  if (!text) {
    if (text.error().code() == Code::kNotFound) return FeedManifest{};
    return std::unexpected(text.error());
  }
  auto state = FeedManifest::parse(*text);
  if (!state) {
    return fail(std::move(state)
                    .error()
                    .with_context(folder + "/" + std::string(kManifestName))
                    .with_remedy("remove that file: the next update fetches everything anew"));
  }
  return state;
}

Status save(const std::string& folder, const FeedManifest& state) {
  return write_file_atomically(folder + "/" + std::string(kManifestName), state.to_json());
}

bool add_ecosystems(FeedManifest& state, const std::vector<std::string>& ecosystems) {
  const std::set<std::string> before(state.ecosystems.begin(), state.ecosystems.end());
  std::set<std::string> all = before;
  all.insert(ecosystems.begin(), ecosystems.end());
  state.ecosystems.assign(all.begin(), all.end());
  return all.size() != before.size();
}

// With the ecosystems whose records are consulted for theirs: Red Hat's for its rebuilds.
std::vector<std::string> with_disclosures(const std::vector<std::string>& ecosystems) {
  std::set<std::string> all(ecosystems.begin(), ecosystems.end());
  for (const std::string& key : ecosystems) {
    const Family* family = family_of(key);
    const FamilyRules* rules = family == nullptr ? nullptr : rules_of(family->name);
    if (rules == nullptr || rules->disclosures.empty()) continue;
    if (auto other = ecosystem_key(rules->disclosures, release_of(key))) all.insert(*std::move(other));
  }
  return {all.begin(), all.end()};
}

Status Update::save_state() const {
  return save(options_.feeds_dir, state_);
}

// The file that the URL's first line names, relative to it.
Result<std::string> Update::pointed_to(const std::string& url) {
  TRY_ASSIGN(const FetchAnswer answer, fetcher_.fetch({.url = url}));
  if (answer.body == nullptr) return fail(Code::kUnavailable, fmt::format("{}: no answer", url));
  TRY_ASSIGN(const std::string text, read_all(*answer.body, kMaxPointerBytes, url));
  const std::string_view name = trim(std::string_view(text).substr(0, text.find('\n')));
  if (name.empty() || name.find('/') != std::string_view::npos) {
    return fail(Code::kMalformed, fmt::format("{}: names no file beside it", url));
  }
  return url.substr(0, url.rfind('/') + 1) + std::string(name);
}

Result<bool> Update::download_file(const PlannedDownload& plan, const std::string& url, const std::string& path) {
  const std::string full = options_.feeds_dir + "/" + path;
  FeedFile* known = state_.find(path);
  std::error_code error;
  const bool here = known != nullptr && known->url == url && fs::exists(full, error);
  FetchRequest request{.url = url};
  if (here) {
    request.etag = known->etag;
    request.last_modified = known->last_modified;
  }
  TRY_ASSIGN(const FetchAnswer answer, fetcher_.fetch(request));
  if (answer.not_modified && here) {
    known->fetched = options_.now;
    TRY(save_state());
    return false;
  }
  if (answer.body == nullptr) return fail(Code::kUnavailable, fmt::format("{}: no answer", url));

  TRY_ASSIGN(AtomicFile file, AtomicFile::create(full));
  Hasher hasher;
  uint64_t size = 0;
  for (;;) {
    TRY_CONTEXT(const ByteSpan block, answer.body->next(), url);
    if (block.empty()) break;
    size += block.size();
    if (size > options_.max_download_bytes) {
      return fail(limit_error("bytes of one feed file", options_.max_download_bytes, "--max-download-bytes"));
    }
    hasher.update(block);
    TRY(file.write(block));
  }
  {
    TRY_ASSIGN(const MappedFile written, MappedFile::open(file.temporary_path()));
    Checker checker;
    if (auto status = read_feed_file(path, written.bytes(), plan.feed, checker, options_.build.limits); !status) {
      return fail(std::move(status).error().with_context(url));
    }
    if (auto status = checker.verdict(); !status) return fail(std::move(status).error().with_context(url));
  }
  const std::string sha256 = hasher.finish().hex();
  const bool changed = !here || known->sha256 != sha256;
  TRY(file.commit());

  if (known == nullptr) {
    state_.files.push_back({.path = path});
    std::ranges::sort(state_.files, {}, &FeedFile::path);
    known = state_.find(path);
  }
  known->feed = plan.feed->name;
  known->url = url;
  known->fetched = options_.now;
  known->sha256 = sha256;
  known->etag = answer.etag;
  known->last_modified = answer.last_modified;
  known->ecosystems = plan.ecosystems;
  TRY(save_state());
  return changed;
}

// NVD answers in pages and knows no validators; a page that is here with the same bytes is no change.
Result<bool> Update::download_nvd(const PlannedDownload& plan) {
  bool changed = false;
  for (size_t page = 0; page < kMaxNvdPages; ++page) {
    const std::string url =
        fmt::format("{}{}resultsPerPage={}&startIndex={}", plan.url,
                    plan.url.find('?') == std::string::npos ? '?' : '&', kNvdPageSize, page * kNvdPageSize);
    const std::string path = fmt::format("{}/page-{:04}.json", plan.feed->name, page);
    TRY_ASSIGN(const bool page_changed, download_file(plan, url, path));
    changed = changed || page_changed;
    TRY_ASSIGN(const std::string text,
               read_file(options_.feeds_dir + "/" + path, options_.build.limits.max_document_bytes));
    TRY_CONTEXT(const json::Document document,
                json::Document::parse(text, {.max_bytes = options_.build.limits.max_document_bytes}), url);
    TRY_CONTEXT(const int64_t total, document.root().require_integer("totalResults"), url);
    if (total < 0 || static_cast<uint64_t>(total) <= (page + 1) * kNvdPageSize) return changed;
  }
  return fail(limit_error("pages of NVD", kMaxNvdPages, "--max-documents"));
}

Result<bool> Update::download(const PlannedDownload& plan) {
  switch (plan.fetch) {
    case Fetch::kFile:
      return download_file(plan, plan.url, plan.path);
    case Fetch::kNamedBy: {
      TRY_ASSIGN(const std::string url, pointed_to(plan.url));
      return download_file(plan, url, plan.path + url.substr(url.rfind('/') + 1));
    }
    case Fetch::kNvdPages:
      return download_nvd(plan);
  }
  return fail(Code::kInternal, "a way to fetch that is none");
}

Result<UpdateResult> Update::run() {
  TRY_ASSIGN(state_, load_state(options_.feeds_dir));
  bool changed = add_ecosystems(state_, options_.ecosystems);
  TRY(make_directories(options_.feeds_dir));
  TRY(save_state());

  const std::vector<std::string> wanted = with_disclosures(state_.ecosystems);
  UpdateResult result;
  for (const PlannedDownload& plan : plan_downloads(wanted)) {
    if (options_.on_download) options_.on_download(plan.url);
    DownloadResult& row = result.downloads.emplace_back();
    row.feed = plan.feed->name;
    row.url = plan.url;
    row.path = plan.path;
    const auto outcome = download(plan);
    if (!outcome) {
      // What is not the publisher's or the network's fault will not be better with the next feed.
      if (outcome.error().code() == Code::kCancelled) return std::unexpected(outcome.error());
      row.outcome = DownloadOutcome::kFailed;
      row.error = outcome.error().to_string();
      continue;
    }
    row.outcome = *outcome ? DownloadOutcome::kFetched : DownloadOutcome::kUnchanged;
    changed = changed || *outcome;
  }

  std::error_code error;
  if (state_.files.empty()) {
    const std::string first =
        result.downloads.empty() ? "no feed is known for what was asked for" : result.downloads.front().error;
    return fail(Code::kUnavailable, fmt::format("no feed could be fetched: {}", first),
                "check the network and proxy settings, or bring a database with `bulkhead db import FILE`");
  }
  // A feed that was found unchanged today is fresher than the database says: that is a change as well.
  const bool refreshed =
      std::ranges::any_of(state_.files, [&](const FeedFile& file) { return file.fetched == options_.now; });
  if (!changed && !refreshed && fs::exists(options_.database_path, error)) return result;

  BuildOptions build = options_.build;
  build.from = options_.feeds_dir;
  build.manifest = options_.feeds_dir + "/" + std::string(kManifestName);
  build.ecosystems = wanted;
  TRY_ASSIGN(BuildResult built, build_database(build));
  TRY(write_file_atomically(options_.database_path, built.database));
  result.rebuilt = true;
  result.files = std::move(built.files);
  result.failed = std::move(built.failed);
  return result;
}

}  // namespace

size_t UpdateResult::failures() const {
  return static_cast<size_t>(std::ranges::count(downloads, DownloadOutcome::kFailed, &DownloadResult::outcome));
}

std::vector<PlannedDownload> plan_downloads(const std::vector<std::string>& ecosystems) {
  std::vector<PlannedDownload> plans;
  const auto plan = [&](const Feed& feed, const Download& download, std::string_view key) {
    const std::string url = filled_in(download.url, key);
    auto place =
        std::ranges::find_if(plans, [&](const PlannedDownload& each) { return each.feed == &feed && each.url == url; });
    if (place == plans.end()) {
      plans.push_back({.feed = &feed, .fetch = download.fetch, .url = url, .path = path_of(feed, url)});
      place = plans.end() - 1;
    }
    if (!key.empty()) place->ecosystems.emplace_back(key);
  };
  for (const Feed* feed : all_feeds()) {
    for (const Download& download : feed->downloads) {
      if (download.ecosystem.empty()) {
        plan(*feed, download, {});
        continue;
      }
      for (const std::string& key : ecosystems) {
        const Family* family = family_of(key);
        const bool wanted =
            download.ecosystem.ends_with(":*")
                ? family != nullptr && download.ecosystem.substr(0, download.ecosystem.size() - 2) == family->name
                : download.ecosystem == key;
        if (wanted) plan(*feed, download, key);
      }
    }
  }
  return plans;
}

Result<UpdateResult> update_database(const UpdateOptions& options, FeedFetcher& fetcher) {
  return Update(options, fetcher).run();
}

Status remember_ecosystems(const std::string& feeds_dir, const std::vector<std::string>& ecosystems) {
  TRY_ASSIGN(FeedManifest state, load_state(feeds_dir));
  if (!add_ecosystems(state, ecosystems)) return {};
  return save(feeds_dir, state);
}

}  // namespace bulkhead::advisory
