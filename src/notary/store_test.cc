#include "notary/store.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "base/temporary_folder.h"
#include "crypto/digest.h"
#include "notary/testing/test_publisher.h"

namespace bulkhead::notary {
namespace {

const Secret kSecret = Secret::copy_of("a secret of the test's own");

struct StoreTest : testing::Test {
  std::unique_ptr<Store> open(const Secret& secret = kSecret, const StoreLimits& limits = {}) {
    auto store = Store::open(folder / "db", secret, limits);
    EXPECT_TRUE(store) << store.error().to_string();
    return store ? std::move(*store) : nullptr;
  }
  // The files of one more version of everything.
  static Store::Update version(int64_t number, const tuf::Root* root = nullptr) {
    Store::Update out{.base = number - 1};
    for (const std::string_view role : {"targets", "snapshot", "timestamp"}) {
      out.files.push_back({.role = std::string(role), .version = number, .bytes = fmt::format("{} {}", role, number)});
    }
    if (root != nullptr) out.root = *root;
    return out;
  }
  TemporaryFolder folder;
};

TEST_F(StoreTest, KeepsFilesByVersionAndByHash) {
  const auto store = open();
  EXPECT_EQ(*store->update("a", version(1), 11), Store::Outcome::kDone);
  EXPECT_EQ(*store->update("a", version(2), 22), Store::Outcome::kDone);
  EXPECT_EQ((*store->latest("a", "targets"))->bytes, "targets 2");
  EXPECT_EQ((*store->latest("a", "targets"))->created, 22);
  EXPECT_EQ((*store->by_version("a", "targets", 1))->bytes, "targets 1");
  const Digest digest = Digest::sha256_of(as_bytes("snapshot 1"));
  const auto found = store->by_hash("a", "snapshot", as_text(digest.raw()));
  EXPECT_EQ((*found)->bytes, "snapshot 1");
  EXPECT_EQ((*found)->sha256, as_text(digest.raw()));
  EXPECT_EQ(*store->by_hash("a", "targets", as_text(digest.raw())), std::nullopt);
  EXPECT_EQ(*store->by_version("a", "targets", 3), std::nullopt);
  EXPECT_EQ(*store->latest("b", "targets"), std::nullopt);
}

TEST_F(StoreTest, TakesAllOfAnUpdateOrNothing) {
  const auto store = open();
  EXPECT_EQ(*store->update("a", version(1), 1), Store::Outcome::kDone);
  EXPECT_EQ(*store->update("a", version(1), 1), Store::Outcome::kChanged);
  Store::Update stale = version(2);
  stale.files.front().version = 1;
  EXPECT_EQ(*store->update("a", stale, 2), Store::Outcome::kOldVersion);
  EXPECT_EQ((*store->latest("a", "snapshot"))->version, 1);
  Store::Update twice = version(2);
  twice.files.push_back(twice.files.front());
  EXPECT_FALSE(store->update("a", twice, 2));
  EXPECT_EQ((*store->latest("a", "snapshot"))->version, 1);
  EXPECT_EQ(store->changes({})->size(), 1);
}

TEST_F(StoreTest, IsThereAgainWhenOpenedAnew) {
  {
    EXPECT_EQ(*open()->update("a", version(1), 1), Store::Outcome::kDone);
  }
  EXPECT_EQ((*open()->latest("a", "targets"))->bytes, "targets 1");
  struct stat file{};
  for (const std::string_view name : {"db", "db.lock"}) {
    ASSERT_EQ(::stat((folder / name).c_str(), &file), 0);
    EXPECT_EQ(file.st_mode & 0077, name == "db" ? 0 : file.st_mode & 0077) << name;
  }
}

TEST_F(StoreTest, IsOfOneProcessAtATime) {
  const auto store = open();
  EXPECT_EQ(Store::open(folder / "db", kSecret).error().code(), Code::kUnavailable);
}

TEST_F(StoreTest, OpensWithItsSecretOnlyAndOnlyWhatIsOurs) {
  {
    open();
  }
  EXPECT_EQ(Store::open(folder / "db", Secret::copy_of("another secret, as long")).error().code(),
            Code::kUnauthenticated);
  EXPECT_EQ(Store::open(folder / "other", Secret::copy_of("short")).error().code(), Code::kInvalidArgument);
  folder.write("text", std::string(8192, 'x'));
  EXPECT_FALSE(Store::open(folder / "text", kSecret));
  {
    const auto connection = Connection::open(folder / "foreign");
    ASSERT_TRUE((*connection)->execute("CREATE TABLE t(x)"));
  }
  EXPECT_EQ(Store::open(folder / "foreign", kSecret).error().code(), Code::kUnsupported);
}

TEST_F(StoreTest, KeepsOnlySoManyVersionsButEveryRoot) {
  const auto store = open(kSecret, {.versions = 3, .changes = 4});
  for (int64_t i = 1; i <= 6; ++i) {
    Store::Update update = version(i);
    update.files.push_back({.role = "root", .version = i, .bytes = "root"});
    ASSERT_EQ(*store->update("a", update, i), Store::Outcome::kDone);
  }
  EXPECT_EQ(*store->by_version("a", "targets", 3), std::nullopt);
  EXPECT_TRUE(*store->by_version("a", "targets", 4));
  EXPECT_TRUE(*store->by_version("a", "root", 1));
  EXPECT_EQ(store->changes({})->size(), 4);
}

TEST_F(StoreTest, TellsChangesForwardAndBackward) {
  const auto store = open();
  for (int64_t i = 1; i <= 3; ++i) {
    EXPECT_EQ(*store->update("a", version(i), i), Store::Outcome::kDone);
    EXPECT_EQ(*store->update("b", version(i), i), Store::Outcome::kDone);
  }
  const auto ids = [&](const Store::ChangeQuery& query) {
    std::string out;
    for (const Change& change : *store->changes(query)) out += fmt::format("{}{} ", change.gun, change.id);
    return out;
  };
  EXPECT_EQ(ids({}), "a1 b2 a3 b4 a5 b6 ");
  EXPECT_EQ(ids({.after = 2, .limit = 2}), "a3 b4 ");
  EXPECT_EQ(ids({.gun = "b"}), "b2 b4 b6 ");
  EXPECT_EQ(ids({.backward = true, .limit = 2}), "a5 b6 ");
  EXPECT_EQ(ids({.gun = "a", .before = 5, .backward = true, .limit = 1}), "a3 ");
}

TEST_F(StoreTest, RemembersHowFarARemovedRepositoryHadCome) {
  const auto store = open();
  const TestPublisher publisher("a", new_test_key().public_key(), new_test_key().public_key());
  Store::Update update = version(1, &publisher.root);
  update.files.push_back({.role = "root", .version = 1, .bytes = publisher.root_file()});
  ASSERT_EQ(*store->update("a", update, 1), Store::Outcome::kDone);
  ASSERT_EQ(*store->update("a", version(2), 2), Store::Outcome::kDone);
  EXPECT_TRUE(*store->remove("a", 3));
  EXPECT_FALSE(*store->remove("a", 3));
  EXPECT_FALSE(*store->remove("never", 3));
  EXPECT_EQ(*store->latest("a", "targets"), std::nullopt);
  EXPECT_EQ(*store->floor("a", "timestamp"), 2);
  EXPECT_EQ(*store->floor("a", "snapshot"), 2);
  EXPECT_TRUE(*store->is_buried("a", publisher.root_signers.front().id));
  EXPECT_FALSE(*store->is_buried("b", publisher.root_signers.front().id));
  const auto changes = *store->changes({});
  ASSERT_EQ(changes.size(), 3);
  EXPECT_TRUE(changes.back().deletion);
}

TEST_F(StoreTest, HoldsKeysEncryptedUntilARootReplacesThem) {
  const PrivateKey first = *PrivateKey::generate(KeyType::kEd25519);
  const PrivateKey second = *PrivateKey::generate(KeyType::kEd25519);
  TestPublisher publisher("a", first.public_key(), new_test_key().public_key());
  {
    const auto store = open();
    const auto held = store->add_key("a", "timestamp", first, 1);
    ASSERT_TRUE(held);
    ASSERT_EQ(*store->update("a", version(1, &publisher.root), 1), Store::Outcome::kDone);
    ASSERT_TRUE(store->add_key("a", "timestamp", second, 1));
    const auto keys = *store->keys("a", "timestamp");
    ASSERT_EQ(keys.size(), 2);
    EXPECT_TRUE(keys[0].published);
    EXPECT_FALSE(keys[1].published);
    EXPECT_EQ(store->private_key("a", "timestamp", held->id)->public_key(), first.public_key());
    EXPECT_EQ(store->private_key("a", "snapshot", held->id).error().code(), Code::kNotFound);
    EXPECT_EQ(store->private_key("b", "timestamp", held->id).error().code(), Code::kNotFound);
  }
  for (const std::string_view name : {"db", "db-wal"}) {
    const auto bytes = read_file(folder / name, 16 << 20);
    if (!bytes) continue;
    const Secret der = first.der();
    EXPECT_EQ(bytes->find(der.reveal().substr(der.reveal().size() - 32)), std::string::npos) << name;
  }
  const auto store = open();
  publisher.set_key(tuf::kTimestamp, second.public_key());
  ASSERT_EQ(*store->update("a", version(2, &publisher.root), 2), Store::Outcome::kDone);
  const auto keys = *store->keys("a", "timestamp");
  ASSERT_EQ(keys.size(), 1);
  EXPECT_EQ(keys.front().key, second.public_key());
  EXPECT_TRUE(keys.front().published);
}

TEST_F(StoreTest, ANewPendingKeyTakesNobodyElsesYoungOne) {
  const auto store = open(kSecret, {.pending_keys = 2, .pending_age = 100});
  const auto add = [&](std::string_view gun, int64_t now) {
    return store->add_key(gun, "timestamp", *PrivateKey::generate(KeyType::kEd25519), now);
  };
  ASSERT_TRUE(add("a", 1000));
  ASSERT_TRUE(add("b", 1050));
  EXPECT_EQ(add("c", 1099).error().code(), Code::kLimitExceeded);
  EXPECT_EQ(store->keys("a", "timestamp")->size(), 1);
  EXPECT_TRUE(store->keys("c", "timestamp")->empty());
  ASSERT_TRUE(add("c", 1100));  // a's is old
  EXPECT_TRUE(store->keys("a", "timestamp")->empty());
  EXPECT_EQ(store->keys("b", "timestamp")->size(), 1);
  EXPECT_EQ(store->keys("c", "timestamp")->size(), 1);
}

TEST_F(StoreTest, TakesADatabaseOfTheEarlierFormat) {
  ASSERT_TRUE(open()->add_key("a", "timestamp", *PrivateKey::generate(KeyType::kEd25519), 7));
  ASSERT_TRUE(
      (*Connection::open(folder / "db"))->execute("ALTER TABLE key DROP COLUMN created; PRAGMA user_version = 1"));
  const auto store = open(kSecret, {.pending_keys = 1});
  ASSERT_NE(store, nullptr);
  EXPECT_EQ(store->keys("a", "timestamp")->size(), 1);
  EXPECT_TRUE(store->add_key("b", "timestamp", *PrivateKey::generate(KeyType::kEd25519), int64_t{1} << 50));
  EXPECT_TRUE(store->keys("a", "timestamp")->empty()) << "its key may be as old as any";
}

TEST(KeyVault, OpensItsBoxesAndNoOthers) {
  const std::string salt = KeyVault::new_salt();
  const auto vault = KeyVault::open("a secret of 16 characters", salt);
  const auto other = KeyVault::open("another of 16 characters", salt);
  const PrivateKey key = new_test_key();
  std::string box = vault->seal(key);
  EXPECT_NE(box, vault->seal(key));
  EXPECT_TRUE(vault->unseal(box, key.public_key().der()));
  EXPECT_EQ(vault->unseal(box, new_test_key().public_key().der()).error().code(), Code::kVerificationFailed);
  EXPECT_EQ(other->unseal(box, key.public_key().der()).error().code(), Code::kVerificationFailed);
  EXPECT_EQ(vault->unseal("short", key.public_key().der()).error().code(), Code::kVerificationFailed);
  box.back() = static_cast<char>(box.back() ^ 1);
  EXPECT_EQ(vault->unseal(box, key.public_key().der()).error().code(), Code::kVerificationFailed);
  EXPECT_TRUE(vault->check(vault->seal_check()));
  EXPECT_EQ(other->check(vault->seal_check()).error().code(), Code::kUnauthenticated);
}

}  // namespace
}  // namespace bulkhead::notary
