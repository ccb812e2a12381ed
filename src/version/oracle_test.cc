// Whether we agree with the tools themselves, where this machine has them, on thousands of made-up pairs.
#include <array>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/process.h"
#include "base/test_data.h"
#include "base/text.h"
#include "version/compare.h"
#include "version/generate.h"

namespace bulkhead::version {
namespace {

// A program that reads lines `A<TAB>B` and prints a line for each: the symbol of their order, or true or false whether
// A lies in range B; `invalid` when it refuses one; `?` when it cannot tell.
struct Oracle {
  std::string name;
  Scheme scheme;
  // Succeeds when the tool is there, and ends with kTooOld when it is, but older than what we follow.
  std::vector<std::string> probe;
  std::vector<std::string> command;
  size_t pairs;
  Grammar versions;
  Grammar ranges = {};  // empty: compares versions
  RangeOptions options = {};
  bool valid_only = false;  // the tool takes more than is lawful, and at most warns
};

void PrintTo(const Oracle& oracle, std::ostream* out) {
  *out << oracle.name;
}

const Grammar kDebVersions = {{"0", "1", "2", "10", "1:0", "2:1", "0:1", "00:3"},
                              {"0",  "1", "9", "10", "007", ".",  ".",    "-",        "-",     "~",
                               "~~", "+", "a", "b",  "Z",   "rc", "dfsg", "+deb12u1", "~bpo1", "18446744073709551617",
                               ":"}};
// The Perl library takes colons anywhere and counts in machine integers; dpkg itself does neither.
const Grammar kPlainDebVersions = {
    {"0", "1", "2", "10", "1:0", "2:1", "0:1", "00:3"},
    {"0", "1", "9", "10", "007", ".", ".", "-", "-", "~", "~~", "+", "a", "b", "Z", "rc", "dfsg", "+deb12u1", "~bpo1"}};
const Grammar kRpmVersions = {
    {"0", "1", "2", "10", "a", "1:0", "0:1", "2:1", "~1", "^1"},
    {"0", "1",         "9",    "10", "007", ".",  ".", "-",   "_",     "~",
     "^", "^20160101", "git1", "a",  "B",   "rc", "+", "el9", ".fc39", "18446744073709551617"}};
const Grammar kGemVersions = {{"0", "1", "2", "10", ""},
                              {".0", ".1", ".2", ".10", ".a", ".rc1", "-", "-1", ".b2", "b", "rc", "0", ".", ".00",
                               ".pre", ".A", " ", ".18446744073709551617"}};
const Grammar kPythonVersions = {
    {"0", "1", "2", "10", "1!0", "v1", " 1"},
    {".0", ".1",    ".10", "a",  "b1", "rc", "c2", ".post", "-1",      "post3", ".dev", "dev2",
     "+",  "local", "+1",  ".x", "-",  "_",  "A",  "RC1",   "preview", "rev2",  ".00",  ".18446744073709551617"}};
const Grammar kNpmVersions = {
    {"0.0.0", "1.0.0", "1.2.3", "v1.2.3", "10.0.1", "0.1.0", " 2.0.0", "1.2"},
    {"-0", "-alpha", "-", "-1", "+b", "rc", ".1", ".0", ".beta", ".10", "0", "9007199254740992"},
    3};
const Grammar kComposerVersions = {{"0", "1", "v1", "2", "10", "V2", "dev-"},
                                   {".0", ".1",  ".10", ".2", "-",      "-beta", "a",    "RC",  "alpha2", "-dev", "dev",
                                    "p",  "pl1", "_",   "+b", "stable", ".x",    "@dev", "rc1", "-p2",    "foo",  " "},
                                   5};

const Grammar kNpmRanges = {
    {"", ">=", "<", "<=", ">", "^", "~", "~>1", "=", "v1", ">=v", "^v", "=v", "> ", "~ ", "<= ", "x", "* "},
    {"1",       "0", "1.2", "0.0.0", "1.2.3", "0.1.0", "x",   " * ", "1.x", "1.2.x", "-alpha", "-0",
     "-beta.2", " ", " - ", " || ",  " ^",    " ~",    " >=", " <",  " <=", " > ",   "0+b",    "9007199254740991"},
    6};
const Grammar kGemRanges = {{"~> ", ">=", "< ", "= ", "!=", "<= ", "> ", ""},
                            {"1", "0", "1.2", "1.0.0", "1.a", ".0", ".1", ".rc1", ", < ", ", ~> ", ",!=", "10", "-1"},
                            4};
const Grammar kPythonRanges = {{"~=", "==", "!=", ">=", "<=", ">", "<", "===", "==1.*", "!=1.0.*", "==1!0.*"},
                               {"1", "0", "1.0", "1.2", ".0", ".1", "a1", "rc1", ".post1", ".dev0", ", ==1.2.*",
                                "+local", ", >=", ",<", ",!=", "1!", "-1", " "},
                               5};
const Grammar kComposerRanges = {
    {"", "^", "~", ">=", "<", "<=", ">", "!=", "=", "v", "== ", ">= "},
    {"1",    "0",   "1.2",  "1.0", "1.2.3", "0.3", "0.0.1", ".*", ".x", "-beta", "-dev", "@dev",
     "-RC1", " - ", " || ", "|",   ", ",    " ",   "^",     "~",  ">=", "<",     ".0"},
    6};

const std::string kRuby = R"(
  ask = ->(v, b) { a = Gem::Version.new(v)
    ARGV[0] == "range" ? Gem::Requirement.new(*(b.empty? ? [b] : b.split(",", -1))).satisfied_by?(a).to_s : %w[= > <][a <=> Gem::Version.new(b)] }
  STDIN.each_line(chomp: true) { |l| puts((ask.(*l.split("\t", -1)) rescue "invalid")) })";

const std::string kPython = R"(
import sys
from packaging.version import Version
from packaging.specifiers import SpecifierSet
def ask(v, b):
    try:
        a = Version(v)
        if sys.argv[1] == "range": return str(SpecifierSet(b).contains(a, prereleases=True)).lower()
        b = Version(b)
        return "<" if a < b else ">" if a > b else "="
    except ValueError: return "invalid"
for line in sys.stdin: print(ask(*line.rstrip("\n").split("\t"))))";

