#include "base/xml.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bulkhead::xml {
namespace {

using ::testing::HasSubstr;

// Hands out one byte at a time, so that every construct is cut somewhere.
class Drip final : public BlockSource {
 public:
  explicit Drip(std::string bytes) : bytes_(std::move(bytes)) {}
  Result<ByteSpan> next() override {
    const ByteSpan rest = as_bytes(bytes_).subspan(position_);
    const ByteSpan block = rest.first(rest.empty() ? 0 : 1);
    position_ += block.size();
    return block;
  }

 private:
  std::string bytes_;
  size_t position_ = 0;
};

std::string describe(const Element& element) {
  std::string text = fmt::format("<{} id={}>{}", element.name(), element.attribute("id"), element.text());
  for (const Element child : element.children()) text += describe(child);
  return text + ".";
}

Result<std::string> read(std::string document, size_t depth, const Limits& limits = {}) {
  std::string seen;
  Drip source(std::move(document));
  TRY(for_each_element(source, depth, limits,
                       [&](const Element& element, std::span<const std::string> ancestors) -> Status {
                         for (const std::string& ancestor : ancestors) seen += ancestor + "/";
                         seen += describe(element) + "\n";
                         return {};
                       }));
  return seen;
}

Error error_of(std::string document, size_t depth, const Limits& limits = {}) {
  const auto seen = read(std::move(document), depth, limits);
  return seen ? Error(Code::kInternal, "no error") : seen.error();
}

TEST(Xml, HandsOverEveryElementAtTheDepth) {
  const auto seen = read("<?xml version='1.0'?><r><a id='1'>x<b/>y<c id='2'>  z </c></a><a/></r>", 2);
  ASSERT_TRUE(seen) << seen.error().to_string();
  EXPECT_EQ(*seen, "r/<a id=1>xy<b id=>.<c id=2>z..\nr/<a id=>.\n");
}

TEST(Xml, NamesTheElementsAround) {
  const auto seen = read("<r><s><a/></s><t><a/><b/></t></r>", 3);
  ASSERT_TRUE(seen);
  EXPECT_EQ(*seen, "r/s/<a id=>.\nr/t/<a id=>.\nr/t/<b id=>.\n");
}

TEST(Xml, CutsOffPrefixes) {
  const auto seen = read("<o:r xmlns:o='urn:o'><o:a o:id='1'/></o:r>", 2);
  ASSERT_TRUE(seen);
  EXPECT_EQ(*seen, "r/<a id=1>.\n");
}

TEST(Xml, ReadsEntitiesReferencesAndSections) {
  const auto seen = read("<r><a>&lt;&amp;&gt;&quot;&apos;&#65;&#x263a;<![CDATA[<b>]]></a></r>", 2);
  ASSERT_TRUE(seen);
  EXPECT_EQ(*seen, "r/<a id=><&>\"'A\u263a<b>.\n");
}

TEST(Xml, FindsChildrenByName) {
  MemorySource source("<r><a>one</a><b><a>inner</a></b><a>two</a></r>");
  const auto done = for_each_element(source, 1, {}, [](const Element& root, std::span<const std::string>) -> Status {
    EXPECT_EQ(root.child_text("a"), "one");
    EXPECT_EQ(root.child("b")->child_text("a"), "inner");
    EXPECT_FALSE(root.child("c"));
    EXPECT_EQ(root.child_text("c"), "");
    return {};
  });
  EXPECT_TRUE(done);
}

TEST(Xml, RefusesDocumentTypesAndTheirEntities) {
  EXPECT_THAT(error_of("<!DOCTYPE r SYSTEM 'file:///etc/passwd'><r/>", 1).message(), HasSubstr("document type"));
  const Error laughs = error_of("<!DOCTYPE r [<!ENTITY a 'ha'><!ENTITY b '&a;&a;'>]><r>&b;</r>", 1);
  EXPECT_THAT(laughs.message(), HasSubstr("document type"));
  EXPECT_EQ(error_of("<r>&nbsp;</r>", 1).code(), Code::kMalformed);
}

TEST(Xml, RefusesWhatIsIllFormed) {
  for (const char* document :
       {"", " ", "text", "<r>", "<r><a></r>", "<r/><r/>", "<r>\x01</r>", "<r a='1' a='2'/>", "<r>\xff</r>"}) {
    EXPECT_EQ(error_of(document, 1).code(), Code::kMalformed) << document;
  }
}

TEST(Xml, NamesTheLineOfAnError) {
  EXPECT_THAT(error_of("<r>\n<a>\n</r>", 1).to_string(), HasSubstr("line 3"));
}

TEST(Xml, StopsAtItsLimits) {
  EXPECT_EQ(error_of("<r>" + std::string(100, ' ') + "</r>", 1, {.max_bytes = 100}).code(), Code::kLimitExceeded);
  EXPECT_EQ(error_of("<a><b><c/></b></a>", 1, {.max_depth = 2}).code(), Code::kLimitExceeded);
  EXPECT_EQ(error_of("<a><b><c/></b></a>", 3, {.max_depth = 2}).code(), Code::kLimitExceeded) << "also above the depth";
  EXPECT_EQ(error_of("<r><a/><a/></r>", 1, {.max_tree_elements = 2}).code(), Code::kLimitExceeded);
  EXPECT_TRUE(read("<r><a/><a/></r>", 2, {.max_tree_elements = 1})) << "the limit is of one tree";
  EXPECT_EQ(error_of("<r><a>" + std::string(100, 'x') + "</a></r>", 2, {.max_tree_bytes = 99}).code(),
            Code::kLimitExceeded);
  EXPECT_EQ(error_of("<r a='" + std::string(100, 'x') + "' b=''/>", 1, {.max_tree_bytes = 99}).code(),
            Code::kLimitExceeded);
}

TEST(Xml, NamesTheOptionsThatItIsTold) {
  const Limits limits{.max_bytes = 20, .max_depth = 2, .options = {.bytes = "--max-bytes", .depth = "--max-depth"}};
  const Error depth = error_of("<a><b><c/></b></a>", 1, limits);
  EXPECT_THAT(depth.to_string(), HasSubstr("more than 2 levels of nesting in an XML document"));
  EXPECT_THAT(depth.remedy(), HasSubstr("--max-depth"));
  EXPECT_THAT(error_of("<r>" + std::string(100, ' ') + "</r>", 1, limits).remedy(), HasSubstr("--max-bytes"));
  EXPECT_EQ(error_of("<a><b><c/></b></a>", 1, {.max_depth = 2}).remedy(), "no option raises this limit");
  for (const Limits& inner : {Limits{.max_tree_elements = 2}, Limits{.max_tree_bytes = 2}}) {
    const Error error = error_of("<r><a>xxx</a><a/></r>", 1, inner);
    EXPECT_THAT(error.to_string(), HasSubstr("of one XML record"));
    EXPECT_EQ(error.remedy(), "no option raises this limit");
  }
}

TEST(Xml, EndsWithTheErrorOfTheVisitor) {
  MemorySource source("<r><a/><a/></r>");
  int visits = 0;
  const auto done = for_each_element(source, 2, {}, [&](const Element&, std::span<const std::string>) -> Status {
    ++visits;
    return fail(Code::kCancelled, "enough");
  });
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code(), Code::kCancelled);
  EXPECT_EQ(visits, 1);
}

}  // namespace
}  // namespace bulkhead::xml
