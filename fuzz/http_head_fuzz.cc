// fuzz: net
// The head of a response line by line, and then every field that we parse further.
#include <cstdint>

#include "base/text.h"
#include "net/headers.h"
#include "net/http_fields.h"

using namespace bulkhead;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  const net::HeadLimits limits{.max_bytes = 4096, .max_fields = 32};
  net::HeadReader reader(limits);
  while (!rest.empty()) {
    const size_t end = rest.find('\n');
    const std::string_view line = rest.substr(0, end == std::string_view::npos ? rest.size() : end + 1);
    rest.remove_prefix(line.size());
    if (!reader.line(line)) return 0;
  }
  if (reader.headers().size() > limits.max_fields) __builtin_trap();
  const std::chrono::sys_seconds now{std::chrono::seconds(1'700'000'000)};
  for (const auto& field : reader.headers()) {
    if (!net::is_valid_field(field.name, field.value)) __builtin_trap();
    if (const auto range = net::parse_content_range(field.value);
        range && (range->last < range->first || (range->complete && *range->complete <= range->last))) {
      __builtin_trap();
    }
    if (const auto wait = net::parse_retry_after(field.value, now); wait && wait->count() < 0) __builtin_trap();
    if (const auto date = net::parse_http_date(field.value);
        date && net::parse_http_date(net::format_http_date(*date)) != date) {
      __builtin_trap();
    }
    (void)net::media_type_of(field.value);
  }
  return 0;
}
