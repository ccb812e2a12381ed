#include "advisory/build.h"

#include <algorithm>
#include <filesystem>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "advisory/database.h"
#include "advisory/feed_state.h"
#include "advisory/sample_documents.h"
#include "advisory/store.h"
#include "archive/tar_builder.h"
#include "base/fs.h"
#include "base/temporary_folder.h"
#include "crypto/digest.h"

namespace bulkhead::advisory {
namespace {

using archive::TarBuilder;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

std::string secdb(const std::string& release, const std::string& package, const std::string& id) {
  return sample_secdb(release, "main", package, id);
}

std::string osv(const std::string& id, const std::string& ecosystem, const std::string& package) {
  return fmt::format(
      R"({{"schema_version":"1.6.0","id":"{}","modified":"2026-11-01T00:00:00Z","affected":[{{"package":
          {{"ecosystem":"{}","name":"{}"}},"ranges":[{{"type":"ECOSYSTEM","events":[{{"introduced":"0"}},
          {{"fixed":"2.0"}}]}}]}}]}})",
      id, ecosystem, package);
}

class BuildTest : public testing::Test {
 protected:
  BuildTest() { options_.from = folder_.path(); }

  void put(const std::string& name, const std::string& contents) const {
    ASSERT_TRUE(write_file_atomically(folder_ / name, contents));
  }
  // The result, and its database opened.
  void build() {
    auto built = build_database(options_);
    ASSERT_TRUE(built) << built.error().to_string();
    result_ = *std::move(built);
    auto opened = Database::from_bytes(result_.database, "built");
    ASSERT_TRUE(opened) << opened.error().to_string();
    database_ = std::make_unique<Database>(*std::move(opened));
  }
  Error error() const {
    const auto built = build_database(options_);
    if (!built) return built.error();
    ADD_FAILURE() << "it was built";
    return {Code::kInternal, ""};
  }
  bool knows(const std::string& id) const { return !database_->find_vulnerabilities(id).empty(); }
  std::vector<std::string> feeds() const {
    std::vector<std::string> names;
    for (size_t i = 0; i < database_->feeds(); ++i) {
      const FeedView feed = database_->feed(i);
      names.push_back(fmt::format("{}|{}|{}", feed.name, feed.url, feed.date));
    }
    return names;
  }

  // Of the feeds that are about the ecosystem; those about ids stand in every answer.
  std::vector<FeedState> states_of(const std::string& ecosystem) const {
    std::vector<FeedState> states = feed_states(*database_, {ecosystem}, "2026-11-22", 7);
    std::erase_if(states, [](const FeedState& state) { return state.ecosystem.empty(); });
    return states;
  }

  TemporaryFolder folder_;
  BuildOptions options_;
  BuildResult result_;
  std::unique_ptr<Database> database_;
};

TEST_F(BuildTest, ReadsAFolderAsItWasPublished) {
  put("alpine/v3.19/main.json", secdb("v3.19", "curl", "CVE-2026-1"));
  put("alpine/v3.18/main.json.zst", *pack_database(as_bytes(secdb("v3.18", "curl", "CVE-2026-2"))));
  put("osv-2026-11-20.tar", TarBuilder()
                                .file("README.md", "# hello\n")
                                .file("GHSA-1.json", osv("GHSA-1", "PyPI", "x"))
                                .file("X-1.json", osv("X-1", "PyPI", "y"))
                                .finish());
  put("notes.txt", "nothing that a feed would know");
  build();
  EXPECT_TRUE(knows("CVE-2026-1"));
  EXPECT_TRUE(knows("CVE-2026-2"));
  EXPECT_TRUE(knows("GHSA-1"));
  EXPECT_TRUE(knows("X-1"));
  EXPECT_EQ(result_.failures, 0U);
  ASSERT_EQ(result_.files.size(), 4U);
  EXPECT_EQ(result_.files[0].path, "alpine/v3.18/main.json.zst");
  EXPECT_EQ(result_.files[2].path, "notes.txt");
  EXPECT_EQ(result_.files[2].unknown, 1U);
  EXPECT_EQ(result_.files[3].documents, 2U);
  EXPECT_EQ(result_.files[3].unknown, 1U);
  // The date in a file's name goes before those of its documents.
  EXPECT_THAT(feeds(),
              UnorderedElementsAre("alpine-secdb|alpine/v3.19/main.json|", "alpine-secdb|alpine/v3.18/main.json.zst|",
                                   "ghsa|osv-2026-11-20.tar|2026-11-20", "osv|osv-2026-11-20.tar|2026-11-20"));
}

