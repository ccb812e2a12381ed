#include "crypto/digest.h"

#include <unordered_set>

#include <gtest/gtest.h>

namespace bulkhead {
namespace {

constexpr std::string_view kAbcSha256 = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
constexpr std::string_view kAbcSha512 =
    "sha512:ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
    "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f";

// FIPS 180-4 examples.
TEST(Hasher, AgreesWithThePublishedExamples) {
  EXPECT_EQ(Digest::sha256_of(as_bytes("abc")).to_string(), kAbcSha256);
  EXPECT_EQ(Digest::sha256_of({}).hex(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  Hasher hasher(Digest::Algorithm::kSha512);
  hasher.update(as_bytes("a"));
  hasher.update({});
  hasher.update(as_bytes("bc"));
  EXPECT_EQ(hasher.finish().to_string(), kAbcSha512);
}

TEST(Digest, ReadsWhatItWrites) {
  for (const std::string_view text : {kAbcSha256, kAbcSha512}) {
    const auto digest = Digest::parse(text);
    ASSERT_TRUE(digest);
    EXPECT_EQ(digest->to_string(), text);
    EXPECT_FALSE(digest->empty());
  }
  EXPECT_EQ(Digest().to_string(), "");
  EXPECT_TRUE(Digest().empty());
}

TEST(Digest, EqualDigestsHashAlikeAndOthersDiffer) {
  const std::unordered_set<Digest> set = {*Digest::parse(kAbcSha256), Digest::sha256_of(as_bytes("abc")),
                                          *Digest::parse(kAbcSha512), Digest()};
  EXPECT_EQ(set.size(), 3U);
}

TEST(Digest, RejectsTextThatIsNoDigest) {
  const std::string hex = std::string(kAbcSha256.substr(7));
  for (const std::string& text :
       {std::string(), std::string("sha256"), std::string("sha256:"), ":" + hex, "sha256:" + hex.substr(1),
        "sha256:" + hex + "0", "sha256:A" + hex.substr(1), "sha256:g" + hex.substr(1), "SHA256:" + hex,
        "sha256-:" + hex, "sha512:" + hex, "sha256:" + hex + "\n", std::string("sha256:../../etc/passwd")}) {
    const auto digest = Digest::parse(text);
    ASSERT_FALSE(digest) << text;
    EXPECT_EQ(digest.error().code(), Code::kInvalidArgument) << text;
  }
}

TEST(Digest, SaysWhenAnAlgorithmIsUnknown) {
  for (const std::string_view text :
       {"md5:d41d8cd98f00b204e9800998ecf8427e", "multihash+base58:QmRZxt2b1FVZPNqd8hsiykDL3TdBDeTSPX9Kv46HmX4Gx8"}) {
    const auto digest = Digest::parse(text);
    ASSERT_FALSE(digest);
    EXPECT_EQ(digest.error().code(), Code::kUnsupported);
  }
}

Result<std::string> read_verified(std::string_view content, Digest expected, uint64_t size) {
  auto source = make_verifying_source(std::make_unique<MemorySource>(std::string(content)), expected, size, "blob");
  return read_all(*source, 1 << 20, "blob");
}

TEST(VerifyingSource, PassesWhatWasPromised) {
  const Digest digest = *Digest::parse(kAbcSha256);
  EXPECT_EQ(*read_verified("abc", digest, 3), "abc");
  EXPECT_EQ(*read_verified("abc", digest, 0), "abc");
  EXPECT_EQ(*read_verified("abc", *Digest::parse(kAbcSha512), 0), "abc");
}

TEST(VerifyingSource, StaysAtTheEndOnceVerified) {
  auto source = make_verifying_source(std::make_unique<MemorySource>("abc"), *Digest::parse(kAbcSha256), 3, "blob");
  ASSERT_TRUE(read_all(*source, 100, "blob"));
  const auto again = source->next();
  ASSERT_TRUE(again);
  EXPECT_TRUE(again->empty());
}

TEST(VerifyingSource, RefusesOtherBytesAndOtherSizes) {
  const Digest digest = *Digest::parse(kAbcSha256);
  const struct {
    std::string_view content;
    uint64_t size;
  } kCases[] = {{"abd", 3}, {"ab", 3}, {"abcd", 3}, {"abcd", 0}, {"", 3}, {"", 0}};
  for (const auto& [content, size] : kCases) {
    const auto read = read_verified(content, digest, size);
    ASSERT_FALSE(read) << content;
    EXPECT_EQ(read.error().code(), Code::kVerificationFailed) << content;
    EXPECT_TRUE(read.error().to_string().starts_with("blob: ")) << read.error().to_string();
  }
}

}  // namespace
}  // namespace bulkhead
