#include "notation/artifact.h"

#include "base/json_writer.h"

namespace bulkhead::notation {

std::string thumbprints_of(std::span<const Certificate> certificates) {
  json::Writer out(json::Layout::kCompact);
  out.begin_array();
  for (const Certificate& certificate : certificates) out.string(certificate.fingerprint().hex());
  out.end_array();
  return std::move(out).take();
}

}  // namespace bulkhead::notation
