#include "crypto/pem.h"

#include <string>

#include <gtest/gtest.h>

namespace bulkhead {
namespace {

TEST(Pem, IsReadAgainAsItWasWritten) {
  for (const size_t size : {size_t{1}, size_t{47}, size_t{48}, size_t{49}, size_t{4096}}) {
    const PemBlock block{.label = "A KEY",
                         .headers = {{"role", "targets"}, {"gun", "localhost:5999/x"}},
                         .contents = Secret(std::string(size, 'x'))};
    const Secret text = write_pem(block);
    const auto read = read_pem("before\n" + std::string(text.reveal()) + "after", {"ANOTHER", "A KEY"});
    ASSERT_TRUE(read) << read.error().to_string();
    EXPECT_EQ(read->label, "A KEY");
    EXPECT_EQ(read->headers, block.headers);
    EXPECT_EQ(read->header("gun"), "localhost:5999/x");
    EXPECT_EQ(read->header("other"), "");
    EXPECT_EQ(read->contents.reveal(), block.contents.reveal());
  }
}

TEST(Pem, TakesTheFirstBlockOfTheLabels) {
  const auto read = read_pem(
      "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n"
      "-----BEGIN B-----\r\nYg==\r\n-----END B-----\n-----BEGIN A-----\nYQ==\n-----END A-----\n",
      {"A", "B"});
  ASSERT_TRUE(read);
  EXPECT_EQ(read->label, "B");
  EXPECT_EQ(read->contents.reveal(), "b");
}

TEST(Pem, RefusesWhatIsBrokenAndRepeatsNothing) {
  const auto code = [](const std::string& text) {
    const auto read = read_pem(text, {"A"});
    if (read) return Code::kInternal;
    EXPECT_EQ(read.error().to_string().find("SECRET"), std::string::npos) << read.error().to_string();
    return read.error().code();
  };
  EXPECT_EQ(code(""), Code::kMalformed);
  EXPECT_EQ(code("-----BEGIN A-----\nYQ==\n"), Code::kMalformed);
  EXPECT_EQ(code("-----BEGIN A-----\nYQ==\n-----END B-----\n"), Code::kMalformed);
  EXPECT_EQ(code("-----END A-----\n-----BEGIN A-----\n"), Code::kMalformed);
  EXPECT_EQ(code("-----BEGIN A-----\n*SECRET*\n-----END A-----\n"), Code::kMalformed);
  EXPECT_EQ(code("-----BEGIN A-----\nYQ==\nrole: SECRET\n-----END A-----\n"), Code::kMalformed);
  EXPECT_EQ(code("-----BEGIN A-----\nrole: \x1b[SECRET\n\nYQ==\n-----END A-----\n"), Code::kMalformed);
  EXPECT_EQ(code("-----BEGIN A-----\nrole: " + std::string(600, 'x') + "\n\nYQ==\n-----END A-----\n"),
            Code::kLimitExceeded);
  EXPECT_EQ(code(std::string(kMaxPemBytes + 1, 'x')), Code::kLimitExceeded);
  std::string many = "-----BEGIN A-----\n";
  for (int i = 0; i < 17; ++i) many += "a: b\n";
  EXPECT_EQ(code(many + "\nYQ==\n-----END A-----\n"), Code::kLimitExceeded);
}

}  // namespace
}  // namespace bulkhead