TEST_F(BuildTest, TakesOneFileToo) {
  put("main.json", secdb("v3.19", "curl", "CVE-2026-1"));
  put("other.json", secdb("v3.19", "curl", "CVE-2026-2"));
  options_.from = folder_ / "main.json";
  build();
  EXPECT_TRUE(knows("CVE-2026-1"));
  EXPECT_FALSE(knows("CVE-2026-2"));
}

TEST_F(BuildTest, TheSameFilesGiveTheSameBytes) {
  put("a.json", secdb("v3.19", "curl", "CVE-2026-1"));
  put("b.json", osv("GHSA-1", "PyPI", "x"));
  build();
  const std::string first = result_.database;
  build();
  EXPECT_EQ(result_.database, first);
}

TEST_F(BuildTest, ABrokenDocumentIsLeftOutWholeAndToldAndStopsNothing) {
  const std::string good = secdb("v3.19", "curl", "CVE-2026-1");
  std::string broken = secdb("v3.19", "ghost", "CVE-2026-666");
  broken.replace(broken.rfind("]}"), 1, ",{\"pkg\":1}]");  // its last package is none
  put("a-broken.json", broken);
  put("b.json", good);
  put("c.tar.zst", pack_database(as_bytes(TarBuilder().file("x.json", good).finish()))->substr(0, 60));
  build();
  EXPECT_TRUE(knows("CVE-2026-1"));
  EXPECT_FALSE(knows("CVE-2026-666"));
  EXPECT_EQ(result_.failures, 2U);
  ASSERT_EQ(result_.failed.size(), 2U);
  EXPECT_EQ(result_.failed[0].path, "a-broken.json");
  EXPECT_EQ(result_.failed[0].feed, "alpine-secdb");
  EXPECT_EQ(result_.failed[1].path, "c.tar.zst");
}

TEST_F(BuildTest, AManifestSaysWhichFilesCountAndWhatTheyAre) {
  const std::string text = secdb("v3.19", "curl", "CVE-2026-1");
  put("main.json", text);
  put("unlisted.json", secdb("v3.19", "curl", "CVE-2026-2"));
  const auto manifest = [](const std::string& more) {
    return fmt::format(R"({{"schema_version":1,"files":[{{"path":"main.json","url":"https://a.example/main.json",
        "date":"2026-11-22","fetched":"2026-11-22T08:00:00Z","licence":"Ours","ecosystems":["alpine:3.20"]{}}}]}})",
                       more);
  };
  put("feeds.json", manifest(fmt::format(R"(,"sha256":"{}")", Digest::sha256_of(as_bytes(text)).hex())));
  build();
  EXPECT_TRUE(knows("CVE-2026-1"));
  EXPECT_FALSE(knows("CVE-2026-2"));
  EXPECT_THAT(feeds(), ElementsAre("alpine-secdb|https://a.example/main.json|2026-11-22"));
  EXPECT_EQ(database_->feed(0).licence, "Ours");
  EXPECT_EQ(database_->feed(0).fetched, "2026-11-22T08:00:00Z");
  EXPECT_TRUE(database_->find_ecosystem("alpine:3.20"));  // nothing is known to be wrong there

  put("feeds.json", manifest(R"(,"sha256":"00")"));
  EXPECT_EQ(error().code(), Code::kVerificationFailed);
  EXPECT_THAT(error().to_string(), HasSubstr("main.json"));
  put("feeds.json", manifest(R"(,"feed":"nosuch")"));
  EXPECT_EQ(error().code(), Code::kInvalidArgument);
  put("feeds.json", "{");
  EXPECT_EQ(error().code(), Code::kMalformed);
  // Another manifest instead.
  put("elsewhere.json", R"({"schema_version":1,"files":[{"path":"unlisted.json"}]})");
  options_.manifest = folder_ / "elsewhere.json";
  build();
  EXPECT_TRUE(knows("CVE-2026-2"));
}

