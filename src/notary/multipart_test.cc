#include "notary/multipart.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace bulkhead::notary {
namespace {

std::string part(std::string_view head, std::string_view contents) {
  return fmt::format("--b\r\n{}\r\n{}\r\n", head, contents);
}
std::string named(std::string_view filename, std::string_view contents) {
  return part(fmt::format("Content-Disposition: form-data; name=\"files\"; filename=\"{}\"\r\n", filename), contents);
}

TEST(Multipart, ReadsWhatClientsSend) {
  const std::string body = named("root", "{}") + named("targets/alice", "\r\n--c\r\n") + "--b--\r\n";
  const auto parts = read_multipart(body, "b");
  ASSERT_TRUE(parts) << parts.error().to_string();
  ASSERT_EQ(parts->size(), 2);
  EXPECT_EQ(parts->at(0).filename, "root");
  EXPECT_EQ(parts->at(0).contents, "{}");
  EXPECT_EQ(parts->at(1).filename, "targets/alice");
  EXPECT_EQ(parts->at(1).contents, "\r\n--c\r\n");
  EXPECT_EQ(read_multipart("--b--", "b")->size(), 0);
}

TEST(Multipart, FindsTheBoundaryInAContentType) {
  EXPECT_EQ(multipart_boundary("multipart/form-data; boundary=abc"), "abc");
  EXPECT_EQ(multipart_boundary("Multipart/Form-Data;charset=x; Boundary=\"a b\""), "a b");
  EXPECT_EQ(multipart_boundary("multipart/form-data; boundary=\"a\\'c\""), "a'c");
  for (const std::string_view refused :
       {"", "multipart/form-data", "multipart/form-data; boundary=", "multipart/mixed; boundary=a",
        "multipart/form-data; boundary=a; boundary=b", "multipart/form-data; boundary=\"a", "text/plain; boundary=a",
        "multipart/form-data; boundary=\"a \"", "multipart/form-data; boundary=\"a\r\n\"",
        "multipart/form-data; boundary=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}) {
    EXPECT_EQ(multipart_boundary(refused), std::nullopt) << refused;
  }
}

TEST(Multipart, HasNoFilenameWhereThePartHasNone) {
  for (const std::string_view head :
       {"", "Content-Disposition: form-data; name=\"files\"\r\n", "Content-Disposition: form-data; filename=\"a\r\n",
        "Content-Disposition: form-data; filename\r\n", "X-Filename: root\r\n",
        "Content-Disposition: form-data; filename*=UTF-8''root\r\n",
        "Content-Disposition: form-data; filename=root; filename=targets\r\n"}) {
    const auto parts = read_multipart(part(head, "x") + "--b--\r\n", "b");
    ASSERT_TRUE(parts) << head << parts.error().to_string();
    EXPECT_EQ(parts->front().filename, std::nullopt) << head;
  }
}

TEST(Multipart, RefusesWhatOthersMayReadDifferently) {
  for (const std::string& body :
       {std::string(), std::string("--b"), std::string("--b\r\n"), std::string("preamble\r\n--b--\r\n"),
        named("a", "x"), named("a", "x") + "--b", named("a", "x") + "--b--\r\nmore", named("a", "x") + "--bb--\r\n",
        std::string("--b \r\n\r\nx\r\n--b--\r\n"), std::string("--b\n\nx\n--b--\n"),
        std::string("--b\r\n\r\n--b--\r\n"), part("no field\r\n", "x") + "--b--\r\n",
        part(": x\r\n", "x") + "--b--\r\n", part("a b: x\r\n", "x") + "--b--\r\n",
        part("Content-Disposition: form-data; filename=a\r\nContent-Disposition: form-data; filename=b\r\n", "x") +
            "--b--\r\n",
        part("Content-Transfer-Encoding: base64\r\n", "x") + "--b--\r\n"}) {
    const auto parts = read_multipart(body, "b");
    ASSERT_FALSE(parts) << body;
    EXPECT_EQ(parts.error().code(), Code::kMalformed) << body;
  }
}

TEST(Multipart, StopsAtItsLimits) {
  std::string many;
  for (int i = 0; i < 257; ++i) many += named("a", "x");
  EXPECT_EQ(read_multipart(many + "--b--\r\n", "b").error().code(), Code::kLimitExceeded);
  const std::string wide = part(fmt::format("X: {}\r\n", std::string(5000, 'x')), "x") + "--b--\r\n";
  EXPECT_EQ(read_multipart(wide, "b").error().code(), Code::kLimitExceeded);
}

}  // namespace
}  // namespace bulkhead::notary
