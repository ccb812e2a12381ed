// Reading one advisory in OSV's schema, whoever published it and in whatever notation. Source: OSV schema 1.7
// (ossf.github.io/osv-schema), "Evaluation".
#pragma once

#include <string_view>

#include "advisory/feed.h"
#include "base/json.h"

namespace bulkhead::advisory::feeds {

// What is known of a publisher beyond the schema.
struct OsvDialect {
  std::string_view source;  // as which its scores count: "ghsa"
  // Its documents are errata: each fixes any number of vulnerabilities, which it names under "upstream" or "related",
  // instead of being about one.
  bool errata = false;
};

Result<DocumentInfo> read_osv(const json::Value& advisory, const OsvDialect& dialect, Sink& sink,
                              const FeedLimits& limits);

}  // namespace bulkhead::advisory::feeds