TEST_F(BuildTest, KeepsOnlyTheEcosystemsThatWereAskedFor) {
  put("a.json", secdb("v3.19", "curl", "CVE-2026-1"));
  put("b.json", secdb("v3.18", "curl", "CVE-2026-2"));
  put("c.json", osv("UBUNTU-CVE-2026-3", "Ubuntu:Pro:18.04:LTS", "x"));
  put("d.json", osv("GHSA-1", "PyPI", "x"));
  options_.ecosystems = {"alpine:3.19", "ubuntu:18.04"};
  build();
  EXPECT_TRUE(knows("CVE-2026-1"));
  EXPECT_FALSE(knows("CVE-2026-2"));
  EXPECT_TRUE(database_->find_ecosystem("ubuntu:18.04:esm"));  // a pocket of what was asked for
  EXPECT_FALSE(knows("GHSA-1"));
  options_.ecosystems = {"alpine:*"};
  build();
  EXPECT_TRUE(knows("CVE-2026-1"));
  EXPECT_TRUE(knows("CVE-2026-2"));
  EXPECT_FALSE(database_->find_ecosystem("ubuntu:18.04:esm"));
}

TEST_F(BuildTest, WhatMayNotBePassedOnCanBeLeftOut) {
  put("a.json", secdb("v3.19", "curl", "CVE-2026-1"));
  put("b.json", R"({"apkurl":"x","reponame":"os","urlprefix":"https://packages.wolfi.dev","packages":[
                   {"pkg":{"name":"curl","secfixes":{"8.1-r0":["CVE-2026-9"]}}}]})");
  options_.only_shippable = true;
  build();
  EXPECT_TRUE(knows("CVE-2026-1"));
  EXPECT_FALSE(knows("CVE-2026-9"));
}

TEST_F(BuildTest, AMissingFeedStandsInTheDatabaseForEveryAnswerToTell) {
  put("a.json", secdb("v3.19", "curl", "CVE-2026-1"));
  options_.missing = {{.feed = "alpine-secdb", .url = "https://x/community.json", .ecosystems = {"alpine:3.19"}},
                      {.feed = "kev", .url = "https://x/kev.json", .ecosystems = {}}};
  build();
  std::vector<std::string> missing;
  for (size_t i = 0; i < database_->feeds(); ++i) {
    const FeedView feed = database_->feed(i);
    if (feed_state(feed, {}, "2026-11-22", 7).missing) missing.push_back(std::string(feed.name));
  }
  EXPECT_THAT(missing, UnorderedElementsAre("alpine-secdb", "kev"));
  EXPECT_TRUE(std::ranges::any_of(states_of("alpine:3.19"), &FeedState::missing));
  options_.missing = {{.feed = "nosuch", .url = "", .ecosystems = {}}};
  EXPECT_EQ(error().code(), Code::kInvalidArgument);
}

