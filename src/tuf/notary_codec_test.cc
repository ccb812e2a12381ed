#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/date.h"
#include "base/fs.h"
#include "base/test_data.h"
#include "tuf/test_repository.h"

namespace bulkhead::tuf {
namespace {

using ::testing::HasSubstr;

std::string recorded(const std::string& name) {
  auto bytes = read_file(testdata_path("notary/" + name), size_t{1} << 20);
  EXPECT_TRUE(bytes) << name;
  return bytes.value_or("");
}

// What a Notary server would serve of recorded metadata: current files by their hashes, the timestamp by its name.
class RecordedServer final : public MetadataSource {
 public:
  explicit RecordedServer(const std::string& client) {
    const std::filesystem::path folder = testdata_path("notary/" + client);
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
      if (!entry.is_regular_file()) continue;
      const std::string name = entry.path().lexically_relative(folder).string();
      const std::string role = name.substr(0, name.size() - std::string_view(".json").size());
      serve(role, *read_file(entry.path(), size_t{1} << 20));
    }
  }
  void serve(const std::string& role, const std::string& bytes) {
    files[role + ".json"] = bytes;
    files[role + "." + Digest::sha256_of(as_bytes(bytes)).hex() + ".json"] = bytes;
  }
  Result<std::string> fetch(std::string_view name, uint64_t /*max_bytes*/) override {
    const auto found = files.find(name);
    if (found == files.end()) return fail(Code::kNotFound, std::string(name));
    return found->second;
  }
  std::map<std::string, std::string, std::less<>> files;
};

class RecordedNotary : public ::testing::TestWithParam<const char*> {
 protected:
  static constexpr std::string_view kRecordedOn = "2026-11-23T00:00:00Z";

  RecordedNotary() : server_(GetParam()) { store_.files["root"] = server_.files.at("root.json"); }
  Status refresh(std::string_view now = kRecordedOn) {
    updater_.reset();
    auto created = Updater::create(notary_codec(), server_, store_, *parse_rfc3339(now));
    if (!created) return std::unexpected(created.error());
    updater_ = std::make_unique<Updater>(*std::move(created));
    return updater_->refresh();
  }
  RecordedServer server_;
  MemoryStore store_;
  std::unique_ptr<Updater> updater_;
};

TEST_P(RecordedNotary, IsBelieved) {
  const Status done = refresh();
  ASSERT_TRUE(done) << done.error().to_string();
  EXPECT_FALSE(updater_->targets().targets.empty());
  ASSERT_TRUE(refresh());  // from the store
}

TEST_P(RecordedNotary, ExpiresWithItsTimestamp) {
  const Status late = refresh("2026-12-06T07:00:00Z");
  ASSERT_FALSE(late);
  EXPECT_THAT(late.error().to_string(), HasSubstr("\"timestamp\" expired"));
}

TEST_P(RecordedNotary, IsNotBelievedWhenAnyByteOfItHasChanged) {
  for (const std::string role : {"timestamp", "snapshot", "targets", "root"}) {
    SCOPED_TRACE(role);
    RecordedServer server(GetParam());
    std::string changed = server.files.at(role + ".json");
    const size_t at = changed.find("\"version\":") + std::string_view("\"version\":").size();
    changed[at] = '9';
    if (role == "root") {
      MemoryStore store;
      store.files["root"] = changed;
      EXPECT_FALSE(Updater::create(notary_codec(), server, store, *parse_rfc3339(kRecordedOn)));
      continue;
    }
    // Under the name of the true one, as a hostile server would.
    for (auto& [name, bytes] : server.files) {
      if (bytes == server_.files.at(role + ".json")) bytes = changed;
    }
    MemoryStore store;
    store.files["root"] = server_.files.at("root.json");
    auto updater = Updater::create(notary_codec(), server, store, *parse_rfc3339(kRecordedOn));
    ASSERT_TRUE(updater);
    const Status refused = updater->refresh();
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code(), Code::kVerificationFailed);
  }
}

TEST_P(RecordedNotary, IsWrittenAsItWasSigned) {
  const auto root = notary_codec().root(server_.files.at("root.json"));
  const auto snapshot = notary_codec().snapshot(server_.files.at("snapshot.json"));
  ASSERT_TRUE(root && snapshot);
  // But for the fractions of a second, which are not kept.
  const auto whole = [](std::string text) {
    const size_t at = text.find("\"expires\":\"") + std::string_view("\"expires\":\"2036-11-19T06:32:51").size();
    return text.erase(at, text.find('Z', at) - at);
  };
  EXPECT_EQ(notary_codec().write(root->metadata), whole(root->signed_bytes));
  EXPECT_EQ(notary_codec().write(snapshot->metadata), whole(snapshot->signed_bytes));
}

