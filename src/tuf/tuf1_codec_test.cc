#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tuf/codec.h"
#include "tuf/test_repository.h"

namespace bulkhead::tuf {
namespace {

using ::testing::HasSubstr;

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  if (at != std::string::npos) text.replace(at, from.size(), to);
  return text;
}

TEST(Tuf1Codec, ReadsWhatItWrites) {
  TestRepository repository;
  repository.targets.targets["a/b"] = {
      .length = 5, .hashes = {{"sha256", "\x01"}, {"sha512", "\x02"}}, .custom = R"({"x":[1,2]})"};
  repository.delegate(repository.targets,
                      {.name = "d", .keys = {}, .terminating = true, .paths = {"a/*", "b?"}, .hash_prefixes = {}});
  repository.delegate(repository.targets, {.name = "e", .keys = {}, .paths = {}, .hash_prefixes = {"00", "ff"}});
  repository.timestamp.snapshot.length = 12;
  repository.timestamp.snapshot.hashes = {{"sha256", "\x03"}};

  const auto root = tuf1_codec().root(repository.sign(kRoot, repository.root));
  const auto timestamp = tuf1_codec().timestamp(repository.sign(kTimestamp, repository.timestamp));
  const auto snapshot = tuf1_codec().snapshot(repository.sign(kSnapshot, repository.snapshot));
  const auto targets = tuf1_codec().targets(repository.sign(kTargets, repository.targets), kTargets);
  ASSERT_TRUE(root && timestamp && snapshot && targets);
  EXPECT_EQ(tuf1_codec().write(root->metadata), tuf1_codec().write(repository.root));
  EXPECT_EQ(root->signed_bytes, tuf1_codec().write(repository.root));
  EXPECT_EQ(tuf1_codec().write(timestamp->metadata), tuf1_codec().write(repository.timestamp));
  EXPECT_EQ(tuf1_codec().write(snapshot->metadata), tuf1_codec().write(repository.snapshot));
  EXPECT_EQ(tuf1_codec().write(targets->metadata), tuf1_codec().write(repository.targets));
  EXPECT_EQ(targets->signatures.size(), 1U);
}

TEST(Tuf1Codec, ListsKeysOfEveryTypeSoThatTheyCanBeUsed) {
  for (const KeyType type :
       {KeyType::kEcdsaP256, KeyType::kEcdsaP384, KeyType::kEcdsaP521, KeyType::kEd25519, KeyType::kRsa}) {
    const auto key = PrivateKey::generate(type);
    ASSERT_TRUE(key);
    TestRepository repository;
    const auto [id, listed] = tuf1_codec().list(key->public_key());
    repository.root.keys.emplace(id, listed);
    const auto root = tuf1_codec().root(repository.sign(kRoot, repository.root));
    ASSERT_TRUE(root);
    const Key& read = root->metadata.keys.at(id);
    ASSERT_TRUE(read.usable) << key_type_name(type);
    EXPECT_TRUE(read.usable->key == key->public_key());
    EXPECT_EQ(read.json, listed.json);
  }
}

TEST(Tuf1Codec, SignsFieldsThatItDoesNotKnow) {
  const TestRepository repository;
  const std::string text =
      replaced(repository.files.at("1.root.json"), "\"_type\"", "\"x-new\":{\"b\":1,\"a\":2},\"_type\"");
  const auto root = tuf1_codec().root(text);
  ASSERT_TRUE(root);
  EXPECT_THAT(root->signed_bytes, HasSubstr(R"("x-new":{"a":2,"b":1})"));
}

TEST(Tuf1Codec, KeepsKeysThatItCannotUse) {
  const TestRepository repository;
  const auto root = tuf1_codec().root(
      replaced(repository.files.at("1.root.json"), "\"scheme\":\"ed25519\"", "\"scheme\":\"sphincs\""));
  ASSERT_TRUE(root);
  EXPECT_EQ(std::ranges::count_if(root->metadata.keys, [](const auto& key) { return !key.second.usable; }), 1);
}

struct Case {
  std::string_view from;
  std::string_view to;
  std::string_view says;
};

TEST(Tuf1Codec, RefusesRootsThatAreNoRoots) {
  const TestRepository repository;
  const std::string root = repository.files.at("1.root.json");
  for (const Case& test : {
           Case{R"("_type":"root")", R"("_type":"timestamp")", "\"_type\" is \"timestamp\""},
           Case{R"("spec_version":"1.0.34")", R"("spec_version":"2.0.0")", "TUF 2.0.0 is not supported"},
           Case{R"("spec_version":"1.0.34")", R"("spec_version":"1")", "no version of the specification"},
           Case{R"("version":1)", R"("version":0)", "\"version\" must be 1 or more"},
           Case{R"("version":1)", R"("version":"1")", "\"version\" must be an integer"},
           Case{R"("version":1)", R"("version":1.5)", "\"version\" must be an integer"},
           Case{R"("threshold":1)", R"("threshold":0)", "\"threshold\" must be 1 or more"},
           Case{R"("threshold":1)", R"("threshold":-1)", "\"threshold\" must be 1 or more"},
           Case{R"("expires":")", R"("expires":"x)", "is no time"},
           Case{R"("consistent_snapshot":true)", R"("consistent_snapshot":1)", "no boolean"},
           Case{R"("keyids":[")", R"("keyids":["a","a",")", "a key id stands twice"},
           Case{R"("snapshot":{"keyids")", R"("snapshots":{"keyids")", "\"snapshot\" is missing"},
           Case{R"("_type":"root")", R"("_type":"root","_type":"root")", "\"_type\" stands twice"},
       }) {
    const auto read = tuf1_codec().root(replaced(root, test.from, test.to));
    ASSERT_FALSE(read) << test.to;
    EXPECT_THAT(read.error().to_string(), HasSubstr(test.says));
    EXPECT_THAT(read.error().to_string(), HasSubstr("metadata of \"root\""));
  }
  EXPECT_FALSE(tuf1_codec().root(""));
  EXPECT_FALSE(tuf1_codec().root("[]"));
  EXPECT_FALSE(tuf1_codec().root(root.substr(0, root.size() - 1)));
}

TEST(Tuf1Codec, RefusesTwoSignaturesOfOneKeyId) {
  TestRepository repository;
  const std::string id = repository.root.roles.at("timestamp").key_ids.front();
  const std::string text =
      tuf1_codec().envelope(tuf1_codec().write(repository.timestamp), std::vector<Signature>{{id, "x"}, {id, "y"}});
  EXPECT_THAT(tuf1_codec().timestamp(text).error().to_string(), HasSubstr("two signatures of the key"));
}

TEST(Tuf1Codec, RefusesTargetsThatAreNone) {
  TestRepository repository;
  repository.targets.targets["a"] = {.length = 1, .hashes = {{"sha256", "\x01"}}, .custom = ""};
  repository.delegate(repository.targets, {.name = "d", .keys = {}, .paths = {"*"}, .hash_prefixes = {}});
  const std::string targets = repository.sign(kTargets, repository.targets);
  for (const Case& test : {
           Case{R"("length":1)", R"("length":-1)", "\"length\" must not be negative"},
           Case{R"({"sha256":"01"})", "{}", "\"hashes\" is empty"},
           Case{R"("sha256":"01")", R"("sha256":"0g")", "no hexadecimal text"},
           Case{R"("name":"d")", R"("name":"root")", "\"root\" can be no delegated role"},
           Case{R"("name":"d")", R"("name":"")", "can be no delegated role"},
           Case{R"("paths":["*"])", R"("paths":["*"],"path_hash_prefixes":["0"])", "either \"paths\" or"},
           Case{R"("paths":["*"],)", "", "either \"paths\" or"},
           Case{R"("paths":["*"])", R"("paths":[1])", "more than strings"},
           Case{R"("terminating":false)", R"("terminating":"no")", "must be a boolean"},
           Case{R"("roles":[)", R"("succinct_roles":{},"roles":[)", "either \"roles\" or"},
       }) {
    const auto read = tuf1_codec().targets(replaced(targets, test.from, test.to), "some/role");
    ASSERT_FALSE(read) << test.to;
    EXPECT_THAT(read.error().to_string(), HasSubstr(test.says));
    EXPECT_THAT(read.error().to_string(), HasSubstr("metadata of \"some/role\""));
  }
}

TEST(Tuf1Codec, NamesFiles) {
  const MetaFile file{.version = 7, .length = {}, .hashes = {}};
  EXPECT_EQ(tuf1_codec().file_name(kRoot, file, false), "7.root.json");
  EXPECT_EQ(tuf1_codec().file_name(kTimestamp, file, true), "timestamp.json");
  EXPECT_EQ(tuf1_codec().file_name(kSnapshot, file, true), "7.snapshot.json");
  EXPECT_EQ(tuf1_codec().file_name(kSnapshot, file, false), "snapshot.json");
  EXPECT_EQ(tuf1_codec().file_name("../a b", file, true), "7...%2Fa%20b.json");
}

TEST(PathSegment, IsReadAgain) {
  for (const std::string_view text : {"root", "a/b", "../x", "?#%", "\xff\n", ""}) {
    EXPECT_EQ(text_of_segment(path_segment(text)), text);
  }
  for (const std::string_view other : {"a/b", "%2", "%zz", "%2f", "%41"}) EXPECT_FALSE(text_of_segment(other)) << other;
}

TEST(DelegatedRole, CoversPathsByPatternOrHash) {
  const DelegatedRole patterns{.name = "r", .keys = {}, .paths = {"a/*", "b?/c"}, .hash_prefixes = {}};
  for (const std::string_view path : {"a/x", "a/", "bx/c"}) EXPECT_TRUE(patterns.covers(path)) << path;
  for (const std::string_view path : {"a", "a/x/y", "A/x", "b/c", "bxx/c", "", "/a/x"}) {
    EXPECT_FALSE(patterns.covers(path)) << path;
  }
  const std::string hex = Digest::sha256_of(as_bytes("some/path")).hex();
  const DelegatedRole hashes{.name = "r", .keys = {}, .paths = {}, .hash_prefixes = {"zz", hex.substr(0, 3)}};
  EXPECT_TRUE(hashes.covers("some/path"));
  EXPECT_FALSE(hashes.covers("some/other"));
}

TEST(SuccinctRoles, NamesTheBinOfAPath) {
  // sha256("README.md") begins with b3…, of which 0xb is the first half.
  const std::string hex = Digest::sha256_of(as_bytes("README.md")).hex();
  EXPECT_EQ((SuccinctRoles{.keys = {}, .bit_length = 4, .name_prefix = "p"}.role_for("README.md")),
            "p-" + hex.substr(0, 1));
  EXPECT_EQ((SuccinctRoles{.keys = {}, .bit_length = 32, .name_prefix = "p"}.role_for("README.md")),
            "p-" + hex.substr(0, 8));
  const SuccinctRoles five{.keys = {}, .bit_length = 5, .name_prefix = "p"};
  EXPECT_TRUE(five.has(five.role_for("x")));
  EXPECT_TRUE(five.has("p-1f"));
  for (const std::string_view other : {"p-20", "p-1", "p-001", "q-1f", "p-1F", "p1f-", "p-1g", ""}) {
    EXPECT_FALSE(five.has(other)) << other;
  }
}

}  // namespace
}  // namespace bulkhead::tuf
