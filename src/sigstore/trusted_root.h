// The trusted root: whose certificates, logs and timestamps are believed, and for which times. It comes from a file
// that the user vouches for, and its form is checked all the same. Source: sigstore/protobuf-specs v0.5,
// sigstore_trustroot.proto. Pure; plain values, safe to share between threads when constant.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/certificate.h"
#include "crypto/key.h"

namespace bulkhead::sigstore {

constexpr size_t kMaxTrustedRootBytes = size_t{4} << 20;

// Both ends are part of it.
struct TimeWindow {
  int64_t start = 0;           // seconds since 1970
  std::optional<int64_t> end;  // none: until further notice
  bool contains(int64_t time) const { return start <= time && (!end || time <= *end); }
};

// A transparency log: Rekor's, or one of certificates.
struct TransparencyLog {
  struct Key {
    PublicKey key;
    SignatureScheme scheme;
  };
  std::string base_url;
  std::string id;             // what entries name it by
  std::string checkpoint_id;  // whose first four bytes name its key in checkpoints
  std::optional<Key> key;     // none: of a kind that is not used here, so that nothing of this log is believed
  TimeWindow valid;
};

struct Authority {
  std::string uri;
  std::vector<Certificate> chain;  // the anchor last; one or more
  TimeWindow valid;
};

struct TrustedRoot {
  std::vector<TransparencyLog> logs;
  std::vector<TransparencyLog> certificate_logs;
  std::vector<Authority> certificate_authorities;
  std::vector<Authority> timestamp_authorities;
};

// kMalformed, also where a time of validity lacks its beginning; kUnsupported for another version; kLimitExceeded.
Result<TrustedRoot> read_trusted_root(std::string_view text);

}  // namespace bulkhead::sigstore
