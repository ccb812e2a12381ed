#include "advisory/update.h"

#include <algorithm>
#include <filesystem>
#include <functional>
#include <map>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "advisory/database.h"
#include "advisory/ecosystem.h"
#include "advisory/feed_manifest.h"
#include "advisory/feed_state.h"
#include "advisory/sample_documents.h"
#include "advisory/store.h"
#include "base/fs.h"
#include "base/temporary_folder.h"
#include "crypto/digest.h"

namespace bulkhead::advisory {
namespace {

namespace fs = std::filesystem;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr const char* kMain = "https://secdb.alpinelinux.org/v3.19/main.json";
constexpr const char* kCommunity = "https://secdb.alpinelinux.org/v3.19/community.json";
constexpr const char* kMirrorList = "https://cdn.amazonlinux.com/al2023/core/mirrors/latest/x86_64/mirror.list";

std::string secdb(const std::string& repository, const std::string& package, const std::string& id) {
  return sample_secdb("v3.19", repository, package, id);
}

std::string updateinfo(const std::string& id) {
  return fmt::format(
      R"(<?xml version="1.0"?><updates><update type="security"><id>ALAS2023-2026-001</id><title>x</title>
         <issued date="2026-11-01 20:41:00"/><severity>Important</severity>
         <references><reference href="x" id="{}" type="cve"/></references>
         <pkglist><collection short="amazon-linux-2023"><name>Amazon Linux 2023</name>
         <package name="rsyslog" version="8.2204.0" release="3.amzn2023" epoch="0" arch="x86_64"/></collection></pkglist>
         </update></updates>)",
      id);
}

// Gives bytes, then breaks off when it is told to.
class ScriptedBody final : public BlockSource {
 public:
  ScriptedBody(std::string bytes, std::optional<Error> error) : bytes_(std::move(bytes)), error_(std::move(error)) {}
  Result<ByteSpan> next() override {
    if (!given_ && !bytes_.empty()) {
      given_ = true;
      return as_bytes(bytes_);
    }
    if (error_) return fail(*error_);
    return ByteSpan();
  }

 private:
  std::string bytes_;
  std::optional<Error> error_;
  bool given_ = false;
};

// A publisher's server in a map. What it does not hold is not found.
class FakeFetcher final : public FeedFetcher {
 public:
  struct File {
    std::string body;
    std::string etag;
    std::optional<Error> error;  // instead of an answer
    int breaks = 0;              // how many bodies break off in the middle
  };

  Result<FetchAnswer> fetch(const FetchRequest& request) override {
    requests.push_back(request);
    const auto place = files.find(request.url);
    if (place == files.end()) return fail(Code::kNotFound, request.url + ": the server answered 404");
    File& file = place->second;
    if (file.error) return fail(*file.error);
    FetchAnswer answer{.size = file.body.size(), .etag = file.etag, .last_modified = ""};
    if (!file.etag.empty() && request.etag == file.etag) {
      answer.not_modified = true;
    } else if (file.breaks > 0) {
      --file.breaks;
      answer.body = std::make_unique<ScriptedBody>(file.body.substr(0, file.body.size() / 2),
                                                   Error(Code::kUnavailable, "connection broke"));
    } else {
      answer.body = std::make_unique<ScriptedBody>(file.body, std::nullopt);
    }
    return answer;
  }

  void put(const std::string& url, std::string body, std::string etag = {}) {
    if (etag.empty()) etag = fmt::format("\"{}\"", Digest::sha256_of(as_bytes(body)).hex().substr(0, 8));
    files[url] = {.body = std::move(body), .etag = std::move(etag), .error = std::nullopt};
  }
  std::vector<std::string> urls() const {
    std::vector<std::string> all;
    for (const FetchRequest& request : requests) all.push_back(request.url);
    return all;
  }

  std::map<std::string, File> files;
  std::vector<FetchRequest> requests;
};

class UpdateTest : public testing::Test {
 protected:
  UpdateTest() {
    fetcher_.put(kMain, secdb("main", "curl", "CVE-2026-1"));
    fetcher_.put(kCommunity, secdb("community", "redis", "CVE-2026-2"));
    options_.feeds_dir = folder_ / "feeds";
    options_.database_path = folder_ / "advisories.db";
    options_.ecosystems = {"alpine:3.19"};
    options_.skipped_feeds = {"cve", "nvd", "kev", "epss"};
    options_.now = "2026-11-22T10:00:00Z";
    options_.made_by = "test/1";
  }