TEST_F(BuildTest, AListedFileThatCannotBeReadLeavesItsFeedMissing) {
  put("b.json", secdb("v3.19", "curl", "CVE-2026-1"));
  const std::string whole = secdb("v3.18", "curl", "CVE-2026-2");
  const std::string packed = TarBuilder().file("x.json", whole).file("y.json", whole).finish();
  const std::string inflated_half = *pack_database(as_bytes(packed));
  for (const auto& [feed, contents] : std::vector<std::pair<std::string, std::string>>{
           {"alpine-secdb", whole.substr(0, whole.size() / 2)},
           {"alpine-secdb", ""},
           {"alpine-secdb", "<!DOCTYPE html><html><body>502 Bad Gateway</body></html>"},
           {"alpine-secdb", inflated_half.substr(0, inflated_half.size() / 2)},
           {"", ""},
           {"", "<!DOCTYPE html><html><body>502 Bad Gateway</body></html>"},
           {"", inflated_half.substr(0, inflated_half.size() / 2)}}) {
    SCOPED_TRACE(feed + ": " + contents.substr(0, 20));
    put("a.json", contents);
    put("feeds.json", fmt::format(R"({{"schema_version":1,"files":[{{"path":"b.json","date":"2026-11-22"}},
        {{"path":"a.json","feed":"{}","date":"2026-11-22","fetched":"2026-11-22","ecosystems":["alpine:3.18"]}}]}})",
                                  feed));
    build();
    EXPECT_THAT(result_.unreadable, ElementsAre("a.json"));
    EXPECT_EQ(result_.failures, 1U);
    const auto states = states_of("alpine:3.18");
    ASSERT_EQ(states.size(), 1U);
    EXPECT_EQ(states[0].name, feed.empty() ? "a.json" : feed);
    EXPECT_TRUE(states[0].missing);
    EXPECT_TRUE(states[0].covers);
    EXPECT_EQ(states[0].date, "");
    EXPECT_THAT(states[0].incomplete, HasSubstr("could not be read"));
    EXPECT_FALSE(states_of("alpine:3.19")[0].missing);
  }
}

TEST_F(BuildTest, AFeedSaysHowManyOfItsDocumentsCouldNotBeRead) {
  put("a.tar", TarBuilder()
                   .file("ALSA-1.json", osv("ALSA-2026:1", "AlmaLinux:9", "x"))
                   .file("ALSA-2.json", osv("ALSA-2026:2", "AlmaLinux:9", "x").substr(0, 150))
                   .finish());
  build();
  const auto states = states_of("almalinux:9");
  ASSERT_EQ(states.size(), 1U);
  EXPECT_FALSE(states[0].missing);
  EXPECT_EQ(states[0].incomplete, "1 of its 2 documents could not be read");
}

TEST_F(BuildTest, AReleaseThatIsMentionedInPassingIsNotCovered) {
  TarBuilder archive;
  for (int i = 0; i < 11; ++i) {
    archive.file(fmt::format("{}.json", i), osv(fmt::format("ALSA-2026:{}", i), "AlmaLinux:9", fmt::format("p{}", i)));
  }
  archive.file("x.json", osv("ALSA-2026:11", "AlmaLinux:10", "p"));
  put("a.tar", archive.finish());
  put("security-support.deb13", "ghost non-supported\n");
  build();
  for (const auto& [key, covered] : std::vector<std::pair<std::string, bool>>{
           {"almalinux:9", true}, {"almalinux:10", false}, {"debian:13", false}}) {
    SCOPED_TRACE(key);
    const auto states = states_of(key);
    const bool missing =
        std::ranges::any_of(states, [&](const FeedState& state) { return state.missing && state.name == key; });
    EXPECT_EQ(missing, !covered);
    EXPECT_EQ(states.size(), covered ? 1U : 2U);  // what little there is, is named too
  }
  // A tenth is no margin.
  archive.file("y.json", osv("ALSA-2026:12", "AlmaLinux:10", "q"));
  put("a.tar", archive.finish());
  build();
  EXPECT_EQ(states_of("almalinux:10").size(), 1U);
  // Whoever knows what the file is for says so.
  put("feeds.json", R"({"schema_version":1,"files":[{"path":"a.tar","ecosystems":["almalinux:9"]}]})");
  build();
  EXPECT_EQ(states_of("almalinux:9").size(), 1U);
  EXPECT_EQ(states_of("almalinux:10").size(), 2U);
}

TEST_F(BuildTest, AListOfAdvisoriesAloneIsIncomplete) {
  put("DSA/list", "[01 Jan 2023] DSA-5000-1 x - security update\n\t{CVE-2022-1}\n\t[bullseye] - x 1-1\n");
  build();
  const auto states = states_of("debian:11");
  ASSERT_EQ(states.size(), 1U);
  EXPECT_EQ(states[0].name, "debian-advisories");
  EXPECT_TRUE(states[0].covers);
  EXPECT_EQ(states[0].incomplete, "a list of advisories: what has none is not in it");
  // The tracker says what is open, too.
  put("tracker.json", R"({"x":{"CVE-2022-1":{"releases":{"bullseye":{"status":"resolved","fixed_version":"1-1",
                          "repositories":{"bullseye":"1-1"},"urgency":"not yet assigned"}}}}})");
  build();
  ASSERT_EQ(states_of("debian:11").size(), 2U);
  for (const FeedState& state : states_of("debian:11")) EXPECT_EQ(state.incomplete, "") << state.name;
}

