// The table of feeds: one line here and one file beside it.
#include <algorithm>
#include <vector>

#include "advisory/feed.h"

namespace bulkhead::advisory {

// In the order in which they are asked to recognise a document: what is told by a mark of its own comes first, OSV,
// which many publishers use and some bend, last.
#define BULKHEAD_FEEDS(FEED) \
  FEED(debian_tracker)       \
  FEED(debian_advisories)    \
  FEED(debian_support)       \
  FEED(secdb)                \
  FEED(ubuntu_tracker)       \
  FEED(ubuntu_vex)           \
  FEED(arch)                 \
  FEED(rustsec)              \
  FEED(rubysec)              \
  FEED(friends_of_php)       \
  FEED(node_security)        \
  FEED(vulnerability_feeds)  \
  FEED(oval_feeds)           \
  FEED(csaf_feeds)           \
  FEED(redhat_repositories)  \
  FEED(updateinfo)           \
  FEED(photon_cves)          \
  FEED(bodhi)                \
  FEED(osv)

namespace feeds {
#define BULKHEAD_DECLARE_FEED(file) extern const std::span<const Feed> file;
BULKHEAD_FEEDS(BULKHEAD_DECLARE_FEED)
#undef BULKHEAD_DECLARE_FEED
}  // namespace feeds

namespace {

std::vector<const Feed*> collect() {
  std::vector<const Feed*> all;
#define BULKHEAD_COLLECT_FEED(file) \
  for (const Feed& feed : feeds::file) all.push_back(&feed);
  BULKHEAD_FEEDS(BULKHEAD_COLLECT_FEED)
#undef BULKHEAD_COLLECT_FEED
  return all;
}

}  // namespace

std::span<const Feed* const> all_feeds() {
  static const std::vector<const Feed*> all = collect();
  return all;
}

const Feed* find_feed(std::string_view name) {
  const auto all = all_feeds();
  const auto found = std::ranges::find(all, name, &Feed::name);
  return found == all.end() ? nullptr : *found;
}

const Feed* recognise(const DocumentHead& head) {
  const auto all = all_feeds();
  const auto found = std::ranges::find_if(all, [&](const Feed* feed) { return feed->recognises(head); });
  return found == all.end() ? nullptr : *found;
}

}  // namespace bulkhead::advisory
