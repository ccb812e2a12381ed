// fuzz: base
// JSON whole and streamed: a document that parses is, when it is an object, the same members in any cut.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/chopped_source.h"
#include "base/json.h"
#include "base/json_members.h"

namespace {

using namespace bulkhead;  // NOLINT(google-build-using-namespace)

void require(bool law) {
  if (!law) std::abort();
}

struct Streamed {
  std::vector<std::pair<std::string, std::string>> members;
  bool whole = false;
};

Streamed stream(const std::string& text, size_t block) {
  ChoppedSource source(text, block);
  json::MemberReader reader(source, 4096);
  Streamed streamed;
  for (;;) {
    const auto member = reader.next();
    if (!member) return streamed;
    if (*member == nullptr) break;
    streamed.members.emplace_back((*member)->key, (*member)->value);
  }
  streamed.whole = true;
  return streamed;
}

// Reads everything, so that no part of a tree is left untouched.
size_t walk(const json::Value& value) {
  size_t sum = value.string().value_or("").size() + static_cast<size_t>(value.kind());
  for (const json::Value element : value.elements()) sum += walk(element);
  for (const auto& [key, member] : value.members()) {
    require(value.find(key).has_value());
    sum += key.size() + walk(member);
  }
  return sum;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size > 4096) return 0;
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto document = json::Document::parse(text, {.max_depth = 32});
  if (document) walk(document->root());
  const Streamed whole = stream(text, text.size() + 1);
  for (const size_t block : {size_t{1}, size_t{5}}) {
    const Streamed chopped = stream(text, block);
    require(chopped.whole == whole.whole && chopped.members == whole.members);
  }
  if (!document || !document->root().is_object()) return 0;
  require(whole.whole && whole.members.size() == document->root().size());
  size_t index = 0;
  for (const auto& [key, value] : document->root().members()) {
    const auto& [streamed_key, streamed_value] = whole.members[index++];
    require(streamed_key == key);
    const auto again = json::Document::parse(streamed_value, {.max_depth = 32});
    require(again && again->root().kind() == value.kind());
  }
  return 0;
}
