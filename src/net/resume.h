// A download that survives broken connections: the bytes of a resource as one stream, continued by Range requests.
// Source: RFC 9110 sections 13.1.5 (If-Range) and 14.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "base/block_source.h"
#include "net/http_client.h"
#include "net/retry.h"

namespace bulkhead::net {

struct ResumeOptions {
  // Attempts in a row that bring no byte. Time-outs after the first (a body that stalled) count against max_unanswered.
  RetryPolicy retry{};
  uint32_t max_resumes = 100;  // in all: a server that hands out a byte at a time does not keep us for ever
  // The size that was promised; 0: take the first answer's word.
  uint64_t expected_bytes = 0;
  // The content is named by its digest, which the reader checks: a server that ignores Range, or whose ETag has
  // changed, is read again from the start and the known bytes are skipped. Otherwise both are kVerificationFailed,
  // since nothing says that the bytes fit together.
  bool content_addressed = false;
  std::string what{};  // for messages
  std::stop_token stop{};
};

// Makes the request once. `range` is the value of a Range field ("bytes=1000-"), empty the first time; `if_range` the
// validator to send with it, or empty.
using OpenRange = std::function<Result<Response>(const std::string& range, const std::string& if_range)>;

// Opens now, so that an unusable answer is known at once; every status but 200 (206 when continuing) is an error.
// A connection that breaks or stalls, a body shorter than promised, and a passing failure when reopening are continued
// from where they ended, after the policy's delay. A 206 whose Content-Range is not the range that was asked for is
// kMalformed.
Result<std::unique_ptr<BlockSource>> open_resuming(ResumeOptions options, OpenRange open);

}  // namespace bulkhead::net
