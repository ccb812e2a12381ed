// Namespaces of containers that are another container's ("container:<id>"). Pure. Internal to audit.
#pragma once

#include <expected>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "audit/facts.h"

namespace bulkhead::audit {

// A kind of namespace, by where the engine's answer has it.
struct Namespace {
  std::string_view where;
  std::string ContainerDetails::* mode;
};
inline constexpr Namespace kNetworkNamespace = {"/HostConfig/NetworkMode", &ContainerDetails::network_mode};
inline constexpr Namespace kPidNamespace = {"/HostConfig/PidMode", &ContainerDetails::pid_mode};
inline constexpr Namespace kIpcNamespace = {"/HostConfig/IpcMode", &ContainerDetails::ipc_mode};

inline constexpr std::string_view kNamespaceOfContainer = "container:";
inline constexpr std::string_view kNamespaceOfPath = "ns:";  // Podman: a namespace file

// All containers, also those that were not selected. Views into the facts.
class ContainerIndex {
 public:
  explicit ContainerIndex(const Facts& facts);

  // By the id that the engine writes, its beginning or the name; null: the engine knows none.
  const Container* find(std::string_view reference) const;

  // From a container to the one whose own mode decides, both included: one element where that is itself. Each of them
  // has details. The error says in words why the owner is not known.
  std::expected<std::vector<const Container*>, std::string> to_owner(const Container& container,
                                                                     const Namespace& space) const;

 private:
  void add(const std::vector<Container>& containers);
  std::map<std::string_view, const Container*> by_name_;
  std::map<std::string_view, const Container*> by_id_;
};

}  // namespace bulkhead::audit
