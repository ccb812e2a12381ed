// Where `db update` gets bytes from: the network behind one interface, so that an update can be tested without any.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/block_source.h"
#include "base/result.h"

namespace bulkhead::advisory {

struct FetchRequest {
  std::string url;
  std::string etag;           // of the copy that is here; empty: none
  std::string last_modified;  // likewise
  // The body may come gzip'd though the file is not (Content-Encoding): whoever reads feed files inflates anyway.
  bool may_be_compressed = false;
};

struct FetchAnswer {
  bool not_modified = false;          // the copy that is here is current; then there is no body
  std::unique_ptr<BlockSource> body;  // as it was sent
  std::optional<uint64_t> size;       // of the body, where the server tells
  std::string etag;
  std::string last_modified;
};

class FeedFetcher {
 public:
  FeedFetcher() = default;
  FeedFetcher(const FeedFetcher&) = delete;
  FeedFetcher& operator=(const FeedFetcher&) = delete;
  virtual ~FeedFetcher() = default;

  // A GET, conditional when the request has validators. Any status but 200 and 304 is an error that names the URL. A
  // body that ends early is an error of its next(), never an end: kUnavailable and kDeadlineExceeded may be better when
  // it is fetched anew, as may kVerificationFailed (the file changed while it was read). kCancelled: stop altogether.
  virtual Result<FetchAnswer> fetch(const FetchRequest& request) = 0;
};

}  // namespace bulkhead::advisory
