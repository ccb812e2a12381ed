// What is signed: the descriptor of an artifact, as JSON of kPayloadMediaType. Source: notaryproject/specifications,
// signature-specification.md, Payload; OCI image-spec, descriptor.md.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/result.h"

namespace bulkhead::notation {

// The annotations that nobody but the specification may use.
inline constexpr std::string_view kReservedPrefix = "io.cncf.notary";

using Metadata = std::map<std::string, std::string, std::less<>>;

struct Artifact {
  std::string media_type;
  std::string digest;  // "sha256:…", or sha384, sha512
  uint64_t size = 0;
  std::string artifact_type{};
  Metadata annotations{};  // the user's, signed with the rest
};

// The text is signed, yet may be hostile: kMalformed, also when two readers could understand it differently.
Result<Artifact> parse_payload(std::string_view text);
// Members as notation writes them. kInvalidArgument for a digest or a size that is none, and for reserved annotations.
Result<std::string> write_payload(const Artifact& artifact);

}  // namespace bulkhead::notation
