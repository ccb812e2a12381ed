#include "notary/service.h"

#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "notary/answers.h"
#include "notary/testing/test_service.h"
#include "tuf/trusted_set.h"

namespace bulkhead::notary {
namespace {

using testing::HasSubstr;

std::string said(const net::ServerResponse& answer) {
  return fmt::format("{} {}", answer.status, TestService::text_of(answer));
}
std::string invalid(std::string_view name, std::string_view message) {
  return fmt::format(
      "400 {{\"errors\":[{{\"code\":\"INVALID_UPDATE\",\"message\":\"Update sent by the client is "
      "invalid.\",\"detail\":{{\"Name\":\"{}\",\"Error\":{{\"Msg\":\"{}\"}}}}}}]}}\n",
      name, message);
}
const std::string kOldVersion =
    "400 {\"errors\":[{\"code\":\"VERSION\",\"message\":\"A newer version of metadata is already "
    "available.\",\"detail\":{}}]}\n";
const std::string kNotFound =
    "404 {\"errors\":[{\"code\":\"METADATA_NOT_FOUND\",\"message\":\"You have requested metadata that does not "
    "exist.\",\"detail\":{}}]}\n";

// What a client makes of what the service gives it: kVerificationFailed and its like as text, "" when it believes all.
std::string client_says(const TestService& server, std::string_view gun, const std::string& first_root) {
  const auto file = [&](std::string_view name) {
    return TestService::text_of(server.get(fmt::format("/v2/{}/_trust/tuf/{}", gun, name)));
  };
  const tuf::Codec& codec = tuf::notary_codec();
  tuf::TrustedSet set(codec, server.now);
  const auto run = [&]() -> Status {
    TRY(set.start(first_root));
    for (int64_t version = set.root().version + 1;; ++version) {
      const auto next = server.get(fmt::format("/v2/{}/_trust/tuf/{}.root.json", gun, version));
      if (next.status != 200) break;
      TRY(set.update_root(TestService::text_of(next)));
    }
    TRY(set.finish_roots());
    TRY(set.update_timestamp(file("timestamp.json")));
    TRY(set.update_snapshot(file(codec.file_name(tuf::kSnapshot, set.timestamp().snapshot, true)),
                            tuf::TrustedSet::Origin::kRepository));
    TRY(set.require_snapshot());
    std::vector<std::pair<std::string, tuf::Targets>> found;
    TRY_ASSIGN(const auto entry, set.snapshot_entry(tuf::kTargets));
    TRY_ASSIGN(auto targets,
               set.check_targets(file(codec.file_name(tuf::kTargets, entry, true)), tuf::kTargets, nullptr));
    for (const auto& child : targets.metadata.delegations->roles) {
      const auto of_child = set.snapshot_entry(child.name);
      if (!of_child) continue;
      TRY(set.check_targets(file(codec.file_name(child.name, *of_child, true)), child.name, &targets.metadata));
    }
    return {};
  };
  const Status done = run();
  return done ? "" : done.error().to_string();
}

TEST(NotaryService, PublishesWhatClientsThenBelieve) {
  const TestService server;
  TestPublisher publisher = server.publisher("r.example/a");
  const std::string root = publisher.root_file();
  EXPECT_EQ(said(server.upload("r.example/a", {{"root", root}, {"targets", publisher.targets_file()}})), "200 ");
  EXPECT_EQ(client_says(server, "r.example/a", root), "");
  publisher.targets.version = 2;
  const TestSigner alice = TestPublisher::delegate(publisher.targets, "targets/alice");
  EXPECT_EQ(said(server.upload("r.example/a", {{"targets", publisher.targets_file()}})), "200 ");
  auto delegated = new_metadata();
  EXPECT_EQ(said(server.upload("r.example/a", {{"targets/alice", sign_file(delegated, {alice})}})), "200 ");
  EXPECT_EQ(client_says(server, "r.example/a", root), "");
  EXPECT_EQ(said(server.get("/v2/r.example/a/_trust/tuf/targets/alice.json")),
            said(server.get("/v2/r.example/a/_trust/tuf/1.targets/alice.json")));
}

TEST(NotaryService, AnswersAsClientsExpect) {
  const TestService server;
  EXPECT_EQ(said(server.get("/v2/")), "200 {}");
  EXPECT_EQ(said(server.get("/_notary_server/health")), "200 {}");
  EXPECT_EQ(said(server.get("/v2/a/_trust/tuf/root.json")), kNotFound);
  EXPECT_EQ(said(server.get("/v2/a/_trust/tuf/targets/Bad.json")), kNotFound);
  EXPECT_EQ(said(server.get("/v2/a/_trust/tuf/99999999999999999999.root.json")), kNotFound);
  EXPECT_EQ(said(server.get("/other")),
            "404 {\"errors\":[{\"code\":\"METADATA_NOT_FOUND\",\"message\":\"You have requested metadata that does not "
            "exist.\"}]}\n");
  EXPECT_EQ(server.ask("PATCH", "/v2/").status, 405);
  EXPECT_EQ(said(server.ask("DELETE", "/v2/a/_trust/tuf/")), "200 ");

  const TestPublisher publisher = server.publisher("a");
  ASSERT_EQ(server.upload("a", publisher.first_files()).status, 200);
  const auto current = server.get("/v2/a/_trust/tuf/root.json");
  EXPECT_EQ(TestService::text_of(current), publisher.root_file());
  EXPECT_EQ(current.headers.find("Cache-Control"), "public, max-age=300, s-maxage=300, must-revalidate");
  EXPECT_EQ(current.headers.find("Last-Modified"), "Fri, 15 Jan 2027 08:00:00 GMT");
  EXPECT_EQ(current.headers.find("Content-Type"), "text/plain; charset=utf-8");
  const auto kept = server.get("/v2/a/_trust/tuf/1.root.json");
  EXPECT_EQ(kept.headers.find("Cache-Control"), "public, max-age=2592000, s-maxage=2592000");
  const std::string hash = Digest::sha256_of(as_bytes(publisher.root_file())).hex();
  EXPECT_EQ(server.get(fmt::format("/v2/a/_trust/tuf/root.{}.json", hash)).status, 200);
  EXPECT_EQ(said(server.get(fmt::format("/v2/a/_trust/tuf/targets.{}.json", hash))), kNotFound);
  EXPECT_EQ(server.get("/metrics").status, 200);
  EXPECT_THAT(said(server.get("/metrics")), HasSubstr("{operation=\"update\",status=\"200\"} 1\n"));
}

TEST(NotaryService, RefusesUploadsThatAreNone) {
  const TestService server;
  const auto post = [&](std::string body, std::string type = "multipart/form-data; boundary=b") {
    return said(server.ask("POST", "/v2/a/_trust/tuf/", std::move(body), std::move(type)));
  };
  const std::string malformed =
      "400 {\"errors\":[{\"code\":\"MALFORMED_UPLOAD\",\"message\":\"The body of your request is malformed.\"}]}\n";
  EXPECT_EQ(post("x", "text/plain"), malformed);
  EXPECT_EQ(post("x"), malformed);
  EXPECT_EQ(post("--b\r\n\r\nx\r\n--b--"),
            "400 {\"errors\":[{\"code\":\"NO_FILENAME\",\"message\":\"No file/role name provided.\"}]}\n");
  EXPECT_EQ(said(server.upload("a", {{"a<b", "{}"}})),
            "400 {\"errors\":[{\"code\":\"INVALID_ROLE\",\"message\":\"The role you are attempting to operate on is "
            "invalid.\",\"detail\":\"a\\u003cb\"}]}\n");
  for (const std::string_view bad :
       {"", "x", "[]", "{} {}", R"({"signed":[]})", R"({"signed":{"version":"1"}})", R"({"signed":{"version":1.5}})"}) {
    EXPECT_EQ(said(server.upload("a", {{"root", std::string(bad)}})),
              "400 {\"errors\":[{\"code\":\"MALFORMED_JSON\",\"message\":\"JSON sent by the client could not be parsed "
              "by the server\"}]}\n")
        << bad;
  }
  EXPECT_EQ(said(server.upload("a", {{"root", "{}"}, {"root.json", "{}"}})), malformed);
  EXPECT_EQ(said(server.upload("a", {})),
            invalid("ErrValidation", "no pre-existing root and no root provided in update."));
}

TEST(NotaryService, RefusesRootsThatAreNotTheRepositorys) {
  const TestService server;
  const std::string path = "could not validate the path to a trusted root: ";
  const std::string no_leaf = path + "unable to retrieve valid leaf certificates";
  const auto refused = [&](const CertificateRequest& request) {
    TestPublisher publisher = server.publisher("r.example/a");
    publisher.set_root_key(new_test_key(), request);
    return said(server.upload("r.example/a", publisher.first_files()));
  };
  EXPECT_EQ(refused({.common_name = "r.example/b"}), invalid("ErrBadRoot", no_leaf));
  EXPECT_EQ(refused({.common_name = ""}), invalid("ErrBadRoot", no_leaf));
  EXPECT_EQ(refused({.common_name = "r.example/b*"}), invalid("ErrBadRoot", no_leaf));
  EXPECT_EQ(refused({.common_name = "r.example/a", .not_after = kTestNow - 1}), invalid("ErrBadRoot", no_leaf));
  EXPECT_EQ(refused({.common_name = "r.example/a", .not_before = kTestNow + 2 * kTestDay}),
            invalid("ErrBadRoot", no_leaf));
  EXPECT_EQ(refused({.common_name = "r.example/a", .authority = true}), invalid("ErrBadRoot", no_leaf));
  EXPECT_EQ(refused({.common_name = "r.example/a", .weak = true}), invalid("ErrBadRoot", no_leaf));

  TestPublisher publisher = server.publisher("r.example/a");
  publisher.root.version = 3;
  EXPECT_EQ(said(server.upload("r.example/a", publisher.first_files())),
            invalid("ErrBadRoot", "Root modifications must increment the version. Current 1, new 3"));
  publisher.root.version = 1;
  publisher.root.roles.find(tuf::kRoot)->second.threshold = 2;
  EXPECT_EQ(said(server.upload("r.example/a", publisher.first_files())),
            invalid("ErrBadRoot", path + "failed to validate integrity of roots"));
  publisher.root.roles.find(tuf::kRoot)->second.threshold = 1;
  publisher.root.expires = kTestNow - 1;
  EXPECT_EQ(said(server.upload("r.example/a", publisher.first_files())),
            invalid("ErrBadRoot", "root expired at Fri Jan 15 07:59:59 UTC 2027"));
  publisher.root.expires = kTestNow + kTestDay;
  publisher.root.keys.erase(publisher.targets_signers.front().id);
  EXPECT_THAT(said(server.upload("r.example/a", publisher.first_files())), HasSubstr("without corresponding key"));
  EXPECT_EQ(said(server.get("/v2/r.example/a/_trust/tuf/root.json")), kNotFound);

  EXPECT_EQ(refused({.common_name = "r.example/*"}), "200 ");
}

TEST(NotaryService, TakesANewRootFromThoseWhoSignedTheOldOne) {
  const TestService server;
  TestPublisher publisher = server.publisher("a");
  const std::string first = publisher.root_file();
  ASSERT_EQ(server.upload("a", publisher.first_files()).status, 200);
  const std::vector<TestSigner> before = publisher.root_signers;
  publisher.root.version = 2;
  publisher.set_root_key(new_test_key(), {.common_name = "a"});
  EXPECT_EQ(said(server.upload("a", {{"root", publisher.root_file()}})),
            invalid("ErrBadRoot",
                    "could not rotate trust to a new trusted root: failed to validate data with current "
                    "trusted certificates"));
  const std::vector<TestSigner> after = publisher.root_signers;
  publisher.root_signers = before;
  EXPECT_EQ(
      said(server.upload("a", {{"root", publisher.root_file()}})),
      invalid("ErrBadRoot", "could not validate the path to a trusted root: failed to validate integrity of roots"));
  publisher.root_signers.push_back(after.front());
  EXPECT_EQ(said(server.upload("a", {{"root", publisher.root_file()}})), "200 ");
  EXPECT_EQ(said(server.upload("a", {{"root", publisher.root_file()}})), kOldVersion);
  EXPECT_EQ(client_says(server, "a", first), "");
}

TEST(NotaryService, RecoversFromAnExpiredRootCertificate) {
  TestService server;
  TestPublisher publisher = server.publisher("a");
  publisher.set_root_key(new_test_key(), {.common_name = "a", .not_after = kTestNow + kTestDay});
  ASSERT_EQ(server.upload("a", publisher.first_files()).status, 200);
  const std::vector<TestSigner> before = publisher.root_signers;
  server.now += 400 * kTestDay;
  EXPECT_EQ(server.get("/v2/a/_trust/tuf/timestamp.json").status, 200);
  publisher.root.version = 2;
  publisher.set_root_key(new_test_key(), {.common_name = "a"});
  publisher.root_signers.push_back(before.front());
  EXPECT_EQ(said(server.upload("a", {{"root", publisher.root_file()}})), "200 ");
}

TEST(NotaryService, RefusesTargetsThatNobodyMaySign) {
  const TestService server;
  TestPublisher publisher = server.publisher("a");
  ASSERT_EQ(server.upload("a", publisher.first_files()).status, 200);
  publisher.targets.version = 2;
  const auto signers = publisher.targets_signers;
  publisher.targets_signers = {};
  EXPECT_EQ(said(server.upload("a", {{"targets", publisher.targets_file()}})),
            invalid("ErrBadTargets", "tuf: data has no signatures"));
  publisher.targets_signers = {{.id = signers.front().id, .key = new_test_key()}};
  EXPECT_EQ(said(server.upload("a", {{"targets", publisher.targets_file()}})),
            invalid("ErrBadTargets", "valid signatures did not meet threshold for targets"));
  publisher.targets_signers = signers;
  EXPECT_EQ(said(server.upload("a", {{"targets/nope", publisher.targets_file()}})),
            invalid("ErrBadTargets", "tuf: invalid role targets/nope. delegation does not exist"));
  publisher.targets.expires = kTestNow - 1;
  EXPECT_EQ(said(server.upload("a", {{"targets", publisher.targets_file()}})),
            invalid("ErrBadTargets", "targets expired at Fri Jan 15 07:59:59 UTC 2027"));
  publisher.targets.expires = kTestNow + kTestDay;
  TestPublisher::delegate(publisher.targets, "targets/a/b");
  EXPECT_EQ(said(server.upload("a", {{"targets", publisher.targets_file()}})),
            invalid("ErrBadTargets", "targets type metadata invalid: delegation role targets/a/b invalid"));
  EXPECT_EQ(client_says(server, "a", publisher.root_file()), "");
}

TEST(NotaryService, TakesAWholeTreeOfDelegationsAtOnceWhateverItsOrder) {
  const TestService server;
  TestPublisher publisher = server.publisher("a");
  const TestSigner upper = TestPublisher::delegate(publisher.targets, "targets/z");
  auto middle = new_metadata();
  middle.delegations.emplace();
  const TestSigner lower = TestPublisher::delegate(middle, "targets/z/a");
  const auto leaf = new_metadata();
  EXPECT_EQ(said(server.upload("a", {{"targets/z/a", sign_file(leaf, {lower})},
                                     {"targets/z", sign_file(middle, {upper})},
                                     {"targets", publisher.targets_file()},
                                     {"root", publisher.root_file()}})),
            "200 ");
  tuf::Targets next = leaf;
  next.version = 2;
  EXPECT_EQ(said(server.upload("a", {{"targets/z/a", sign_file(next, {lower})}})), "200 ");
  EXPECT_EQ(client_says(server, "a", publisher.root_file()), "");
}

TEST(NotaryService, RefusesVersionsThatWouldSpoilARole) {
  const TestService server;
  TestPublisher publisher = server.publisher("a");
  publisher.targets.version = 1001;
  EXPECT_EQ(said(server.upload("a", publisher.first_files())),
            invalid("ErrBadTargets", "version 1001 of targets is too far past 0: versions rise by 1000 at most"));
  publisher.targets.version = 1000;
  EXPECT_EQ(said(server.upload("a", publisher.first_files())), "200 ");
  EXPECT_EQ(said(server.upload("a", {{"targets", publisher.targets_file()}})), kOldVersion);
  publisher.targets.version = 999;
  EXPECT_EQ(said(server.upload("a", {{"targets", publisher.targets_file()}})), kOldVersion);
  publisher.targets.version = int64_t{1} << 62;
  EXPECT_THAT(said(server.upload("a", {{"targets", publisher.targets_file()}})), HasSubstr("too far past 1000"));
  publisher.targets.version = 1001;
  EXPECT_EQ(said(server.upload("a", {{"targets", publisher.targets_file()}})), "200 ");
}

TEST(NotaryService, LetsARootKeepTargetsOnlyThatItsKeysSigned) {
  const TestService server;
  TestPublisher publisher = server.publisher("a");
  ASSERT_EQ(server.upload("a", publisher.first_files()).status, 200);
  publisher.root.version = 2;
  publisher.set_targets_key(new_test_key());
  EXPECT_EQ(said(server.upload("a", {{"root", publisher.root_file()}})),
            invalid("ErrBadTargets", "valid signatures did not meet threshold for targets"));
  publisher.targets.version = 2;
  EXPECT_EQ(said(server.upload("a", publisher.first_files())), "200 ");
}

// A publisher who keeps the snapshot's key.
struct OwnSnapshot {
  TestService server;
  PrivateKey key = new_test_key();
  TestPublisher publisher{"a", server.key("a", tuf::kTimestamp), key.public_key()};
  tuf::Snapshot snapshot = new_metadata<tuf::Snapshot>();

