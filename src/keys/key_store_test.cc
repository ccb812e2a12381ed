#include "keys/key_store.h"

#include <filesystem>
#include <string>

#include <gtest/gtest.h>

#include "base/fs.h"
#include "base/temporary_folder.h"
#include "keys/notary_folder.h"

namespace bulkhead::keys {
namespace {

using std::filesystem::perms;

AskPassphrase says(std::string_view passphrase) {
  return [passphrase]() -> Result<Secret> { return Secret::copy_of(passphrase); };
}
PrivateKey new_key() {
  return *PrivateKey::generate(KeyType::kEcdsaP256);
}
size_t files_in(const std::string& folder) {
  const auto entries = std::filesystem::directory_iterator(folder);
  return static_cast<size_t>(std::distance(begin(entries), end(entries)));
}

TEST(KeyStore, KeepsListsAndOpensKeys) {
  const TemporaryFolder folder;
  const KeyStore store(folder / "keys");
  EXPECT_TRUE(store.list() && store.list()->keys.empty());
  const PrivateKey key = new_key();
  const auto id = store.add(key, "secret");
  ASSERT_TRUE(id) << id.error().to_string();
  EXPECT_EQ(std::filesystem::status(folder / "keys").permissions(), perms::owner_all);
  EXPECT_EQ(std::filesystem::status(folder / ("keys/" + *id + ".key")).permissions(),
            perms::owner_read | perms::owner_write);
  EXPECT_EQ(files_in(folder / "keys"), 1U);
  const auto listed = store.list();
  ASSERT_TRUE(listed);
  ASSERT_EQ(listed->keys.size(), 1U);
  EXPECT_EQ(listed->keys.front().id, *id);
  EXPECT_TRUE(listed->keys.front().public_key == key.public_key());

  const auto signer = open_signer(*parse_key_reference("store:" + *id), store, says("secret"));
  ASSERT_TRUE(signer) << signer.error().to_string();
  const SignatureScheme scheme = default_scheme(KeyType::kEcdsaP256);
  const auto signature = (*signer)->sign(scheme, as_bytes("m"));
  ASSERT_TRUE(signature);
  EXPECT_TRUE(key.public_key().verify(scheme, as_bytes("m"), as_bytes(*signature)));
  EXPECT_TRUE(open_signer(*parse_key_reference("file:" + (folder / ("keys/" + *id + ".key"))), store, says("secret")));
  EXPECT_EQ(store.open(*id, says("wrong")).error().code(), Code::kUnauthenticated);
}

TEST(KeyStore, NeverWritesOver) {
  const TemporaryFolder folder;
  const std::string path = folder.write("a.key", "old");
  const auto written = write_new_key_file(path, Secret::copy_of("new"));
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code(), Code::kInvalidArgument);
  EXPECT_EQ(*read_file(path, 100), "old");
  EXPECT_EQ(files_in(folder.path()), 1U);
}

TEST(KeyStore, TakesNoFileForAnotherKey) {
  const TemporaryFolder folder;
  const KeyStore store(folder.path());
  const auto one = store.add(new_key(), "secret");
  const auto two = store.add(new_key(), "secret");
  ASSERT_TRUE(one && two);
  std::filesystem::rename(folder / (*one + ".key"), folder / (*two + ".key"));
  EXPECT_EQ(store.open(*two, says("secret")).error().code(), Code::kVerificationFailed);
  const auto third = store.add(new_key(), "secret");
  ASSERT_TRUE(third);
  const auto listed = store.list();
  ASSERT_TRUE(listed);
  ASSERT_EQ(listed->keys.size(), 1U);  // one bad file hides no good one
  EXPECT_EQ(listed->keys.front().id, *third);
  ASSERT_EQ(listed->unreadable.size(), 1U);
  EXPECT_EQ(listed->unreadable.front().code(), Code::kVerificationFailed);
  EXPECT_NE(listed->unreadable.front().to_string().find(*two), std::string::npos);
  EXPECT_EQ(store.open(*one, says("secret")).error().code(), Code::kNotFound);
}

TEST(KeyStore, KeepsWhatAKeyIsForInFrontOfIt) {
  const TemporaryFolder folder;
  const KeyStore store(folder.path());
  const auto id = store.add(new_key(), "secret", {.role = "targets", .gun = "reg.exp:5000/app"});
  ASSERT_TRUE(id);
  const auto key = store.find(std::string_view(*id).substr(0, 8));
  ASSERT_TRUE(key) << key.error().to_string();
  EXPECT_EQ(key->id, *id);
  EXPECT_EQ(key->facts.role, "targets");
  EXPECT_EQ(key->facts.gun, "reg.exp:5000/app");
  EXPECT_TRUE(store.open(*id, says("secret")));
  EXPECT_EQ(store.add(new_key(), "secret", {.role = "a\n-----BEGIN"}).error().code(), Code::kInvalidArgument);
  EXPECT_EQ(store.find(std::string_view(*id).substr(0, 7)).error().code(), Code::kInvalidArgument);
  EXPECT_EQ(store.find(id->starts_with('0') ? "11111111" : "00000000").error().code(), Code::kNotFound);
}

TEST(KeyStore, ChangesAPassphraseAndNothingElse) {
  const TemporaryFolder folder;
  const KeyStore store(folder.path());
  const auto id = store.add(new_key(), "old", {.role = "root"});
  ASSERT_TRUE(id);
  EXPECT_EQ(store.change_passphrase(*id, says("wrong"), "new").error().code(), Code::kUnauthenticated);
  EXPECT_EQ(store.change_passphrase(*id, says("old"), "").error().code(), Code::kInvalidArgument);
  ASSERT_TRUE(store.open(*id, says("old")));
  static_cast<void>(folder.write(*id + ".key.abcdef", "what a writer that was killed has left"));
  ASSERT_TRUE(store.change_passphrase(*id, says("old"), "new"));
  EXPECT_TRUE(store.open(*id, says("new")));
  EXPECT_EQ(store.open(*id, says("old")).error().code(), Code::kUnauthenticated);
  EXPECT_EQ(store.find(*id)->facts.role, "root");
  EXPECT_EQ(std::filesystem::status(folder / (*id + ".key")).permissions(), perms::owner_read | perms::owner_write);
  EXPECT_EQ(files_in(folder.path()), 1U);
}

TEST(KeyStore, RemovesAKeyWithAllThatIsLeftOfIt) {
  const TemporaryFolder folder;
  const KeyStore store(folder.path());
  const auto one = store.add(new_key(), "secret");
  const auto two = store.add(new_key(), "secret");
  ASSERT_TRUE(one && two);
  static_cast<void>(folder.write(*one + ".key.abcdef", "a temporary file"));
  ASSERT_TRUE(store.remove(*one));
  EXPECT_EQ(files_in(folder.path()), 1U);
  EXPECT_TRUE(store.open(*two, says("secret")));
  EXPECT_EQ(store.remove(*one).error().code(), Code::kNotFound);
  EXPECT_EQ(store.remove("../x").error().code(), Code::kInvalidArgument);
}

TEST(KeyStore, LeavesAloneWhatUsersKeepBesideAKey) {
  const TemporaryFolder folder;
  const KeyStore store(folder / "keys");
  const auto id = store.add(new_key(), "secret");
  ASSERT_TRUE(id);
  const std::string path = folder / ("keys/" + *id + ".key");
  for (const char* const name : {".bak", ".2026", ".old.key"}) std::filesystem::copy_file(path, path + name);
  std::filesystem::copy_file(path, path + ".a1B2c3");  // a temporary file of ours
  ASSERT_TRUE(store.remove(*id));
  EXPECT_EQ(files_in(folder / "keys"), 3U);
}

TEST(KeyStore, RefusesReferencesToNoKey) {
  const TemporaryFolder folder;
  const KeyStore store(folder.path());
  EXPECT_EQ(store.open("../../etc/passwd", says("")).error().code(), Code::kInvalidArgument);
  EXPECT_EQ(store.open(std::string(64, 'A'), says("")).error().code(), Code::kInvalidArgument);
  for (const std::string_view text : {"", "file:", "store:", "key.pem"}) {
    EXPECT_EQ(parse_key_reference(text).error().code(), Code::kInvalidArgument) << text;
  }
}

TEST(NotaryFolder, ListsOpensAndAddsKeys) {
  const TemporaryFolder folder;
  EXPECT_TRUE(list_notary_keys(folder.path())->keys.empty());
  const PrivateKey key = new_key();
  const auto id = add_notary_key(folder.path(), key, "secret", {.role = "targets", .gun = "reg.exp/app"});
  ASSERT_TRUE(id) << id.error().to_string();
  EXPECT_EQ(add_notary_key(folder.path(), key, "secret", {}).error().code(), Code::kInvalidArgument);
  static_cast<void>(folder.write("private/broken.key", "nothing"));
  static_cast<void>(folder.write("private/readme.txt", "nothing"));
  const auto found = list_notary_keys(folder.path());
  ASSERT_TRUE(found);
  ASSERT_EQ(found->keys.size(), 1U);
  EXPECT_EQ(found->unreadable.size(), 1U);
  const NotaryKey listed = found->keys.front();
  EXPECT_EQ(listed.id, *id);
  EXPECT_EQ(listed.facts.role, "targets");
  EXPECT_EQ(listed.facts.gun, "reg.exp/app");
  EXPECT_TRUE(listed.facts.encrypted);
  EXPECT_TRUE(open_notary_key(listed, says("secret")));
  EXPECT_EQ(open_notary_key(listed, says("wrong")).error().code(), Code::kUnauthenticated);
  NotaryKey renamed = listed;
  renamed.id = std::string(64, '0');
  EXPECT_EQ(open_notary_key(renamed, says("secret")).error().code(), Code::kVerificationFailed);
}

TEST(NotaryFolder, FindsKeysWhereOldVersionsKeptThem) {
  const TemporaryFolder folder;
  const PrivateKey root = new_key();
  const PrivateKey targets = new_key();
  const auto text = [](const PrivateKey& key, const KeyFacts& facts) {
    return std::string(write_key(key, KeyForm::kNotary, "secret", facts)->reveal());
  };
  static_cast<void>(
      folder.write("private/root_keys/" + notary_key_id(root.public_key()) + "_root.key", text(root, {})));
  static_cast<void>(folder.write("private/tuf_keys/reg.exp:5000/a/b/" + notary_key_id(targets.public_key()) + ".key",
                                 text(targets, {.role = "targets"})));
  const auto found = list_notary_keys(folder.path());
  ASSERT_TRUE(found);
  EXPECT_TRUE(found->unreadable.empty());
  ASSERT_EQ(found->keys.size(), 2U);
  for (const NotaryKey& key : found->keys) {
    EXPECT_TRUE(open_notary_key(key, says("secret"))) << key.path;
    EXPECT_EQ(key.facts.role, key.id == notary_key_id(root.public_key()) ? "root" : "targets");
    EXPECT_EQ(key.facts.gun, key.facts.role == "root" ? "" : "reg.exp:5000/a/b");
  }
}

TEST(NotaryFolder, TakesNoOtherNameForAKeys) {
  const std::string id(64, 'a');
  EXPECT_TRUE(parse_notary_key_path(id + ".key"));
  EXPECT_EQ(parse_notary_key_path("tuf_keys/g/" + id + "_targets.key")->gun, "g");
  EXPECT_EQ(parse_notary_key_path("tuf_keys/" + id + ".key")->gun, "");
  for (const std::string& path : {std::string(), std::string(".key"), id, id + "_.key", id + "x.key", "x" + id + ".key",
                                  std::string(64, 'A') + ".key", "a/" + id.substr(1) + ".key"}) {
    EXPECT_FALSE(parse_notary_key_path(path)) << path;
  }
}

}  // namespace
}  // namespace bulkhead::keys
