#include "cel/environment.h"

namespace bulkhead::cel {

uint32_t Environment::declare(std::string name, TypeRef type) {
  const auto index = static_cast<uint32_t>(declared_.size());
  return declared_.emplace(std::move(name), Variable{index, type}).first->second.index;
}

std::optional<Environment::Variable> Environment::find(std::string_view name) const {
  const auto it = declared_.find(name);
  if (it == declared_.end()) return std::nullopt;
  return it->second;
}

std::vector<std::string> Environment::candidates(std::string_view name, bool absolute) const {
  std::vector<std::string> result;
  if (!absolute) {
    for (std::string_view container = container_; !container.empty();) {
      result.push_back(std::string(container) + "." + std::string(name));
      const size_t dot = container.rfind('.');
      container = dot == std::string_view::npos ? std::string_view() : container.substr(0, dot);
    }
  }
  result.emplace_back(name);
  return result;
}

}  // namespace bulkhead::cel