const std::string kNode = R"(
  const {SemVer, Range} = require("semver");
  const ask = (v, b) => { try {
    const includePrerelease = process.argv[1] === "range-with-prereleases";
    if (process.argv[1] !== "compare") return String(new Range(b, {includePrerelease}).test(new SemVer(v)));
    return "<=>"[new SemVer(v).compare(b) + 1]; } catch { return "invalid"; } };
  const lines = require("fs").readFileSync(0, "utf8").split("\n").slice(0, -1);
  console.log(lines.map((line) => ask(...line.split("\t"))).join("\n"));)";

const std::string kPhp = R"(
  require "Composer/Semver/autoload.php";
  $parser = new Composer\Semver\VersionParser;
  while (($line = fgets(STDIN)) !== false) {
    [$a, $b] = explode("\t", rtrim($line, "\n"));
    try {
      if ($argv[1] === "range") {
        $answer = Composer\Semver\Semver::satisfies($a, $b) ? "true" : "false";
      } else {
        [$a, $b] = [$parser->normalize($a), $parser->normalize($b)];
        $branches = strpos($a, "dev-") === 0 && strpos($b, "dev-") === 0;
        $answer = $branches ? ($a === $b ? "=" : "invalid") : "<=>"[version_compare($a, $b) + 1];
      }
    } catch (Throwable $e) { $answer = $argv[1] === "range" ? "invalid" : "?"; }
    echo $answer, "\n";
  })";

const std::string kPerl = R"(chomp; my ($a, $b) = split /\t/, $_, -1;
  my @valid = grep { defined Dpkg::Version->new($_, check => 1) } $a, $b;
  print @valid == 2 ? ("=", ">", "<")[version_compare($a, $b)] : "invalid", "\n";)";

// dpkg only warns about odd versions, so the pairs must be valid.
const std::string kDpkg = R"(while IFS=$'\t' read -r a b; do
  if dpkg --compare-versions "$a" lt "$b"; then echo '<'
  elif dpkg --compare-versions "$a" eq "$b"; then echo '='; else echo '>'; fi; done)";

const std::string kRpm = R"lua(%{lua:
  for line in io.lines() do
    local a, b = line:match("([^\t]*)\t([^\t]*)")
    local known, order = pcall(rpm.vercmp, a, b)
    io.write(known and ({[-1] = "<", [0] = "=", [1] = ">"})[order] or "invalid", "\n")
  end
})lua";

constexpr size_t kPairs = 5000;

