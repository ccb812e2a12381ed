#include "archive/zip_reader.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <zlib.h>

namespace bulkhead::archive {
namespace {

struct Member {
  std::string path;
  std::string contents;
  bool deflate = true;
};

std::string little(uint64_t value, int bytes) {
  std::string out;
  for (int i = 0; i < bytes; ++i) out.push_back(static_cast<char>(value >> (8 * i)));
  return out;
}

std::string deflated(const std::string& text) {
  z_stream stream{};
  deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, -MAX_WBITS, 9, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&stream, text.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

uint32_t crc_of(const std::string& text) {
  return static_cast<uint32_t>(crc32(0, reinterpret_cast<const Bytef*>(text.data()), static_cast<uInt>(text.size())));
}

// A zip archive as tools write it, in parts, so that tests can bend one field at a time.
struct Builder {
  std::string body;
  std::string directory;
  size_t entries = 0;
  bool zip64 = false;

  void add(const Member& member, uint32_t size_delta = 0, uint32_t crc_delta = 0, uint16_t flags = 0) {
    const std::string stored = member.deflate ? deflated(member.contents) : member.contents;
    add_raw(member.path, member.path, stored, member.contents.size() + size_delta, crc_of(member.contents) + crc_delta,
            member.deflate ? 8 : 0, body.size(), flags);
    body += "PK\3\4" + little(20, 2) + little(flags, 2) + little(member.deflate ? 8 : 0, 2) + little(0, 4) +
            little(crc_of(member.contents), 4) + little(stored.size(), 4) + little(member.contents.size(), 4) +
            little(member.path.size(), 2) + little(0, 2) + member.path + stored;
  }
  void add_raw(const std::string& path, const std::string&, const std::string& stored, uint64_t size, uint32_t crc,
               int method, uint64_t offset, uint16_t flags) {
    const std::string extra =
        zip64 ? little(1, 2) + little(24, 2) + little(size, 8) + little(stored.size(), 8) + little(offset, 8) : "";
    directory += "PK\1\2" + little(45, 2) + little(45, 2) + little(flags, 2) +
                 little(static_cast<uint64_t>(method), 2) + little(0, 4) + little(crc, 4) +
                 (zip64 ? little(0xFFFFFFFF, 4) : little(stored.size(), 4)) +
                 (zip64 ? little(0xFFFFFFFF, 4) : little(size, 4)) + little(path.size(), 2) + little(extra.size(), 2) +
                 little(0, 2) + little(0, 2) + little(0, 2) + little(0, 4) +
                 (zip64 ? little(0xFFFFFFFF, 4) : little(offset, 4)) + path + extra;
    ++entries;
  }
  std::string bytes(const std::string& comment = "") const {
    std::string out = body + directory;
    if (zip64) {
      out += "PK\6\6" + little(44, 8) + little(45, 2) + little(45, 2) + little(0, 4) + little(0, 4) +
             little(entries, 8) + little(entries, 8) + little(directory.size(), 8) + little(body.size(), 8);
      out += "PK\6\7" + little(0, 4) + little(body.size() + directory.size(), 8) + little(1, 4);
    }
    return out + "PK\5\6" + little(0, 4) + little(zip64 ? 0xFFFF : entries, 2) + little(zip64 ? 0xFFFF : entries, 2) +
           little(zip64 ? 0xFFFFFFFF : directory.size(), 4) + little(zip64 ? 0xFFFFFFFF : body.size(), 4) +
           little(comment.size(), 2) + comment;
  }
};

std::string all_of(const std::string& bytes, const Limits& limits = {}) {
  const auto zip = ZipReader::open(as_bytes(bytes), limits);
  if (!zip) return "error: " + zip.error().to_string();
  std::string out;
  for (const ZipEntry& entry : zip->entries()) {
    const auto contents = zip->read_entry(entry, size_t{64} << 20);
    out += entry.path + "=" + (contents ? *contents : "error: " + contents.error().to_string()) + ";";
  }
  return out;
}

Builder two_members() {
  Builder builder;
  builder.add({"a.json", "{\"a\":1}"});
  builder.add({"dir/b", "stored", false});
  return builder;
}

TEST(ZipReader, ReadsStoredAndDeflatedMembers) {
  Builder builder = two_members();
  builder.add({"empty", ""});
  builder.add({"dir/", "", false});
  EXPECT_EQ(all_of(builder.bytes()), "a.json={\"a\":1};dir/b=stored;empty=;dir/=;");
  EXPECT_EQ(all_of(builder.bytes("a comment with PK\5\6 in it")), "a.json={\"a\":1};dir/b=stored;empty=;dir/=;");
  EXPECT_EQ(all_of(Builder().bytes()), "");
}

TEST(ZipReader, ReadsZip64) {
  Builder builder;
  builder.zip64 = true;
  builder.add({"a", "one"});
  builder.add({"b", "two"});
  EXPECT_EQ(all_of(builder.bytes()), "a=one;b=two;");
  EXPECT_EQ(all_of("#!/bin/sh\n" + builder.bytes()), "a=one;b=two;");
}

TEST(ZipReader, ReadsBehindAPrefixAndBeforeATail) {
  EXPECT_EQ(all_of("#!/usr/bin/java -jar\n" + two_members().bytes()), "a.json={\"a\":1};dir/b=stored;");
  EXPECT_EQ(all_of(two_members().bytes() + "tail"), "a.json={\"a\":1};dir/b=stored;");
}

TEST(ZipReader, ReadsLargeMembersInBlocks) {
  std::string large;
  for (uint64_t i = 0; large.size() < (size_t{3} << 20); ++i) large += std::to_string(i * 7919) + "\n";
  Builder builder;
  builder.add({"deflated", large});
  builder.add({"stored", large, false});
  const std::string bytes = builder.bytes();
  const auto zip = ZipReader::open(as_bytes(bytes));
  ASSERT_TRUE(zip);
  for (const ZipEntry& entry : zip->entries()) EXPECT_EQ(*zip->read_entry(entry, large.size()), large) << entry.path;
  EXPECT_EQ(zip->read_entry(*zip->find("stored"), large.size() - 1).error().code(), Code::kLimitExceeded);
}

TEST(ZipReader, FindsTheLastOfSeveralByName) {
  Builder builder;
  builder.add({"a", "one"});
  builder.add({"a", "two"});
  const std::string bytes = builder.bytes();
  const auto zip = ZipReader::open(as_bytes(bytes));
  ASSERT_TRUE(zip);
  EXPECT_EQ(*zip->read_entry(*zip->find("a"), 10), "two");
  EXPECT_EQ(zip->find("b"), nullptr);
}

TEST(ZipReader, RefusesWhatDoesNotFitItsPromise) {
  Builder longer;
  longer.add({"a", "text"}, 1);
  EXPECT_EQ(all_of(longer.bytes()), "a=error: zip archive: \"a\" is shorter than the directory says;");
  Builder shorter;
  shorter.add({"a", "text"}, static_cast<uint32_t>(-1));
  EXPECT_EQ(all_of(shorter.bytes()), "a=error: zip archive: \"a\" is longer than the directory says;");
  Builder sum;
  sum.add({"a", "text"}, 0, 1);
  EXPECT_EQ(all_of(sum.bytes()), "a=error: zip archive: \"a\" does not fit its checksum;");
  Builder stored;
  stored.add({"a", "text", false}, 1);
  EXPECT_EQ(all_of(stored.bytes()), "a=error: zip archive: \"a\" is stored, but in another length than its own;");
  Builder encrypted;
  encrypted.add({"a", "text"}, 0, 0, 1);
  EXPECT_EQ(all_of(encrypted.bytes()), "a=error: zip archive: \"a\" is encrypted;");
}

TEST(ZipReader, RefusesDamagedDeflateStreams) {
  const std::string text = "some text that is compressed, some text that is compressed";
  const std::string stored = deflated(text);
  for (size_t cut = 0; cut < stored.size(); ++cut) {
    Builder builder;
    const std::string part = stored.substr(0, cut);
    builder.add_raw("a", "a", part, text.size(), crc_of(text), 8, 0, 0);
    builder.body = "PK\3\4" + std::string(22, '\0') + little(1, 2) + little(0, 2) + "a" + part;
    EXPECT_EQ(all_of(builder.bytes()), "a=error: zip archive: \"a\" ends early;") << cut;
  }
}

TEST(ZipReader, RefusesMembersThatOverlap) {
  Builder builder = two_members();
  builder.add_raw("again", "again", std::string(5, ' '), 5, 0, 0, 0, 0);
  EXPECT_EQ(all_of(builder.bytes()), "error: zip archive: \"a.json\" overlaps what follows it");
  Builder directory;
  directory.add({"a", "text", false});
  directory.directory.replace(20, 8, little(400, 4) + little(400, 4));
  EXPECT_EQ(all_of(directory.bytes()), "error: zip archive: \"a\" overlaps what follows it");
}

TEST(ZipReader, RefusesALocalHeaderOfAnotherName) {
  Builder builder;
  builder.add({"safe", "text"});
  builder.body.replace(30, 4, "evil");
  EXPECT_EQ(all_of(builder.bytes()), "safe=error: zip archive: \"safe\" has another name in its local header;");
}

TEST(ZipReader, RefusesEveryTruncation) {
  const std::string bytes = two_members().bytes();
  for (size_t length = 0; length < bytes.size(); ++length) {
    const std::string cut = bytes.substr(0, length);
    EXPECT_TRUE(all_of(cut).starts_with("error: ")) << length;
  }
}

TEST(ZipReader, KeepsItsLimits) {
  const std::string bytes = two_members().bytes();
  EXPECT_EQ(ZipReader::open(as_bytes(bytes), {.max_entries = 1}).error().code(), Code::kLimitExceeded);
  EXPECT_EQ(ZipReader::open(as_bytes(bytes), {.max_path_bytes = 5}).error().code(), Code::kLimitExceeded);
  EXPECT_EQ(ZipReader::open(as_bytes(bytes), {.max_layer_bytes = 10}).error().code(), Code::kLimitExceeded);
  Builder bomb;
  bomb.zip64 = true;
  bomb.add_raw("bomb", "bomb", "x", uint64_t{1} << 40, 0, 8, 0, 0);
  bomb.body = std::string(100, ' ');
  EXPECT_EQ(ZipReader::open(as_bytes(bomb.bytes())).error().code(), Code::kLimitExceeded);
}

TEST(ZipReader, IsRecognisedByItsFirstBytes) {
  EXPECT_TRUE(looks_like_zip(as_bytes(two_members().bytes())));
  EXPECT_TRUE(looks_like_zip(as_bytes(Builder().bytes())));
  EXPECT_FALSE(looks_like_zip(as_bytes("PK")));
  EXPECT_FALSE(looks_like_zip(as_bytes("{\"a\":1}")));
}

}  // namespace
}  // namespace bulkhead::archive