  UpdateResult update() {
    fetcher_.requests.clear();
    auto result = update_database(options_, fetcher_);
    if (!result) ADD_FAILURE() << result.error().to_string();
    return result ? *std::move(result) : UpdateResult();
  }
  const DownloadResult& row(const UpdateResult& result, const std::string& url) const {
    const auto place = std::ranges::find(result.downloads, url, &DownloadResult::url);
    if (place != result.downloads.end()) return *place;
    ADD_FAILURE() << "no download of " << url;
    static const DownloadResult none;
    return none;
  }
  std::string database_bytes() const { return read_file(options_.database_path, 1 << 20).value_or(""); }
  bool database_knows(const std::string& id) const {
    const auto database = Database::open(options_.database_path);
    return database && !database->find_vulnerabilities(id).empty();
  }
  FeedManifest state() const {
    const auto text = read_file(options_.feeds_dir + "/feeds.json", 1 << 20);
    auto state = text ? FeedManifest::parse(*text) : FeedManifest();
    if (!state) ADD_FAILURE() << state.error().to_string();
    return state ? *std::move(state) : FeedManifest();
  }
  std::string file_of(const std::string& url) const {
    const FeedManifest known = state();
    const auto place = std::ranges::find(known.files, url, &FeedFile::url);
    return place == known.files.end() ? "" : options_.feeds_dir + "/" + place->path;
  }
  std::vector<std::string> files_in_feeds() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::recursive_directory_iterator(options_.feeds_dir)) {
      if (!entry.is_directory()) names.push_back(entry.path().lexically_relative(options_.feeds_dir).string());
    }
    std::ranges::sort(names);
    return names;
  }
  std::vector<FeedState> states(const std::string& now) const {
    const auto database = Database::open(options_.database_path);
    return database ? feed_states(*database, options_.ecosystems, now, 7) : std::vector<FeedState>();
  }

  bool is_stale(const std::string& feed) const {
    const auto all = states(options_.now);
    const auto place = std::ranges::find(all, feed, &FeedState::name);
    return place == all.end() || place->stale;
  }

  TemporaryFolder folder_;
  FakeFetcher fetcher_;
  UpdateOptions options_;
};

TEST_F(UpdateTest, FetchesWhatADistributionNeedsAndBuildsFromIt) {
  const UpdateResult result = update();
  EXPECT_EQ(result.failures(), 0U);
  EXPECT_TRUE(result.rebuilt);
  EXPECT_EQ(row(result, kMain).outcome, DownloadOutcome::kFetched);
  EXPECT_EQ(row(result, kMain).feed, "alpine-secdb");
  EXPECT_EQ(row(result, kMain).bytes, fetcher_.files[kMain].body.size());
  EXPECT_TRUE(database_knows("CVE-2026-1"));
  EXPECT_TRUE(database_knows("CVE-2026-2"));
  EXPECT_EQ(state().ecosystems, std::vector<std::string>{"alpine:3.19"});
  EXPECT_EQ(*read_file(file_of(kMain), 1 << 20), fetcher_.files[kMain].body);
  EXPECT_THAT(fetcher_.urls(), ElementsAre(kMain, kCommunity));
}

TEST_F(UpdateTest, AsksWithValidatorsAndRebuildsNothingWhenNothingHasChanged) {
  fetcher_.files[kMain].etag = "\"one\"";
  update();
  const std::string before = database_bytes();
  const auto written = fs::last_write_time(options_.database_path);
  const UpdateResult second = update();
  EXPECT_FALSE(second.rebuilt);
  EXPECT_FALSE(second.build_error);
  EXPECT_EQ(row(second, kMain).outcome, DownloadOutcome::kUnchanged);
  EXPECT_EQ(fetcher_.requests.front().etag, "\"one\"");
  EXPECT_EQ(database_bytes(), before);
  EXPECT_EQ(fs::last_write_time(options_.database_path), written);
}