// The tools must be as new as those that we follow: packaging 26 reads < and > more exactly, node-semver 7.8 refuses
// x.1.
std::vector<Oracle> oracles() {
  const std::string node_path = "NODE_PATH=/usr/lib/node_modules/npm/node_modules:/usr/share/nodejs:/usr/lib/nodejs";
  const std::vector<std::string> has_semver = {
      "env", node_path, "node", "-e",
      "const {lt} = require('semver'); process.exit(3 * lt(require('semver/package.json').version, '7.8.0'))"};
  const std::vector<std::string> has_composer = {"php", "-r", "require 'Composer/Semver/autoload.php';"};
  const std::vector<std::string> has_packaging = {
      "python3", "-c", "import packaging, sys; sys.exit(3 * (int(packaging.__version__.split('.')[0]) < 26))"};
  const std::vector<std::string> has_gem = {"ruby", "-e", "Gem::Version"};
  const auto node = [&](const std::string& mode) {
    return std::vector<std::string>{"env", node_path, "node", "-e", kNode, mode};
  };
  return {
      {"DpkgPerl",
       Scheme::kDeb,
       {"perl", "-MDpkg::Version", "-e1"},
       {"perl", "-MDpkg::Version", "-ne", kPerl},
       kPairs,
       kPlainDebVersions,
       {},
       {},
       true},
      {"Dpkg", Scheme::kDeb, {"dpkg", "--version"}, {"bash", "-c", kDpkg}, 200, kDebVersions, {}, {}, true},
      {"Rpm", Scheme::kRpm, {"rpm", "--version"}, {"rpm", "--eval", kRpm}, kPairs, kRpmVersions},
      {"RubyGems", Scheme::kGem, has_gem, {"ruby", "-e", kRuby, "compare"}, kPairs, kGemVersions},
      {"RubyGemsRequirements", Scheme::kGem, has_gem, {"ruby", "-e", kRuby, "range"}, kPairs, kGemVersions, kGemRanges},
      {"Packaging", Scheme::kPep440, has_packaging, {"python3", "-c", kPython, "compare"}, kPairs, kPythonVersions},
      {"PackagingSpecifiers",
       Scheme::kPep440,
       has_packaging,
       {"python3", "-c", kPython, "range"},
       kPairs,
       kPythonVersions,
       kPythonRanges},
      {"NodeSemver", Scheme::kNpm, has_semver, node("compare"), kPairs, kNpmVersions},
      {"NodeSemverRanges", Scheme::kNpm, has_semver, node("range"), kPairs, kNpmVersions, kNpmRanges},
      {"NodeSemverRangesWithPrereleases",
       Scheme::kNpm,
       has_semver,
       node("range-with-prereleases"),
       kPairs,
       kNpmVersions,
       kNpmRanges,
       {.include_prerelease = true}},
      {"Composer", Scheme::kComposer, has_composer, {"php", "-r", kPhp, "compare"}, kPairs, kComposerVersions},
      {"ComposerConstraints",
       Scheme::kComposer,
       has_composer,
       {"php", "-r", kPhp, "range"},
       kPairs,
       kComposerVersions,
       kComposerRanges},
  };
}

class VersionOracle : public testing::TestWithParam<Oracle> {};

constexpr int kTooOld = 3;
int ask(const std::vector<std::string>& probe) {
  const auto result = run_process({.arguments = probe, .input = {}});
  return result ? result->exit_code : -1;
}

std::string make_pairs(const Oracle& oracle) {
  Generator generator(20261122);
  const bool compares = oracle.ranges.heads.empty();
  std::string lines;
  for (size_t made = 0; made < oracle.pairs;) {
    const std::string a = generator.make(oracle.versions);
    std::string b = !compares                 ? generator.make(oracle.ranges)
                    : generator.below(3) == 0 ? generator.make(oracle.versions)
                                              : generator.mutate(a, oracle.versions);
    if (oracle.valid_only && (!is_valid(oracle.scheme, a) || !is_valid(oracle.scheme, b))) continue;
    fmt::format_to(std::back_inserter(lines), "{}\t{}\n", a, b);
    ++made;
  }
  return lines;
}

std::string our_answer(const Oracle& oracle, std::string_view line) {
  if (oracle.ranges.heads.empty()) return std::string(trim(answer_lines(oracle.scheme, line)));
  const auto fields = split(line, '\t');
  const auto inside = satisfies(oracle.scheme, fields[0], fields[1], oracle.options);
  return !inside ? "invalid" : *inside ? "true" : "false";
}

TEST_P(VersionOracle, Agrees) {
  const Oracle& oracle = GetParam();
  const int answer_of_probe = ask(oracle.probe);
  BULKHEAD_NEED(answer_of_probe == 0 || answer_of_probe == kTooOld,
                oracle.probe[0] + ", with what it needs, is not on this machine");
  // Debian has no newer one, and an older one is no oracle for what it does not know.
  if (answer_of_probe == kTooOld) GTEST_SKIP() << oracle.probe[0] << "'s library is older than what we follow";
  const std::string pairs = make_pairs(oracle);
  const auto result = run_process({.arguments = oracle.command,
                                   .input = pairs,
                                   .timeout = std::chrono::minutes(5),
                                   .max_output_bytes = size_t{64} << 20});
  ASSERT_TRUE(result) << result.error().to_string();
  ASSERT_EQ(result->exit_code, 0) << result->error_output;

  std::string_view lines = pairs;
  std::string_view answers = result->output;
  std::string_view line;
  std::string_view answer;
  size_t decided = 0;
  size_t wrong = 0;
  while (next_line(lines, line)) {
    ASSERT_TRUE(next_line(answers, answer)) << "the tool stopped before " << line;
    if (answer == "?") continue;
    if (answer != "invalid") ++decided;
    if (const std::string ours = our_answer(oracle, line); ours != answer && ++wrong <= 30) {
      ADD_FAILURE() << oracle.command[0] << " says " << answer << ", we say " << ours << ": " << line;
    }
  }
  EXPECT_EQ(wrong, 0U);
  EXPECT_GT(decided, oracle.pairs / 20) << "too few pairs that the tool could decide";
}

INSTANTIATE_TEST_SUITE_P(Live, VersionOracle, testing::ValuesIn(oracles()),
                         [](const testing::TestParamInfo<Oracle>& info) { return info.param.name; });

}  // namespace
}  // namespace bulkhead::version
