// Characters of UTF-8 text. Source: RFC 3629.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace bulkhead::cel {

bool is_utf8(std::string_view text);
// False, and nothing is appended, for surrogates and what is beyond U+10FFFF.
bool append_utf8(std::string& out, uint32_t code);
// Of text that is UTF-8.
size_t count_characters(std::string_view text);
// The byte at which character number `index` begins; text.size() for the one after the last, nothing beyond.
std::optional<size_t> byte_of_character(std::string_view text, size_t index);
// How many bytes the character at the front has; text is not empty.
size_t first_length(std::string_view text);

}  // namespace bulkhead::cel