TEST_F(UpdateTest, TheSameBytesAreNoChangeEvenFromAServerWithoutValidators) {
  update();
  for (auto& [url, file] : fetcher_.files) file.etag = "";
  const UpdateResult second = update();
  EXPECT_EQ(row(second, kMain).outcome, DownloadOutcome::kUnchanged);
  EXPECT_FALSE(second.rebuilt);
}

TEST_F(UpdateTest, ADayLaterTheDatabaseLearnsThatItsFeedsWereAsked) {
  update();
  options_.now = "2026-12-22T10:00:00Z";
  ASSERT_TRUE(is_stale("alpine-secdb"));
  const UpdateResult later = update();
  EXPECT_EQ(row(later, kMain).outcome, DownloadOutcome::kUnchanged);
  EXPECT_TRUE(later.rebuilt);
  EXPECT_FALSE(is_stale("alpine-secdb"));
}

TEST_F(UpdateTest, AChangedFeedReplacesItsFileAndTheDatabase) {
  update();
  const std::string old_file = file_of(kMain);
  fetcher_.put(kMain, secdb("main", "curl", "CVE-2026-3"));
  const UpdateResult second = update();
  EXPECT_TRUE(second.rebuilt);
  EXPECT_EQ(row(second, kMain).outcome, DownloadOutcome::kFetched);
  EXPECT_EQ(row(second, kCommunity).outcome, DownloadOutcome::kUnchanged);
  EXPECT_TRUE(database_knows("CVE-2026-3"));
  EXPECT_FALSE(database_knows("CVE-2026-1"));
  EXPECT_FALSE(fs::exists(old_file));
  EXPECT_EQ(files_in_feeds().size(), 4U);  // two feeds, feeds.json, the lock
}

TEST_F(UpdateTest, AFailedDownloadKeepsTheOldFileAndNamesIt) {
  update();
  const std::string before = database_bytes();
  fetcher_.files[kMain].error = Error(Code::kUnavailable, std::string(kMain) + ": connection refused");
  const UpdateResult second = update();
  EXPECT_EQ(second.failures(), 1U);
  const DownloadResult& failed = row(second, kMain);
  EXPECT_EQ(failed.outcome, DownloadOutcome::kFailed);
  EXPECT_THAT(failed.error->to_string(), HasSubstr(kMain));
  EXPECT_EQ(failed.in_force_since, options_.now);
  EXPECT_EQ(database_bytes(), before);
  // Others go on.
  fetcher_.put(kCommunity, secdb("community", "redis", "CVE-2026-4"));
  EXPECT_TRUE(update().rebuilt);
  EXPECT_TRUE(database_knows("CVE-2026-1"));
  EXPECT_TRUE(database_knows("CVE-2026-4"));
}

TEST_F(UpdateTest, AFeedThatNeverCameStandsInTheDatabaseAsMissing) {
  fetcher_.files.erase(kCommunity);
  options_.skipped_feeds = {"cve", "nvd", "kev"};  // EPSS is asked for, and not there either
  const UpdateResult result = update();
  EXPECT_EQ(result.failures(), 2U);
  EXPECT_EQ(row(result, kCommunity).in_force_since, "");
  EXPECT_TRUE(result.rebuilt);
  EXPECT_TRUE(database_knows("CVE-2026-1"));
  std::vector<std::string> missing;
  const auto database = Database::open(options_.database_path);
  ASSERT_TRUE(database);
  for (size_t i = 0; i < database->feeds(); ++i) {
    const FeedState feed = feed_state(database->feed(i), {}, options_.now, 7);
    if (feed.missing) missing.push_back(feed.name);
  }
  EXPECT_THAT(missing, testing::UnorderedElementsAre("alpine-secdb", "epss", "cve", "nvd", "kev"));
  EXPECT_THAT(states(options_.now), Contains(testing::AllOf(testing::Field(&FeedState::ecosystem, "alpine:3.19"),
                                                            testing::Field(&FeedState::missing, true))));
}

