#include "inventory/dpkg/dpkg_cataloger.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "inventory/package_codec.h"

namespace bulkhead::inventory {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const layer::Analyser& analyser(std::string_view name) {
  for (const layer::Analyser* candidate : dpkg_cataloger().analysers()) {
    if (candidate->name() == name) return *candidate;
  }
  std::abort();
}

std::vector<Package> packages_in(std::string_view path, std::string_view text) {
  const auto value = analyser("dpkg-packages").analyse(path, as_bytes(text));
  if (!value || value->empty()) return {};
  return decode_packages(as_bytes(*value)).value();
}

TEST(DpkgCataloger, ReadsStatusFilesAndPassesOverTheirCompanions) {
  constexpr std::string_view kStanza = "Package: libsqlite3-0\nVersion: 3.34.1-3\nArchitecture: arm64\n";
  EXPECT_EQ(packages_in("var/lib/dpkg/status.d/libsqlite3-0", kStanza).size(), 1U);
  EXPECT_THAT(
      packages_in("var/lib/dpkg/status.d/libsqlite3-0.md5sums", "e11d70c96979a1328ae4e7e50542782b  usr/lib/x\n"),
      IsEmpty());
  EXPECT_THAT(packages_in("var/lib/dpkg/status.d/libsqlite3-0.preinst", "#!/bin/sh\n"), IsEmpty());
}

}  // namespace
}  // namespace bulkhead::inventory