TEST_F(BuildTest, TheStatesOfInputsNameEveryAbsentFeedAboutIdsAndTheReleasesOfAdvisoriesAlone) {
  put("DSA/list",
      "[01 Jan 2023] DSA-5000-1 x - security update\n\t{CVE-2022-1}\n\t[bullseye] - x 1-1\n\t[buster] - x 1-1\n");
  put("kev.json", R"({"title":"CISA Catalog of Known Exploited Vulnerabilities","catalogVersion":"2023.01.01",
                      "dateReleased":"2023-01-01T00:00:00Z","count":1,"vulnerabilities":[{"cveID":"CVE-2022-1","dateAdded":"2023-01-01"}]})");
  build();
  const auto told = [&] {
    std::vector<std::string> texts;
    for (const FeedState& state : input_states(*database_, "2023-01-02", 7)) {
      texts.push_back(fmt::format("{}{}{}{}", state.name, state.missing ? " missing" : "", state.stale ? " stale" : "",
                                  state.incomplete.empty() ? "" : ": " + state.incomplete));
    }
    return texts;
  };
  EXPECT_THAT(told(), UnorderedElementsAre("debian-advisories: a list of advisories, alone for debian:10, debian:11: "
                                           "what has none is not in it",
                                           "kev", "cve missing stale", "epss missing stale", "nvd missing stale"));
  put("tracker.json", R"({"x":{"CVE-2022-1":{"releases":{"bullseye":{"status":"resolved","fixed_version":"1-1",
                          "repositories":{"bullseye":"1-1"},"urgency":"not yet assigned"}}}}})");
  build();
  EXPECT_THAT(told(), testing::Contains("debian-advisories: a list of advisories, alone for debian:10: what has none "
                                        "is not in it"));
}

TEST_F(BuildTest, ADamagedMemberOfAnArchiveIsNamedAndLeavesItsFeedIncomplete) {
  const std::string packed = *pack_database(as_bytes(secdb("v3.18", "curl", "CVE-2026-2")));
  const std::string damaged = packed.substr(0, packed.size() - 8);
  put("all.tar",
      TarBuilder().file("a/main.json", secdb("v3.19", "curl", "CVE-2026-1")).file("b/main.json.zst", damaged).finish());
  build();
  EXPECT_TRUE(knows("CVE-2026-1")) << "the others are none the worse for it";
  EXPECT_EQ(result_.unrecognised_documents, 0U);
  ASSERT_EQ(result_.failed.size(), 1U);
  EXPECT_EQ(result_.failed[0].path, "all.tar!b/main.json.zst");
  EXPECT_THAT(result_.failed[0].error.to_string(), HasSubstr("ends early"));
  EXPECT_EQ(states_of("alpine:3.19").at(0).incomplete, "1 of its 2 documents could not be read");
  // Nothing else is there.
  put("all.tar", TarBuilder().file("b/main.json.zst", damaged).finish());
  EXPECT_THAT(error().to_string(), HasSubstr("nothing of it can be read; all.tar!b/main.json.zst: "));
}

TEST_F(BuildTest, SusesUpdatesAreAListOfAdvisories) {
  put("update.json", osv("SUSE-SU-2026:1-1", "SUSE:Linux Enterprise Server 15 SP5", "curl"));
  build();
  const FeedState state = input_states(*database_, "2026-11-02", 7).at(0);
  EXPECT_EQ(state.name, "suse-osv");
  EXPECT_THAT(state.incomplete, HasSubstr("a list of advisories, alone for "));
}

