#include "advisory/update.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <filesystem>
#include <set>
#include <thread>

#include <fmt/format.h>

#include "advisory/database.h"
#include "advisory/ecosystem.h"
#include "advisory/feed_manifest.h"
#include "advisory/freshness.h"
#include "advisory/repomd.h"
#include "base/fs.h"
#include "base/text.h"
#include "crypto/digest.h"

namespace bulkhead::advisory {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMaxManifestBytes = size_t{16} << 20;
constexpr size_t kMaxPointerBytes = 4096;
constexpr int kDownloadAttempts = 3;  // of a file whose body breaks off in a way that cannot be continued
constexpr size_t kFolderDigits = 16;  // of a checksum, in the name of a file's folder
constexpr std::string_view kIncoming = "incoming";
constexpr std::string_view kLockName = "lock";
// Whoever remembers an ecosystem holds the lock for a moment only.
constexpr int kLockAttempts = 20;
constexpr auto kLockPause = std::chrono::milliseconds(50);

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
  Status failed_document(const Feed*, std::string_view path, Error error) override {
    ++failed_;
    if (!first_) first_ = std::move(error).with_context(printable(path));
    return {};
  }
  Status unknown_document(std::string_view) override { return {}; }

  // What the feeds can read little of has not replaced anything worth having.
  Status verdict() {
    if (failed_ > read_) {
      return fail(
          std::move(*first_).with_context(fmt::format("{} of {} documents are unreadable", failed_, failed_ + read_)));
    }
    if (read_ == 0) return fail(Code::kMalformed, "nothing in it is a document of a feed");
    return {};
  }

 private:
  NullSink sink_;
  size_t read_ = 0;
  size_t failed_ = 0;
  std::optional<Error> first_;
};

Result<FeedManifest> load_state(const std::string& folder) {
  const std::string path = fmt::format("{}/{}", folder, kManifestName);
  const auto text = read_file(path, kMaxManifestBytes);
  if (!text) {
    if (text.error().code() == Code::kNotFound) return FeedManifest{};
    return std::unexpected(text.error());
  }
  auto state = FeedManifest::parse(*text);
  if (state) return state;
  return fail(std::move(state).error().with_context(path).with_remedy(
      "remove that file: the next update fetches everything anew"));
}

Status save_state(const std::string& folder, const FeedManifest& state) {
  return write_file_atomically(fmt::format("{}/{}", folder, kManifestName), state.to_json());
}

Result<UniqueFd> lock_state(const std::string& folder, int attempts) {
  const std::string path = fmt::format("{}/{}", folder, kLockName);
  for (int attempt = 1;; ++attempt) {
    auto lock = lock_file(path);
    if (lock || lock.error().code() != Code::kUnavailable) return lock;
    if (attempt >= attempts) {
      return fail(Code::kUnavailable, fmt::format("{}: another update is at work there", folder),
                  "wait until it has ended");
    }
    std::this_thread::sleep_for(kLockPause);
  }
}

void change_ecosystems(FeedManifest& state, const std::vector<std::string>& added,
                       const std::vector<std::string>& forgotten) {
  std::set<std::string> all(state.ecosystems.begin(), state.ecosystems.end());
  all.insert(added.begin(), added.end());
  for (const std::string& key : forgotten) all.erase(key);
  state.ecosystems.assign(all.begin(), all.end());
}

// The last part of a URL's path, fit for a file name; formats are told by it ("….yaml", "security-support.deb12").
std::string name_of(std::string_view url) {
  url = url.substr(0, url.find_first_of("?#"));
  while (url.ends_with('/')) url.remove_suffix(1);
  std::string name(url.substr(url.rfind('/') + 1));
  for (char& c : name) {
    if (!is_alnum(c) && c != '.' && c != '-' && c != '_') c = '_';
  }
  if (name.starts_with('.')) name[0] = '_';
  if (name.size() > 200) name.erase(0, name.size() - 200);
  return name.empty() ? "feed" : name;
}

bool is_compressed_name(std::string_view name) {
  constexpr std::array<std::string_view, 8> kSuffixes = {".gz", ".bz2", ".xz", ".zst", ".zip", ".tgz", ".zck", ".lz4"};
  return std::ranges::any_of(kSuffixes, [&](std::string_view suffix) { return name.ends_with(suffix); });
}

