#include "advisory/build.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "advisory/database.h"
#include "advisory/ecosystem.h"
#include "advisory/freshness.h"
#include "base/fs.h"
#include "base/text.h"
#include "crypto/digest.h"

namespace bulkhead::advisory {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMaxManifestBytes = size_t{16} << 20;

// Lets through what is about the wanted ecosystems.
class WantedSink final : public Sink {
 public:
  WantedSink(DatabaseBuilder& builder, const std::vector<std::string>& ecosystems)
      : builder_(builder), ecosystems_(ecosystems) {}
  Status add(AdvisoryRecord record) override {
    if (!wants(record.ecosystem)) return {};
    return builder_.add(std::move(record));
  }
  Status add(Vulnerability vulnerability) override { return builder_.add(std::move(vulnerability)); }

 private:
  bool wants(std::string_view ecosystem) {
    if (ecosystems_.empty()) return true;
    const auto [place, fresh] = known_.try_emplace(std::string(ecosystem), false);
    if (fresh) {
      const Family* family = family_of(ecosystem);
      place->second = std::ranges::any_of(ecosystems_, [&](std::string_view wanted) {
        if (wanted.ends_with(":*")) return family != nullptr && wanted.substr(0, wanted.size() - 2) == family->name;
        if (ecosystem == wanted || (ecosystem.starts_with(wanted) && ecosystem[wanted.size()] == ':')) return true;
        const std::vector<std::string> companions = companions_of(wanted);
        return std::ranges::find(companions, ecosystem) != companions.end();
      });
    }
    return place->second;
  }

  DatabaseBuilder& builder_;
  const std::vector<std::string>& ecosystems_;
  std::map<std::string, bool, std::less<>> known_;
};

// "2026-08-21" of "rustsec-2026-08-21.tar.zst"; empty when the name bears no date.
std::string date_in_name(std::string_view name) {
  for (size_t at = 0; at + 10 <= name.size(); ++at) {
    if (at > 0 && is_digit(name[at - 1])) continue;
    const std::string_view date = name.substr(at, 10);
    const bool ends = at + 10 == name.size() || !is_digit(name[at + 10]);
    if (ends && day_of(date)) return std::string(date);
  }
  return {};
}

// Reads files into the builder, and keeps account of which input each document belongs to.
class Build final : public FeedReader {
 public:
  explicit Build(const BuildOptions& options)
      : options_(options), builder_(options.database), sink_(builder_, options.ecosystems) {}

  Status read(const std::string& folder, const FeedFile& file);
  Result<BuildResult> finish() &&;

  Result<Sink*> begin_document(const Feed& feed, std::string_view path) override;
  Status end_document(const Feed& feed, std::string_view path, const DocumentInfo& info) override;
  Status failed_document(const Feed* feed, std::string_view path, Error error) override;
  Status unknown_document(std::string_view path) override;

 private:
  // Files of one feed side by side in a folder are one input (one document each, as CSAF and OSV are published); an
  // archive is one of its own, as is a file that the manifest lists.
  struct Input {
    uint32_t index = 0;
    std::map<std::string, std::string> checksums;  // by path
    std::string newest;                            // date that its documents bear
    std::string named;                             // date that its files' names bear
    bool dated = false;                            // the manifest says
    uint32_t of_file = 0;                          // documents of the file that is being read
  };
  Result<Input*> input_for(const Feed& feed, bool of_archive);
  Status note_failure(std::string_view feed, std::string_view path, Error error);
  Status note_unreadable();
  // The document's path behind that of its file ("feeds.tar!a.json"); a compressed file goes by its own name.
  std::string place_of(std::string_view document) const;

  const BuildOptions& options_;
  DatabaseBuilder builder_;
  WantedSink sink_;
  BuildResult result_;
  std::map<std::pair<std::string, std::string>, Input> inputs_;  // by feed and place

