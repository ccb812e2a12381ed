#include "inventory/purl_type.h"

#include <algorithm>
#include <vector>

#include "base/text.h"
#include "inventory/purl_types.h"

namespace bulkhead::inventory {
namespace {

struct TypeRules {
  std::string_view type;
  std::string_view namespace_requirement;
  std::string_view lowercased;  // letters of n, a, v, s
  std::string_view required_qualifiers;
};

const TypeRules* rules_of(std::string_view type) {
  static const std::vector<TypeRules> all = [] {
    std::vector<TypeRules> rules;
    std::string_view rest = kPurlTypes;
    std::string_view line;
    while (next_line(rest, line)) {
      const auto columns = split(line, '\t');
      if (columns.size() == 4) rules.push_back({columns[0], columns[1], columns[2], columns[3]});
    }
    return rules;
  }();
  const auto found = std::find_if(all.begin(), all.end(), [&](const TypeRules& rules) { return rules.type == type; });
  return found == all.end() ? nullptr : &*found;
}

void replace_all(std::string& text, char from, char to) {
  std::replace(text.begin(), text.end(), from, to);
}

// The rules that the definitions state in words.
void normalise_pypi(PackageUrl& purl) {
  replace_all(purl.name, '_', '-');
}
void normalise_hackage(PackageUrl& purl) {
  replace_all(purl.name, '_', '-');
}
void normalise_cpan(PackageUrl& purl) {
  for (char& c : purl.name_space) {
    if (is_lower(c)) c = static_cast<char>(c - 32);
  }
}
void normalise_pub(PackageUrl& purl) {
  for (char& c : purl.name) {
    if (!is_lower(c) && !is_digit(c)) c = '_';
  }
}
// Databricks does not tell names apart by case; other servers do.
void normalise_mlflow(PackageUrl& purl) {
  if (purl.qualifier("repository_url").find("databricks") != std::string_view::npos) purl.name = to_lower(purl.name);
}

bool is_cpan_name(const PackageUrl& purl) {
  return purl.name.find("::") == std::string::npos;
}
bool is_cocoapods_name(const PackageUrl& purl) {
  return purl.name.front() != '.' &&
         std::none_of(purl.name.begin(), purl.name.end(), [](char c) { return is_space(c) || c == '+'; });
}
bool is_chrome_extension(const PackageUrl& purl) {
  constexpr size_t kIdLength = 32;
  if (purl.name.size() != kIdLength) return false;
  if (!std::all_of(purl.name.begin(), purl.name.end(), [](char c) { return c >= 'a' && c <= 'p'; })) return false;
  if (purl.version.empty()) return true;
  const auto numbers = split(purl.version, '.');
  return numbers.size() <= 4 && std::all_of(numbers.begin(), numbers.end(), [](std::string_view number) {
           return !number.empty() && std::all_of(number.begin(), number.end(), is_digit);
         });
}

struct SpecialRule {
  std::string_view type;
  void (*normalise)(PackageUrl&);
  bool (*is_valid)(const PackageUrl&);
  std::string_view complaint;
};
constexpr SpecialRule kSpecialRules[] = {
    {"chrome-extension", nullptr, is_chrome_extension, "not an identifier and version of a Chrome extension"},
    {"cocoapods", nullptr, is_cocoapods_name, "a pod's name has no white space or '+' and does not begin with '.'"},
    {"cpan", normalise_cpan, is_cpan_name, "a module's name (with \"::\") in place of a distribution's"},
    {"hackage", normalise_hackage, nullptr, ""},
    {"mlflow", normalise_mlflow, nullptr, ""},
    {"pub", normalise_pub, nullptr, ""},
    {"pypi", normalise_pypi, nullptr, ""},
};

std::string_view check_rules(const TypeRules& rules, const PackageUrl& purl) {
  if (rules.namespace_requirement == "required" && purl.name_space.empty()) return "this type needs a namespace";
  if (rules.namespace_requirement == "prohibited" && !purl.name_space.empty()) return "this type has no namespace";
  if (rules.required_qualifiers != "-") {
    for (const std::string_view key : split(rules.required_qualifiers, ',')) {
      if (purl.qualifier(key).empty()) return "a qualifier that this type needs is missing";
    }
  }
  return {};
}

}  // namespace

std::string_view apply_type_rules(PackageUrl& purl) {
  const TypeRules* rules = rules_of(purl.type);
  if (rules == nullptr) return {};
  for (const char which : rules->lowercased) {
    if (which == 'n') purl.name_space = to_lower(purl.name_space);
    if (which == 'a') purl.name = to_lower(purl.name);
    if (which == 'v') purl.version = to_lower(purl.version);
    if (which == 's') purl.subpath = to_lower(purl.subpath);
  }
  std::string_view broken = check_rules(*rules, purl);
  for (const SpecialRule& special : kSpecialRules) {
    if (special.type != purl.type) continue;
    if (special.normalise != nullptr) special.normalise(purl);
    if (special.is_valid != nullptr && !special.is_valid(purl)) broken = special.complaint;
  }
  return broken;
}

}  // namespace bulkhead::inventory
