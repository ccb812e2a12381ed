#include "sigstore/statement.h"

#include <gtest/gtest.h>

namespace bulkhead::sigstore {
namespace {

constexpr std::string_view kDigits = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";  // "hello"

Digest hello() {
  return Digest::sha256_of(as_bytes("hello"));
}

std::string statement_of(std::string_view members) {
  return R"({"_type":"https://in-toto.io/Statement/v1","predicateType":"https://p/1","subject":[{"digest":{"sha256":")" +
         std::string(kDigits) + R"("}}])" + std::string(members) + "}";
}

TEST(Statement, IsReadWithItsSubjectsAndTheTextOfItsPredicate) {
  const auto read = read_statement(R"({"_type":"https://in-toto.io/Statement/v1","subject":[
    {"name":"a","digest":{"sha256":"00","sha512":"11"},"annotations":{"env":"prod","n":1}},{"digest":{"gitCommit":"22"}}],
    "predicateType":"https://slsa.dev/provenance/v1", "predicate" :  {"b": 1.50, "a": [null ]} })");
  ASSERT_TRUE(read) << read.error().to_string();
  EXPECT_EQ(read->version, Statement::Version::kV1);
  EXPECT_EQ(read->predicate_type, "https://slsa.dev/provenance/v1");
  EXPECT_EQ(read->predicate, R"({"b": 1.50, "a": [null ]})");
  ASSERT_EQ(read->subjects.size(), 2U);
  EXPECT_EQ(read->subjects[0].name, "a");
  EXPECT_EQ(read->subjects[0].digests.at("sha512"), "11");
  EXPECT_EQ(read->subjects[0].annotations.at("env"), "prod");
  EXPECT_EQ(read->subjects[1].digests.at("gitCommit"), "22");
}

TEST(Statement, IsReadAgainAsItWasWritten) {
  for (const Statement::Version version : {Statement::Version::kV01, Statement::Version::kV1}) {
    Statement statement{.version = version,
                        .subjects = {{.name = "n\"", .digests = {{"sha256", std::string(kDigits)}}}}};
    statement.subjects[0].annotations = {{"k", "v"}};
    statement.predicate_type = "https://p/1";
    statement.predicate = R"({"x":[1,2.5]})";
    const auto text = write_statement(statement);
    ASSERT_TRUE(text) << text.error().to_string();
    const auto read = read_statement(*text);
    ASSERT_TRUE(read) << read.error().to_string();
    EXPECT_EQ(read->version, version);
    EXPECT_EQ(read->subjects[0].name, "n\"");
    EXPECT_EQ(read->subjects[0].annotations.at("k"), "v");
    EXPECT_EQ(read->predicate, statement.predicate);
    EXPECT_EQ(*write_statement(*read), *text);
  }
}

TEST(Statement, OfCosignHasAnEmptyPredicate) {
  const Statement statement{.subjects = {{.digests = {{"sha256", std::string(kDigits)}}}},
                            .predicate_type = "https://sigstore.dev/cosign/sign/v1",
                            .predicate = "{}"};
  EXPECT_EQ(*write_statement(statement),
            R"({"_type":"https://in-toto.io/Statement/v1","subject":[{"digest":{"sha256":")" + std::string(kDigits) +
                R"("}}],"predicateType":"https://sigstore.dev/cosign/sign/v1","predicate":{}})");
}

TEST(Statement, IsNotWrittenAroundWhatIsNoJson) {
  Statement statement{
      .subjects = {{.digests = {{"sha256", "00"}}}}, .predicate_type = "t", .predicate = "{} , \"x\":1"};
  EXPECT_EQ(write_statement(statement).error().code(), Code::kMalformed);
}

TEST(Statement, IsAboutTheDigestsOfItsSubjects) {
  auto read = read_statement(statement_of(""));
  ASSERT_TRUE(read) << read.error().to_string();
  EXPECT_EQ(find_subject(*read, hello()), read->subjects.data());
  EXPECT_EQ(find_subject(*read, Digest::sha256_of(as_bytes("hellp"))), nullptr);
  EXPECT_EQ(find_subject(*read, Digest()), nullptr);
  for (char& c : read->subjects[0].digests.at("sha256")) c = static_cast<char>(std::toupper(c));
  EXPECT_NE(find_subject(*read, hello()), nullptr);
  // The same digits under the name of another algorithm are another digest.
  read->subjects[0].digests = {{"sha512", std::string(kDigits)}};
  EXPECT_EQ(find_subject(*read, hello()), nullptr);
}

TEST(Statement, RefusesWhatIsNone) {
  for (const std::string_view text : {
           "",
           "[]",
           "{}",
           R"({"_type":"https://in-toto.io/Statement/v1","predicateType":"t","subject":[]})",
           R"({"_type":"https://in-toto.io/Statement/v1","predicateType":"t","subject":[{"digest":{}}]})",
           R"({"_type":"https://in-toto.io/Statement/v1","predicateType":"t","subject":[{"digest":{"sha256":1}}]})",
           R"({"_type":"https://in-toto.io/Statement/v1","predicateType":"t","subject":[{"name":"a"}]})",
           R"({"_type":"https://in-toto.io/Statement/v1","subject":[{"digest":{"sha256":"00"}}]})",
       }) {
    EXPECT_EQ(read_statement(text).error().code(), Code::kMalformed) << text;
  }
  EXPECT_EQ(read_statement(R"({"_type":"https://in-toto.io/Statement/v9"})").error().code(), Code::kUnsupported);
}

TEST(Statement, RefusesMembersThatStandTwice) {
  EXPECT_TRUE(read_statement(statement_of(R"(,"predicate":{"a":1})")));
  EXPECT_FALSE(read_statement(statement_of(R"(,"predicate":{"a":1,"a":2})")));
  EXPECT_FALSE(read_statement(statement_of(R"(,"subject":[{"digest":{"sha256":"00"}}])")));
}

}  // namespace
}  // namespace bulkhead::sigstore