bool is_checksum_folder(std::string_view name) {
  return name.size() == kFolderDigits &&
         std::ranges::all_of(name, [](char c) { return is_digit(c) || (c >= 'a' && c <= 'f'); });
}

// What a feed is fetched from, once every pointer has been followed.
struct Target {
  std::string url;
  Digest digest;  // that its publisher promises; empty: none
};

class Update {
 public:
  Update(const UpdateOptions& options, FeedFetcher& fetcher) : options_(options), fetcher_(fetcher) {}
  Result<UpdateResult> run();

 private:
  struct Received {
    std::string path;
    std::string sha256;
    std::string etag;
    std::string last_modified;
    bool not_modified = false;
  };

  // True when a file changed.
  Result<bool> download(const PlannedDownload& plan);
  Result<Target> target_of(const PlannedDownload& plan);
  Result<std::string> pointer(const std::string& url);
  Result<Received> receive(const PlannedDownload& plan, const Target& target, const FeedFile* known);
  Result<Received> receive_once(const PlannedDownload& plan, const Target& target, const FeedFile* known);
  void describe_copy(const PlannedDownload& plan, DownloadResult& row) const;

  FeedFile* find(const PlannedDownload& plan);
  bool is_intact(const FeedFile& file) const;
  std::string full_path(std::string_view path) const { return fmt::format("{}/{}", options_.feeds_dir, path); }
  Status drop_unplanned(const std::vector<PlannedDownload>& plans);
  void collect_garbage() const;

  Status build(const std::vector<PlannedDownload>& plans, UpdateResult& result);
  std::vector<MissingFeed> missing_feeds(const std::vector<PlannedDownload>& plans);
  std::string inputs_of(const BuildOptions& build) const;
  bool is_current(const std::string& inputs) const;
  Status save() const { return save_state(options_.feeds_dir, state_); }

  const UpdateOptions& options_;
  FeedFetcher& fetcher_;
  FeedManifest state_;
};

FeedFile* Update::find(const PlannedDownload& plan) {
  const auto place = std::ranges::find_if(state_.files, [&](const FeedFile& file) {
    return (file.named_by.empty() ? file.url : file.named_by) == plan.url &&
           file.path.starts_with(fmt::format("{}/", plan.feed->name));
  });
  return place == state_.files.end() ? nullptr : &*place;
}

bool Update::is_intact(const FeedFile& file) const {
  const auto mapped = MappedFile::open(full_path(file.path));
  return mapped && Digest::sha256_of(mapped->bytes()).hex() == file.sha256;
}

// The first line of a small text.
Result<std::string> Update::pointer(const std::string& url) {
  TRY_ASSIGN(const FetchAnswer answer, fetcher_.fetch({.url = url}));
  if (answer.body == nullptr) return fail(Code::kUnavailable, fmt::format("{}: no answer", url));
  TRY_CONTEXT(const std::string text, read_all(*answer.body, kMaxPointerBytes, url), url);
  return std::string(trim(std::string_view(text).substr(0, text.find('\n'))));
}

Result<Target> Update::target_of(const PlannedDownload& plan) {
  if (plan.fetch == Fetch::kFile) return Target{.url = plan.url};
  if (plan.fetch == Fetch::kNamedBy) {
    TRY_ASSIGN(const std::string name, pointer(plan.url));
    const bool plain = !name.empty() && !name.starts_with('.') && std::ranges::all_of(name, [](char c) {
      return is_alnum(c) || c == '.' || c == '-' || c == '_';
    });
    if (!plain) return fail(Code::kMalformed, fmt::format("{}: names no file beside it", plan.url));
    return Target{.url = plan.url.substr(0, plan.url.rfind('/') + 1) + name};
  }
  std::string repository = plan.url;
  if (plan.fetch == Fetch::kRepositoryNamedBy) {
    TRY_ASSIGN(repository, pointer(plan.url));
    // Nobody may talk us out of TLS on the way to a checksum.
    if (!repository.starts_with("https://")) {
      return fail(Code::kMalformed, fmt::format("{}: names no https repository", plan.url));
    }
    if (!repository.ends_with('/')) repository += '/';
  }
  const std::string index = repository + std::string(kRepomdPath);
  TRY_ASSIGN(const FetchAnswer answer, fetcher_.fetch({.url = index}));
  if (answer.body == nullptr) return fail(Code::kUnavailable, fmt::format("{}: no answer", index));
  TRY_CONTEXT(const std::string text, read_all(*answer.body, kMaxRepomdBytes, index), index);
  TRY_CONTEXT(const RepomdEntry entry, parse_repomd(text), index);
  return Target{.url = repository + entry.location, .digest = entry.digest};
}

