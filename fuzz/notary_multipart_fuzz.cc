// fuzz: notary
// The first line is a Content-Type, the rest a body: parts lie within the body, in order, and hold no boundary.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "notary/multipart.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace bulkhead;  // NOLINT(google-build-using-namespace)
  std::string_view text(reinterpret_cast<const char*>(data), size);
  const size_t line = text.find('\n');
  if (line == std::string_view::npos) return 0;
  const auto boundary = notary::multipart_boundary(text.substr(0, line));
  if (!boundary) return 0;
  const std::string_view body = text.substr(line + 1);
  const auto parts = notary::read_multipart(body, *boundary);
  if (!parts) return 0;
  const char* seen = body.data();
  for (const notary::Part& part : *parts) {
    if (part.contents.data() < seen || part.contents.contains("\r\n--" + *boundary)) std::abort();
    seen = part.contents.data() + part.contents.size();
  }
  if (seen > body.data() + body.size()) std::abort();
  return 0;
}
