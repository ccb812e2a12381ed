#include "version/openssl.h"

#include <algorithm>
#include <array>

#include "version/digits.h"
#include "version/semver.h"

namespace bulkhead::version {
namespace {

constexpr std::array<std::string_view, 4> kStages = {"dev", "alpha", "beta", "pre"};

}  // namespace

std::optional<OpensslVersion> OpensslVersion::parse(std::string_view text) {
  OpensslVersion version;
  std::string_view rest = text;
  do {
    if (take_digits(rest).empty()) return std::nullopt;
  } while (take_char(rest, '.'));
  version.numbers = text.substr(0, text.size() - rest.size());
  version.letters = take_while(rest, is_lower);
  if (rest.ends_with("-fips")) rest.remove_suffix(5);
  version.stage = kStages.size();
  if (take_char(rest, '-')) {
    const auto* stage = std::ranges::find(kStages, take_while(rest, is_lower));
    if (stage == kStages.end()) return std::nullopt;
    version.stage = static_cast<size_t>(stage - kStages.begin());
    version.stage_number = take_digits(rest);
  }
  if (!rest.empty()) return std::nullopt;
  return version;
}

std::strong_ordering order(const OpensslVersion& a, const OpensslVersion& b) {
  if (const auto by_numbers = compare_numbers(a.numbers, b.numbers); by_numbers != 0) return by_numbers;
  // z is followed by za: byte order is the order of release.
  if (const auto by_letters = a.letters <=> b.letters; by_letters != 0) return by_letters;
  if (const auto by_stage = a.stage <=> b.stage; by_stage != 0) return by_stage;
  return compare_digits(a.stage_number, b.stage_number);
}

}  // namespace bulkhead::version