Result<Update::Received> Update::receive_once(const PlannedDownload& plan, const Target& target,
                                              const FeedFile* known) {
  const std::string name = name_of(target.url);
  FetchRequest request{.url = target.url};
  // A promised checksum is of the file as it lies there.
  request.may_be_compressed = target.digest.empty() && !is_compressed_name(name);
  if (known != nullptr) {
    request.etag = known->etag;
    request.last_modified = known->last_modified;
  }
  TRY_ASSIGN(FetchAnswer answer, fetcher_.fetch(request));
  if (answer.not_modified && known != nullptr) return Received{.not_modified = true};
  if (answer.body == nullptr) return fail(Code::kUnavailable, fmt::format("{}: no answer", target.url));
  std::unique_ptr<BlockSource> body = std::move(answer.body);
  if (!target.digest.empty()) body = make_verifying_source(std::move(body), target.digest, 0, target.url);

  TRY_ASSIGN(AtomicFile file, AtomicFile::create(full_path(fmt::format("{}/{}", kIncoming, name))));
  ProgressStep progress(options_.progress, fmt::format("{} {}", plan.feed->name, name), answer.size.value_or(0));
  Hasher hasher;
  uint64_t size = 0;
  for (;;) {
    TRY_CONTEXT(const ByteSpan block, body->next(), target.url);
    if (block.empty()) break;
    if (options_.stop.stop_requested()) return fail(Code::kCancelled, "stopped");
    size += block.size();
    if (size > options_.max_download_bytes) {
      return fail(limit_error("bytes of one feed file", options_.max_download_bytes, "--max-download-bytes")
                      .with_context(target.url));
    }
    hasher.update(block);
    TRY(file.write(block));
    progress.advance(block.size());
  }
  {
    TRY_ASSIGN(const MappedFile written, MappedFile::open(file.temporary_path()));
    Checker checker;
    if (auto status = read_feed_file(name, written.bytes(), nullptr, checker, options_.build.limits); !status) {
      return fail(std::move(status).error().with_context(target.url));
    }
    if (auto status = checker.verdict(); !status) return fail(std::move(status).error().with_context(target.url));
  }
  Received received{.sha256 = hasher.finish().hex(), .etag = answer.etag, .last_modified = answer.last_modified};
  received.path = fmt::format("{}/{}/{}", plan.feed->name, received.sha256.substr(0, kFolderDigits), name);
  TRY(file.commit_as(full_path(received.path)));
  return received;
}

Result<Update::Received> Update::receive(const PlannedDownload& plan, const Target& target, const FeedFile* known) {
  for (int attempt = 1;; ++attempt) {
    auto received = receive_once(plan, target, known);
    if (received || attempt == kDownloadAttempts) return received;
    const Code code = received.error().code();
    const bool may_pass =
        code == Code::kUnavailable || code == Code::kDeadlineExceeded || code == Code::kVerificationFailed;
    if (!may_pass) return received;
  }
}

Result<bool> Update::download(const PlannedDownload& plan) {
  TRY_ASSIGN(const Target target, target_of(plan));
  FeedFile* file = find(plan);
  const bool here = file != nullptr && file->url == target.url && is_intact(*file);
  const bool promised =
      here && target.digest.algorithm() == Digest::Algorithm::kSha256 && target.digest.hex() == file->sha256;
  Received received{.not_modified = true};
  if (!promised) {
    TRY_ASSIGN(received, receive(plan, target, here ? file : nullptr));
  }
  if (file == nullptr) file = &state_.files.emplace_back();
  const bool changed = !received.not_modified && received.sha256 != file->sha256;
  if (!received.not_modified) {
    file->path = received.path;
    file->sha256 = received.sha256;
    file->etag = received.etag;
    file->last_modified = received.last_modified;
  }
  file->url = target.url;
  file->named_by = target.url == plan.url ? std::string() : plan.url;
  file->fetched = options_.now;
  file->ecosystems = plan.covers;
  std::ranges::sort(state_.files, {}, &FeedFile::path);
  return changed;
}

