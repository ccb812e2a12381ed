#include "inventory/package_codec.h"

#include <gtest/gtest.h>

namespace bulkhead::inventory {
namespace {

Package bash() {
  Package package;
  package.type = PackageType::kDeb;
  package.name = "bash";
  package.version = "5.2.15-2+b7";
  package.architecture = "amd64";
  package.source_name = "bash";
  package.source_version = "5.2.15-2";
  package.maintainer = "Matthias Klose <doko@debian.org>";
  package.vendor = "Debian";
  package.licenses = {"GPL-3.0-or-later"};
  package.built_using = {"glibc (= 2.36-8)"};
  return package;
}

Package kernel() {
  Package package;
  package.type = PackageType::kRpm;
  package.name = "kernel-core";
  package.version = "6.1.2-3.el9";
  package.architecture = "x86_64";
  package.source_name = "kernel";
  package.source_version = "6.1.2-3.el9";
  package.source_epoch_known = false;
  package.module = "kernel:rhel9:1:abc";
  return package;
}

TEST(PackageCodec, GivesBackWhatItWasGiven) {
  const std::vector<Package> packages = {bash(), kernel()};
  const std::string value = encode_packages(packages);
  const auto decoded = decode_packages(as_bytes(value));
  ASSERT_TRUE(decoded) << decoded.error().to_string();
  ASSERT_EQ(decoded->size(), 2U);
  for (size_t i = 0; i < 2; ++i) {
    const Package& a = packages[i];
    const Package& b = (*decoded)[i];
    EXPECT_EQ(a.type, b.type);
    EXPECT_EQ(a.name, b.name);
    EXPECT_EQ(a.version, b.version);
    EXPECT_EQ(a.architecture, b.architecture);
    EXPECT_EQ(a.source_name, b.source_name);
    EXPECT_EQ(a.source_version, b.source_version);
    EXPECT_EQ(a.source_epoch_known, b.source_epoch_known);
    EXPECT_EQ(a.maintainer, b.maintainer);
    EXPECT_EQ(a.vendor, b.vendor);
    EXPECT_EQ(a.module, b.module);
    EXPECT_EQ(a.licenses, b.licenses);
    EXPECT_EQ(a.built_using, b.built_using);
  }
}

TEST(PackageCodec, ReadsTheKeysAlone) {
  const std::string value = encode_packages(std::vector<Package>{bash(), kernel()});
  const auto keys = decode_package_keys(as_bytes(value));
  ASSERT_TRUE(keys);
  EXPECT_EQ(*keys,
            (std::vector<PackageKey>{{"bash", "5.2.15-2+b7", "amd64"}, {"kernel-core", "6.1.2-3.el9", "x86_64"}}));
}

TEST(PackageCodec, EncodesAnEmptyList) {
  const auto decoded = decode_packages(as_bytes(encode_packages({})));
  ASSERT_TRUE(decoded);
  EXPECT_TRUE(decoded->empty());
}

TEST(PackageCodec, RejectsEveryTruncation) {
  const std::string value = encode_packages(std::vector<Package>{bash(), kernel()});
  for (size_t size = 0; size < value.size(); ++size) {
    EXPECT_FALSE(decode_packages(as_bytes(value).first(size))) << size;
  }
  EXPECT_FALSE(decode_packages(as_bytes(value + "x")));
}

TEST(PackageCodec, RejectsAnotherFormat) {
  std::string value = encode_packages(std::vector<Package>{bash()});
  value[0] = 2;
  const auto decoded = decode_packages(as_bytes(value));
  ASSERT_FALSE(decoded);
  EXPECT_EQ(decoded.error().code(), Code::kMalformed);
}

TEST(PackageCodec, DoesNotLetOneStringMultiply) {
  Package package = bash();
  package.licenses.assign(1000, std::string(1000, 'x'));
  const std::string value = encode_packages(std::vector<Package>{package});
  EXPECT_LT(value.size(), 4000U);
  EXPECT_TRUE(decode_packages(as_bytes(value)));
  EXPECT_FALSE(decode_packages(as_bytes(value), {.max_decoded_bytes = 100'000}));
}

TEST(PackageCodec, BoundsTheNumberOfPackages) {
  const std::string value = encode_packages(std::vector<Package>(11));
  EXPECT_TRUE(decode_packages(as_bytes(value), {.max_packages = 11}));
  EXPECT_FALSE(decode_packages(as_bytes(value), {.max_packages = 10}));
  EXPECT_FALSE(decode_package_keys(as_bytes(value), {.max_packages = 10}));
}

TEST(FileListCodec, GivesBackWhatItWasGiven) {
  const std::vector<FileList> lists = {
      {"bash", "5.2", "amd64", {"/bin/bash", "/bin/rbash", "/usr/share/doc/bash", "/usr/share/doc/bash/copyright"}},
      {"empty", "", "", {}},
      {"odd", "1", "all", {"", "/", "/", "/a"}}};
  const std::string value = encode_file_lists(lists);
  const auto decoded = decode_file_lists(as_bytes(value));
  ASSERT_TRUE(decoded) << decoded.error().to_string();
  EXPECT_EQ(*decoded, lists);
  for (size_t size = 0; size < value.size(); ++size)
    EXPECT_FALSE(decode_file_lists(as_bytes(value).first(size))) << size;
}

TEST(FileListCodec, BoundsWhatSharedPrefixesExpandTo) {
  FileList list{"a", "1", "all", {}};
  list.files.assign(1000, "/" + std::string(1000, 'x'));
  const std::string value = encode_file_lists(std::vector<FileList>{list});
  EXPECT_LT(value.size(), 5000U);
  EXPECT_TRUE(decode_file_lists(as_bytes(value)));
  EXPECT_FALSE(decode_file_lists(as_bytes(value), {.max_decoded_bytes = 100'000}));
  EXPECT_FALSE(decode_file_lists(as_bytes(value), {.max_files = 999}));
}

}  // namespace
}  // namespace bulkhead::inventory
