#include "advisory/cvss.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <optional>
#include <span>

#include <fmt/format.h>

#include "base/text.h"

namespace bulkhead::advisory {
namespace {

struct Metric {
  std::string_view name;
  std::string_view values;  // of one letter each; longer ones, of metrics that do not count here, between spaces
  bool base;
};

constexpr std::array kMetrics2 = {
    Metric{"AV", "LAN", true},
    Metric{"AC", "HML", true},
    Metric{"Au", "MSN", true},
    Metric{"C", "NPC", true},
    Metric{"I", "NPC", true},
    Metric{"A", "NPC", true},
    Metric{"E", " U POC F H ND ", false},
    Metric{"RL", " OF TF W U ND ", false},
    Metric{"RC", " UC UR C ND ", false},
    Metric{"CDP", " N L LM MH H ND ", false},
    Metric{"TD", " N L M H ND ", false},
    Metric{"CR", " L M H ND ", false},
    Metric{"IR", " L M H ND ", false},
    Metric{"AR", " L M H ND ", false},
};

constexpr std::array kMetrics3 = {
    Metric{"AV", "NALP", true},   Metric{"AC", "LH", true},     Metric{"PR", "NLH", true},
    Metric{"UI", "NR", true},     Metric{"S", "UC", true},      Metric{"C", "NLH", true},
    Metric{"I", "NLH", true},     Metric{"A", "NLH", true},     Metric{"E", "XUPFH", false},
    Metric{"RL", "XOTWU", false}, Metric{"RC", "XURC", false},  Metric{"CR", "XLMH", false},
    Metric{"IR", "XLMH", false},  Metric{"AR", "XLMH", false},  Metric{"MAV", "XNALP", false},
    Metric{"MAC", "XLH", false},  Metric{"MPR", "XNLH", false}, Metric{"MUI", "XNR", false},
    Metric{"MS", "XUC", false},   Metric{"MC", "XNLH", false},  Metric{"MI", "XNLH", false},
    Metric{"MA", "XNLH", false},
};

constexpr std::array kMetrics4 = {
    Metric{"AV", "NALP", true},    Metric{"AC", "LH", true},
    Metric{"AT", "NP", true},      Metric{"PR", "NLH", true},
    Metric{"UI", "NPA", true},     Metric{"VC", "HLN", true},
    Metric{"VI", "HLN", true},     Metric{"VA", "HLN", true},
    Metric{"SC", "HLN", true},     Metric{"SI", "HLN", true},
    Metric{"SA", "HLN", true},     Metric{"E", "XAPU", false},
    Metric{"CR", "XHML", false},   Metric{"IR", "XHML", false},
    Metric{"AR", "XHML", false},   Metric{"MAV", "XNALP", false},
    Metric{"MAC", "XLH", false},   Metric{"MAT", "XNP", false},
    Metric{"MPR", "XNLH", false},  Metric{"MUI", "XNPA", false},
    Metric{"MVC", "XHLN", false},  Metric{"MVI", "XHLN", false},
    Metric{"MVA", "XHLN", false},  Metric{"MSC", "XHLN", false},
    Metric{"MSI", "XSHLN", false}, Metric{"MSA", "XSHLN", false},
    Metric{"S", "XNP", false},     Metric{"AU", "XNY", false},
    Metric{"R", "XAUI", false},    Metric{"V", "XDC", false},
    Metric{"RE", "XLMH", false},   Metric{"U", " X Clear Green Amber Red ", false},
};

// The letter of each base metric, in the order of its table.
struct Letters {
  std::array<char, 11> of{};
  char operator[](size_t metric) const { return of.at(metric); }
};

bool allows(const Metric& metric, std::string_view value) {
  if (metric.values.starts_with(' ')) {
    return !value.empty() && value.find(' ') == std::string_view::npos &&
           metric.values.find(fmt::format(" {} ", value)) != std::string_view::npos;
  }
  return value.size() == 1 && metric.values.find(value) != std::string_view::npos;
}

Result<Letters> read_metrics(std::string_view metrics, std::span<const Metric> table) {
  Letters letters;
  uint64_t seen = 0;
  for (const std::string_view part : split(metrics, '/')) {
    const size_t colon = part.find(':');
    const auto metric = std::ranges::find(table, part.substr(0, colon), &Metric::name);
    if (colon == std::string_view::npos || metric == table.end() || !allows(*metric, part.substr(colon + 1))) {
      return fail(Code::kMalformed, fmt::format("CVSS vector: \"{}\" is no metric", printable(part.substr(0, 40))));
    }
    const auto index = static_cast<size_t>(metric - table.begin());
    if ((seen >> index & 1) != 0) {
      return fail(Code::kMalformed, fmt::format("CVSS vector: {} stands twice", metric->name));
    }
    seen |= uint64_t{1} << index;
    if (metric->base) letters.of.at(index) = part[colon + 1];
  }
  for (size_t i = 0; i < table.size() && table[i].base; ++i) {
    if ((seen >> i & 1) == 0) return fail(Code::kMalformed, fmt::format("CVSS vector: {} is missing", table[i].name));
  }
  return letters;
}

// Weight of `letter`, given with its alternatives as "N", 0.85, "A", 0.62, …
double weight(char letter, std::string_view letters, std::initializer_list<double> weights) {
  return *(weights.begin() + letters.find(letter));
}

double score2(const Letters& m) {
  const auto impact_weight = [](char letter) { return weight(letter, "NPC", {0.0, 0.275, 0.660}); };
  const double impact = 10.41 * (1 - (1 - impact_weight(m[3])) * (1 - impact_weight(m[4])) * (1 - impact_weight(m[5])));
  const double exploitability = 20 * weight(m[0], "LAN", {0.395, 0.646, 1.0}) *
                                weight(m[1], "HML", {0.35, 0.61, 0.71}) * weight(m[2], "MSN", {0.45, 0.56, 0.704});
  const double factor = impact == 0 ? 0 : 1.176;
  return std::round((0.6 * impact + 0.4 * exploitability - 1.5) * factor * 10) / 10;
}

// CVSS 3.1, Appendix A: the smallest number of one decimal that is at least the input, free of floating-point dust. 3.0
// says the same in words.
double round_up(double value) {
  const auto scaled = static_cast<int64_t>(std::llround(value * 100000));
  if (scaled % 10000 == 0) return static_cast<double>(scaled / 10000) / 10;
  return static_cast<double>(scaled / 10000 + 1) / 10;
}

double score3(const Letters& m) {
  const bool changed = m[4] == 'C';
  const auto impact_weight = [](char letter) { return weight(letter, "NLH", {0.0, 0.22, 0.56}); };
  const double base = 1 - (1 - impact_weight(m[5])) * (1 - impact_weight(m[6])) * (1 - impact_weight(m[7]));
  const double impact = changed ? 7.52 * (base - 0.029) - 3.25 * std::pow(base - 0.02, 15) : 6.42 * base;
  if (impact <= 0) return 0;
  const double privileges = changed ? weight(m[2], "NLH", {0.85, 0.68, 0.5}) : weight(m[2], "NLH", {0.85, 0.62, 0.27});
  const double exploitability = 8.22 * weight(m[0], "NALP", {0.85, 0.62, 0.55, 0.2}) *
                                weight(m[1], "LH", {0.77, 0.44}) * privileges * weight(m[3], "NR", {0.85, 0.62});
  return round_up(std::min((changed ? 1.08 : 1.0) * (impact + exploitability), 10.0));
}

// CVSS 4.0, section 8. A base vector has E at its worst (EQ5 0) and the security requirements at High, which ties EQ6
// to EQ3 (0 while any of VC, VI, VA is H), and leaves EQ4 its levels 1 and 2. So the macro vectors that a base score
// rests on, and those one step below them, are EQ1 x EQ2 x {EQ3,EQ6} x EQ4: in tenths, rows by EQ1 and EQ2, columns by
// (EQ3,EQ6) in the order 00, 01, 10, 11, 21 and EQ4 1, 2.
constexpr int kMacroScores[3][2][5][2] = {
    {{{100, 93}, {96, 90}, {93, 88}, {92, 80}, {79, 69}}, {{95, 92}, {91, 81}, {92, 84}, {82, 70}, {71, 63}}},
    {{{94, 87}, {89, 75}, {86, 72}, {76, 57}, {65, 53}}, {{90, 77}, {77, 66}, {74, 61}, {59, 52}, {58, 23}}},
    {{{86, 70}, {74, 54}, {72, 53}, {57, 36}, {47, 24}}, {{73, 54}, {55, 43}, {61, 46}, {51, 18}, {24, 10}}},
};
constexpr int k00 = 0;
constexpr int k01 = 1;
constexpr int k10 = 2;
constexpr int k11 = 3;
constexpr int k21 = 4;

using Levels = std::array<int, 3>;

// The distance, in steps, of `levels` from the first of the class's highest vectors that is nowhere below it.
int distance(const Levels& levels, std::initializer_list<Levels> highest) {
  for (const Levels& top : highest) {
    int steps = 0;
    bool reaches = true;
    for (size_t i = 0; i < levels.size(); ++i) {
      reaches = reaches && levels.at(i) >= top.at(i);
      steps += levels.at(i) - top.at(i);
    }
    if (reaches) return steps;
  }
  return 0;  // not reached: every member of a class lies below one of its highest vectors
}

double score4(const Letters& m) {
  const auto level = [](char letter, std::string_view letters) { return static_cast<int>(letters.find(letter)); };
  const Levels exploit = {level(m[0], "NALP"), level(m[3], "NLH"), level(m[4], "NPA")};
  const Levels complexity = {level(m[1], "LH"), level(m[2], "NP"), 0};
  const Levels system = {level(m[5], "HLN"), level(m[6], "HLN"), level(m[7], "HLN")};
  const Levels after = {level(m[8], "HLN"), level(m[9], "HLN"), level(m[10], "HLN")};
  constexpr Levels kNone = {2, 2, 2};
  if (system == kNone && after == kNone) return 0;

  const auto any_zero = [](const Levels& levels) { return std::ranges::find(levels, 0) != levels.end(); };
  int eq1 = 2;
  if (exploit == Levels{0, 0, 0}) {
    eq1 = 0;
  } else if (any_zero(exploit) && exploit[0] != 3) {
    eq1 = 1;
  }
  const int eq2 = complexity == Levels{0, 0, 0} ? 0 : 1;
  int eq36 = k21;
  if (system[0] == 0 && system[1] == 0) {
    eq36 = k00;
  } else if (any_zero(system)) {
    eq36 = k10;
  }
  const int eq4 = any_zero(after) ? 0 : 1;  // column of kMacroScores: level 1 or 2
  const auto& scores = kMacroScores;
  const int value = scores[eq1][eq2][eq36][eq4];

  // Per equivalence class: what one class down would cost, and how far down the way this vector is. Exact in integers:
  // all depths divide kUnit.
  constexpr int kUnit = 280;
  int classes = 1;  // EQ5 has a class below, and the vector stands at the very top of its own
  int sum = 0;
  const auto lower = [&](int score, int steps, int depth) {
    ++classes;
    sum += (value - score) * steps * (kUnit / depth);
  };
  constexpr std::array kDepth1 = {1, 4, 5};
  if (eq1 == 0) {
    lower(scores[1][eq2][eq36][eq4], 0, kDepth1[0]);
  } else if (eq1 == 1) {
    lower(scores[2][eq2][eq36][eq4], distance(exploit, {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}), kDepth1[1]);
  }
  if (eq2 == 0) lower(scores[eq1][1][eq36][eq4], 0, 1);
  if (eq36 == k00) {
    lower(std::max(scores[eq1][eq2][k01][eq4], scores[eq1][eq2][k10][eq4]), distance(system, {{0, 0, 0}}), 7);
  } else if (eq36 == k10) {
    lower(scores[eq1][eq2][k11][eq4], distance(system, {{1, 0, 0}, {0, 1, 0}}), 8);
  }
  if (eq4 == 0) lower(scores[eq1][eq2][eq36][1], distance(after, {{0, 0, 0}}), 5);

  const int scaled = value * kUnit * classes - sum;
  const int divisor = kUnit * classes;
  return static_cast<double>((2 * scaled + divisor) / (2 * divisor)) / 10;
}

}  // namespace

Severity severity_of_score(double score, bool version2) {
  if (version2) return score >= 7.0 ? Severity::kHigh : score >= 4.0 ? Severity::kMedium : Severity::kLow;
  if (score >= 9.0) return Severity::kCritical;
  if (score >= 7.0) return Severity::kHigh;
  if (score >= 4.0) return Severity::kMedium;
  return score >= 0.1 ? Severity::kLow : Severity::kNegligible;
}

Result<CvssScore> cvss_score(std::string_view vector) {
  const auto scored = [](double base, bool version2 = false) {
    return CvssScore{.base = base, .severity = severity_of_score(base, version2)};
  };
  if (vector.starts_with("CVSS:3.1/") || vector.starts_with("CVSS:3.0/")) {
    TRY_ASSIGN(const Letters letters, read_metrics(vector.substr(9), kMetrics3));
    return scored(score3(letters));
  }
  if (vector.starts_with("CVSS:4.0/")) {
    TRY_ASSIGN(const Letters letters, read_metrics(vector.substr(9), kMetrics4));
    return scored(score4(letters));
  }
  for (const std::string_view prefix : {"CVSS2#", "CVSS:2.0/"}) {
    if (vector.starts_with(prefix)) vector.remove_prefix(prefix.size());
  }
  if (vector.starts_with("CVSS")) {
    return fail(Code::kUnsupported, fmt::format("CVSS version of \"{}\"", printable(vector.substr(0, 40))));
  }
  if (vector.starts_with('(') && vector.ends_with(')')) vector = vector.substr(1, vector.size() - 2);
  TRY_ASSIGN(const Letters letters, read_metrics(vector, kMetrics2));
  return scored(score2(letters), true);
}

}  // namespace bulkhead::advisory
