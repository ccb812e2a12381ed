#include "audit/checks/secret_words.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>

#include "audit/secret_words.h"
#include "base/text.h"

namespace bulkhead::audit {
namespace {

struct RoleName {
  std::string_view name;
  WordRole role;
};
constexpr auto kRoles = std::to_array<RoleName>({
    {"distinct", WordRole::kDistinct},
    {"short", WordRole::kShort},
    {"key-of", WordRole::kKeyOf},
    {"about", WordRole::kAbout},
    {"counted", WordRole::kCounted},
    {"plain", WordRole::kPlain},
    {"nothing", WordRole::kNothing},
    {"reference", WordRole::kReference},
    {"folder", WordRole::kFolder},
    {"extension", WordRole::kExtension},
});

struct Words {
  std::array<std::vector<std::string_view>, kRoles.size()> of_role;
  std::unordered_map<std::string_view, uint32_t> roles;  // a bit for each
  size_t longest = 0;                                    // of those that names are made of
};

constexpr uint32_t bit(WordRole role) {
  return uint32_t{1} << static_cast<unsigned>(role);
}
constexpr uint32_t kInNames = bit(WordRole::kDistinct) | bit(WordRole::kShort) | bit(WordRole::kKeyOf) |
                              bit(WordRole::kAbout) | bit(WordRole::kCounted) | bit(WordRole::kPlain);

// Our own data, which the tests have read: an error in it is a broken invariant.
const Words& all_words() {
  static const Words all = [] {
    Words words;
    std::string_view table = kSecretWords;
    std::string_view line;
    while (next_line(table, line)) {
      if (line.empty() || line.starts_with('#')) continue;
      const auto columns = split(line, '\t');
      const auto* const role = std::ranges::find(kRoles, columns[0], &RoleName::name);
      if (role == kRoles.end() || columns.size() != 2) {
        fmt::print(stderr, "data of the audit: not a role and its words: {}\n", line);
        std::abort();
      }
      for (const std::string_view word : split(columns[1], ' ')) {
        words.of_role.at(static_cast<size_t>(role->role)).push_back(word);
        words.roles[word] |= bit(role->role);
        if ((bit(role->role) & kInNames) != 0) words.longest = std::max(words.longest, word.size());
      }
    }
    return words;
  }();
  return all;
}

uint32_t roles_of(std::string_view word) {
  const auto found = all_words().roles.find(word);
  return found == all_words().roles.end() ? 0 : found->second;
}

// Known words in as few as possible; before them one that is not known, if a distinct one follows it.
void take_apart(const std::string& joined, std::vector<std::string>& words) {
  constexpr size_t kLongestName = 256;  // no variable's name has such a word
  constexpr size_t kNever = std::numeric_limits<size_t>::max();
  if (joined.size() > kLongestName || (roles_of(joined) & kInNames) != 0) {
    words.push_back(joined);
    return;
  }
  struct Best {
    size_t words = kNever;  // that the rest has from here
    size_t length = 0;      // of the first of them
    bool distinct = false;  // it is, in some reading
  };
  const std::string_view text = joined;
  std::vector<Best> best(text.size() + 1);
  best.back().words = 0;
  for (size_t at = text.size(); at-- > 0;) {
    for (size_t length = 1; length <= std::min(all_words().longest, text.size() - at); ++length) {
      if (best[at + length].words == kNever) continue;
      const uint32_t roles = roles_of(text.substr(at, length)) & kInNames;
      if (roles == 0) continue;
      const bool distinct = (roles & bit(WordRole::kDistinct)) != 0;
      const size_t count = best[at + length].words + 1;
      if (count < best[at].words || (distinct && !best[at].distinct && count == best[at].words)) {
        best[at] = {.words = count, .length = length, .distinct = distinct};
      }
    }
  }
  size_t at = 0;
  if (best[0].words == kNever) {
    while (at < text.size() && !best[at].distinct) ++at;
    words.emplace_back(text.substr(0, at));
  }
  for (; at < text.size(); at += best[at].length) words.emplace_back(text.substr(at, best[at].length));
}

}  // namespace

bool has_role(std::string_view word, WordRole role) {
  return (roles_of(word) & bit(role)) != 0;
}

const std::vector<std::string_view>& words_with(WordRole role) {
  return all_words().of_role.at(static_cast<size_t>(role));
}

std::vector<std::string> words_of_name(std::string_view name, bool camel) {
  std::vector<std::string> words;
  std::string word;
  const auto end_word = [&] {
    if (!word.empty()) take_apart(word, words);
    word.clear();
  };
  for (size_t i = 0; i < name.size(); ++i) {
    const char c = name[i];
    if (!is_alpha(c)) {
      end_word();
      continue;
    }
    // "dbPassword" before the P, "DBPassword" too.
    const bool begins =
        is_upper(c) && i > 0 &&
        (is_lower(name[i - 1]) || (is_upper(name[i - 1]) && i + 1 < name.size() && is_lower(name[i + 1])));
    if (camel && begins) end_word();
    word += lower(c);
  }
  end_word();
  return words;
}

}  // namespace bulkhead::audit
