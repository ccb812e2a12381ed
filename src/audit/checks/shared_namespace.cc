#include "audit/checks/shared_namespace.h"

#include <algorithm>
#include <cstddef>

#include <fmt/format.h>

namespace bulkhead::audit {

ContainerIndex::ContainerIndex(const Facts& facts) {
  if (facts.containers) add(*facts.containers);
  add(facts.unexamined_containers);
  add(facts.other_containers);
}

void ContainerIndex::add(const std::vector<Container>& containers) {
  for (const Container& container : containers) {
    by_name_.emplace(container.name, &container);
    by_id_.emplace(container.id, &container);
  }
}

const Container* ContainerIndex::find(std::string_view reference) const {
  if (reference.empty()) return nullptr;
  if (const auto named = by_name_.find(reference); named != by_name_.end()) return named->second;
  const auto id = by_id_.lower_bound(reference);
  return id != by_id_.end() && id->first.starts_with(reference) ? id->second : nullptr;
}

std::expected<std::vector<const Container*>, std::string> ContainerIndex::to_owner(const Container& container,
                                                                                   const Namespace& space) const {
  constexpr size_t kLongest = 16;  // no engine's users have such chains, and a hostile one must not be costly
  std::vector<const Container*> chain;
  const Container* at = &container;
  while (true) {
    if (!at->details) {
      return std::unexpected(fmt::format("{} is that of container {}, of which nothing is known: {}", space.where,
                                         at->name, at->details.error().reason));
    }
    chain.push_back(at);
    const std::string& mode = (*at->details).*space.mode;
    if (!mode.starts_with(kNamespaceOfContainer)) return chain;
    at = find(std::string_view(mode).substr(kNamespaceOfContainer.size()));
    if (at == nullptr) {
      return std::unexpected(fmt::format("{} is {}, and the engine knows no such container", space.where, mode));
    }
    if (std::ranges::find(chain, at) != chain.end()) {
      return std::unexpected(fmt::format("{} leads back to container {}", space.where, at->name));
    }
    if (chain.size() == kLongest) {
      return std::unexpected(fmt::format("{} leads through {} containers and further", space.where, kLongest));
    }
  }
}

}  // namespace bulkhead::audit
