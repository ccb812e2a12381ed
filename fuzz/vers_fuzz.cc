// fuzz: version
#include <algorithm>
#include <array>
#include <cstdlib>
#include <string_view>

#include "version/vers.h"

// The input is a VERS, a version and a native range, one a line.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace bulkhead::version;
  const auto require = [](bool law) {
    if (!law) std::abort();
  };
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const size_t first = std::min(input.find('\n'), input.size());
  const size_t second = std::min(input.find('\n', first + 1), input.size());
  const std::string_view text = input.substr(0, first);
  const std::string_view version = first < input.size() ? input.substr(first + 1, second - first - 1) : "";
  const std::string_view native = second < input.size() ? input.substr(second + 1) : "";

  if (const auto strict = Vers::parse(text))
    require(strict->to_string() == Vers::parse(strict->to_string())->to_string());
  if (const auto loose = Vers::parse_unsorted(text)) {
    const auto again = Vers::parse_unsorted(loose->to_string());
    require(again.has_value() && again->constraints.size() == loose->constraints.size());
    (void)loose->contains(version);
  }
  constexpr std::array<std::string_view, 7> kTypes = {"npm", "conan", "pypi", "gem", "nuget", "nginx", "openssl"};
  for (const std::string_view type : kTypes) {
    if (const auto vers = vers_from_native(type, native)) {
      require(Vers::parse_unsorted(vers->to_string()).has_value());
      (void)vers->contains(version);
    }
  }
  return 0;
}
