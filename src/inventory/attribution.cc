#include "inventory/attribution.h"

#include <algorithm>
#include <unordered_map>

#include <fmt/format.h>

#include "inventory/package_codec.h"

namespace bulkhead::inventory {
namespace {

// Layers [first, end) in which some database names a package.
struct Presence {
  uint32_t first;
  uint32_t end;
};
constexpr uint32_t kTop = UINT32_MAX;

struct KeyHash {
  size_t operator()(const PackageKey& key) const {
    const std::hash<std::string_view> hash;
    return (hash(key.name) * 31 + hash(key.version)) * 31 + hash(key.architecture);
  }
};
using PresenceByKey = std::unordered_map<PackageKey, std::vector<Presence>, KeyHash>;

PackageKey key_of(const Package& package) {
  return {package.name, package.version, package.architecture};
}

// Only packages that are keys already are recorded: what the top does not have needs no layer.
void record_presence(std::span<const layer::FileFact* const> history, PresenceByKey& presence) {
  for (size_t i = 0; i < history.size(); ++i) {
    const layer::FileFact& fact = *history[i];
    if (!fact.error.empty()) continue;
    const bool overwritten = i + 1 < history.size() && history[i + 1]->path == fact.path;
    const uint32_t end = overwritten ? history[i + 1]->layer : kTop;
    const auto keys = decode_package_keys(as_bytes(fact.value));
    if (!keys) continue;
    for (const PackageKey& key : *keys) {
      if (const auto found = presence.find(key); found != presence.end()) found->second.push_back({fact.layer, end});
    }
  }
}

// The lowest layer from which on the intervals leave no gap up to the top.
uint32_t lowest_continuous(std::vector<Presence>& intervals) {
  std::sort(intervals.begin(), intervals.end(), [](const Presence& a, const Presence& b) { return a.end > b.end; });
  uint32_t lowest = kTop;
  for (const Presence& interval : intervals) {
    if (interval.end < lowest) break;
    lowest = std::min(lowest, interval.first);
  }
  return lowest;
}

}  // namespace

Error unreadable_database(const layer::FileFact& fact, std::string_view why, std::string_view repair) {
  constexpr std::string_view kMakeReadable =
      "scan as a user who may read it, or remove what keeps it from being read: without it the scan would miss "
      "packages";
  return {Code::kMalformed, fmt::format("{}: {}", fact.path, why), std::string(fact.denied ? kMakeReadable : repair)};
}

Result<std::vector<Package>> attribute_packages(std::span<const layer::FileFact* const> visible,
                                                std::span<const layer::FileFact* const> history,
                                                std::string_view repair) {
  std::vector<Package> packages;
  for (const layer::FileFact* fact : visible) {
    if (!fact->error.empty()) return fail(unreadable_database(*fact, fact->error, repair));
    auto decoded = decode_packages(as_bytes(fact->value));
    if (!decoded) return fail(unreadable_database(*fact, decoded.error().message(), repair));
    for (Package& package : *decoded) {
      package.layer = fact->layer;
      package.locations.push_back(fact->path);
      packages.push_back(std::move(package));
    }
  }

  // Keys view the packages' own strings, so from here to the end no package moves.
  PresenceByKey presence;
  std::unordered_map<PackageKey, size_t, KeyHash> first_with;
  std::vector<bool> repeated(packages.size());
  for (size_t i = 0; i < packages.size(); ++i) {
    const auto [found, is_new] = first_with.try_emplace(key_of(packages[i]), i);
    if (is_new) {
      presence.try_emplace(key_of(packages[i]));
    } else {
      repeated[i] = true;
      packages[found->second].locations.push_back(packages[i].locations.front());
    }
  }
  record_presence(history, presence);
  for (auto& [key, intervals] : presence) {
    if (const uint32_t lowest = lowest_continuous(intervals); lowest != kTop)
      packages[first_with.at(key)].layer = lowest;
  }

  std::vector<Package> result;
  result.reserve(first_with.size());
  for (size_t i = 0; i < packages.size(); ++i) {
    if (!repeated[i]) result.push_back(std::move(packages[i]));
  }
  return result;
}

}  // namespace bulkhead::inventory
