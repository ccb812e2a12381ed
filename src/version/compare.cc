#include "version/compare.h"

#include <array>
#include <cstdlib>

#include <fmt/format.h>

#include "base/text.h"
#include "version/alpm.h"
#include "version/apk.h"
#include "version/composer.h"
#include "version/conan.h"
#include "version/datetime.h"
#include "version/deb.h"
#include "version/dotted.h"
#include "version/gem.h"
#include "version/generic.h"
#include "version/gentoo.h"
#include "version/maven.h"
#include "version/openssl.h"
#include "version/pep440.h"
#include "version/rpm.h"
#include "version/scheme.h"
#include "version/semver.h"
#include "version/semver_range.h"

namespace bulkhead::version {
namespace {

// Any text, ordered as bytes.
struct Bytes {
  std::string_view text;
  static std::optional<Bytes> parse(std::string_view text) { return Bytes{text}; }
};
std::strong_ordering order(const Bytes& a, const Bytes& b) {
  return a.text <=> b.text;
}

// One row a scheme; adding one needs its row, its enumerator and its file.
constexpr std::array kSchemes = {
    row_of<DebVersion>(Scheme::kDeb, "deb"),
    row_of<RpmVersion>(Scheme::kRpm, "rpm"),
    row_of<RpmPart>(Scheme::kRpmvercmp, "rpmvercmp"),
    row_of<Nevra>(Scheme::kRpmNevra, "rpm-nevra"),
    SchemeRow{.scheme = Scheme::kApk,
              .name = "apk",
              .compare = compare_apk,
              .is_valid = is_apk_version,
              .satisfies = nullptr},
    row_of<Semver<kSemverRules>>(Scheme::kSemver, "semver", semver_satisfies),
    row_of<Semver<kNpmRules>>(Scheme::kNpm, "npm", npm_satisfies),
    row_of<Pep440Version>(Scheme::kPep440, "pep440", pep440_satisfies),
    row_of<MavenVersion>(Scheme::kMaven, "maven"),
    row_of<GemVersion>(Scheme::kGem, "gem", gem_satisfies),
    row_of<Semver<kNugetRules>>(Scheme::kNuget, "nuget"),
    row_of<Semver<kGoRules>>(Scheme::kGo, "go"),
    SchemeRow{.scheme = Scheme::kComposer,
              .name = "composer",
              .compare = compare_composer,
              .is_valid = is_composer_version,
              .satisfies = composer_satisfies},
    row_of<AlpmVersion>(Scheme::kAlpm, "alpm"),
    row_of<GentooVersion>(Scheme::kGentoo, "gentoo"),
    row_of<ConanVersion>(Scheme::kConan, "conan"),
    row_of<CranVersion>(Scheme::kCran, "cran"),
    row_of<HackageVersion>(Scheme::kHackage, "hackage"),
    row_of<Semver<kPubRules>>(Scheme::kPub, "pub"),
    row_of<OpensslVersion>(Scheme::kOpenssl, "openssl"),
    row_of<DatetimeVersion>(Scheme::kDatetime, "datetime"),
    row_of<Bytes>(Scheme::kLexicographic, "lexicographic"),
    row_of<GenericVersion>(Scheme::kGeneric, "generic", generic_satisfies),
};

const SchemeRow* find(Scheme scheme) {
  for (const SchemeRow& row : kSchemes) {
    if (row.scheme == scheme) return &row;
  }
  return nullptr;
}

Error unsupported(Scheme scheme, std::string_view what) {
  return {Code::kUnsupported, fmt::format("scheme {} has no {}", static_cast<int>(scheme), what)};
}

Error invalid(std::string_view scheme, std::string_view what, std::string_view text) {
  if (text.size() > kMaxVersionBytes) {
    return {Code::kInvalidArgument,
            fmt::format("{} {} of {} bytes is longer than {}", scheme, what, text.size(), kMaxVersionBytes)};
  }
  return {Code::kInvalidArgument, fmt::format("not a {} {}: \"{}\"", scheme, what, printable(text))};
}

bool too_long(std::string_view text) {
  return text.size() > kMaxVersionBytes;
}

}  // namespace

std::optional<Scheme> scheme_of(std::string_view name) {
  for (const SchemeRow& row : kSchemes) {
    if (row.name == name) return row.scheme;
  }
  return std::nullopt;
}

std::string_view scheme_name(Scheme scheme) {
  const SchemeRow* row = find(scheme);
  return row == nullptr ? std::string_view("unknown") : row->name;
}

std::span<const Scheme> all_schemes() {
  static constexpr auto kAll = [] {
    std::array<Scheme, kSchemes.size()> all{};
    for (size_t i = 0; i < all.size(); ++i) all[i] = kSchemes[i].scheme;
    return all;
  }();
  return kAll;
}

Result<std::strong_ordering> compare(Scheme scheme, std::string_view a, std::string_view b) {
  const SchemeRow* row = find(scheme);
  if (row == nullptr) return fail(unsupported(scheme, "order"));
  if (too_long(a)) return fail(invalid(row->name, "version", a));
  if (too_long(b)) return fail(invalid(row->name, "version", b));
  const std::optional<std::strong_ordering> order = row->compare(a, b);
  if (order) return *order;
  if (row->is_valid(a) && row->is_valid(b)) {
    return fail(Code::kInvalidArgument,
                fmt::format("{} versions \"{}\" and \"{}\" have no order", row->name, printable(a), printable(b)));
  }
  return fail(invalid(row->name, "version", row->is_valid(a) ? b : a));
}

bool is_valid(Scheme scheme, std::string_view text) {
  const SchemeRow* row = find(scheme);
  return row != nullptr && !too_long(text) && row->is_valid(text);
}

Result<bool> satisfies(Scheme scheme, std::string_view version, std::string_view range, const RangeOptions& options) {
  const SchemeRow* row = find(scheme);
  if (row == nullptr || row->satisfies == nullptr) return fail(unsupported(scheme, "range language"));
  if (too_long(version)) return fail(invalid(row->name, "version", version));
  if (range.size() > kMaxRangeBytes) {
    return fail(Code::kInvalidArgument,
                fmt::format("{} range of {} bytes is longer than {}", row->name, range.size(), kMaxRangeBytes));
  }
  switch (row->satisfies(version, range, options)) {
    case Membership::kInside:
      return true;
    case Membership::kOutside:
      return false;
    case Membership::kBadVersion:
      return fail(invalid(row->name, "version", version));
    case Membership::kBadRange:
      break;
  }
  return fail(invalid(row->name, "range", range));
}

std::string answer_lines(Scheme scheme, std::string_view input) {
  std::string answer;
  std::string_view line;
  while (next_line(input, line)) {
    const size_t tab = line.find('\t');
    std::string_view symbol = "invalid";
    if (tab != std::string_view::npos && line.find('\t', tab + 1) == std::string_view::npos) {
      if (const auto order = compare(scheme, line.substr(0, tab), line.substr(tab + 1))) {
        symbol = *order < 0 ? "<" : *order > 0 ? ">" : "=";
      }
    }
    answer += symbol;
    answer += '\n';
  }
  return answer;
}

}  // namespace bulkhead::version