TEST_F(UpdateTest, ABodyThatNoFeedCanReadIsRefusedAndTheOldFileStays) {
  update();
  const std::string before = database_bytes();
  const std::string good = fetcher_.files[kMain].body;
  std::string gzip_head("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03 rubbish", 18);
  for (const std::string& bad :
       {good.substr(0, good.size() / 2), std::string("<html>Sign in to the hotel network</html>"), std::string(),
        std::string("{}"), gzip_head}) {
    fetcher_.put(kMain, bad);
    const UpdateResult result = update();
    EXPECT_EQ(row(result, kMain).outcome, DownloadOutcome::kFailed) << bad;
    EXPECT_THAT(row(result, kMain).error->to_string(), HasSubstr(kMain));
    EXPECT_EQ(*read_file(file_of(kMain), 1 << 20), good);
    EXPECT_EQ(database_bytes(), before);
    EXPECT_EQ(files_in_feeds().size(), 4U);
  }
}

TEST_F(UpdateTest, ABrokenBodyIsFetchedAnewAFewTimes) {
  fetcher_.files[kMain].breaks = 2;
  EXPECT_EQ(update().failures(), 0U);
  EXPECT_TRUE(database_knows("CVE-2026-1"));
  fetcher_.put(kMain, secdb("main", "curl", "CVE-2026-3"));
  fetcher_.files[kMain].breaks = 1000;
  const UpdateResult broken = update();
  EXPECT_EQ(row(broken, kMain).error->code(), Code::kUnavailable);
  EXPECT_TRUE(database_knows("CVE-2026-1"));
  EXPECT_EQ(files_in_feeds().size(), 4U);
}

TEST_F(UpdateTest, AnUpdateThatWasStoppedGoesOnWhereItWas) {
  fetcher_.files[kCommunity].error = Error(Code::kCancelled, "stopped");
  const auto stopped = update_database(options_, fetcher_);
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().code(), Code::kCancelled);
  EXPECT_FALSE(fs::exists(options_.database_path));
  fetcher_.put(kCommunity, secdb("community", "redis", "CVE-2026-2"));
  const UpdateResult next = update();
  EXPECT_EQ(row(next, kMain).outcome, DownloadOutcome::kUnchanged);
  EXPECT_EQ(row(next, kCommunity).outcome, DownloadOutcome::kFetched);
  EXPECT_TRUE(next.rebuilt);
}

TEST_F(UpdateTest, WhatWasFetchedBeforeTheEndButNotBuiltIsBuiltNextTime) {
  update();
  const std::string old = database_bytes();
  fetcher_.put(kMain, secdb("main", "curl", "CVE-2026-3"));
  fetcher_.files[kCommunity].error = Error(Code::kCancelled, "killed here");
  ASSERT_FALSE(update_database(options_, fetcher_));
  EXPECT_EQ(database_bytes(), old);
  fetcher_.files[kCommunity].error.reset();
  const UpdateResult next = update();
  EXPECT_EQ(row(next, kMain).outcome, DownloadOutcome::kUnchanged);
  EXPECT_TRUE(next.rebuilt);
  EXPECT_TRUE(database_knows("CVE-2026-3"));
}

TEST_F(UpdateTest, AnInterruptionBetweenFileAndStateLeavesTheOldFileInForce) {
  update();
  const std::string before = database_bytes();
  // The new file is in its place, feeds.json has not been written: what a power failure there leaves.
  fs::copy(options_.feeds_dir, folder_ / "kept", fs::copy_options::recursive);
  fetcher_.put(kMain, secdb("main", "curl", "CVE-2026-3"));
  update();
  const std::string new_path = fs::path(file_of(kMain)).lexically_relative(options_.feeds_dir).string();
  const std::string new_file = *read_file(file_of(kMain), 1 << 20);
  fs::remove_all(options_.feeds_dir);
  fs::rename(folder_ / "kept", options_.feeds_dir);
  ASSERT_TRUE(write_file_atomically(options_.feeds_dir + "/" + new_path, new_file));
  ASSERT_TRUE(write_file_atomically(options_.feeds_dir + "/incoming/main.json.aBcDeF", "half of"));
  ASSERT_TRUE(write_file_atomically(options_.database_path, before));

  for (auto& [url, file] : fetcher_.files) file.error = Error(Code::kUnavailable, url + ": no network");
  const UpdateResult offline = update();
  EXPECT_EQ(offline.failures(), 2U);
  EXPECT_FALSE(offline.build_error);
  EXPECT_EQ(database_bytes(), before);
  EXPECT_THAT(files_in_feeds(), Not(Contains(new_path)));
  EXPECT_EQ(files_in_feeds().size(), 4U);

  for (auto& [url, file] : fetcher_.files) file.error.reset();
  EXPECT_TRUE(update().rebuilt);
  EXPECT_TRUE(database_knows("CVE-2026-3"));
}

