// For tests only: small documents as publishers write them.
#pragma once

#include <string>
#include <string_view>

#include <fmt/format.h>

namespace bulkhead::advisory {

// Alpine's security database of one repository, in which one package has one id fixed by 1.0-r0.
inline std::string sample_secdb(std::string_view release, std::string_view repository, std::string_view package,
                                std::string_view id) {
  return fmt::format(
      R"({{"apkurl":"{{{{urlprefix}}}}/x.apk","archs":["x86_64"],"reponame":"{}",
          "urlprefix":"https://dl-cdn.alpinelinux.org/alpine","distroversion":"{}",
          "packages":[{{"pkg":{{"name":"{}","secfixes":{{"1.0-r0":["{}"]}}}}}}]}})",
      repository, release, package, id);
}

}  // namespace bulkhead::advisory