// Whatever an update has fetched that nobody wants any more. A file without a URL was laid there by somebody else.
Status Update::drop_unplanned(const std::vector<PlannedDownload>& plans) {
  std::set<const FeedFile*> wanted;
  for (const PlannedDownload& plan : plans) wanted.insert(find(plan));
  std::vector<FeedFile> kept;
  for (const FeedFile& file : state_.files) {
    if (file.url.empty() || wanted.contains(&file)) kept.push_back(file);
  }
  if (kept.size() == state_.files.size()) return {};
  state_.files = std::move(kept);
  return save();
}

// Removes what feeds.json does not name, of what updates make: interrupted downloads, and files that were replaced.
void Update::collect_garbage() const {
  std::error_code error;
  fs::remove_all(full_path(kIncoming), error);
  std::set<std::string> named;
  for (const FeedFile& file : state_.files) named.insert(file.path.substr(0, file.path.rfind('/')));
  for (const Feed* feed : all_feeds()) {
    fs::directory_iterator entries(full_path(feed->name), error);
    if (error) continue;
    std::vector<fs::path> unnamed;
    for (; !error && entries != fs::directory_iterator(); entries.increment(error)) {
      const std::string name = entries->path().filename().string();
      if (is_checksum_folder(name) && !named.contains(fmt::format("{}/{}", feed->name, name))) {
        unnamed.push_back(entries->path());
      }
    }
    for (const fs::path& path : unnamed) fs::remove_all(path, error);
    fs::remove(full_path(feed->name), error);  // when it is empty
  }
}

void Update::describe_copy(const PlannedDownload& plan, DownloadResult& row) const {
  const FeedFile* file = const_cast<Update*>(this)->find(plan);
  if (file == nullptr) return;
  std::error_code error;
  row.in_force_since = file->fetched;
  const auto size = fs::file_size(full_path(file->path), error);
  row.bytes = error ? 0 : size;
}

std::vector<MissingFeed> Update::missing_feeds(const std::vector<PlannedDownload>& plans) {
  std::vector<MissingFeed> missing;
  for (const PlannedDownload& plan : plans) {
    if (find(plan) != nullptr) continue;
    // Of a feed in many files (NVD's years) the first that is missing stands for all.
    const bool told = std::ranges::any_of(missing, [&](const MissingFeed& each) {
      return each.feed == plan.feed->name && each.ecosystems == plan.wanted_by;
    });
    if (!told) missing.push_back({.feed = std::string(plan.feed->name), .url = plan.url, .ecosystems = plan.wanted_by});
  }
  return missing;
}

// All that decides what the database will hold.
std::string Update::inputs_of(const BuildOptions& build) const {
  Hasher hasher;
  const auto add = [&](std::string_view text) { hasher.update(as_bytes(fmt::format("{} {}\n", text.size(), text))); };
  add(options_.made_by);
  for (const std::string& key : build.ecosystems) add(key);
  for (const FeedFile& file : state_.files) {
    for (const std::string* text :
         {&file.path, &file.sha256, &file.url, &file.feed, &file.date, &file.licence, &file.extract})
      add(*text);
    for (const std::string& key : file.ecosystems) add(key);
  }
  for (const MissingFeed& feed : build.missing) {
    add(feed.feed);
    add(feed.url);
    for (const std::string& key : feed.ecosystems) add(key);
  }
  return hasher.finish().hex();
}

bool Update::is_current(const std::string& inputs) const {
  if (state_.database.inputs != inputs) return false;
  const auto database = Database::open(options_.database_path);
  if (!database || database->checksum() != state_.database.sha256 || !database->verify()) return false;
  // The database also says when its feeds were last asked for, to the day.
  const auto age = age_in_days(state_.database.checked, options_.now);
  return age && *age <= 0;
}

Status Update::build(const std::vector<PlannedDownload>& plans, UpdateResult& result) {
  BuildOptions build = options_.build;
  build.from = options_.feeds_dir;
  build.manifest = full_path(kManifestName);
  build.ecosystems = with_disclosures(state_.ecosystems);
  build.missing = missing_feeds(plans);
  build.stop = options_.stop;
  const std::string inputs = inputs_of(build);
  if (is_current(inputs)) return {};
  ProgressStep progress(options_.progress, "compiling the database: feed file", state_.files.size());
  build.on_file = [&](std::string_view) { progress.advance(1); };
  TRY_ASSIGN(BuildResult built, build_database(build));
  TRY(write_file_atomically(options_.database_path, built.database));
  TRY_ASSIGN(const Database database, Database::open(options_.database_path));
  state_.database = {.sha256 = database.checksum(), .inputs = inputs, .checked = options_.now};
  result.rebuilt = true;
  result.failed = std::move(built.failed);
  result.failed_documents = built.failures;
  return save();
}

