#include "audit/collect.h"

#include <algorithm>
#include <map>
#include <string_view>
#include <tuple>

#include <fmt/format.h>

#include "audit/collect/conversation.h"
#include "audit/collect/engine_questions.h"
#include "audit/collect/local_host.h"
#include "audit/host_files.h"

namespace bulkhead::audit {
namespace {

void set_unknown(Facts& facts, const Unknown& unknown) {
  facts.engine = std::unexpected(unknown);
  facts.containers = std::unexpected(unknown);
  facts.images = std::unexpected(unknown);
  facts.networks = std::unexpected(unknown);
  facts.volumes = std::unexpected(unknown);
  facts.swarm = std::unexpected(unknown);
}

void set_remote(Facts& facts) {
  const auto remote = [&] {
    return not_applicable(
        fmt::format("the engine runs on another machine ({}): its host can only be looked at there", facts.address));
  };
  facts.host.daemon = remote();
  for (const std::string_view name : host_files::kAll) facts.host.files.insert_or_assign(std::string(name), remote());
  facts.host.audit_watches = remote();
  facts.host.socket_grants = remote();
  facts.host.root_mount = remote();
  facts.host.mounts = remote();
  facts.host.apparmor = remote();
  facts.host.selinux = remote();
  if (facts.volumes) {
    for (auto& [name, volume] : *facts.volumes) volume.resolved = remote();
  }
  if (!facts.containers) return;
  for (Container& container : *facts.containers) {
    if (!container.details) continue;
    if (container.running()) container.details->processes = remote();
    for (Mount& mount : container.details->mounts) mount.resolved = remote();
    for (Device& device : container.details->devices) device.nodes = remote();
  }
}

template <typename Use>
void each_volume_mount(Facts& facts, Use use) {
  if (!facts.containers) return;
  for (Container& container : *facts.containers) {
    if (!container.details) continue;
    for (Mount& mount : container.details->mounts) {
      if (!mount.volume.empty()) use(mount);
    }
  }
}

// What an engine says of a container's mount leaves out what its volume is made of.
void set_volume_options(Facts& facts) {
  if (!facts.volumes) return;
  each_volume_mount(facts, [&](Mount& mount) {
    const auto found = facts.volumes->find(mount.volume);
    if (found == facts.volumes->end()) return;
    mount.device = found->second.device;
    mount.file_system = found->second.file_system;
    mount.file_system_options = found->second.file_system_options;
    mount.file_system_device = found->second.file_system_device;
  });
}

// Without them nobody knows where a volume leads.
void set_volumes_unknown(Facts& facts) {
  if (facts.volumes) return;
  each_volume_mount(facts, [&](Mount& mount) {
    mount.resolved =
        not_known(fmt::format("what the volume is made of is not known: {}", facts.volumes.error().reason));
  });
}

// Engines leave their list of those attached empty since API 1.28; containers tell.
void set_attached(Facts& facts) {
  if (!facts.networks || !facts.containers) return;
  std::map<std::string_view, Network*> by_name;
  for (Network& network : *facts.networks) by_name.emplace(network.name, &network);
  for (const Container& container : *facts.containers) {
    if (!container.details) continue;
    for (const std::string& name : container.details->networks) {
      const auto found = by_name.find(name);
      if (found == by_name.end()) continue;
      found->second->containers.push_back(container.name);
    }
  }
  for (Network& network : *facts.networks) {
    std::ranges::sort(network.containers);
    network.containers.erase(std::ranges::unique(network.containers).begin(), network.containers.end());
  }
}

void set_order(Facts& facts) {
  if (facts.containers) {
    std::ranges::sort(*facts.containers, {}, [](const Container& c) { return std::tie(c.name, c.id); });
  }
  if (facts.images) {
    std::ranges::sort(*facts.images, {}, [](const Image& i) { return std::tuple(!i.in_use, i.label(), i.id); });
  }
}

}  // namespace

Result<Facts> collect(const engine::Address& address, const CollectOptions& options) {
  Facts facts;
  facts.address = address.to_string();
  facts.local = !address.unix_socket.empty();
  facts.now = options.now;
  {
    Conversation engine(address, options.client, options.time_for_all);
    if (const Error* failure = engine.failure(); failure != nullptr) {
      if (failure->code() == Code::kCancelled) return fail(*failure);
      set_unknown(facts, {Unknown::Kind::kError, told(*failure)});
    } else {
      TRY(ask_engine(engine, options, facts));
    }
  }
  set_order(facts);
  set_attached(facts);
  set_volume_options(facts);
  if (facts.local) {
    look_at_local_host(address.unix_socket, {.proc = options.proc}, facts);
  } else {
    set_remote(facts);
  }
  set_volumes_unknown(facts);
  return facts;
}

}  // namespace bulkhead::audit
