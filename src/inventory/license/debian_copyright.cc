#include "inventory/license/debian_copyright.h"

#include <algorithm>
#include <cstddef>

#include <fmt/format.h>

#include "base/text.h"
#include "inventory/dpkg/deb822.h"
#include "inventory/license/license_names.h"
#include "inventory/license/spdx.h"

namespace bulkhead::inventory {
namespace {

constexpr size_t kMaxSynopsisBytes = 256;  // longer is a licence's text in place of its name
constexpr size_t kMaxNameWords = 4;

// One thing that applies: an SPDX expression when all of its names are known, and the words as found.
struct Term {
  std::string spdx;
  std::string found;
};
using Terms = std::vector<Term>;  // all of them apply

std::string joined(const Terms& terms, bool as_spdx) {
  std::string text;
  for (const Term& term : terms) {
    if (!text.empty()) text += as_spdx ? " AND " : " and ";
    text += as_spdx ? term.spdx : term.found;
  }
  return text;
}

Terms either(const Terms& a, const Terms& b) {
  Term term;
  term.found = fmt::format("{} or {}", joined(a, false), joined(b, false));
  const auto is_known = [](const Terms& terms) {
    return std::all_of(terms.begin(), terms.end(), [](const Term& t) { return !t.spdx.empty(); });
  };
  if (is_known(a) && is_known(b)) {
    term.spdx = spdx_expression(fmt::format("({}) OR ({})", joined(a, true), joined(b, true))).value_or("");
  }
  return {term};
}

Terms both(Terms a, Terms b) {
  std::move(b.begin(), b.end(), std::back_inserter(a));
  return a;
}

// copyright-format 1.0, "Syntax": "and" binds tighter than "or", and a comma less than either.
class SynopsisParser {
 public:
  explicit SynopsisParser(std::string_view text) {
    std::string word;
    const auto flush = [&] {
      if (!word.empty()) words_.push_back(std::move(word));
      word.clear();
    };
    for (const char c : text) {
      if (is_space(c) || c == ',')
        flush();
      else
        word += c;
      if (c == ',') words_.emplace_back(",");
    }
    flush();
  }

  Terms parse() {
    Terms all = parse_group();
    while (next_ < words_.size()) {
      accept(",");
      const bool is_or = accept("or");
      if (!is_or) accept("and");
      if (next_ == words_.size()) break;
      Terms group = parse_group();
      if (group.empty()) continue;
      all = all.empty() ? group : is_or ? either(all, group) : both(std::move(all), std::move(group));
    }
    return all;
  }

 private:
  bool at(std::string_view word) const { return next_ < words_.size() && equals_ignoring_case(words_[next_], word); }
  bool accept(std::string_view word) {
    const bool found = at(word);
    if (found) ++next_;
    return found;
  }

  Terms parse_group() {
    Terms all = parse_conjunction();
    while (at("or")) {
      ++next_;
      const Terms more = parse_conjunction();
      if (more.empty()) break;
      all = all.empty() ? more : either(all, more);
    }
    return all;
  }

  Terms parse_conjunction() {
    Terms all = parse_name();
    while (at("and")) {
      ++next_;
      all = both(std::move(all), parse_name());
    }
    return all;
  }

  std::string take_words() {
    std::string name;
    // A "with" that follows no name is a word like any other: every call of parse_group() must get on.
    if (accept("with")) name = "with";
    while (next_ < words_.size() && !at(",") && !at("and") && !at("or") && !at("with")) {
      if (!name.empty()) name += ' ';
      name += words_[next_++];
    }
    return name;
  }

  Terms parse_name() {
    Term term;
    term.found = take_words();
    if (term.found.empty()) return {};
    term.spdx = spdx_of_license_name(term.found).value_or("");
    for (bool first = true; accept("with"); first = false) {
      const std::string exception = take_words();
      const auto known = first ? spdx_of_exception_name(exception) : std::nullopt;
      term.spdx = known && !term.spdx.empty() ? fmt::format("{} WITH {}", term.spdx, *known) : "";
      term.found += exception.empty() ? " with" : " with " + exception;
    }
    return {term};
  }

  std::vector<std::string> words_;
  size_t next_ = 0;
};

void sort_unique(std::vector<std::string>& items) {
  std::sort(items.begin(), items.end());
  items.erase(std::unique(items.begin(), items.end()), items.end());
}

// A name is a few words; packagers who put the licence itself there write sentences.
bool is_prose(std::string_view synopsis) {
  if (synopsis.size() > kMaxSynopsisBytes) return true;
  size_t run = 0;
  for (const std::string_view word : split(synopsis, ' ')) {
    const bool joins =
        equals_ignoring_case(word, "and") || equals_ignoring_case(word, "or") || equals_ignoring_case(word, "with");
    run = joins ? 0 : run + 1;
    if (run > kMaxNameWords) return true;
  }
  return false;
}

void add_license_field(std::string_view value, std::vector<std::string>& licenses) {
  std::string_view rest = value;
  std::string_view synopsis;
  next_line(rest, synopsis);
  const bool starts_on_next_line = !value.empty() && (value.front() == ' ' || value.front() == '\t');
  const auto found =
      starts_on_next_line || is_prose(trim(synopsis)) ? recognise_licenses(value) : licenses_of_synopsis(synopsis);
  licenses.insert(licenses.end(), found.begin(), found.end());
}

// Nothing when the text does not keep to the format; then it is read as free-form.
bool read_machine_readable(std::string_view text, std::vector<std::string>& licenses) {
  StanzaReader reader(text);
  Stanza stanza;
  std::vector<std::string>
      named_alone;  // stand-alone licence paragraphs: they matter only when no Files paragraph does
  for (bool is_header = true;; is_header = false) {
    const auto more = reader.next(stanza);
    if (!more) return false;
    if (!*more) break;
    if (is_header && stanza.find("Format") == nullptr && stanza.find("Format-Specification") == nullptr) return false;
    const Field* license = stanza.find("License");
    if (license == nullptr) continue;
    add_license_field(license->value, is_header || stanza.find("Files") != nullptr ? licenses : named_alone);
  }
  if (licenses.empty()) licenses = std::move(named_alone);
  return true;
}

}  // namespace

std::vector<std::string> licenses_of_synopsis(std::string_view synopsis) {
  std::vector<std::string> licenses;
  for (Term& term : SynopsisParser(synopsis.substr(0, kMaxSynopsisBytes)).parse()) {
    licenses.push_back(std::move(term.spdx.empty() ? term.found : term.spdx));
  }
  sort_unique(licenses);
  return licenses;
}

std::vector<std::string> licenses_of_field(std::string_view field) {
  field = trim(field);
  if (field.empty()) return {};
  if (field.size() > kMaxSynopsisBytes || field.find_first_of("()") != std::string_view::npos) {
    return {spdx_expression(field).value_or(std::string(field))};
  }
  std::vector<std::string> side_by_side;
  for (const std::string_view word : split(field, ' ')) {
    if (word.empty()) continue;
    const auto id = spdx_of_license_name(word);
    if (!id) return licenses_of_synopsis(field);
    side_by_side.push_back(*id);
  }
  sort_unique(side_by_side);
  return side_by_side;
}

std::vector<std::string> licenses_of_copyright(std::string_view text) {
  std::vector<std::string> licenses;
  if (!read_machine_readable(text, licenses)) licenses = recognise_licenses(text);
  sort_unique(licenses);
  return licenses;
}

}  // namespace bulkhead::inventory