INSTANTIATE_TEST_SUITE_P(Clients, RecordedNotary, ::testing::Values("docker", "notary"));

TEST(NotaryCodec, FindsTargetsOfDelegations) {
  RecordedServer server("notary");
  MemoryStore store;
  store.files["root"] = recorded("notary/root.json");
  auto updater = Updater::create(notary_codec(), server, store, *parse_rfc3339("2026-11-23T00:00:00Z"));
  ASSERT_TRUE(updater);
  ASSERT_TRUE(updater->refresh());
  const auto found = updater->find("v1");
  ASSERT_TRUE(found && *found);
  EXPECT_EQ((*found)->role, "targets");
  EXPECT_EQ((*found)->file.length, 3U);
}

TEST(NotaryCodec, DerivesKeyIdsAsNotaryDoes) {
  const auto root = notary_codec().root(recorded("docker/root.json"));
  ASSERT_TRUE(root);
  size_t bare = 0;
  for (const auto& [id, key] : root->metadata.keys) {
    ASSERT_TRUE(key.usable) << id;
    if (key.json.find("x509") != std::string::npos) {
      EXPECT_EQ(Digest::sha256_of(as_bytes(key.json)).hex(), id);
      continue;
    }
    const auto [listed_id, listed] = notary_codec().list(key.usable->key);
    EXPECT_EQ(listed_id, id);
    EXPECT_EQ(listed.json, key.json);
    ++bare;
  }
  EXPECT_GE(bare, 2U);
}

// A repository by our own publisher's keys, in the dialect.
class NotaryDialect : public ::testing::Test {
 protected:
  NotaryDialect() {
    for (const std::string_view role : {kRoot, kTimestamp, kSnapshot, kTargets}) {
      auto [id, listed] = notary_codec().list(key_.public_key());
      root_.roles[std::string(role)].key_ids = {id};
      root_.keys.insert_or_assign(id, listed);
      id_ = id;
    }
    root_.version = timestamp_.version = snapshot_.version = targets_.version = 1;
    root_.expires = timestamp_.expires = snapshot_.expires = targets_.expires = kTestLater;
    publish();
    store_.files["root"] = files_.at("root.json");
  }
  template <typename T>
  std::string sign(const T& metadata) const {
    const std::string bytes = notary_codec().write(metadata);
    const SignatureScheme scheme{SignatureScheme::Kind::kEcdsaRaw};
    return notary_codec().envelope(
        bytes, std::vector<Signature>{{.key_id = id_, .bytes = *key_.sign(scheme, as_bytes(bytes)), .scheme = scheme}});
  }
  static MetaFile meta_of(const std::string& bytes) {
    return {.version = 0,
            .length = bytes.size(),
            .hashes = {{"sha256", std::string(as_text(Digest::sha256_of(as_bytes(bytes)).raw()))}}};
  }
  void publish() {
    if (!files_.contains("root.json")) files_["root.json"] = sign(root_);
    const std::string targets = sign(targets_);
    snapshot_.root = meta_of(files_["root.json"]);
    snapshot_.meta["targets"] = meta_of(targets);
    const std::string snapshot = sign(snapshot_);
    timestamp_.snapshot = meta_of(snapshot);
    files_[notary_codec().file_name(kTargets, snapshot_.meta["targets"], false)] = targets;
    files_[notary_codec().file_name(kSnapshot, timestamp_.snapshot, false)] = snapshot;
    files_["timestamp.json"] = sign(timestamp_);
  }
  Status refresh() {
    class Source final : public MetadataSource {
     public:
      explicit Source(const std::map<std::string, std::string>& files) : files_(files) {}
      Result<std::string> fetch(std::string_view name, uint64_t /*max_bytes*/) override {
        const auto found = files_.find(std::string(name));
        if (found == files_.end()) return fail(Code::kNotFound, std::string(name));
        return found->second;
      }

     private:
      const std::map<std::string, std::string>& files_;
    } source(files_);
    TRY_ASSIGN(auto updater, Updater::create(notary_codec(), source, store_, kTestNow));
    return updater.refresh();
  }
  void expect_distrust(std::string_view because) {
    const Status status = refresh();
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().code(), Code::kVerificationFailed);
    EXPECT_THAT(status.error().to_string(), HasSubstr(because));
  }

  PrivateKey key_ = *PrivateKey::generate(KeyType::kEcdsaP256);
  std::string id_;
  Root root_;
  Timestamp timestamp_;
  Snapshot snapshot_;
  Targets targets_;
  std::map<std::string, std::string> files_;
  MemoryStore store_;
};

