#include <string>

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "base/bytes.h"
#include "base/fs.h"
#include "base/json.h"
#include "base/json_writer.h"
#include "base/temporary_folder.h"
#include "base/text.h"

namespace bulkhead {
namespace {

TEST(ByteReader, RefusesToReadPastTheEndAndStaysWhereItWas) {
  ByteReader reader(as_bytes("abc"));
  EXPECT_FALSE(reader.u32_le());
  EXPECT_EQ(reader.position(), 0U);
  EXPECT_EQ(*reader.u16_be(), 0x6162);
}

TEST(ByteReader, ReadsBackWhatTheWriterWrote) {
  ByteWriter writer;
  writer.varint(0);
  writer.varint(300);
  writer.varint(UINT64_MAX);
  writer.string("layer");
  ByteReader reader(as_bytes(writer.bytes()));
  EXPECT_EQ(*reader.varint(), 0U);
  EXPECT_EQ(*reader.varint(), 300U);
  EXPECT_EQ(*reader.varint(), UINT64_MAX);
  EXPECT_EQ(*read_string(reader), "layer");
  EXPECT_TRUE(reader.at_end());
}

TEST(ByteReader, RejectsVariableLengthIntegersThatOverflow) {
  const std::string eleven(11, '\xff');
  ByteReader reader(as_bytes(eleven));
  EXPECT_FALSE(reader.varint());
}

TEST(Json, ReadsMembersInOrderAndNestedValues) {
  const auto document = json::Document::parse(R"({"b":[1,-2,3.5,"x",null,true],"a":{"k":18446744073709551615}})");
  ASSERT_TRUE(document);
  std::string keys;
  for (const auto [key, value] : document->root().members()) keys += key;
  EXPECT_EQ(keys, "ba");
  const auto array = document->root().require_array("b");
  ASSERT_TRUE(array);
  EXPECT_EQ(array->size(), 6U);
  std::vector<json::Kind> kinds;
  for (const json::Value value : array->elements()) kinds.push_back(value.kind());
  EXPECT_EQ(kinds[1], json::Kind::kInteger);
  EXPECT_EQ(kinds[4], json::Kind::kNull);
  EXPECT_EQ(document->root().find("a")->find("k")->kind(), json::Kind::kUnsigned);
  EXPECT_EQ(document->root().find("a")->find("k")->integer(), std::nullopt);
}

TEST(Json, NamesTheMemberThatIsMissingOrOfTheWrongKind) {
  const auto document = json::Document::parse(R"({"a":1})");
  EXPECT_EQ(document->root().require_string("a").error().message(), "\"a\" must be a string, found an integer");
  EXPECT_EQ(document->root().require_string("b").error().message(), "\"b\" is missing");
}

TEST(Json, RefusesDeepNestingAndLargeDocuments) {
  const std::string deep(100, '[');
  const auto nested = json::Document::parse(deep + std::string(100, ']'), {.options = {.depth = "--max-depth"}});
  ASSERT_FALSE(nested);
  EXPECT_EQ(nested.error().code(), Code::kLimitExceeded);
  EXPECT_EQ(nested.error().to_string(), "more than 64 levels of nesting in a JSON document");
  EXPECT_TRUE(nested.error().remedy().ends_with("with --max-depth")) << nested.error().remedy();
  EXPECT_EQ(json::Document::parse("[1,2,3]", {.max_bytes = 3}).error().code(), Code::kLimitExceeded);
}

TEST(JsonWriter, WritesListsOfManyOneToALineAndByAndBy) {
  json::Writer w;
  std::string text;
  w.begin_object();
  w.key("rows");
  w.begin_array();
  for (const char* name : {"a", "b"}) {
    w.begin_line();
    w.member("name", name);
    w.key("list");
    w.begin_array();
    w.begin_object();
    w.end_object();
    w.integer(1);
    w.end_array();
    w.end_object();
    EXPECT_EQ(w.take_written(100'000), "");
    text += w.take_written(1);
  }
  w.end_array();
  w.member("more", true);
  w.end_object();
  text += std::move(w).take();
  EXPECT_EQ(text, R"({
  "rows": [
    {"name":"a","list":[{},1]},
    {"name":"b","list":[{},1]}
  ],
  "more": true
}
)");
}

TEST(JsonWriter, WritesBothLayoutsAndEscapes) {
  const auto write = [](json::Layout layout) {
    json::Writer w(layout);
    w.begin_object();
    w.member("a", "q\"\n\x01\xff");
    w.key("n");
    w.begin_array();
    w.integer(-1);
    w.number(0.5);
    w.null();
    w.end_array();
    w.key("e");
    w.begin_object();
    w.end_object();
    w.end_object();
    return std::move(w).take();
  };
  EXPECT_EQ(write(json::Layout::kCompact), "{\"a\":\"q\\\"\\n\\u0001\xEF\xBF\xBD\",\"n\":[-1,0.5,null],\"e\":{}}");
  EXPECT_EQ(
      write(json::Layout::kIndented),
      "{\n  \"a\": \"q\\\"\\n\\u0001\xEF\xBF\xBD\",\n  \"n\": [\n    -1,\n    0.5,\n    null\n  ],\n  \"e\": {}\n}\n");
}

TEST(Text, MakesControlCharactersVisible) {
  EXPECT_EQ(printable("a\x1b[2Jb\xc2\x9b\xffé"), "a\\x1b[2Jb\\xc2\\x9b\\xffé");
}

TEST(Text, MakesVisibleWhatShowsTextInAnotherOrderOrOnAnotherLine) {
  EXPECT_EQ(printable("a\u202e1b"), "a\\xe2\\x80\\xae1b");
  for (const std::string_view hidden : {"\u061c", "\u200e", "\u200f", "\u2028", "\u2029", "\u202a", "\u202b", "\u202c",
                                        "\u202d", "\u202e", "\u2066", "\u2067", "\u2068", "\u2069"}) {
    EXPECT_TRUE(printable(hidden).starts_with("\\x")) << printable(hidden);
  }
  // Their neighbours, right-to-left text itself, and what joins letters and emoji.
  for (const std::string_view shown :
       {"\u061b", "\u061d", "\u200d", "\u2010", "\u2027", "\u202f", "\u2065", "\u206a", "\u05d0\u0628", "\u4e2d"}) {
    EXPECT_EQ(printable(shown), shown);
  }
}

TEST(Text, SplitsIntoLinesOfBothKinds) {
  std::string_view rest = "a\r\n\nb";
  std::string_view line;
  std::vector<std::string_view> lines;
  while (next_line(rest, line)) lines.push_back(line);
  EXPECT_EQ(lines, (std::vector<std::string_view>{"a", "", "b"}));
}

TEST(Fs, ReplacesAFileWholeAndLeavesNothingBeside) {
  const std::string folder = testing::TempDir() + "/bulkhead_fs_test";
  const std::string path = folder + "/nested/file";
  ASSERT_TRUE(write_file_atomically(path, "one"));
  ASSERT_TRUE(write_file_atomically(path, "two"));
  EXPECT_EQ(*read_file(path, 10), "two");
  EXPECT_EQ(read_file(path, 2).error().code(), Code::kLimitExceeded);
  EXPECT_EQ(read_file(folder + "/none", 2).error().code(), Code::kNotFound);
}

TEST(Fs, AFileWrittenInPiecesAppearsOnCommitOrNotAtAll) {
  const std::string path = testing::TempDir() + "/bulkhead_atomic_test/file";
  ASSERT_TRUE(write_file_atomically(path, "old"));
  std::string temporary;
  {
    auto file = AtomicFile::create(path);
    ASSERT_TRUE(file);
    temporary = file->temporary_path();
    ASSERT_TRUE(file->write(as_bytes("half")));
    EXPECT_EQ(*read_file(path, 10), "old");
  }
  EXPECT_EQ(*read_file(path, 10), "old");
  EXPECT_EQ(read_file(temporary, 10).error().code(), Code::kNotFound);
  auto file = AtomicFile::create(path);
  ASSERT_TRUE(file);
  AtomicFile moved = std::move(*file);
  ASSERT_TRUE(moved.write(as_bytes("new")));
  ASSERT_TRUE(moved.write(as_bytes("er")));
  ASSERT_TRUE(moved.commit());
  EXPECT_EQ(*read_file(path, 10), "newer");
}

TEST(Fs, ErrorsOfAFileWrittenInPiecesNameTheFileAndNotItsTemporaryOne) {
  const TemporaryFolder folder;
  const auto name_of = [](const Error& error) { return error.to_string().substr(0, error.to_string().find(": ")); };
  // No name can be that long with six characters more.
  const std::string path = folder / std::string(255, 'x');
  const auto file = AtomicFile::create(path);
  ASSERT_FALSE(file);
  EXPECT_EQ(name_of(file.error()), path);
  auto full = AtomicFile::create(folder / "full");
  ASSERT_TRUE(full);
  ASSERT_EQ(::mkdir((folder / "full").c_str(), 0755), 0);
  const auto committed = full->commit();
  ASSERT_FALSE(committed);
  EXPECT_EQ(name_of(committed.error()), folder / "full");
}

TEST(Fs, AFileMayBeNamedWhenItsContentsAreKnown) {
  const TemporaryFolder folder;
  auto file = AtomicFile::create(folder / "file");
  ASSERT_TRUE(file);
  ASSERT_TRUE(file->write(as_bytes("x")));
  const std::string temporary = file->temporary_path();
  ASSERT_TRUE(file->commit_as(folder / "by-content/x"));
  EXPECT_EQ(*read_file(folder / "by-content/x", 10), "x");
  EXPECT_EQ(read_file(folder / "file", 10).error().code(), Code::kNotFound);
  EXPECT_EQ(read_file(temporary, 10).error().code(), Code::kNotFound);
}

TEST(Fs, ALockHasOneHolderUntilItIsClosed) {
  const TemporaryFolder folder;
  const std::string path = folder / "folder/lock";
  {
    const auto held = lock_file(path);
    ASSERT_TRUE(held) << held.error().to_string();
    const auto second = lock_file(path);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code(), Code::kUnavailable);
    EXPECT_NE(second.error().to_string().find(path), std::string::npos);
  }
  EXPECT_TRUE(lock_file(path));
  EXPECT_EQ(lock_file("/proc/self/no/lock").error().code(), Code::kNotFound);
}

TEST(Error, RendersContextOutermostFirst) {
  Error error(Code::kMalformed, "ends early");
  EXPECT_EQ(std::move(error).with_context("layer 1").with_context("image").to_string(), "image: layer 1: ends early");
}

}  // namespace
}  // namespace bulkhead