TEST_F(UpdateTest, AFeedFileThatWasDamagedIsFetchedAnew) {
  update();
  const std::string good = fetcher_.files[kMain].body;
  ASSERT_TRUE(write_file_atomically(file_of(kMain), "damaged"));
  const UpdateResult repaired = update();
  EXPECT_EQ(fetcher_.requests.front().etag, "");  // a 304 would help nobody
  EXPECT_EQ(row(repaired, kMain).outcome, DownloadOutcome::kUnchanged);
  EXPECT_EQ(*read_file(file_of(kMain), 1 << 20), good);

  ASSERT_TRUE(write_file_atomically(file_of(kMain), "damaged"));
  fetcher_.files.erase(kMain);
  const UpdateResult lost = update();
  EXPECT_EQ(row(lost, kMain).outcome, DownloadOutcome::kFailed);
  EXPECT_EQ(row(lost, kMain).in_force_since, "");
  EXPECT_TRUE(lost.rebuilt);
  EXPECT_THAT(states(options_.now), Contains(testing::AllOf(testing::Field(&FeedState::ecosystem, "alpine:3.19"),
                                                            testing::Field(&FeedState::missing, true))));
}

TEST_F(UpdateTest, ADatabaseThatIsNotTheOneItMadeIsReplaced) {
  update();
  const std::string made = database_bytes();
  EXPECT_FALSE(update().rebuilt);
  std::string damaged = made;
  damaged[damaged.size() - 9] = static_cast<char>(damaged[damaged.size() - 9] ^ 1);
  for (const std::string& other : {std::string("not a database"), damaged}) {
    ASSERT_TRUE(write_file_atomically(options_.database_path, other));
    EXPECT_TRUE(update().rebuilt);
    EXPECT_EQ(database_bytes(), made);
  }
  fs::remove(options_.database_path);
  EXPECT_TRUE(update().rebuilt);
  options_.made_by = "test/2";  // which may read feeds better
  EXPECT_TRUE(update().rebuilt);
  EXPECT_FALSE(update().rebuilt);
}

TEST_F(UpdateTest, PassedLimitsNameTheirOptionAndLeaveTheOldDatabase) {
  update();
  const std::string before = database_bytes();
  fetcher_.put(kMain, secdb("main", "curl", "CVE-2026-3"));
  options_.max_download_bytes = 10;
  EXPECT_THAT(row(update(), kMain).error->remedy(), HasSubstr("--max-download-bytes"));
  options_.max_download_bytes = 1 << 20;
  options_.build.limits.max_document_bytes = 10;
  EXPECT_THAT(row(update(), kMain).error->remedy(), HasSubstr("--max-document-bytes"));
  options_.build.limits = {};
  options_.build.database.max_bytes = 100;
  const UpdateResult result = update();
  ASSERT_TRUE(result.build_error);
  EXPECT_EQ(result.build_error->code(), Code::kLimitExceeded);
  EXPECT_THAT(result.build_error->remedy(), HasSubstr("--max-database-bytes"));
  EXPECT_FALSE(result.rebuilt);
  EXPECT_EQ(database_bytes(), before);
  options_.build.database = {};
  EXPECT_TRUE(update().rebuilt);
}

TEST_F(UpdateTest, WithoutANetworkAndWithoutAnythingFromBeforeItSaysWhatToDo) {
  fetcher_.files.clear();
  const UpdateResult result = update();
  ASSERT_TRUE(result.build_error);
  EXPECT_EQ(result.build_error->code(), Code::kUnavailable);
  EXPECT_THAT(result.build_error->remedy(), HasSubstr("proxy"));
  EXPECT_EQ(result.failures(), 2U);
  EXPECT_FALSE(fs::exists(options_.database_path));
}

