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
  EXPECT_TRUE(store.list() && store.list()->empty());
  const PrivateKey key = new_key();
  const auto id = store.add(key, "secret");
  ASSERT_TRUE(id) << id.error().to_string();
  EXPECT_EQ(std::filesystem::status(folder / "keys").permissions(), perms::owner_all);
  EXPECT_EQ(std::filesystem::status(folder / ("keys/" + *id + ".key")).permissions(),
            perms::owner_read | perms::owner_write);
  EXPECT_EQ(files_in(folder / "keys"), 1U);
  const auto listed = store.list();
  ASSERT_TRUE(listed);
  ASSERT_EQ(listed->size(), 1U);
  EXPECT_EQ(listed->front().id, *id);
  EXPECT_TRUE(listed->front().public_key == key.public_key());

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
  EXPECT_EQ(store.list().error().code(), Code::kVerificationFailed);
  EXPECT_EQ(store.open(*one, says("secret")).error().code(), Code::kNotFound);
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

}  // namespace
}  // namespace bulkhead::keys
