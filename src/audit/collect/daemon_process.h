// The engine's process: its program, arguments and settings, and where it keeps its things. Read from /proc/<pid> and
// below the root that it sees.
#pragma once

#include <optional>
#include <string>

#include "audit/collect/process_folder.h"
#include "audit/collect/rooted_folder.h"
#include "audit/facts.h"
#include "base/result.h"

namespace bulkhead::audit {

struct DaemonView {
  DaemonProcess process;
  bool podman = false;
  bool rootless = false;    // Docker's, under RootlessKit
  std::string unit;         // of systemd's that it runs in: "docker.service"; empty: none
  bool user_unit = false;   // of a user's manager
  std::string home;         // $HOME
  std::string config_home;  // "/etc/docker", "/home/ann/.config/docker"
  std::string data_root;    // as set, else the default
  std::string exec_root;
  std::string certificates;  // the folder where certificates are looked for when no setting names them; empty: unknown

  std::string working_folder;  // what relative paths of its settings begin at

  // The value of a setting that is set once.
  std::optional<std::string> setting(const std::string& key) const;
  // The same of a path, made absolute.
  std::optional<std::string> path_setting(const std::string& key) const;
};

Fact<DaemonView> look_at_daemon(const std::string& proc, const ProcessFolder& process, const RootedFolder& root,
                                bool podman);

}  // namespace bulkhead::audit
