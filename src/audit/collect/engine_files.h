// The files of an engine by their names in audit/host_files.h: who owns them and who may do what. A file that is
// not there is told as such, with the path where it is expected.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "audit/collect/accounts.h"
#include "audit/collect/daemon_process.h"
#include "audit/collect/rooted_folder.h"
#include "audit/facts.h"

namespace bulkhead::audit {

using FileFacts = std::map<std::string, Fact<std::vector<File>>>;

// /etc/passwd and /etc/group below the root, without what cannot be read; /etc/nsswitch.conf says whether that is all.
Accounts read_accounts(const RootedFolder& root);

// Owner, mode and access list: everything that says who may do what with a file is found here.
File describe(const RootedFolder::Found& found, const std::string& path, const Accounts& accounts);

// All but the engine's socket. `root` is the daemon's, `root_dir` the engine's own word of where it keeps its data
// (empty: it said none).
FileFacts look_at_files(const DaemonView& daemon, const RootedFolder& root, const std::string& root_dir,
                        const Accounts& accounts);

// The same names, all of them unknown for one reason.
FileFacts unknown_files(const Unknown& reason);

// Where the containerd that the engine uses listens: its setting, else of those that are there the engine's own, else
// the system's.
std::string containerd_socket(const DaemonView& daemon, const RootedFolder& root);

}  // namespace bulkhead::audit
