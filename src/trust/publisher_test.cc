#include "trust/publisher.h"

#include <chrono>
#include <filesystem>
#include <string>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/temporary_folder.h"
#include "keys/key_file.h"
#include "trust/freshness_map.h"

namespace bulkhead::trust {
namespace {

using ::testing::HasSubstr;

constexpr int64_t kNow = 1'800'000'000;

class PublisherTest : public ::testing::Test {
 protected:
  Result<Publisher> create() {
    const tuf::RoleSetup one{.keys = {key_.public_key()}};
    MapSettings settings;
    settings.key_references[keys::key_id(key_.public_key())] = "store:here";
    return Publisher::create(folder(), {.root = one, .targets = one, .snapshot = one, .timestamp = one}, settings,
                             kNow);
  }
  std::string folder() const { return temporary_ / "map"; }
  static oci::Reference reference(std::string_view text) { return *oci::Reference::parse_normalized(text); }
  static MapEntry entry(std::string_view content) {
    return {.digest = Digest::sha256_of(as_bytes(content)), .size = content.size()};
  }
  Status sign_all_and_publish(Publisher& publisher) {
    for (const auto& pending : publisher.repository().pending()) {
      TRY(publisher.repository().sign(pending.role, tuf::signer_of(key_)));
    }
    return publisher.publish({tuf::signer_of(key_)});
  }

