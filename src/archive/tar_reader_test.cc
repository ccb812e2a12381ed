#include "archive/tar_reader.h"

#include <functional>
#include <optional>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "archive/tar_builder.h"
#include "archive/tar_header.h"
#include "base/chopped_source.h"

namespace bulkhead::archive {
namespace {

constexpr std::string_view kTypeLetters = "fhlcbdpo";  // in the order of TarType

// "f path 3 abc" a line per entry: type, path, link target, size, content.
Result<std::string> listing(std::string_view archive, size_t block = 100'000, const Limits& limits = {},
                            bool with_content = true) {
  TarReader reader(std::make_unique<ChoppedSource>(std::string(archive), block), limits);
  std::string text;
  for (;;) {
    TRY_ASSIGN(const TarEntry* const entry, reader.next());
    if (entry == nullptr) return text;
    text += kTypeLetters[static_cast<size_t>(entry->type)];
    text += ' ' + entry->path;
    if (!entry->link.empty()) text += " -> " + entry->link;
    if (entry->type == TarType::kCharDevice || entry->type == TarType::kBlockDevice) {
      text += fmt::format(" {}:{}", entry->device_major, entry->device_minor);
    }
    if (entry->type == TarType::kFile) text += ' ' + std::to_string(entry->size);
    if (with_content && entry->size != 0) {
      TRY_ASSIGN(const std::string content, read_all(reader.content(), 1 << 20, "content"));
      EXPECT_EQ(content.size(), entry->size);
      text += ' ' + content;
    }
    text += '\n';
  }
}

void expect_listing(std::string_view archive, std::string_view expected) {
  for (const size_t block : {size_t{1}, size_t{511}, size_t{512}, size_t{1000}, size_t{100'000}}) {
    const auto found = listing(archive, block);
    ASSERT_TRUE(found) << found.error().to_string();
    EXPECT_EQ(*found, expected) << "in blocks of " << block;
  }
}

void expect_malformed(std::string_view archive, std::string_view message) {
  const auto found = listing(archive);
  ASSERT_FALSE(found) << *found;
  EXPECT_EQ(found.error().code(), Code::kMalformed);
  EXPECT_NE(found.error().to_string().find(message), std::string::npos) << found.error().to_string();
}

TEST(TarReader, ListsEveryKindOfEntry) {
  TarBuilder tar;
  tar.directory("etc/").file("etc/hosts", "127.0.0.1").symlink("etc/mtab", "/proc/mounts").hard_link("h", "etc/hosts");
  tar.character_device("dev/null", 1, 3).header({.name = "dev/sda", .type = '4', .device_major = 8}).fifo("p");
  tar.header({.name = "label", .type = 'V'}).header({.name = "contiguous", .type = '7', .size = 1}).content("x");
  expect_listing(tar.finish(),
                 "d etc/\nf etc/hosts 9 127.0.0.1\nl etc/mtab -> /proc/mounts\nh h -> etc/hosts\n"
                 "c dev/null 1:3\nb dev/sda 8:0\np p\no label\nf contiguous 1 x\n");
}

TEST(TarReader, SkipsContentThatNobodyReads) {
  TarBuilder tar;
  tar.file("a", std::string(100'000, 'a')).file("b", "b").file("c", std::string(513, 'c')).file("d");
  const auto found = listing(tar.finish(), 700, {}, false);
  ASSERT_TRUE(found);
  EXPECT_EQ(*found, "f a 100000\nf b 1\nf c 513\nf d 0\n");
}

TEST(TarReader, GoesOnWithTheNextEntryAfterAContentReadInPart) {
  TarBuilder tar;
  tar.file("a", std::string(5000, 'a')).file("b", "bb");
  TarReader reader(std::make_unique<ChoppedSource>(tar.finish(), 1000));
  ASSERT_TRUE(reader.next());
  const auto piece = reader.read();
  ASSERT_TRUE(piece);
  EXPECT_EQ(piece->size(), 488U);  // what is left of the block after the header
  const auto entry = reader.next();
  ASSERT_TRUE(entry);
  EXPECT_EQ((*entry)->path, "b");
  EXPECT_EQ((*entry)->offset, 512U + 5120 + 512);
}

TEST(TarReader, TakesEmptyAndUnfinishedArchives) {
  expect_listing("", "");
  expect_listing(std::string(512, '\0'), "");
  expect_listing(std::string(1024, '\0'), "");
  expect_listing(std::string(10240, '\0'), "");
  expect_listing(TarBuilder().file("a", "x").unfinished(), "f a 1 x\n");
  std::string without_padding = TarBuilder().file("a", "x").unfinished();
  without_padding.resize(513);
  expect_listing(without_padding, "f a 1 x\n");
}

TEST(TarReader, ReadsTheSourceToItsEndWhateverFollowsTheArchive) {
  MemorySource source(TarBuilder().file("a").finish() + std::string(5'000'000, 'j'));
  TarReader reader(source);
  ASSERT_NE(*reader.next(), nullptr);
  EXPECT_EQ(*reader.next(), nullptr);
  EXPECT_EQ(*reader.next(), nullptr);
  EXPECT_TRUE(source.next()->empty());
  EXPECT_EQ(reader.position(), 512U + 1024 + 5'000'000);
}

TEST(TarReader, UnderstandsLongNamesOfEveryFormat) {
  const std::string folder(150, 'd');
  const std::string name(90, 'n');
  const std::string path = folder + '/' + name;
  const std::string longer(3000, 'x');
  TarBuilder tar;
  tar.header({.name = name, .prefix = folder});
  tar.gnu_long('L', path).header({.name = "cut", .magic = TarBuilder::Magic::kGnu});
  tar.gnu_long('K', longer).gnu_long('L', path).header({.name = "cut", .type = '2', .link = "cut"});
  tar.pax({{"path", path}, {"linkpath", longer}}).header({.name = "cut", .type = '2', .link = "cut"});
  tar.pax({{"path", "pax"}}).gnu_long('L', "gnu").header({.name = "cut"});
  tar.gnu_long('L', "gnu").pax({{"path", "pax"}}).header({.name = "cut"});
  tar.header({.name = "after"});
  expect_listing(
      tar.finish(),
      fmt::format("f {0} 0\nf {0} 0\nl {0} -> {1}\nl {0} -> {1}\nf gnu 0\nf gnu 0\nf after 0\n", path, longer));
}

TEST(TarReader, TakesNamesThatFillTheirFieldsWithoutANul) {
  const std::string name(100, 'n');
  const std::string link(100, 'l');
  TarBuilder tar;
  tar.header({.name = name, .type = '2', .link = link, .prefix = std::string(155, 'p')});
  expect_listing(tar.finish(), fmt::format("l {}/{} -> {}\n", std::string(155, 'p'), name, link));
}

TEST(TarReader, KnowsOldDirectoriesByTheirTrailingSlash) {
  TarBuilder tar;
  tar.header({.name = "old/", .type = '\0', .magic = TarBuilder::Magic::kV7});
  tar.header({.name = "file", .type = '\0', .magic = TarBuilder::Magic::kV7});
  tar.header({.name = "notadirectory/", .type = '0'});
  tar.pax({{"path", "long/"}}).header({.name = "cut", .type = '\0'});
  expect_listing(tar.finish(), "d old/\nf file 0\nf notadirectory/ 0\nd long/\n");
}

TEST(TarReader, GivesLinksAndDevicesNoContentWhateverTheirSizeFieldSays) {
  TarBuilder tar;
  for (const char type : {'1', '2', '3', '4', '5', '6'})
    tar.header({.name = "x", .type = type, .size = 5000, .link = "y"});
  tar.file("z", "z");
  expect_listing(tar.finish(), "h x -> y\nl x -> y\nc x -> y 0:0\nb x -> y 0:0\nd x -> y\np x -> y\nf z 1 z\n");
}

TEST(TarReader, GivesGlobalPaxRecordsNoEffect) {
  TarBuilder tar;
  tar.pax({{"path", "global"}, {"size", "0"}, {"comment", "x"}}, 'g').file("a", "aa");
  tar.pax({{"path", "lost"}}).pax({{"comment", "ends what was announced"}}, 'g').file("b", "bb");
  expect_listing(tar.finish(), "f a 2 aa\nf b 2 bb\n");
}

TEST(TarReader, UsesTheLastOfSeveralPaxRecordsAndIgnoresEmptyOnes) {
  TarBuilder tar;
  tar.pax({{"path", "first"}, {"path", "second"}}).file("a");
  tar.pax({{"path", "first"}, {"path", ""}}).file("b");
  tar.pax({{"path", "first"}}).pax({{"comment", "replaces all of the records before"}}).file("c");
  expect_listing(tar.finish(), "f second 0\nf b 0\nf c 0\n");
}

TEST(TarReader, ReadsSizesBeyondTheOctalField) {
  TarBuilder tar;
  tar.pax({{"size", "3"}}).header({.name = "pax", .size = 0}).content("abc");
  expect_listing(tar.finish(), "f pax 3 abc\n");

  constexpr uint64_t kHuge = uint64_t{20} << 30;
  TarBuilder huge;
  huge.header({.name = "base256", .size = kHuge});
  TarReader reader(std::make_unique<MemorySource>(huge.unfinished()));
  const auto entry = reader.next();
  ASSERT_TRUE(entry);
  EXPECT_EQ((*entry)->size, kHuge);
}

TEST(TarReader, ReadsPrefixesOfTheStarFormatAndOfOldGoWriters) {
  std::string star = TarBuilder::make_header({.name = "name", .prefix = "prefix"});
  TarBuilder::put(star, 508, 4, std::string_view("tar\0", 4));
  TarBuilder::put(star, 476, 12, "00000000000 ");  // atime, beyond the shorter prefix of star
  TarBuilder::set_checksum(star);
  std::string old_go =
      TarBuilder::make_header({.name = "name", .prefix = "not/octal", .magic = TarBuilder::Magic::kGnu});
  TarBuilder::set_checksum(old_go);
  std::string gnu_times = TarBuilder::make_header({.name = "name", .magic = TarBuilder::Magic::kGnu});
  TarBuilder::put(gnu_times, 345, 12, "14000000000");
  TarBuilder::set_checksum(gnu_times);
  expect_listing(star + old_go + gnu_times, "f prefix/name 0\nf not/octal/name 0\nf name 0\n");
}

TEST(TarReader, AcceptsChecksumsOfSignedBytes) {
  std::string block = TarBuilder::make_header({.name = "\xc3\xa4\xc3\xb6"});
  std::fill_n(block.begin() + 148, 8, ' ');
  int64_t sum = 0;
  for (const char c : block) sum += static_cast<signed char>(c);
  TarBuilder::put_octal(block, 148, 7, static_cast<uint64_t>(sum));
  expect_listing(block, "f \xc3\xa4\xc3\xb6 0\n");
}

TEST(TarReader, RejectsAHeaderWhoseChecksumDoesNotFit) {
  std::string archive = TarBuilder().file("a", "aa").file("b").finish();
  archive[1024] = 'c';
  expect_malformed(archive, "tar header at byte 1024: header checksum does not fit");
}

TEST(TarReader, RejectsArchivesThatEndEarly) {
  const std::string archive = TarBuilder().file("a", std::string(600, 'a')).finish();
  expect_malformed(archive.substr(0, 100), "the archive ends inside it");
  expect_malformed(archive.substr(0, 512), "ends inside");
  expect_malformed(archive.substr(0, 1111), "tar archive ends inside \"a\", 1 bytes early");
  const auto skipping = listing(archive.substr(0, 1111), 100, {}, false);
  ASSERT_FALSE(skipping);
  EXPECT_EQ(skipping.error().to_string(), "tar archive ends inside \"a\", 1 bytes early");
  const std::string extended = TarBuilder().pax({{"path", "x"}}).unfinished();
  expect_malformed(extended.substr(0, 515), "ends inside the content of the header at byte 0");
  const std::string second = TarBuilder().file("a", "a").pax({{"path", "x"}}).unfinished();
  expect_malformed(second.substr(0, 1539), "ends inside the content of the header at byte 1024");
}

TEST(TarReader, RejectsAZeroBlockAmongOthers) {
  expect_malformed(TarBuilder().file("a").raw(std::string(512, '\0')).file("b").finish(), "single zero block");
}

TEST(TarReader, RejectsNumbersThatAreNone) {
  const auto with = [](size_t offset, std::string_view bytes) {
    std::string block = TarBuilder::make_header({.name = "a"});
    TarBuilder::put(block, offset, bytes.size(), bytes);
    TarBuilder::set_checksum(block);
    return block;
  };
  expect_malformed(with(124, "0000000000x"), "not octal");
  expect_malformed(with(124, "000000 0001"), "not octal");
  expect_malformed(with(124, "-0000000001"), "not octal");
  expect_malformed(with(100, "999"), "not octal");
  expect_malformed(with(124, std::string(12, '\xff')), "negative size");
  expect_malformed(with(124, "\xbf\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"), "too large");
  expect_malformed(with(124, std::string_view("\x80\0\0\0\x7f\xff\xff\xff\xff\xff\xff\xff", 12)), "impossible size");
}

TEST(TarReader, RejectsPaxRecordsThatAreNone) {
  const std::string_view kRecords[] = {"x",        "5",        "0 a=b\n", "4 a=\n",
                                       "6 a=b",    "7 a=b\n",  "5 a=b\n", "99 a=b\n",
                                       "6 ab c\n", " 6 a=b\n", "06\n",    "99999999999999999999 a=b\n",
                                       "-6 a=b\n", "6 a=b\n6"};
  for (const std::string_view record : kRecords) {
    TarBuilder tar;
    tar.header({.name = "x", .type = 'x', .size = record.size()}).content(record).file("a");
    expect_malformed(tar.finish(), "invalid pax record");
  }
  using namespace std::string_view_literals;
  expect_malformed(TarBuilder().pax({{"path", "a\0b"sv}}).file("a").finish(), "NUL");
  expect_malformed(TarBuilder().pax({{"linkpath", "\0"sv}}).file("a").finish(), "NUL");
  expect_malformed(TarBuilder().pax({{"GNU.sparse.name", "\0"sv}}).file("a").finish(), "NUL");
  expect_malformed(TarBuilder().pax({{"a\0b"sv, "x"}}).file("a").finish(), "NUL");
  expect_malformed(TarBuilder().pax({{"size", "12x"}}).file("a").finish(), "pax size");
  expect_malformed(TarBuilder().pax({{"size", "-1"}}).file("a").finish(), "pax size");
}

TEST(TarReader, StopsAtItsLimits) {
  const auto limit_of = [](const std::string& archive, const Limits& limits) -> std::string {
    const auto found = listing(archive, 4096, limits);
    if (found) return "none";
    EXPECT_EQ(found.error().code(), Code::kLimitExceeded);
    const std::string& remedy = found.error().remedy();
    return remedy.substr(remedy.find("--"));
  };
  const std::string two = TarBuilder().file("a").file("b").finish();
  EXPECT_EQ(limit_of(two, {.max_entries = 2}), "none");
  EXPECT_EQ(limit_of(two, {.max_entries = 1}), "--max-entries");

  const std::string named = TarBuilder().pax({{"path", std::string(200, 'n')}}).file("a").finish();
  EXPECT_EQ(limit_of(named, {.max_path_bytes = 200}), "none");
  EXPECT_EQ(limit_of(named, {.max_path_bytes = 199}), "--max-path-bytes");
  const std::string linked = TarBuilder().gnu_long('K', std::string(200, 'n')).symlink("a", "b").finish();
  EXPECT_EQ(limit_of(linked, {.max_path_bytes = 199}), "--max-path-bytes");

  const std::string commented = TarBuilder().pax({{"comment", std::string(2000, 'c')}}).file("a").finish();
  EXPECT_EQ(limit_of(commented, {}), "none");
  EXPECT_EQ(limit_of(commented, {.max_header_bytes = 2000}), "--max-header-bytes");
  // A header that only claims to be huge is turned down before anything is read or reserved.
  TarBuilder claim;
  claim.header({.name = "x", .type = 'x', .size = uint64_t{1} << 40});
  EXPECT_EQ(limit_of(claim.unfinished(), {}), "--max-header-bytes");
}

struct SparseCase {
  std::string_view name;
  std::function<void(TarBuilder&)> build;  // of fragments "ab" at 3 and "cde" at 8 of 15 bytes
};

// The numbers of an old GNU map stand in the header or an extension block.
void put_fragments(std::string& block, size_t at, const std::vector<std::pair<uint64_t, uint64_t>>& fragments) {
  for (const auto& [offset, size] : fragments) {
    TarBuilder::put_octal(block, at, 12, offset);
    TarBuilder::put_octal(block, at + 12, 12, size);
    at += 24;
  }
}

const SparseCase kSparseCases[] = {
    {"pax 0.0",
     [](TarBuilder& tar) {
       tar.pax({{"GNU.sparse.size", "15"},
                {"GNU.sparse.numblocks", "2"},
                {"GNU.sparse.offset", "3"},
                {"GNU.sparse.numbytes", "2"},
                {"GNU.sparse.offset", "8"},
                {"GNU.sparse.numbytes", "3"}});
       tar.file("sparse", "abcde");
     }},
    {"pax 0.1",
     [](TarBuilder& tar) {
       tar.pax({{"GNU.sparse.size", "15"},
                {"GNU.sparse.numblocks", "2"},
                {"GNU.sparse.map", "3,2,8,3"},
                {"GNU.sparse.name", "sparse"}});
       tar.file("GNUSparseFile.1/sparse", "abcde");
     }},
    {"pax 1.0",
     [](TarBuilder& tar) {
       std::string content = "2\n3\n2\n8\n3\n";
       content.resize(512);
       tar.pax({{"GNU.sparse.major", "1"},
                {"GNU.sparse.minor", "0"},
                {"GNU.sparse.name", "sparse"},
                {"GNU.sparse.realsize", "15"}});
       tar.file("GNUSparseFile.1/sparse", content + "abcde");
     }},
    {"old GNU",
     [](TarBuilder& tar) {
       std::string block =
           TarBuilder::make_header({.name = "sparse", .type = 'S', .size = 5, .magic = TarBuilder::Magic::kGnu});
       put_fragments(block, 386, {{3, 2}, {8, 3}});
       TarBuilder::put_octal(block, 483, 12, 15);
       TarBuilder::set_checksum(block);
       tar.raw(block).content("abcde");
     }},
    {"old GNU with extension blocks",
     [](TarBuilder& tar) {
       std::string block =
           TarBuilder::make_header({.name = "sparse", .type = 'S', .size = 5, .magic = TarBuilder::Magic::kGnu});
       put_fragments(block, 386, {{3, 1}});
       TarBuilder::put_octal(block, 483, 12, 15);
       block[482] = '\1';
       TarBuilder::set_checksum(block);
       std::string first(512, '\0');
       put_fragments(first, 0, {{4, 1}});
       first[504] = '\1';
       std::string second(512, '\0');
       put_fragments(second, 0, {{8, 3}, {15, 0}});
       tar.raw(block).raw(first).raw(second).content("abcde");
     }},
};

TEST(TarReader, ExpandsSparseFilesOfEveryFormat) {
  using namespace std::string_view_literals;
  const std::string expanded("\0\0\0ab\0\0\0cde\0\0\0\0", 15);
  for (const SparseCase& sparse : kSparseCases) {
    SCOPED_TRACE(sparse.name);
    TarBuilder tar;
    tar.file("before", "x");
    sparse.build(tar);
    tar.file("after", "y");
    expect_listing(tar.finish(), "f before 1 x\nf sparse 15 " + expanded + "\nf after 1 y\n");
    const auto skipped = listing(tar.finish(), 1000, {}, false);
    ASSERT_TRUE(skipped);
    EXPECT_EQ(*skipped, "f before 1\nf sparse 15\nf after 1\n");
  }
}

TEST(TarReader, ExpandsAFileThatIsOneHole) {
  TarBuilder tar;
  tar.pax({{"GNU.sparse.major", "1"}, {"GNU.sparse.minor", "0"}, {"GNU.sparse.realsize", "200000"}});
  tar.file("hole", "0\n" + std::string(510, '\0'));
  TarReader reader(std::make_unique<MemorySource>(tar.finish()));
  const auto entry = reader.next();
  ASSERT_TRUE(entry);
  EXPECT_TRUE((*entry)->sparse);
  EXPECT_EQ((*entry)->stored_size, 0U);
  EXPECT_EQ(*read_all(reader.content(), 1 << 20, "hole"), std::string(200'000, '\0'));
}

TEST(TarReader, RejectsSparseMapsThatLie) {
  const auto pax_0_1 = [](std::string_view count, std::string_view map, std::string_view size = "15") {
    TarBuilder tar;
    tar.pax({{"GNU.sparse.size", size}, {"GNU.sparse.numblocks", count}, {"GNU.sparse.map", map}});
    return tar.file("sparse", "abcde").finish();
  };
  expect_malformed(pax_0_1("2", "3,2,8,4"), "sparse map of 6 bytes, but the archive holds 5");
  expect_malformed(pax_0_1("2", "3,2,8,2"), "sparse map of 4 bytes, but the archive holds 5");
  expect_malformed(pax_0_1("2", "8,3,3,2"), "out of order");
  expect_malformed(pax_0_1("2", "3,3,5,2"), "out of order");
  expect_malformed(pax_0_1("1", "11,5"), "outside the file");
  expect_malformed(pax_0_1("1", "18446744073709551615,5"), "outside the file");
  expect_malformed(pax_0_1("2", "0,5"), "invalid sparse map");
  expect_malformed(pax_0_1("1", "0,5,"), "invalid sparse map");
  expect_malformed(pax_0_1("x", "0,5"), "invalid sparse map");
  expect_malformed(pax_0_1("1", "0,5", "x"), "sparse file size");
  expect_malformed(TarBuilder().pax({{"GNU.sparse.numbytes", "1"}}).file("a").finish(), "invalid sparse map");
  expect_malformed(TarBuilder().pax({{"GNU.sparse.map", "0,1"}, {"GNU.sparse.numblocks", "1"}}).directory("d").finish(),
                   "for what is no file");
  expect_malformed(TarBuilder().header({.name = "s", .type = 'S'}).finish(), "without the GNU magic");

  const auto pax_1_0 = [](const std::string& map) {
    TarBuilder tar;
    tar.pax({{"GNU.sparse.major", "1"}, {"GNU.sparse.minor", "0"}, {"GNU.sparse.realsize", "15"}});
    return tar.file("sparse", map).finish();
  };
  expect_malformed(pax_1_0("1\n0\n"), "sparse map without end");
  expect_malformed(pax_1_0("2\n0\n1\n" + std::string(600, '\0')), "sparse map without end");
  expect_malformed(pax_1_0("1\nx\n1\n" + std::string(600, '\0')), "something that is no number");
  expect_malformed(pax_1_0("99999999999999999\n" + std::string(600, '1')), "sparse map without end");
}

TEST(TarReader, ReadsSparseFilesOfUnknownVersionsAsTheyAreStored) {
  TarBuilder tar;
  tar.pax({{"GNU.sparse.major", "2"}, {"GNU.sparse.minor", "0"}, {"GNU.sparse.map", "0,9"}}).file("future", "abc");
  expect_listing(tar.finish(), "f future 3 abc\n");
}

TEST(TarReader, BoundsSparseMaps) {
  const Limits limits{.max_header_bytes = 4096};
  TarBuilder endless;
  std::string block = TarBuilder::make_header({.name = "s", .type = 'S', .magic = TarBuilder::Magic::kGnu});
  block[482] = '\1';
  TarBuilder::set_checksum(block);
  std::string extension(512, '\0');
  extension[504] = '\1';
  endless.raw(block);
  for (int i = 0; i < 100; ++i) endless.raw(extension);
  const auto old = listing(endless.finish(), 1000, limits);
  ASSERT_FALSE(old);
  EXPECT_EQ(old.error().code(), Code::kLimitExceeded);

  TarBuilder tar;
  tar.pax({{"GNU.sparse.major", "1"}, {"GNU.sparse.minor", "0"}, {"GNU.sparse.realsize", "15"}});
  std::string map = "1000000\n";
  while (map.size() < 10'000) map += "1\n";
  const auto pax = listing(tar.file("s", map).finish(), 1000, limits);
  ASSERT_FALSE(pax);
  EXPECT_EQ(pax.error().code(), Code::kLimitExceeded);
}

TEST(TarNumber, ReadsOctalAndBase256) {
  using namespace std::string_view_literals;
  const struct {
    std::string_view field;
    std::optional<int64_t> value;
  } kCases[] = {
      {""sv, 0},
      {"\0\0\0"sv, 0},
      {"  \0 "sv, 0},
      {"0000644\0"sv, 0644},
      {" 644 \0"sv, 0644},
      {"\0"
       "644"sv,
       0644},
      {"644\0junk"sv, 0644},
      {"8"sv, std::nullopt},
      {"6 4"sv, std::nullopt},
      {"777777777777"sv, 0777777777777},
      {"\x80\0\0\0\0\0\0\0\0\0\1\0"sv, 256},
      {"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"sv, -1},
      {"\xff\xff\xff\xff\xff\xff\xff\0"sv, -256},
      {"\x80\0\0\0\x7f\xff\xff\xff\xff\xff\xff\xff"sv, INT64_MAX},
      {"\xff\xff\xff\xff\x80\0\0\0\0\0\0\0"sv, INT64_MIN},
      {"\x80\0\0\0\x80\0\0\0\0\0\0\0"sv, std::nullopt},
      {"\xff\xff\xff\xff\x7f\xff\xff\xff\xff\xff\xff\xff"sv, std::nullopt},
  };
  for (const auto& [field, value] : kCases) {
    const auto found = parse_tar_number(field);
    EXPECT_EQ(found ? std::optional(*found) : std::nullopt, value) << testing::PrintToString(field);
  }
}

TEST(NormalisePath, GivesOnePathForEveryWayToWriteIt) {
  const struct {
    std::string_view path;
    std::string_view normal;
  } kCases[] = {
      {"", ""},           {"/", ""},
      {".", ""},          {"./", ""},
      {"a", "a"},         {"/a/b", "a/b"},
      {"./a//b/", "a/b"}, {"a/./b", "a/b"},
      {"a/../b", "b"},    {"a/b/../../c", "c"},
      {"a/b/..", "a"},    {"a/..", ""},
      {"...", "..."},     {"a/...b/..c", "a/...b/..c"},
      {"//a", "a"},       {"/./a/./.", "a"},
  };
  for (const auto& [path, normal] : kCases) {
    const auto found = normalise_path(path);
    ASSERT_TRUE(found) << path;
    EXPECT_EQ(*found, normal) << path;
  }
}

TEST(NormalisePath, RejectsPathsThatEscapeTheRoot) {
  for (const std::string_view path : {"..", "../a", "/..", "/../a", "a/../..", "a/../../b", "./../etc/passwd"}) {
    const auto found = normalise_path(path);
    ASSERT_FALSE(found) << path;
    EXPECT_EQ(found.error().code(), Code::kMalformed);
  }
}

}  // namespace
}  // namespace bulkhead::archive
