// The words of variables' names (data/secret-words.txt), and names taken apart into them. Pure. Internal to audit.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace bulkhead::audit {

enum class WordRole : uint8_t {
  kDistinct,
  kShort,
  kKeyOf,
  kAbout,
  kCounted,
  kPlain,
  kNothing,
  kReference,
  kFolder,
  kExtension,
};

// Read once, on first use; immutable and thread-safe from then on.
bool has_role(std::string_view word, WordRole role);
const std::vector<std::string_view>& words_with(WordRole role);

// The words of a name in lower case, without its digits: "DB_PASSWORD" is db, password. With `camel` a capital letter
// begins a word, too: "dbPassword". What is joined is taken apart where known words allow it: "githubtoken" is github,
// token; else it stays one word. In time that grows with the name.
std::vector<std::string> words_of_name(std::string_view name, bool camel);

}  // namespace bulkhead::audit
