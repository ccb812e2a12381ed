// Text in memory as a std::istream's buffer, without a copy, for parsers that want a stream. The text must outlive it.
#pragma once

#include <streambuf>
#include <string_view>

namespace bulkhead {

class ViewBuffer final : public std::streambuf {
 public:
  explicit ViewBuffer(std::string_view text) {
    char* begin = const_cast<char*>(text.data());  // streambuf's signature; a read-only buffer is never written
    setg(begin, begin, begin + text.size());
  }
};

}  // namespace bulkhead