Result<UpdateResult> Update::run() {
  TRY(make_directories(options_.feeds_dir));
  TRY_ASSIGN(const UniqueFd lock, lock_state(options_.feeds_dir, kLockAttempts));
  TRY_ASSIGN(state_, load_state(options_.feeds_dir));
  change_ecosystems(state_, options_.ecosystems, options_.forgotten);
  if (state_.ecosystems.empty()) {
    return fail(Code::kInvalidArgument, "no distribution has been asked for, and no scan has met any",
                "name what you scan, as `bulkhead db update --distribution debian:12`, or scan an image first");
  }
  TRY(save());

  UpdateResult result{.ecosystems = state_.ecosystems};
  const std::vector<PlannedDownload> plans = plan_downloads(state_.ecosystems, options_.now);
  TRY(drop_unplanned(plans));
  for (const PlannedDownload& plan : plans) {
    if (options_.stop.stop_requested()) return fail(Code::kCancelled, "stopped");
    DownloadResult& row = result.downloads.emplace_back();
    row.feed = plan.feed->name;
    row.url = plan.url;
    row.outcome = DownloadOutcome::kSkipped;
    if (std::ranges::find(options_.skipped_feeds, row.feed) == options_.skipped_feeds.end()) {
      const auto changed = download(plan);
      if (changed) {
        row.outcome = *changed ? DownloadOutcome::kFetched : DownloadOutcome::kUnchanged;
        TRY(save());
      } else {
        if (changed.error().code() == Code::kCancelled) return std::unexpected(changed.error());
        row.outcome = DownloadOutcome::kFailed;
        row.error = changed.error();
        // A copy that is no longer what it was is none.
        if (const FeedFile* file = find(plan); file != nullptr && !is_intact(*file)) {
          std::erase_if(state_.files, [&](const FeedFile& each) { return &each == file; });
          TRY(save());
        }
      }
    }
    describe_copy(plan, row);
  }

  if (state_.files.empty()) {
    result.build_error =
        Error(Code::kUnavailable, "no feed could be fetched",
              "check the network and proxy settings, or bring a database with `bulkhead db import FILE`");
  } else if (auto status = build(plans, result); !status) {
    if (status.error().code() == Code::kCancelled) return std::unexpected(status.error());
    result.build_error = std::move(status).error();
  }
  collect_garbage();
  return result;
}

}  // namespace

std::string_view outcome_name(DownloadOutcome outcome) {
  constexpr std::array<std::string_view, 4> kNames = {"fetched", "unchanged", "failed", "skipped"};
  return kNames.at(static_cast<size_t>(outcome));
}

size_t UpdateResult::failures() const {
  return static_cast<size_t>(std::ranges::count(downloads, DownloadOutcome::kFailed, &DownloadResult::outcome));
}

Result<UpdatePlan> plan_update(const UpdateOptions& options) {
  TRY_ASSIGN(FeedManifest state, load_state(options.feeds_dir));
  change_ecosystems(state, options.ecosystems, options.forgotten);
  UpdatePlan plan{.ecosystems = std::move(state.ecosystems), .downloads = {}};
  plan.downloads = plan_downloads(plan.ecosystems, options.now);
  return plan;
}

Result<UpdateResult> update_database(const UpdateOptions& options, FeedFetcher& fetcher) {
  return Update(options, fetcher).run();
}

Status remember_ecosystems(const std::string& feeds_dir, const std::vector<std::string>& ecosystems) {
  const auto is_known = [&](const FeedManifest& state) {
    return std::ranges::all_of(ecosystems, [&](const std::string& key) {
      return std::ranges::find(state.ecosystems, key) != state.ecosystems.end();
    });
  };
  TRY_ASSIGN(const FeedManifest before, load_state(feeds_dir));
  if (is_known(before)) return {};
  TRY_ASSIGN(const UniqueFd lock, lock_state(feeds_dir, 1));
  TRY_ASSIGN(FeedManifest state, load_state(feeds_dir));
  change_ecosystems(state, ecosystems, {});
  return save_state(feeds_dir, state);
}

}  // namespace bulkhead::advisory
