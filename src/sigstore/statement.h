// in-toto statements: what a predicate (an attestation) is said of. Source: in-toto/attestation v1, statement.md and
// resource_descriptor.md; v0.1 (in-toto-golang), whose layer is the same. The text is untrusted until the envelope that
// it is the payload of has been verified. Pure and thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/digest.h"

namespace bulkhead::sigstore {

constexpr size_t kMaxStatementBytes = size_t{48} << 20;
constexpr size_t kMaxSubjects = 100'000;

struct Subject {
  std::string name{};                                                // may be empty; nobody vouches for it
  std::map<std::string, std::string, std::less<>> digests{};         // "sha256" → hexadecimal digits, as they stand
  std::map<std::string, std::string, std::less<>> annotations = {};  // those that are texts; cosign's `-a key=value`
};

struct Statement {
  enum class Version : uint8_t { kV01, kV1 };
  Version version = Version::kV1;
  std::vector<Subject> subjects;  // one or more, each with a digest
  std::string predicate_type;
  std::string predicate{};  // its JSON text as it stands; "" when there is none
};

// kMalformed, kUnsupported for another version, kLimitExceeded. A member that stands twice in an object is refused.
Result<Statement> read_statement(std::string_view text);

// kMalformed when the predicate is no JSON.
Result<std::string> write_statement(const Statement& statement);

// The subject that has this digest; nullptr when none has. Hexadecimal digits of either case are the same.
const Subject* find_subject(const Statement& statement, const Digest& digest);

}  // namespace bulkhead::sigstore