  const TemporaryFolder temporary_;
  PrivateKey key_ = *PrivateKey::generate(KeyType::kEd25519);
};

TEST_F(PublisherTest, PublishesEntriesThatReadersFind) {
  auto publisher = create();
  ASSERT_TRUE(publisher) << publisher.error().to_string();
  EXPECT_EQ(publisher->set(tag_path(reference("app:1")), entry("one")), "targets");
  const Status done = sign_all_and_publish(*publisher);
  ASSERT_TRUE(done) << done.error().to_string();
  auto map = FreshnessMap::open({.location = folder(),
                                 .root_file = folder() + "/metadata/1.root.json",
                                 .state_folder = temporary_ / "state",
                                 .now = kNow},
                                nullptr);
  ASSERT_TRUE(map);
  const auto answer = map->check(reference("app:1"), entry("one").digest);
  ASSERT_TRUE(answer) << answer.error().to_string();
  EXPECT_EQ(answer->verdict, Freshness::kPresent) << answer->detail;
}

TEST_F(PublisherTest, PutsEntriesWhereClientsLookFirst) {
  auto publisher = create();
  ASSERT_TRUE(publisher);
  tuf::Repository& repository = publisher->repository();
  const tuf::RoleSetup keys{.keys = {key_.public_key()}};
  const std::string path = tag_path(reference("example.com/team/app:1"));
  ASSERT_TRUE(publisher->set(tag_path(reference("example.com/team/old:1")), entry("old")));
  ASSERT_TRUE(repository.delegate(tuf::kTargets, "team", keys, true, {"example.com/team/*"}));
  ASSERT_TRUE(repository.delegate("team", "nightly", keys, false, {"example.com/team/*:nightly"}));
  EXPECT_EQ(publisher->set(path, entry("one")), "team");
  EXPECT_EQ(publisher->set(tag_path(reference("example.com/team/app:nightly")), entry("n")), "nightly");
  EXPECT_EQ(publisher->set(tag_path(reference("example.com/team/old:1")), entry("new")), "targets")
      << "which lists it already, and is asked first";
  EXPECT_EQ(publisher->set(tag_path(reference("example.com/other:1")), entry("o")), "targets");
  const auto found = publisher->find(path);
  ASSERT_TRUE(found && *found);
  EXPECT_EQ((*found)->entry, entry("one"));

  EXPECT_EQ(publisher->set(path, entry("x"), "nightly").error().code(), Code::kInvalidArgument) << "not delegated";
  EXPECT_EQ(publisher->set(path, entry("x"), "nobody").error().code(), Code::kInvalidArgument);
  const auto hidden = publisher->set(tag_path(reference("example.com/team/old:1")), entry("x"), "team");
  ASSERT_FALSE(hidden);
  EXPECT_THAT(hidden.error().message(), HasSubstr("is asked before"));
}

TEST_F(PublisherTest, PutsEntriesIntoTheirHashBin) {
  auto publisher = create();
  ASSERT_TRUE(publisher);
  ASSERT_TRUE(publisher->repository().delegate_bins(tuf::kTargets, "bin", {.keys = {key_.public_key()}}, 4));
  const auto role = publisher->set(tag_path(reference("app:1")), entry("one"));
  ASSERT_TRUE(role);
  EXPECT_THAT(*role, HasSubstr("bin-"));
  EXPECT_EQ(publisher->role(*role)->keys.size(), 1U);
  EXPECT_EQ(publisher->roles().size(), 5U) << "all bins are one";
  ASSERT_TRUE(sign_all_and_publish(*publisher));
}

TEST_F(PublisherTest, KnowsWhatATagMeansUntilItIsWithdrawn) {
  auto publisher = create();
  ASSERT_TRUE(publisher);
  EXPECT_EQ(publisher->current_entry(reference("app:1")).error().code(), Code::kNotFound);
  ASSERT_TRUE(publisher->set(tag_path(reference("app:1")), entry("one")));
  MapEntry present = *publisher->current_entry(reference("app:1"));
  EXPECT_EQ(present.digest, entry("one").digest);
  present.state = EntryState::kWithdrawn;
  ASSERT_TRUE(publisher->set(tag_path(reference("app:1")), present));
  EXPECT_EQ(publisher->current_entry(reference("app:1")).error().code(), Code::kNotFound);
}

TEST_F(PublisherTest, RemembersWhereItsKeysAre) {
  const PrivateKey other = *PrivateKey::generate(KeyType::kEcdsaP256);
  {
    auto publisher = create();
    ASSERT_TRUE(publisher);
    EXPECT_EQ(publisher->role("root")->keys.front().reference, "store:here");
    ASSERT_TRUE(publisher->repository().change_keys("root", {other.public_key()}, {}));
    ASSERT_TRUE(publisher->add_references({{keys::key_id(other.public_key()), "file:there.pem"}}));
    ASSERT_TRUE(publisher->save());
  }
  auto publisher = Publisher::open(folder(), kNow);
  ASSERT_TRUE(publisher) << publisher.error().to_string();
  const auto root = publisher->role("root");
  ASSERT_TRUE(root);
  ASSERT_EQ(root->keys.size(), 2U);
  EXPECT_EQ(root->keys[1].reference, "file:there.pem");
  EXPECT_EQ(root->keys[1].id, keys::key_id(other.public_key()));
}

TEST_F(PublisherTest, KeepsReferencesThatWereAddedWhileItWaited) {
  std::thread waiting;
  {
    auto publisher = create();
    ASSERT_TRUE(publisher);
    waiting = std::thread([this] {
      auto next = Publisher::open(folder(), kNow);
      EXPECT_TRUE(next && next->add_references({{"bb", "store:bb"}}));
    });
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    EXPECT_TRUE(publisher->add_references({{"aa", "store:aa"}}));
  }
  waiting.join();
  const auto publisher = Publisher::open(folder(), kNow);
  ASSERT_TRUE(publisher);
  EXPECT_TRUE(publisher->settings().key_references.contains("aa"));
  EXPECT_TRUE(publisher->settings().key_references.contains("bb"));
}

TEST_F(PublisherTest, BeginsOnlyWhereNothingIs) {
  ASSERT_TRUE(create());
  EXPECT_EQ(create().error().code(), Code::kInvalidArgument);
  const auto absent = Publisher::open(temporary_ / "absent", kNow);
  ASSERT_FALSE(absent);
  EXPECT_THAT(absent.error().remedy(), HasSubstr("bulkhead trust init"));
}

TEST(MapSettings, AreReadAsTheyWereWritten) {
  MapSettings settings;
  settings.lifetimes.timestamp = 3'600;
  settings.key_references = {{"aa", "store:aa"}, {"bb", "pkcs11:token=x;object=\"y\""}};
  const auto again = read_settings(write_settings(settings));
  ASSERT_TRUE(again) << again.error().to_string();
  EXPECT_EQ(again->lifetimes.timestamp, 3'600);
  EXPECT_EQ(again->lifetimes.root, settings.lifetimes.root);
  EXPECT_EQ(again->key_references, settings.key_references);
}

TEST(MapSettings, AreRefusedWhenTheyAreNone) {
  EXPECT_EQ(read_settings("{}").error().code(), Code::kMalformed);
  EXPECT_EQ(read_settings(R"({"version":2})").error().code(), Code::kUnsupported);
  const auto with = [](std::string_view lifetime, std::string_view reference) {
    return read_settings(R"({"version":1,"lifetimes":{"root":1,"targets":1,"snapshot":1,"timestamp":)" +
                         std::string(lifetime) + R"(},"keys":{"a":)" + std::string(reference) + "}}");
  };
  EXPECT_TRUE(with("1", "\"store:a\""));
  for (const char* const lifetime : {"0", "-1", "1.5", "\"1\"", "99999999999999"}) {
    EXPECT_EQ(with(lifetime, "\"store:a\"").error().code(), Code::kMalformed) << lifetime;
  }
  for (const char* const reference : {"\"\"", "1", "null", "[]"}) {
    EXPECT_EQ(with("1", reference).error().code(), Code::kMalformed) << reference;
  }
}

// The file travels with the folder, and whoever sent it would choose what is loaded here.
TEST(MapSettings, AFolderNamesNoModuleAndNoPinFile) {
  for (const std::string query : {"?module-path=/x.so", "?pin-source=file:/x", "?module-name=x", "?"}) {
    MapSettings settings;
    settings.key_references = {{"aa", "pkcs11:object=y" + query}};
    const auto refused = read_settings(write_settings(settings));
    ASSERT_FALSE(refused) << query;
    EXPECT_EQ(refused.error().code(), Code::kMalformed);
    EXPECT_THAT(refused.error().remedy(), HasSubstr("--pkcs11-module"));
    EXPECT_EQ(kept_reference(settings.key_references["aa"]), "pkcs11:object=y");
  }
  EXPECT_EQ(kept_reference("file:what?.pem"), "file:what?.pem");
}

}  // namespace
}  // namespace bulkhead::trust