TEST_F(UpdateTest, EcosystemsThatScansMetAreRememberedUntilTheyAreForgotten) {
  ASSERT_TRUE(remember_ecosystems(options_.feeds_dir, {"alpine:3.19"}));
  const auto written = fs::last_write_time(options_.feeds_dir + "/feeds.json");
  ASSERT_TRUE(remember_ecosystems(options_.feeds_dir, {"alpine:3.19"}));
  EXPECT_EQ(fs::last_write_time(options_.feeds_dir + "/feeds.json"), written);
  options_.ecosystems = {};
  EXPECT_TRUE(update().rebuilt);
  EXPECT_EQ(state().ecosystems, std::vector<std::string>{"alpine:3.19"});

  fetcher_.put("https://packages.wolfi.dev/os/security.json",
               R"({"apkurl":"x","reponame":"os","urlprefix":"https://packages.wolfi.dev","packages":[
                  {"pkg":{"name":"curl","secfixes":{"8.1-r0":["CVE-2026-9"]}}}]})");
  options_.ecosystems = {"wolfi"};
  options_.forgotten = {"alpine:3.19"};
  const UpdateResult moved = update();
  EXPECT_EQ(moved.ecosystems, std::vector<std::string>{"wolfi"});
  EXPECT_TRUE(database_knows("CVE-2026-9"));
  EXPECT_FALSE(database_knows("CVE-2026-1"));
  EXPECT_EQ(files_in_feeds().size(), 3U);
}

TEST_F(UpdateTest, WithNothingToKeepUpToDateItSaysHowToAsk) {
  options_.ecosystems = {};
  const auto result = update_database(options_, fetcher_);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code(), Code::kInvalidArgument);
  EXPECT_THAT(result.error().remedy(), HasSubstr("--distribution"));
  EXPECT_THAT(fetcher_.requests, IsEmpty());
}

TEST_F(UpdateTest, TwoUpdatesOfOneFolderExcludeEachOther) {
  const auto held = lock_file(options_.feeds_dir + "/lock");
  ASSERT_TRUE(held);
  const auto second = update_database(options_, fetcher_);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code(), Code::kUnavailable);
  EXPECT_THAT(second.error().to_string(), HasSubstr("another update"));
  EXPECT_EQ(remember_ecosystems(options_.feeds_dir, {"debian:12"}).error().code(), Code::kUnavailable);
}

TEST_F(UpdateTest, ABrokenStateIsAnErrorThatSaysWhatToDo) {
  ASSERT_TRUE(write_file_atomically(options_.feeds_dir + "/feeds.json", "{"));
  const auto result = update_database(options_, fetcher_);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code(), Code::kMalformed);
  EXPECT_THAT(result.error().to_string(), HasSubstr("feeds.json"));
  EXPECT_THAT(result.error().remedy(), HasSubstr("remove"));
}

TEST_F(UpdateTest, FilesThatTheUserListedThereStay) {
  update();
  FeedManifest own = state();
  ASSERT_TRUE(write_file_atomically(options_.feeds_dir + "/own/ours.json", secdb("ours", "shop", "CVE-2026-77")));
  own.files.push_back({.path = "own/ours.json", .date = "2026-11-22"});
  ASSERT_TRUE(write_file_atomically(options_.feeds_dir + "/feeds.json", own.to_json()));
  EXPECT_TRUE(update().rebuilt);
  EXPECT_TRUE(database_knows("CVE-2026-77"));
  EXPECT_FALSE(update().rebuilt);
}

