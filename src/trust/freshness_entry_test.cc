#include "trust/freshness_entry.h"

#include <string>
#include <utility>

#include <gtest/gtest.h>

namespace bulkhead::trust {
namespace {

Digest digest_of(std::string_view text) {
  return Digest::sha256_of(as_bytes(text));
}

tuf::TargetFile target_with(std::string custom) {
  return {.length = 7,
          .hashes = {{"sha256", std::string(as_text(digest_of("manifest").raw()))}},
          .custom = std::move(custom)};
}

TEST(FreshnessEntry, StandsAtThePathOfItsNormalisedReference) {
  const auto short_name = oci::Reference::parse_normalized("debian:12");
  const auto long_name = oci::Reference::parse_normalized("docker.io/library/debian:12");
  ASSERT_TRUE(short_name && long_name);
  EXPECT_EQ(tag_path(*short_name), "docker.io/library/debian:12");
  EXPECT_EQ(tag_path(*short_name), tag_path(*long_name));
  EXPECT_EQ(digest_path(*short_name, digest_of("x")), "docker.io/library/debian@" + digest_of("x").to_string());
}

// "revoked/keys/x" is an image of Docker Hub, so that its path begins with docker.io.
TEST(FreshnessEntry, OfARevocationIsThePathOfNoImage) {
  for (const std::string& path :
       {revoked_digest_path(digest_of("x")), revoked_signature_path(digest_of("x")), revoked_key_path("00")}) {
    EXPECT_TRUE(path.starts_with("revoked/"));
    const auto reference = oci::Reference::parse_normalized("revoked/digests/x:1");
    ASSERT_TRUE(reference);
    EXPECT_FALSE(tag_path(*reference).starts_with("revoked/"));
  }
}

TEST(FreshnessEntry, IsReadAsItWasWritten) {
  for (const MapEntry& entry : {
           MapEntry{.digest = digest_of("a"), .size = 528},
           MapEntry{.state = EntryState::kWithdrawn,
                    .digest = digest_of("b"),
                    .size = 1,
                    .reason = "replaced by 12.1 \"bookworm\"\n",
                    .time = 1'800'000'000},
           MapEntry{
               .state = EntryState::kRevoked, .digest = digest_of("c"), .reason = "Schlüssel gestohlen", .time = 1},
       }) {
    const auto file = encode_entry(entry);
    ASSERT_TRUE(file) << file.error().to_string();
    const auto again = decode_entry(*file);
    ASSERT_TRUE(again) << again.error().to_string();
    EXPECT_EQ(*again, entry);
  }
}

TEST(FreshnessEntry, OfAnotherPublishersTargetIsCurrent) {
  for (const char* const custom : {"", "{}", R"({"sigstore":{"status":"Active"}})"}) {
    const auto entry = decode_entry(target_with(custom));
    ASSERT_TRUE(entry) << custom;
    EXPECT_EQ(entry->state, EntryState::kCurrent);
    EXPECT_EQ(entry->digest, digest_of("manifest"));
    EXPECT_EQ(entry->size, 7U);
  }
}

TEST(FreshnessEntry, PassesOverFieldsThatItDoesNotKnow) {
  const auto entry =
      decode_entry(target_with(R"({"bulkhead-freshness":{"note":1,"state":"revoked","version":1},"x":[]})"));
  ASSERT_TRUE(entry);
  EXPECT_EQ(entry->state, EntryState::kRevoked);
}

// What it says in a way that is not understood may be that the digest must not be used.
TEST(FreshnessEntry, IsRefusedWhenItIsNotUnderstood) {
  const auto code_of = [](std::string_view said) {
    const auto entry = decode_entry(target_with(R"({"bulkhead-freshness":)" + std::string(said) + "}"));
    return entry ? Code::kInternal : entry.error().code();
  };
  EXPECT_EQ(code_of(R"({"state":"current","version":2})"), Code::kUnsupported);
  EXPECT_EQ(code_of(R"({"state":"suspended","version":1})"), Code::kUnsupported);
  EXPECT_EQ(code_of(R"({"state":"current"})"), Code::kMalformed);
  EXPECT_EQ(code_of(R"({"version":1})"), Code::kMalformed);
  EXPECT_EQ(code_of(R"({"state":1,"version":1})"), Code::kMalformed);
  EXPECT_EQ(code_of(R"({"state":"revoked","version":1,"time":"yesterday"})"), Code::kMalformed);
  EXPECT_EQ(code_of(R"({"state":"revoked","version":1,"reason":7})"), Code::kMalformed);
  EXPECT_EQ(code_of(R"({"state":"revoked","version":1,"reason":")" + std::string(kMaxReasonBytes + 1, 'x') + "\"}"),
            Code::kMalformed);
  EXPECT_EQ(code_of("[]"), Code::kMalformed);
  EXPECT_EQ(code_of("\"" + std::string(20'000, 'x') + "\""), Code::kLimitExceeded);
  EXPECT_EQ(code_of(std::string(50, '[') + std::string(50, ']')), Code::kLimitExceeded);
}

TEST(FreshnessEntry, NeedsADigestThatIsKnownHere) {
  tuf::TargetFile file = target_with("");
  file.hashes = {{"md5", std::string(16, 'x')}};
  EXPECT_EQ(decode_entry(file).error().code(), Code::kUnsupported);
  file.hashes = {{"sha256", "short"}};
  EXPECT_FALSE(decode_entry(file));
  EXPECT_EQ(encode_entry({}).error().code(), Code::kInvalidArgument);
}

TEST(FreshnessEntry, TakesNoReasonThatOthersCouldNotRead) {
  MapEntry entry{.digest = digest_of("a"), .reason = "\xff"};
  EXPECT_EQ(encode_entry(entry).error().code(), Code::kInvalidArgument);
  entry.reason = std::string(kMaxReasonBytes + 1, 'x');
  EXPECT_EQ(encode_entry(entry).error().code(), Code::kInvalidArgument);
}

}  // namespace
}  // namespace bulkhead::trust