// The snapshot states no versions here: rollback is seen by the metadata that was kept.
TEST_F(NotaryDialect, RefusesRollbackOfTargetsAndSnapshot) {
  targets_.version = 3;
  snapshot_.version = 3;
  publish();
  ASSERT_TRUE(refresh());
  targets_.version = 2;
  snapshot_.version = 4;
  timestamp_.version = 2;
  publish();
  expect_distrust("version 2 of \"targets\" is older than the one seen before, 3");
  targets_.version = 3;
  snapshot_.version = 2;
  timestamp_.version = 3;
  publish();
  expect_distrust("snapshot 2 is older than the one seen before, ");
}

TEST_F(NotaryDialect, HoldsTheRootToTheSnapshot) {
  ASSERT_TRUE(refresh());
  snapshot_.version = timestamp_.version = 2;
  publish();
  snapshot_.root = meta_of("another root");
  const std::string snapshot = sign(snapshot_);
  timestamp_.snapshot = meta_of(snapshot);
  files_[notary_codec().file_name(kSnapshot, timestamp_.snapshot, false)] = snapshot;
  files_["timestamp.json"] = sign(timestamp_);
  expect_distrust("root as the snapshot has it");
}

TEST_F(NotaryDialect, KnowsDelegationsByPrefixesOfPaths) {
  targets_.delegations.emplace();
  auto [id, listed] = notary_codec().list(key_.public_key());
  targets_.delegations->keys.emplace(id, listed);
  targets_.delegations->roles.push_back(
      {.name = "targets/a", .keys = {.key_ids = {id}}, .paths = {}, .hash_prefixes = {}, .path_prefixes = {"v1", "x"}});
  const auto read = notary_codec().targets(sign(targets_), kTargets);
  ASSERT_TRUE(read) << read.error().to_string();
  const DelegatedRole& role = read->metadata.delegations->roles.front();
  EXPECT_TRUE(role.covers("v1.2/any"));
  EXPECT_TRUE(role.covers("x"));
  EXPECT_FALSE(role.covers("v2"));
}

struct Case {
  std::string_view from;
  std::string_view to;
  std::string_view says;
};

TEST(NotaryCodec, RefusesMetadataThatIsNone) {
  const std::string targets = recorded("docker/targets.json");
  for (const Case& test : {
           Case{R"("_type":"Targets")", R"("_type":"targets")", "\"_type\" is \"targets\""},
           Case{R"("version":3)", R"("version":-3)", "\"version\" must be 1 or more"},
           Case{R"("name":"targets/alice")", R"("name":"alice")", "\"alice\" can be no delegated role"},
           Case{R"("name":"targets/alice")", R"("name":"targets/../x")", "can be no delegated role"},
           Case{R"("name":"targets/alice")", R"("name":"targets//x")", "can be no delegated role"},
           Case{R"("name":"targets/alice")", R"("name":"targets/releases")", "delegated twice"},
           Case{R"("paths":[""])", R"("paths":[1])", "more than strings"},
           Case{R"("length":523)", R"("length":-1)", "\"length\" must not be negative"},
           Case{R"("method":"ecdsa")", R"("methods":"ecdsa")", "\"method\" is missing"},
       }) {
    std::string changed = targets;
    const size_t at = changed.find(test.from);
    ASSERT_NE(at, std::string::npos) << test.from;
    changed.replace(at, test.from.size(), test.to);
    const auto read = notary_codec().targets(changed, kTargets);
    ASSERT_FALSE(read) << test.to;
    EXPECT_THAT(read.error().to_string(), HasSubstr(test.says));
  }
  const std::string snapshot = recorded("docker/snapshot.json");
  EXPECT_FALSE(notary_codec().timestamp(snapshot));
  EXPECT_FALSE(notary_codec().root(snapshot));
}

TEST(NotaryCodec, BelievesNoMethodThatDoesNotFitTheKey) {
  std::string root = recorded("docker/root.json");
  for (const std::string_view method : {"rsapss", "eddsa", "none", ""}) {
    std::string changed = root;
    for (size_t at = changed.find("\"ecdsa\",\"sig\""); at != std::string::npos;
         at = changed.find("\"ecdsa\",\"sig\"")) {
      changed.replace(at + 1, 5, method);
    }
    ASSERT_NE(changed, root);
    TrustedSet set(notary_codec(), 0);
    const Status status = set.start(changed);
    ASSERT_FALSE(status) << method;
    EXPECT_EQ(status.error().code(), Code::kVerificationFailed);
  }
}

}  // namespace
}  // namespace bulkhead::tuf