TEST_F(BuildTest, WhatNoFeedRecognisesIsCountedAndNamed) {
  put("all.tar", TarBuilder()
                     .file("README.md", "# hello\n")
                     .file("a/main.json.zst", *pack_database(as_bytes(secdb("v3.18", "curl", "CVE-2026-2"))))
                     .file("b/notes.txt.zst", *pack_database(as_bytes("nothing that a feed would know")))
                     .finish());
  put("main.json", secdb("v3.19", "curl", "CVE-2026-1"));
  put("notes.txt.zst", *pack_database(as_bytes("nothing that a feed would know")));
  std::vector<std::string> told;
  options_.on_unrecognised = [&](std::string_view path) { told.emplace_back(path); };
  build();
  EXPECT_TRUE(knows("CVE-2026-1"));
  EXPECT_TRUE(knows("CVE-2026-2"));
  EXPECT_EQ(result_.unrecognised_documents, 3U);
  EXPECT_THAT(result_.unrecognised, ElementsAre("all.tar!README.md", "all.tar!b/notes.txt", "notes.txt.zst"));
  EXPECT_EQ(told, result_.unrecognised);
}

TEST_F(BuildTest, AnExtractIsNeverTheWholeFeed) {
  put("a.json", secdb("v3.19", "curl", "CVE-2026-1"));
  put("b.json", secdb("v3.19", "zlib", "CVE-2026-2"));
  const auto state = [&](const std::string& more) {
    put("feeds.json", R"({"schema_version":1,"files":[{"path":"a.json","extract":"fixes of curl"})" + more + "]}");
    build();
    const auto states = states_of("alpine:3.19");
    EXPECT_EQ(states.size(), 1U);
    return states.empty() ? FeedState{} : states[0];
  };
  EXPECT_EQ(state("").incomplete, "an extract: fixes of curl");
  EXPECT_TRUE(state("").covers);
  EXPECT_EQ(state(R"(,{"path":"b.json"})").incomplete, "");  // beside the whole it takes nothing away
}

TEST_F(BuildTest, PassedLimitsNameTheirOption) {
  put("a.json", secdb("v3.19", "curl", "CVE-2026-1"));
  put("b.tar", TarBuilder().file("x.json", osv("X-1", "PyPI", "y")).file("y.json", osv("X-2", "PyPI", "y")).finish());
  options_.limits.max_documents = 1;
  EXPECT_THAT(error().remedy(), HasSubstr("--max-documents"));
  options_.from = folder_ / "b.tar";
  EXPECT_EQ(error().code(), Code::kLimitExceeded);
  EXPECT_THAT(error().remedy(), HasSubstr("--max-documents"));
  options_.limits = {.max_archive_bytes = 600};
  EXPECT_THAT(error().remedy(), HasSubstr("--max-archive-bytes"));
  options_.limits = {};
  options_.database.max_bytes = 10;
  EXPECT_THAT(error().remedy(), HasSubstr("--max-database-bytes"));
  // A document past its own limit is one that cannot be read.
  options_.database = {};
  options_.from = folder_.path();
  options_.limits = {.max_document_bytes = 100};
  build();
  ASSERT_EQ(result_.failed.size(), 3U);
  EXPECT_THAT(result_.failed[0].error.remedy(), HasSubstr("--max-document-bytes"));
}

TEST_F(BuildTest, NothingToReadIsAnErrorThatNamesThePlace) {
  EXPECT_EQ(error().code(), Code::kNotFound);
  EXPECT_THAT(error().to_string(), HasSubstr(folder_.path()));
  put("README.md", "# hello");
  EXPECT_EQ(error().code(), Code::kNotFound);
  options_.from = folder_ / "none";
  EXPECT_EQ(error().code(), Code::kNotFound);
}

TEST_F(BuildTest, StopsWhenItIsAskedTo) {
  put("a.json", secdb("v3.19", "curl", "CVE-2026-1"));
  std::stop_source stop;
  options_.stop = stop.get_token();
  stop.request_stop();
  EXPECT_EQ(error().code(), Code::kCancelled);
}

}  // namespace
}  // namespace bulkhead::advisory
