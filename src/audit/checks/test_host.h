// Facts of a host and of its daemon that tests of checks write down. For unit tests only.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "audit/checks/test_facts.h"

namespace bulkhead::audit {

inline Setting in_daemon_json(std::string_view name, std::vector<std::string> values) {
  return {.values = std::move(values), .where = "/etc/docker/daemon.json#/" + std::string(name)};
}

// test_facts() of an engine whose process could be looked at: root's, with these settings, listening on no TCP port.
inline Facts facts_with_daemon(std::map<std::string, std::vector<std::string>> settings = {}) {
  DaemonProcess daemon;
  daemon.pid = 812;
  daemon.executable = "/usr/bin/dockerd";
  daemon.config_path = "/etc/docker/daemon.json";
  daemon.config_file = DaemonProcess::ConfigFile::kAsRead;
  daemon.settings.emplace();
  for (auto& [name, values] : settings) daemon.settings->emplace(name, in_daemon_json(name, std::move(values)));
  daemon.listeners.emplace();
  Facts facts = test_facts();
  facts.host.daemon = std::move(daemon);
  return facts;
}

inline File test_file(std::string path, uint32_t mode = 0644) {
  File file;
  file.path = std::move(path);
  file.exists = true;
  file.owner = "root";
  file.group = "root";
  file.mode = mode;
  return file;
}

// Of a file that the host could have and has not.
inline File absent_file(std::string path) {
  File file;
  file.path = std::move(path);
  return file;
}

inline Facts facts_of(std::string_view name, std::vector<File> files) {
  Facts facts = facts_with_daemon();
  facts.host.files.emplace(std::string(name), std::move(files));
  return facts;
}

}  // namespace bulkhead::audit
