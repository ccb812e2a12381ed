#include "sigstore/checkpoint.h"

#include <gtest/gtest.h>

#include "sigstore/test_sigstore.h"

namespace bulkhead::sigstore {
namespace {

constexpr std::string_view kHash = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";  // SHA-256 of nothing
const std::string kLine = "\xE2\x80\x94 log.example.com AAAAAHNpZw==\n";

std::string note_of(std::string_view body, const std::string& signatures = kLine) {
  return std::string(body) + "\n" + signatures;
}

std::string body_of(std::string_view size = "5") {
  return "log.example.com\n" + std::string(size) + "\n" + std::string(kHash) + "\n";
}

TEST(Checkpoint, IsReadWithAllItsSignatures) {
  const auto read = read_checkpoint(note_of(body_of() + "extension\n", "\xE2\x80\x94 witness AAAAAQ8=\n" + kLine));
  ASSERT_TRUE(read) << read.error().to_string();
  EXPECT_EQ(read->origin, "log.example.com");
  EXPECT_EQ(read->tree_size, 5);
  EXPECT_EQ(read->root_hash, as_text(Digest::sha256_of({}).raw()));
  EXPECT_EQ(read->text, body_of() + "extension\n");
  ASSERT_EQ(read->signatures.size(), 2U);
  EXPECT_EQ(read->signatures[0].name, "witness");
  EXPECT_EQ(read->signatures[0].key_hint, std::string("\0\0\0\1", 4));
  EXPECT_EQ(read->signatures[1].bytes, "sig");
}

TEST(Checkpoint, RefusesOneThatLacksAnything) {
  const std::string hash(kHash);
  for (const std::string& note : {
           std::string(),
           body_of(),
           note_of(body_of(), ""),
           note_of("5\n" + hash + "\n"),
           note_of("log.example.com\n" + hash + "\n"),
           note_of("log.example.com\n5\n"),
           note_of("\n5\n" + hash + "\n"),
           note_of(body_of("-5")),
           note_of(body_of("05")),
           note_of(body_of("9223372036854775808")),
           note_of("log.example.com\n5\nAAAA\n"),
           note_of(body_of(), "log.example.com AAAAAHNpZw==\n"),
           note_of(body_of(), "\xE2\x80\x94 log.example.com\n"),
           note_of(body_of(), "\xE2\x80\x94  AAAAAHNpZw==\n"),
           note_of(body_of(), "\xE2\x80\x94 log.example.com AAAAAA==\n"),
           note_of(body_of(), "\xE2\x80\x94 log.example.com AAAAAHNpZw=="),
       }) {
    EXPECT_EQ(read_checkpoint(note).error().code(), Code::kMalformed) << note;
  }
}

TEST(Checkpoint, HasLimits) {
  std::string lines;
  for (size_t i = 0; i <= kMaxNoteSignatures; ++i) lines += kLine;
  EXPECT_EQ(read_checkpoint(note_of(body_of(), lines)).error().code(), Code::kLimitExceeded);
  EXPECT_EQ(read_checkpoint(std::string(kMaxCheckpointBytes + 1, '\n')).error().code(), Code::kLimitExceeded);
}

struct CheckpointTest : testing::Test {
  TestSigstore sigstore;
  std::string hash = std::string(32, 'h');

  // Both logs': ECDSA and Ed25519.
  Status verify(const std::string& note, size_t log = 0) const {
    const auto read = read_checkpoint(note);
    EXPECT_TRUE(read) << note;
    return verify_checkpoint(*read, sigstore.root.logs[log]);
  }
};

TEST_F(CheckpointTest, IsTheLogsUnderItsOwnName) {
  EXPECT_TRUE(verify(TestSigstore::checkpoint(sigstore.rekor1, "rekor.example.com - 7", 5, hash), 0));
  EXPECT_TRUE(verify(TestSigstore::checkpoint(sigstore.rekor1, "rekor.example.com", 5, hash), 0));
  EXPECT_TRUE(verify(TestSigstore::checkpoint(sigstore.rekor2, "log2.example.com", 5, hash), 1));
  EXPECT_FALSE(verify(TestSigstore::checkpoint(sigstore.rekor2, "log2.example.com", 5, hash), 0));
  EXPECT_FALSE(verify(TestSigstore::checkpoint(sigstore.rekor1, "rekor.example.com.evil", 5, hash), 0));
  EXPECT_FALSE(verify(TestSigstore::checkpoint(sigstore.rekor1, "evil", 5, hash), 0));
  TestLog other = sigstore.rekor1;
  other.name = "witness.example.com";
  EXPECT_FALSE(verify(TestSigstore::checkpoint(other, "rekor.example.com", 5, hash), 0));
}

TEST_F(CheckpointTest, IsFoundAmongSignaturesOfOthers) {
  const std::string note = TestSigstore::checkpoint(sigstore.rekor2, "log2.example.com", 5, hash);
  const size_t signatures = note.find("\n\n") + 2;
  std::string cosigned = note;
  cosigned.insert(signatures,
                  "\xE2\x80\x94 witness.example.com AAAAAHNpZw==\n\xE2\x80\x94 log2.example.com AAAAAHNpZw==\n");
  EXPECT_TRUE(verify(cosigned, 1));
  EXPECT_FALSE(verify(cosigned.substr(0, cosigned.rfind("\xE2\x80\x94")), 1));
}

TEST_F(CheckpointTest, IsNotBelievedWhenItsTextHasChanged) {
  std::string note = TestSigstore::checkpoint(sigstore.rekor2, "log2.example.com", 5, hash);
  note[note.find("\n5\n") + 1] = '6';
  EXPECT_FALSE(verify(note, 1));
}

}  // namespace
}  // namespace bulkhead::sigstore