  const FeedFile* file_ = nullptr;
  bool listed_ = false;
  std::set<Input*> inputs_of_file_;
  bool passed_over_ = false;  // something of the file, for its licence
  uint32_t nobodys_ = 0;      // damaged members of the file that no feed could recognise
  DatabaseBuilder::Mark mark_;
  Input* input_ = nullptr;

 public:
  void use_manifest() { listed_ = true; }
};

Result<Build::Input*> Build::input_for(const Feed& feed, bool of_archive) {
  std::string place = file_->path;
  if (!of_archive && !listed_) {
    const size_t slash = place.rfind('/');
    place = slash == std::string::npos ? "." : place.substr(0, slash);
  }
  const auto [entry, fresh] = inputs_.try_emplace({std::string(feed.name), place});
  Input& input = entry->second;
  if (fresh) {
    FeedInput row{.name = std::string(feed.name),
                  .url = file_->url.empty() ? file_->path : file_->url,
                  .licence = file_->licence.empty() ? std::string(feed.licence) : file_->licence,
                  .attribution = std::string(feed.attribution),
                  .date = file_->date,
                  .fetched = file_->fetched,
                  .extract = file_->extract,
                  .covers = file_->ecosystems,
                  .about_ids = feed.ecosystems.empty()};
    TRY_ASSIGN(input.index, builder_.add_feed(std::move(row)));
    input.dated = !file_->date.empty();
  }
  input.named = std::max(input.named, date_in_name(file_->path));
  inputs_of_file_.insert(&input);
  return &input;
}

Result<Sink*> Build::begin_document(const Feed& feed, std::string_view path) {
  if (options_.stop.stop_requested()) return fail(Code::kCancelled, "stopped");
  mark_ = builder_.mark();
  input_ = nullptr;
  if (options_.only_shippable && !feed.may_be_shipped) {
    passed_over_ = true;
    return nullptr;
  }
  TRY_ASSIGN(input_, input_for(feed, path != file_->path));
  builder_.use_feed(input_->index);
  return &sink_;
}

Status Build::end_document(const Feed& /*feed*/, std::string_view /*path*/, const DocumentInfo& info) {
  if (input_ == nullptr) return {};
  ++builder_.feed(input_->index).documents;
  ++input_->of_file;
  ++result_.files.back().documents;
  if (day_of(info.date)) input_->newest = later_date(input_->newest, info.date);
  return {};
}

Status Build::note_failure(std::string_view feed, std::string_view path, Error error) {
  ++result_.failures;
  ++result_.files.back().failed;
  if (result_.failed.size() < BuildResult::kMaxFailures) {
    result_.failed.push_back({.path = place_of(path), .feed = std::string(feed), .error = std::move(error)});
  }
  return {};
}

Status Build::failed_document(const Feed* feed, std::string_view path, Error error) {
  if (feed == nullptr) {
    ++nobodys_;
    return note_failure({}, path, std::move(error));
  }
  builder_.roll_back(mark_);
  // The builder's own limits are nothing that another document would not meet.
  if (error.code() == Code::kLimitExceeded && builder_.memory_bytes() > options_.database.max_bytes) {
    return std::unexpected(std::move(error));
  }
  if (input_ != nullptr) ++builder_.feed(input_->index).failed;
  return note_failure(feed->name, path, std::move(error));
}

// Of a listed file nothing was read: whoever asks for what it should have told is to hear of it.
Status Build::note_unreadable() {
  result_.unreadable.push_back(file_->path);
  if (!inputs_of_file_.empty()) return {};  // a document of theirs failed
  if (!file_->feed.empty()) {
    TRY_ASSIGN(const Input* input, input_for(*find_feed(file_->feed), false));
    builder_.feed(input->index).failed = 1;
    return {};
  }
  // Nobody knows whose it is.
  FeedInput row{.name = file_->path, .url = file_->url.empty() ? file_->path : file_->url, .covers = file_->ecosystems};
  row.failed = 1;
  TRY(builder_.add_feed(std::move(row)));
  return {};
}

std::string Build::place_of(std::string_view document) const {
  const bool is_the_file = document == file_->path || file_->path.starts_with(fmt::format("{}.", document));
  return is_the_file ? file_->path : fmt::format("{}!{}", file_->path, document);
}

Status Build::unknown_document(std::string_view path) {
  ++result_.files.back().unknown;
  ++result_.unrecognised_documents;
  const bool kept = result_.unrecognised.size() < BuildResult::kMaxFailures;
  if (!kept && !options_.on_unrecognised) return {};
  const std::string place = place_of(path);
  if (options_.on_unrecognised) options_.on_unrecognised(place);
  if (kept) result_.unrecognised.push_back(place);
  return {};
}

Status Build::read(const std::string& folder, const FeedFile& file) {
  file_ = &file;
  inputs_of_file_.clear();
  passed_over_ = false;
  nobodys_ = 0;
  for (auto& [key, input] : inputs_) input.of_file = 0;
  result_.files.push_back({.path = file.path});
  if (options_.on_file) options_.on_file(file.path);
  const Feed* only = nullptr;
  if (!file.feed.empty()) {
    only = find_feed(file.feed);
    if (only == nullptr)
      return fail(Code::kInvalidArgument, fmt::format("{}: there is no feed \"{}\"", file.path, file.feed));
  }
  const auto before = builder_.mark();
  TRY_ASSIGN(const MappedFile mapped, MappedFile::open(folder + "/" + file.path));
  const std::string sha256 = Digest::sha256_of(mapped.bytes()).hex();
  if (!file.sha256.empty() && sha256 != file.sha256) {
    return fail(Code::kVerificationFailed,
                fmt::format("{}: the file has SHA-256 {}, the manifest says {}", file.path, sha256, file.sha256),
                "fetch the file again, or correct its entry");
  }
  if (auto status = read_feed_file(file.path, mapped.bytes(), only, *this, options_.limits); !status) {
    const Code code = status.error().code();
    // A file that is broken as a whole (a truncated archive) is told like a broken document; what is ours stops all.
    if (code != Code::kMalformed && code != Code::kUnsupported && code != Code::kVerificationFailed) return status;
    builder_.roll_back(before);
    for (Input* input : inputs_of_file_) {
      FeedInput& row = builder_.feed(input->index);
      row.documents -= input->of_file;
      ++row.failed;
    }
    TRY(note_failure({}, file.path, std::move(status).error()));
    return listed_ ? note_unreadable() : Status();
  }
  if (const BuiltFile& built = result_.files.back(); listed_ && built.documents == 0 && !passed_over_) {
    if (built.failed == 0) {
      TRY(note_failure({}, file.path,
                       Error(Code::kMalformed, "nothing in it is a document of a feed",
                             "fetch the file again, or take its entry out of the manifest")));
    }
    return note_unreadable();
  }
  for (Input* input : inputs_of_file_) {
    input->checksums[file.path] = sha256;
    // Each of the feeds in the archive may lack them.
    builder_.feed(input->index).failed += nobodys_;
  }
  return {};
}

Result<BuildResult> Build::finish() && {
  for (auto& [key, input] : inputs_) {
    FeedInput& row = builder_.feed(input.index);
    // A date in the name is that of the whole; a document can be misdated, and not all are dated.
    // Nothing of it was read: its dates say nothing.
    if (row.documents == 0 && row.failed > 0) {
      row.date.clear();
      row.fetched.clear();
      continue;
    }
    if (!input.dated) row.date = input.named.empty() ? input.newest : input.named;
    if (input.checksums.size() == 1) {
      row.sha256 = input.checksums.begin()->second;
    } else {
      // Of several files: of their checksums and names, as sha256sum would list them.
      Hasher hasher;
      for (const auto& [path, sha256] : input.checksums) hasher.update(as_bytes(fmt::format("{}  {}\n", sha256, path)));
      row.sha256 = hasher.finish().hex();
      if (!listed_) row.url = key.second;
    }
  }
  if (inputs_.empty() && !result_.failed.empty()) {
    const FailedDocument& first = result_.failed.front();
    return fail(
        Code::kMalformed,
        fmt::format("{}: nothing of it can be read; {}: {}", options_.from, first.path, first.error.to_string()),
        "fetch the files again");
  }
  if (inputs_.empty()) {
    return fail(Code::kNotFound,
                fmt::format("{}: no feed recognises any of its {} files", options_.from, result_.files.size()),
                "name a folder with feed files as their publishers write them; see `bulkhead db build --help`");
  }
  for (const MissingFeed& missing : options_.missing) {
    const Feed* feed = find_feed(missing.feed);
    if (feed == nullptr) return fail(Code::kInvalidArgument, fmt::format("there is no feed \"{}\"", missing.feed));
    TRY(builder_.add_feed({.name = missing.feed,
                           .url = missing.url,
                           .licence = std::string(feed->licence),
                           .attribution = std::string(feed->attribution),
                           .covers = missing.ecosystems,
                           .about_ids = feed->ecosystems.empty()}));
  }
  TRY_ASSIGN(result_.database, std::move(builder_).finish());
  return std::move(result_);
}

struct Listing {
  std::string folder;
  std::vector<FeedFile> files;
  bool listed = false;  // by a manifest
};

Result<Listing> list_files(const BuildOptions& options) {
  Listing listing;
  std::error_code error;
  const fs::file_status status = fs::status(options.from, error);
  if (!fs::exists(status)) {
    return fail(Code::kNotFound, fmt::format("{}: no such file or folder", options.from),
                "name the folder that holds the feed files");
  }
  std::string manifest = options.manifest;
  if (!fs::is_directory(status)) {
    const fs::path path(options.from);
    listing.folder = path.has_parent_path() ? path.parent_path().string() : ".";
    listing.files.push_back({.path = path.filename().string()});
  } else {
    listing.folder = options.from;
    const std::string own = options.from + "/" + std::string(kManifestName);
    if (manifest.empty() && fs::is_regular_file(own, error)) manifest = own;
  }
  if (!manifest.empty()) {
    TRY_ASSIGN(const std::string text, read_file(manifest, kMaxManifestBytes));
    TRY_CONTEXT(FeedManifest parsed, FeedManifest::parse(text), manifest);
    listing.files = std::move(parsed.files);
    listing.listed = true;
    return listing;
  }
  if (!listing.files.empty()) return listing;
  fs::recursive_directory_iterator entries(options.from, fs::directory_options::none, error);
  if (error) return fail(errno_error(error.value(), options.from));
  for (; entries != fs::recursive_directory_iterator(); entries.increment(error)) {
    if (error) return fail(errno_error(error.value(), options.from));
    if (!entries->is_regular_file(error)) continue;
    if (listing.files.size() >= options.limits.max_documents) {
      return fail(limit_passed(options.limits, &FeedLimits::max_documents));
    }
    listing.files.push_back({.path = entries->path().lexically_relative(options.from).string()});
  }
  std::ranges::sort(listing.files, {}, &FeedFile::path);
  return listing;
}

}  // namespace

Result<BuildResult> build_database(const BuildOptions& options) {
  TRY_ASSIGN(const Listing listing, list_files(options));
  Build build(options);
  if (listing.listed) build.use_manifest();
  for (const FeedFile& file : listing.files) TRY(build.read(listing.folder, file));
  TRY_ASSIGN(BuildResult result, std::move(build).finish());
  TRY_ASSIGN(const Database check, Database::from_bytes(result.database, "the database just built"));
  TRY(check.verify());
  return result;
}

}  // namespace bulkhead::advisory
