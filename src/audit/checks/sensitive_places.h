// Places of a host that a container with a mount of them can read secrets from, or change the host by. Pure, and by
// names alone. Internal to audit.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bulkhead::audit {

// Whether it lies in a volume below `root_dir` or where engines usually have them: the data of containers.
bool is_in_a_volume(std::string_view path, std::string_view root_dir);

// What a mount of this folder or file gives away; nothing when it gives nothing away. `root_dir`: the engine's own
// folder, whose volumes are no part of the host. Paths are normal.
std::optional<std::string> given_away_by(std::string_view path, bool read_only, std::string_view root_dir);

// Where a machine has a file system of the kernel's own ("proc" at "/proc"); empty for all others.
std::string_view usual_place_of(std::string_view file_system);

// The folders that an overlay shows, normal: those of its options "lowerdir=/a:/b,upperdir=/c".
std::vector<std::string> overlaid_folders(std::string_view options);

// Of a file system that is mounted for a container ("overlay", "lowerdir=/etc,upperdir=…", "overlay"): what of the host
// it shows.
struct FileSystemJudgement {
  std::string fault{};
  bool known = true;  // else nobody but a person can say what it shows
};
FileSystemJudgement judge_file_system(std::string_view type, std::string_view options, std::string_view device,
                                      std::string_view root_dir);

// Sockets over which an engine, and with it the host, can be ruled: that this path is, holds or is named like. Empty
// when there is none. Paths are normal.
std::string engine_socket_at(std::string_view path);

}  // namespace bulkhead::audit
