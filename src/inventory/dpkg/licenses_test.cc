#include "inventory/dpkg/licenses.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bulkhead::inventory {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Package package_of(std::string name, std::string source) {
  Package package;
  package.name = std::move(name);
  package.source_name = std::move(source);
  return package;
}

TEST(DpkgLicenses, ComeFromTheCopyrightFileOfThePackageOrOfItsSource) {
  const layer::FileFact zlib{.path = "usr/share/doc/zlib1g/copyright", .layer = 0, .value = "Zlib\n", .error = {}};
  const layer::FileFact gcc{.path = "usr/share/doc/gcc-12-base/copyright",
                            .layer = 0,
                            .value = "GPL-3.0-or-later\nLGPL-2.1-or-later\n",
                            .error = {}};
  std::vector<Package> packages = {package_of("gcc-12-base", "gcc-12"), package_of("libgcc-s1", "gcc-12"),
                                   package_of("zlib1g", "zlib"), package_of("none", "none")};
  packages[2].licenses = {"MIT"};
  attach_dpkg_licenses(std::vector<const layer::FileFact*>{&gcc, &zlib}, packages);
  EXPECT_THAT(packages[0].licenses, ElementsAre("GPL-3.0-or-later", "LGPL-2.1-or-later"));
  EXPECT_THAT(packages[1].licenses, ElementsAre("GPL-3.0-or-later", "LGPL-2.1-or-later"));
  EXPECT_THAT(packages[2].licenses, ElementsAre("MIT", "Zlib"));
  EXPECT_THAT(packages[3].licenses, IsEmpty());
}

}  // namespace
}  // namespace bulkhead::inventory
