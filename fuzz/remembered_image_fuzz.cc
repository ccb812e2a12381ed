// fuzz: oci
// Images out of the cache: any bytes are refused, or are an image that encodes to the same image again.
#include <cstdlib>
#include <string>

#include "oci/remembered_image.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace bulkhead;
  using namespace bulkhead::oci;
  const auto image = decode_image(as_bytes({reinterpret_cast<const char*>(data), size}), {});
  if (!image) return 0;
  const std::string encoded = encode_image(*image);
  const auto again = decode_image(as_bytes(encoded), {});
  if (!again || encode_image(*again) != encoded) std::abort();
  return 0;
}