TEST_F(UpdateTest, FollowsAnRpmRepositoryToItsUpdateinfoAndHoldsItToItsChecksum) {
  const std::string repository = "https://cdn.amazonlinux.com/al2023/core/guids/abc/x86_64/";
  const auto publish = [&](const std::string& body, const std::string& sha256) {
    fetcher_.put(repository + "repodata/repomd.xml",
                 fmt::format(R"(<repomd><data type="primary"/><data type="updateinfo">
                   <checksum type="sha256">{}</checksum><location href="repodata/updateinfo.xml"/></data></repomd>)",
                             sha256));
    fetcher_.put(repository + "repodata/updateinfo.xml", body);
  };
  const auto checksum = [](const std::string& text) { return Digest::sha256_of(as_bytes(text)).hex(); };
  options_.ecosystems = {"amazon:2023"};
  fetcher_.put(kMirrorList, repository.substr(0, repository.size() - 1) + "\nhttps://another.example/\n");
  publish(updateinfo("CVE-2026-1005"), checksum(updateinfo("CVE-2026-1005")));
  EXPECT_EQ(update().failures(), 0U);
  EXPECT_TRUE(database_knows("CVE-2026-1005"));
  // The same checksum: the large file is not asked for at all.
  EXPECT_EQ(row(update(), kMirrorList).outcome, DownloadOutcome::kUnchanged);
  EXPECT_THAT(fetcher_.urls(), ElementsAre(kMirrorList, repository + "repodata/repomd.xml"));

  publish(updateinfo("CVE-2026-1006"), checksum("something else"));
  const UpdateResult wrong = update();
  EXPECT_EQ(row(wrong, kMirrorList).error->code(), Code::kVerificationFailed);
  EXPECT_TRUE(database_knows("CVE-2026-1005"));
  publish(updateinfo("CVE-2026-1006"), checksum(updateinfo("CVE-2026-1006")));
  EXPECT_EQ(row(update(), kMirrorList).outcome, DownloadOutcome::kFetched);
  EXPECT_TRUE(database_knows("CVE-2026-1006"));

  fetcher_.put(kMirrorList, "http://plain.example/\n");
  EXPECT_EQ(row(update(), kMirrorList).error->code(), Code::kMalformed);
}

TEST_F(UpdateTest, AnArchiveThatIsNamedAnewReplacesTheOneBefore) {
  const std::string latest = "https://security.access.redhat.com/data/csaf/v2/vex-feed/archive_latest.txt";
  const std::string folder = "https://security.access.redhat.com/data/csaf/v2/vex-feed/";
  options_.ecosystems = {"rhel:9"};
  // Any feed's document will do: what is tested is how it gets here.
  fetcher_.put(latest, "csaf_vex_2026-11-21.tar.zst\n");
  fetcher_.put(folder + "csaf_vex_2026-11-21.tar.zst", secdb("main", "a", "CVE-2026-1"));
  EXPECT_EQ(row(update(), latest).outcome, DownloadOutcome::kFetched);
  EXPECT_EQ(row(update(), latest).outcome, DownloadOutcome::kUnchanged);
  fetcher_.put(latest, "csaf_vex_2026-11-22.tar.zst");
  fetcher_.put(folder + "csaf_vex_2026-11-22.tar.zst", secdb("main", "a", "CVE-2026-2"));
  EXPECT_EQ(row(update(), latest).outcome, DownloadOutcome::kFetched);
  EXPECT_EQ(state().files.size(), 1U);
  EXPECT_EQ(state().files.front().named_by, latest);
  EXPECT_EQ(files_in_feeds().size(), 3U);
  for (const char* bad : {"", "../x", "https://evil.example/x", ".hidden"}) {
    fetcher_.put(latest, bad);
    EXPECT_EQ(row(update(), latest).outcome, DownloadOutcome::kFailed) << bad;
  }
}

TEST_F(UpdateTest, APlanCanBeSeenWithoutFetchingAnything) {
  ASSERT_TRUE(remember_ecosystems(options_.feeds_dir, {"wolfi"}));
  const auto plan = plan_update(options_);
  ASSERT_TRUE(plan);
  EXPECT_EQ(plan->ecosystems, (std::vector<std::string>{"alpine:3.19", "wolfi"}));
  EXPECT_THAT(fetcher_.requests, IsEmpty());
  EXPECT_EQ(state().ecosystems, std::vector<std::string>{"wolfi"});
}

std::vector<std::string> planned(const std::vector<std::string>& ecosystems) {
  std::vector<std::string> urls;
  for (const PlannedDownload& plan : plan_downloads(ecosystems, "2026-11-22")) urls.push_back(plan.url);
  return urls;
}