  std::string snapshot_file(const TestFiles& files) {
    for (const auto& [role, bytes] : files) {
      if (role == "root") {
        snapshot.root = meta_of(bytes);
      } else {
        snapshot.meta.insert_or_assign(role, meta_of(bytes));
      }
    }
    return sign_file(snapshot, {{.id = publisher.root.roles.find(tuf::kSnapshot)->second.key_ids.front(), .key = key}});
  }
  net::ServerResponse upload(TestFiles files) {
    files.emplace_back("snapshot", snapshot_file(files));
    return server.upload("a", files);
  }
};

TEST(NotaryService, LeavesSnapshotsToWhoeverHoldsTheirKey) {
  OwnSnapshot own;
  EXPECT_EQ(said(own.server.upload("a", own.publisher.first_files())),
            "400 {\"errors\":[{\"code\":\"INVALID_UPDATE\",\"message\":\"Update sent by the client is "
            "invalid.\",\"detail\":{\"Name\":\"ErrBadHierarchy\",\"Error\":{\"Missing\":\"snapshot\",\"Msg\":\"no "
            "snapshot was included in update and server does not hold current snapshot key for repository\"}}}]}\n");
  EXPECT_EQ(said(own.upload(own.publisher.first_files())), "200 ");
  EXPECT_EQ(client_says(own.server, "a", own.publisher.root_file()), "");
  own.server.now += 20 * kTestDay;  // its snapshot has expired: that is for its holder to mend
  const std::string late = client_says(own.server, "a", own.publisher.root_file());
  EXPECT_THAT(late, HasSubstr("version 1 of \"snapshot\" expired"));
}

TEST(NotaryService, TakesNoSnapshotThatWouldLeadClientsAstray) {
  OwnSnapshot own;
  const TestSigner alice = TestPublisher::delegate(own.publisher.targets, "targets/alice");
  auto delegated = new_metadata();
  const std::string first = sign_file(delegated, {alice});
  delegated.version = 2;
  const std::string second = sign_file(delegated, {alice});
  const std::string root = own.publisher.root_file();
  ASSERT_EQ(said(own.upload({{"root", root}, {"targets", own.publisher.targets_file()}, {"targets/alice", first}})),
            "200 ");
  own.snapshot.version = 2;
  ASSERT_EQ(said(own.upload({{"targets/alice", second}})), "200 ");
  own.snapshot.version = 3;
  own.snapshot.meta["targets/alice"] = meta_of(first);
  EXPECT_THAT(said(own.upload({})),
              HasSubstr("ErrBadSnapshot\",\"Error\":{\"Msg\":\"sha256 checksum for targets/alice"));
  own.snapshot.meta["targets/alice"] = meta_of("never seen");
  EXPECT_THAT(said(own.upload({})), HasSubstr("sha256 checksum for targets/alice did not match"));
  own.snapshot.meta["targets/alice"] = meta_of(second);
  own.snapshot.root = meta_of("another");
  EXPECT_THAT(said(own.upload({})), HasSubstr("sha256 checksum for root did not match"));
  own.snapshot.root = meta_of(root);
  own.snapshot.meta["mirrors"] = meta_of(second);
  EXPECT_THAT(said(own.upload({})), HasSubstr("is no role of targets"));
  own.snapshot.meta.erase("mirrors");
  EXPECT_EQ(said(own.upload({})), "200 ");
  EXPECT_EQ(client_says(own.server, "a", root), "");
}

TEST(NotaryService, GivesTheSameKeyUntilItIsPublishedAndRotatesItThen) {
  const TestService server;
  EXPECT_EQ(server.key("a", "timestamp"), server.key("a", "timestamp"));
  EXPECT_EQ(server.key("a", "timestamp"), server.key("a", "timestamp", "POST"));
  EXPECT_NE(server.key("a", "timestamp"), server.key("a", "snapshot"));
  EXPECT_NE(server.key("a", "timestamp"), server.key("b", "timestamp"));
  TestPublisher publisher = server.publisher("a");
  const std::string root = publisher.root_file();
  ASSERT_EQ(server.upload("a", publisher.first_files()).status, 200);
  const PublicKey before = server.key("a", "snapshot");
  const PublicKey next = server.key("a", "snapshot", "POST");
  EXPECT_NE(before, next);
  EXPECT_EQ(server.key("a", "snapshot", "POST"), next);
  EXPECT_EQ(server.key("a", "snapshot"), before);
  publisher.targets.version = 2;  // the old key still serves
  EXPECT_EQ(server.upload("a", {{"targets", publisher.targets_file()}}).status, 200);
  publisher.root.version = 2;
  publisher.set_key(tuf::kSnapshot, next);
  EXPECT_EQ(server.upload("a", {{"root", publisher.root_file()}}).status, 200);
  EXPECT_EQ(server.key("a", "snapshot"), next);
  EXPECT_EQ(client_says(server, "a", root), "");
}

TEST(NotaryService, SignsOnlyWithKeysThatItHolds) {
  const TestService server;
  const TestPublisher publisher("a", new_test_key().public_key(), server.key("a", tuf::kSnapshot));
  EXPECT_EQ(said(server.upload("a", publisher.first_files())),
            invalid("ErrBadRoot", "no timestamp keys exist on the server"));
}

TEST(NotaryService, RenewsTimestampAndSnapshotWhenTheyAreAboutToExpire) {
  TestService server;
  const TestPublisher publisher = server.publisher("a");
  ASSERT_EQ(server.upload("a", publisher.first_files()).status, 200);
  const std::string first = said(server.get("/v2/a/_trust/tuf/timestamp.json"));
  server.now += 13 * kTestDay;
  EXPECT_EQ(said(server.get("/v2/a/_trust/tuf/timestamp.json")), first);
  server.now += kTestDay - 1800;
  const std::string renewed = said(server.get("/v2/a/_trust/tuf/timestamp.json"));
  EXPECT_NE(renewed, first);
  EXPECT_THAT(renewed, HasSubstr("\"version\":2}"));
  EXPECT_EQ(said(server.get("/v2/a/_trust/tuf/timestamp.json")), renewed);
  EXPECT_EQ(client_says(server, "a", publisher.root_file()), "");
  const std::string snapshot = said(server.get("/v2/a/_trust/tuf/snapshot.json"));
  server.now = kTestNow + 3 * 365 * kTestDay - 1800;
  EXPECT_THAT(said(server.get("/v2/a/_trust/tuf/snapshot.json")), HasSubstr("\"version\":2}"));
  EXPECT_NE(said(server.get("/v2/a/_trust/tuf/snapshot.json")), snapshot);
  EXPECT_THAT(said(server.get("/v2/_trust/changefeed?records=100")), HasSubstr("\"count\":3,"));
}

TEST(NotaryService, DeletedRepositoriesDoNotComeBackWithLowerVersions) {
  const TestService server;
  TestPublisher publisher = server.publisher("a");
  const TestFiles old = publisher.first_files();
  ASSERT_EQ(server.upload("a", old).status, 200);
  publisher.targets.version = 2;
  ASSERT_EQ(server.upload("a", {{"targets", publisher.targets_file()}}).status, 200);
  EXPECT_EQ(said(server.ask("DELETE", "/v2/a/_trust/tuf/")), "200 ");
  EXPECT_EQ(said(server.get("/v2/a/_trust/tuf/timestamp.json")), kNotFound);
  EXPECT_EQ(said(server.get("/v2/a/_trust/tuf/1.root.json")), kNotFound);
  // Not with what was published once, though it names keys that the server would hold.
  EXPECT_THAT(said(server.upload("a", old)), HasSubstr("that was deleted; initialise it anew"));
  const TestPublisher heir = server.publisher("a");
  EXPECT_EQ(said(server.upload("a", heir.first_files())), "200 ");
  EXPECT_THAT(said(server.get("/v2/a/_trust/tuf/timestamp.json")), HasSubstr("\"version\":3}"));
  EXPECT_THAT(said(server.get("/v2/a/_trust/tuf/snapshot.json")), HasSubstr("\"version\":3}"));
  EXPECT_EQ(client_says(server, "a", heir.root_file()), "");
}

TEST(NotaryService, TellsChanges) {
  const TestService server;
  EXPECT_EQ(said(server.get("/v2/_trust/changefeed?records=5")), "200 {\"count\":0,\"records\":[]}");
  ASSERT_EQ(server.upload("a", server.publisher("a").first_files()).status, 200);
  ASSERT_EQ(server.upload("b", server.publisher("b").first_files()).status, 200);
  ASSERT_EQ(server.ask("DELETE", "/v2/a/_trust/tuf/").status, 200);
  const std::string timestamp = TestService::text_of(server.get("/v2/b/_trust/tuf/timestamp.json"));
  EXPECT_EQ(said(server.get("/v2/b/_trust/changefeed?records=5")),
            fmt::format("200 {{\"count\":1,\"records\":[{{\"ID\":\"2\",\"CreatedAt\":\"2027-01-15T08:00:00Z\",\"GUN\":"
                        "\"b\",\"Version\":1,\"SHA256\":\"{}\",\"Category\":\"update\"}}]}}",
                        Digest::sha256_of(as_bytes(timestamp)).hex()));
  EXPECT_EQ(said(server.get("/v2/_trust/changefeed?records=1&change_id=2")),
            "200 {\"count\":1,\"records\":[{\"ID\":\"3\",\"CreatedAt\":\"2027-01-15T08:00:00Z\",\"GUN\":\"a\","
            "\"Version\":0,\"SHA256\":\"\",\"Category\":\"deletion\"}]}");
  EXPECT_THAT(said(server.get("/v2/_trust/changefeed?records=-2")),
              HasSubstr("\"count\":2,\"records\":[{\"ID\":\"2\""));
  EXPECT_THAT(said(server.get("/v2/_trust/changefeed?records=0&change_id=-1")), HasSubstr("\"count\":3"));
  EXPECT_EQ(said(server.get("/v2/_trust/changefeed")),
            "400 {\"errors\":[{\"code\":\"INVALID_PARAMETERS\",\"message\":\"The parameters provided are not "
            "valid.\",\"detail\":\"invalid records parameter: strconv.ParseInt: parsing \\\"\\\": invalid "
            "syntax\"}]}\n");
  EXPECT_THAT(said(server.get("/v2/_trust/changefeed?records=99999999999")), HasSubstr("value out of range"));
  EXPECT_THAT(said(server.get("/v2/_trust/changefeed?records=1&change_id=x")), HasSubstr("\"detail\":{}}"));
}

TEST(NotaryService, ServesOnlyTheRepositoriesThatItIsFor) {
  const TestService server({.gun_prefixes = {"r.example/", "s.example/"}});
  EXPECT_EQ(server.get("/v2/r.example/a/_trust/tuf/timestamp.key").status, 200);
  EXPECT_EQ(server.get("/v2/").status, 200);
  EXPECT_EQ(said(server.get("/v2/other/_trust/tuf/root.json")),
            "404 {\"errors\":[{\"code\":\"METADATA_NOT_FOUND\",\"message\":\"You have requested metadata that does not "
            "exist.\"}]}\n");
  EXPECT_EQ(said(server.upload("other", {})),
            "400 {\"errors\":[{\"code\":\"INVALID_GUN\",\"message\":\"The server does not support actions on images of "
            "this name.\",\"detail\":\"Require GUNs with prefix: [r.example/ s.example/]\"}]}\n");
}

TEST(NotaryService, DemandsWhatEachRequestNeedsBeforeItReadsABody) {
  std::vector<std::string> demanded;
  ServiceOptions options;
  options.authorize = [&](const net::RequestHead&, const Scope& scope) -> std::optional<net::ServerResponse> {
    demanded.push_back(scope.text());
    if (scope.actions == "pull") return std::nullopt;
    return scope.actions == "*" ? denied(scope) : unauthorized(scope, "Bearer realm=\"x\"");
  };
  const TestService server(std::move(options));
  EXPECT_EQ(server.get("/v2/a/_trust/tuf/root.json").status, 404);
  const auto answer = server.upload("a", {});
  EXPECT_EQ(said(answer),
            "401 {\"errors\":[{\"code\":\"UNAUTHORIZED\",\"message\":\"authentication required\",\"detail\":[{\"Type\":"
            "\"repository\",\"Class\":\"\",\"Name\":\"a\",\"Action\":\"push\"},{\"Type\":\"repository\",\"Class\":\"\","
            "\"Name\":\"a\",\"Action\":\"pull\"}]}]}\n");
  EXPECT_EQ(answer.headers.find("WWW-Authenticate"), "Bearer realm=\"x\"");
  EXPECT_EQ(server.ask("DELETE", "/v2/a/_trust/tuf/").status, 403);
  EXPECT_EQ(server.get("/metrics").status, 200);
  EXPECT_THAT(demanded, testing::ElementsAre("repository:a:pull", "repository:a:push,pull", "repository:a:*"));
}

TEST(NotaryService, BoundsWhatIsUploaded) {
  const TestService small({.max_upload_bytes = 100});
  EXPECT_EQ(small.upload("a", {{"root", std::string(200, ' ')}}).status, 413);
  const TestService busy({.max_bytes_in_flight = 100});
  const auto answer = busy.upload("a", {{"root", std::string(200, ' ')}});
  EXPECT_EQ(answer.status, 503);
  EXPECT_TRUE(answer.headers.find("Retry-After"));
}

TEST(NotaryService, AnErrorFitsIntoWhatClientsRead) {
  const TestService server;
  const std::string role(3000, 'x');
  EXPECT_LT(said(server.upload("a", {{role, "{}"}})).size(), 1024);
  TestPublisher publisher = server.publisher("a");
  publisher.root.keys.erase(publisher.targets_signers.front().id);
  publisher.set_key("targets", new_test_key().public_key());
  publisher.root.roles.find(tuf::kTargets)->second.key_ids = {std::string(5000, '<')};
  const std::string answer = said(server.upload("a", publisher.first_files()));
  EXPECT_THAT(answer, HasSubstr("ErrBadRoot"));
  EXPECT_LT(answer.size(), 1024);
}

TEST(NotaryService, OfPublishersAtOnceOneWinsAndNothingIsLost) {
  const TestService server;
  TestPublisher publisher = server.publisher("a");
  std::vector<TestSigner> signers;
  for (size_t i = 0; i < 8; ++i)
    signers.push_back(TestPublisher::delegate(publisher.targets, fmt::format("targets/{}", i)));
  ASSERT_EQ(server.upload("a", publisher.first_files()).status, 200);
  std::atomic<int> own = 0;
  std::atomic<int> shared = 0;
  std::atomic<int> unexpected = 0;
  publisher.targets.version = 2;
  {
    std::vector<std::jthread> threads;
    for (size_t i = 0; i < 8; ++i) {
      threads.emplace_back([&, i] {
        const auto mine = new_metadata();
        const auto answer = server.upload("a", {{fmt::format("targets/{}", i), sign_file(mine, {signers[i]})}});
        own += answer.status == 200 ? 1 : 0;
        const std::string all = said(server.upload("a", {{"targets", publisher.targets_file()}}));
        shared += all == "200 " ? 1 : 0;
        unexpected += all == "200 " || all == kOldVersion ? 0 : 1;
      });
    }
  }
  EXPECT_EQ(own, 8);
  EXPECT_EQ(shared, 1);
  EXPECT_EQ(unexpected, 0);
  EXPECT_EQ(client_says(server, "a", publisher.root_file()), "");
  for (size_t i = 0; i < 8; ++i) EXPECT_EQ(server.get(fmt::format("/v2/a/_trust/tuf/targets/{}.json", i)).status, 200);
  EXPECT_THAT(said(server.get("/v2/a/_trust/tuf/timestamp.json")), HasSubstr("\"version\":10}"));
}

}  // namespace
}  // namespace bulkhead::notary
