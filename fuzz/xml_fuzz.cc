// fuzz: base
// XML, cut into blocks of any size: the same trees in the same order, and the same verdict.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include "base/chopped_source.h"
#include "base/xml.h"

namespace {

using namespace bulkhead;  // NOLINT(google-build-using-namespace)

// Every length is written down, so that two different trees never read the same.
void write(const xml::Element& element, std::string& out) {
  const auto put = [&](std::string_view text) { out.append(std::to_string(text.size())).append(":").append(text); };
  put(element.name());
  put(element.text());
  put(element.attribute("id"));
  for (const xml::Element child : element.children()) write(child, out.append("("));
  out += ")";
  if (element.child("a") && element.child_text("a") != element.child("a")->text()) std::abort();
}

std::string trees(BlockSource& source, size_t depth) {
  const xml::Limits limits{.max_depth = 32, .max_tree_bytes = 4096, .max_tree_elements = 256};
  std::string out;
  const auto status = xml::for_each_element(
      source, depth, limits, [&](const xml::Element& element, std::span<const std::string> ancestors) -> Status {
        if (ancestors.size() + 1 != depth) std::abort();
        for (const std::string& ancestor : ancestors) out.append(ancestor).append("/");
        write(element, out);
        return {};
      });
  // Not the message: what expat says of a fault depends on how much of it has come.
  if (!status) out += std::to_string(static_cast<int>(status.error().code()));
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  for (size_t depth = 1; depth <= 3; ++depth) {
    MemorySource whole(text);
    const std::string expected = trees(whole, depth);
    for (const size_t block : {size_t{1}, size_t{7}}) {
      ChoppedSource chopped(text, block);
      if (trees(chopped, depth) != expected) std::abort();
    }
  }
  return 0;
}