TEST(UpdatePlan, ReleasesGetTheFilesThatTheirPublishersHave) {
  EXPECT_THAT(planned({"alpine:3.19"}), Contains("https://secdb.alpinelinux.org/v3.19/community.json"));
  EXPECT_THAT(planned({"alpine:edge"}), Contains("https://secdb.alpinelinux.org/edge/main.json"));
  EXPECT_THAT(planned({"alpine:edge"}), Not(Contains(HasSubstr("vedge"))));
  EXPECT_THAT(planned({"debian:12"}), Contains(HasSubstr("security-support.deb12")));
  EXPECT_THAT(planned({"debian:sid"}), Contains("https://security-tracker.debian.org/tracker/data/json"));
  EXPECT_THAT(planned({"debian:sid"}), Not(Contains(HasSubstr("security-support"))));
  EXPECT_THAT(planned({"suse:sles:15.5"}), Contains(HasSubstr("suse.linux.enterprise.server.15-affected.xml")));
  EXPECT_THAT(planned({"pypi"}), Contains("https://osv-vulnerabilities.storage.googleapis.com/PyPI/all.zip"));
  EXPECT_THAT(planned({"wolfi"}), Not(Contains(HasSubstr("debian"))));
}

TEST(UpdatePlan, OneFileOfSeveralReleasesIsFetchedOnceAndSpeaksOnlyForThoseItNames) {
  const auto plans = plan_downloads({"debian:11", "debian:12"}, "2026-11-22");
  for (const PlannedDownload& plan : plans) {
    EXPECT_EQ(std::ranges::count(plans, plan.url, &PlannedDownload::url), 1) << plan.url;
    if (plan.url.ends_with("data/json")) {
      EXPECT_THAT(plan.wanted_by, ElementsAre("debian:11", "debian:12"));
      EXPECT_THAT(plan.covers, IsEmpty());
    }
    if (plan.url.ends_with("deb11")) EXPECT_THAT(plan.covers, ElementsAre("debian:11"));
  }
}

TEST(UpdatePlan, NvdComesByYears) {
  const auto urls = planned({"wolfi"});
  EXPECT_THAT(urls, Contains("https://nvd.nist.gov/feeds/json/cve/2.0/nvdcve-2.0-2002.json.gz"));
  EXPECT_THAT(urls, Contains("https://nvd.nist.gov/feeds/json/cve/2.0/nvdcve-2.0-2026.json.gz"));
  EXPECT_THAT(urls, Not(Contains(HasSubstr("2027"))));
}

TEST(UpdatePlan, RebuildsNeedTheDisclosuresOfTheirOrigin) {
  EXPECT_EQ(with_disclosures({"almalinux:9"}), (std::vector<std::string>{"almalinux:9", "rhel:9"}));
  EXPECT_EQ(with_disclosures({"debian:12"}), std::vector<std::string>{"debian:12"});
  EXPECT_THAT(planned({"almalinux:9"}), Contains(HasSubstr("redhat.com/data/csaf/v2/vex-feed")));
}

TEST(UpdatePlan, RedHatsRepositoriesAreForRedHatsOwnImages) {
  EXPECT_THAT(planned({"rhel:9"}), Contains(HasSubstr("repository-to-cpe.json")));
  EXPECT_THAT(planned({"almalinux:9", "rhel:8"}), Contains(HasSubstr("repository-to-cpe.json")));
  EXPECT_THAT(planned({"almalinux:9", "rocky:9"}), Not(Contains(HasSubstr("repository-to-cpe.json"))));
}

TEST(UpdatePlan, EveryAddressIsHttpsAndComplete) {
  std::vector<std::string> all;
  for (const Family& family : families()) {
    all.push_back(family.release == ReleaseForm::kNone ? std::string(family.name)
                                                       : fmt::format("{}:15.5", family.name));
  }
  all.insert(all.end(), {"amazon:2", "amazon:2023", "alpine:edge"});
  for (const PlannedDownload& plan : plan_downloads(all, "2026-11-22")) {
    EXPECT_TRUE(plan.url.starts_with("https://")) << plan.url;
    EXPECT_EQ(plan.url.find_first_of("{} "), std::string::npos) << plan.url;
    if (plan.fetch == Fetch::kRepository) EXPECT_TRUE(plan.url.ends_with('/')) << plan.url;
  }
}

}  // namespace
}  // namespace bulkhead::advisory
