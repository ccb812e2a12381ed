// fuzz: inventory
#include <array>
#include <cstdint>
#include <string_view>

#include "inventory/end_of_life.h"
#include "inventory/os/os_release.h"

using namespace bulkhead;
using namespace bulkhead::inventory;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  constexpr OsFileKind kKinds[] = {OsFileKind::kOsRelease,     OsFileKind::kAlpineRelease,  OsFileKind::kReleaseLine,
                                   OsFileKind::kReleaseCpe,    OsFileKind::kSuseRelease,    OsFileKind::kLsbRelease,
                                   OsFileKind::kDebianVersion, OsFileKind::kApkRepositories};
  for (const OsFileKind kind : kKinds) {
    const std::array files = {OsFile{kind, "etc/a", text},
                              OsFile{OsFileKind::kApkRepositories, "etc/apk/repositories", text}};
    const OperatingSystem os = identify_operating_system(files);
    end_of_life(os);
    if (os.known() && os.found_in.empty()) __builtin_trap();
  }
  return 0;
}
