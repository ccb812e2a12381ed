// Licences told by their own words: recognise_licenses() of debian_copyright.h.
#include <algorithm>
#include <cstddef>
#include <optional>

#include <fmt/format.h>

#include "base/text.h"
#include "inventory/license/debian_copyright.h"
#include "inventory/license/license_names.h"

namespace bulkhead::inventory {
namespace {

// Lower case, words joined by single spaces, without the marks that comments and quotations put before lines.
std::string flattened(std::string_view text) {
  constexpr std::string_view kLineMarks = "*#>;|/. \t";
  std::string flat;
  flat.reserve(text.size());
  std::string_view line;
  while (next_line(text, line)) {
    const size_t start = line.find_first_not_of(kLineMarks);
    if (start == std::string_view::npos) continue;
    // A path at the start of a line keeps its slash: common-licenses are told by it.
    const bool is_path = start > 0 && line[start - 1] == '/';
    for (const char c : line.substr(is_path ? start - 1 : start)) {
      if (!is_space(c))
        flat += lower(c);
      else if (!flat.empty() && flat.back() != ' ')
        flat += ' ';
    }
    if (!flat.empty() && flat.back() != ' ') flat += ' ';
  }
  return flat;
}

bool contains(std::string_view text, std::string_view words) {
  return text.find(words) != std::string_view::npos;
}

// The digits and dots at the start of `text`, without a closing dot.
std::string_view leading_version(std::string_view text) {
  const size_t end = text.find_first_not_of("0123456789.");
  text = text.substr(0, end);
  while (text.ends_with('.')) text.remove_suffix(1);
  return text;
}

struct GnuTitle {
  std::string_view title;
  std::string_view stem;
};
// Titles do not contain one another: each begins with "gnu".
constexpr GnuTitle kGnuTitles[] = {
    {"gnu affero general public license", "AGPL"},  {"gnu lesser general public license", "LGPL"},
    {"gnu library general public license", "LGPL"}, {"gnu free documentation license", "GFDL"},
    {"gnu general public license", "GPL"},
};

// Notices of the form "… GNU General Public License as published by the Free Software Foundation; either version 2 of
// the License, or (at your option) any later version" and "… version 2 of the License only". Adds their identifiers.
void find_gnu_notices(std::string_view flat, std::vector<std::string>& licenses) {
  constexpr size_t kReach = 200;  // from the title to the version it speaks of
  constexpr std::string_view kVersion = "version ";
  for (const GnuTitle& gnu : kGnuTitles) {
    for (size_t at = flat.find(gnu.title); at != std::string_view::npos; at = flat.find(gnu.title, at + 1)) {
      const std::string_view after = flat.substr(at + gnu.title.size(), kReach);
      if (!contains(after.substr(0, 60), "as published by")) continue;
      const size_t version_at = after.find(kVersion);
      if (version_at == std::string_view::npos) continue;
      const std::string_view rest = after.substr(version_at + kVersion.size());
      const std::string_view version = leading_version(rest);
      if (version.empty()) continue;
      const bool is_later = contains(rest.substr(0, 90), "any later version");
      if (auto id = spdx_of_license_name(fmt::format("{}-{}{}", gnu.stem, version, is_later ? "+" : ""))) {
        licenses.push_back(std::move(*id));
      }
    }
  }
}

// "/usr/share/common-licenses/GPL-2": the version named, unless a notice already said what the work is under.
void find_common_licenses(std::string_view flat, std::vector<std::string>& licenses) {
  constexpr std::string_view kFolder = "/usr/share/common-licenses/";
  const auto has_stem = [&](std::string_view stem) {
    return std::any_of(licenses.begin(), licenses.end(), [&](const std::string& id) {
      return id.starts_with(stem) && id.substr(stem.size()).starts_with("-");
    });
  };
  std::vector<std::string> found;
  for (size_t at = flat.find(kFolder); at != std::string_view::npos; at = flat.find(kFolder, at + 1)) {
    std::string_view name = flat.substr(at + kFolder.size());
    name = name.substr(0, std::min(name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789.-+"), name.size()));
    while (name.ends_with('.') || name.ends_with('-')) name.remove_suffix(1);
    const std::string_view stem = name.substr(0, name.find('-'));
    const bool is_gnu = stem == "gpl" || stem == "lgpl" || stem == "gfdl";
    std::string upper(stem);
    for (char& c : upper) c = is_lower(c) ? static_cast<char>(c - 32) : c;
    if (is_gnu && has_stem(upper)) continue;
    if (name == "bsd")
      found.emplace_back("BSD-3-Clause");
    else if (auto id = spdx_of_license_name(name))
      found.push_back(std::move(*id));
    else if (is_gnu && name == stem)
      found.push_back(upper);  // whatever the newest version is: no version was named
  }
  licenses.insert(licenses.end(), found.begin(), found.end());
}

// Sentences that, all of them, make the licence, each found after the one before and not further than kReach from the
// first.
struct Wording {
  std::string_view spdx;
  std::string_view sentences[3];  // unused ones are empty
  std::string_view excluding;     // makes it another licence; empty: nothing does
};
constexpr Wording kWordings[] = {
    {"MIT",
     {"permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated "
      "documentation files",
      "to deal in the software without restriction",
      "the above copyright notice and this permission notice shall be included in all copies or substantial portions "
      "of the "
      "software"},
     "except as contained in this notice"},
    {"ISC",
     {"permission to use, copy, modify, and/or distribute this software for any purpose with or without fee is hereby "
      "granted, "
      "provided that the above copyright notice and this permission notice appear in all copies",
      "", ""},
     ""},
    {"ISC",
     {"permission to use, copy, modify, and distribute this software for any purpose with or without fee is hereby "
      "granted, "
      "provided that the above copyright notice and this permission notice appear in all copies",
      "", ""},
     ""},
    {"Zlib",
     {"any express or implied warranty", "altered source versions must be plainly marked as such",
      "this notice may not be removed or altered from any source distribution"},
     ""},
    {"Apache-2.0", {"licensed under the apache license, version 2.0", "", ""}, ""},
    {"BSL-1.0", {"boost software license - version 1.0", "", ""}, ""},
    {"MPL-2.0", {"subject to the terms of the mozilla public license, v. 2.0", "", ""}, ""},
};

bool has_wording(std::string_view flat, const Wording& wording) {
  constexpr size_t kReach = 1500;
  for (size_t at = flat.find(wording.sentences[0]); at != std::string_view::npos;
       at = flat.find(wording.sentences[0], at + 1)) {
    const std::string_view window = flat.substr(at, kReach);
    const bool all = std::all_of(std::begin(wording.sentences), std::end(wording.sentences),
                                 [&](std::string_view sentence) { return contains(window, sentence); });
    if (all && (wording.excluding.empty() || !contains(window, wording.excluding))) return true;
  }
  return false;
}

// The BSD licences share their opening; what follows, up to the next opening, tells them apart.
void find_bsd(std::string_view flat, std::vector<std::string>& licenses) {
  constexpr std::string_view kOpening =
      "redistribution and use in source and binary forms, with or without modification, are permitted";
  constexpr size_t kReach = 2500;
  for (size_t at = flat.find(kOpening); at != std::string_view::npos;) {
    const size_t next = flat.find(kOpening, at + 1);
    const std::string_view window =
        flat.substr(at, std::min(next == std::string_view::npos ? kReach : next - at, kReach));
    at = next;
    const bool has_conditions =
        contains(window, "redistributions of source code must retain the above copyright notice") &&
        contains(window, "redistributions in binary form must reproduce the above copyright notice") &&
        contains(window, "as is");
    if (!has_conditions) continue;
    const bool advertises = contains(window, "all advertising materials mentioning features");
    const bool endorses = contains(window, "endorse or promote products");
    if (advertises && endorses)
      licenses.emplace_back("BSD-4-Clause");
    else if (endorses)
      licenses.emplace_back("BSD-3-Clause");
    else if (!advertises)
      licenses.emplace_back("BSD-2-Clause");
  }
}

}  // namespace

std::vector<std::string> recognise_licenses(std::string_view text) {
  const std::string flat = flattened(text);
  std::vector<std::string> licenses;
  find_gnu_notices(flat, licenses);
  find_common_licenses(flat, licenses);
  for (const Wording& wording : kWordings) {
    if (has_wording(flat, wording)) licenses.emplace_back(wording.spdx);
  }
  find_bsd(flat, licenses);
  std::sort(licenses.begin(), licenses.end());
  licenses.erase(std::unique(licenses.begin(), licenses.end()), licenses.end());
  return licenses;
}

}  // namespace bulkhead::inventory
