// The members of one large JSON object, one at a time, while the object streams past: a document of 100 MB costs as
// much memory as its largest member. One member may be unrolled: where it is an array, its elements come one at a time,
// for documents that are one long list inside an object.
//
// The reader finds where members begin and end; whether a value is valid JSON is left to who parses it. Trust of the
// input: none. Errors: kMalformed with the byte offset when the outer object is not one (RFC 8259), kLimitExceeded past
// max_member_bytes, and those of the source. Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/block_source.h"
#include "base/result.h"

namespace bulkhead::json {

struct RawMember {
  std::string_view key;    // unescaped
  std::string_view value;  // JSON text
};

class MemberReader {
 public:
  // `source` must outlive the reader. `unrolled` names the member whose elements come one at a time; empty: none.
  MemberReader(BlockSource& source, size_t max_member_bytes, std::string_view unrolled = {})
      : source_(source), max_bytes_(max_member_bytes), unrolled_(unrolled) {}

  // The next member, or the next element of the unrolled one under its name, its views valid until the next call;
  // nullptr after the last one, when nothing but white space follows the object.
  Result<const RawMember*> next();

 private:
  // One byte, or nothing at the end of the stream.
  Result<bool> fetch(char& c);
  Result<char> next_token();
  Result<const RawMember*> next_element();
  Result<char> keep_until(std::string_view stops, std::string_view at_end);
  Status take_string();
  Status take_value(char first);
  Status keep(char c);
  Error malformed(std::string_view what) const;
  Error too_large() const;

  BlockSource& source_;
  const size_t max_bytes_;
  const std::string unrolled_;
  bool in_list_ = false;     // within the unrolled array
  bool list_begun_ = false;  // its first element has been seen
  ByteSpan block_;
  size_t position_ = 0;  // in block_
  uint64_t offset_ = 0;  // in the stream
  bool begun_ = false;
  bool ended_ = false;
  std::string kept_;
  std::string key_;
  RawMember member_;
};

}  // namespace bulkhead::json
