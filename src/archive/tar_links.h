// Links of archives whose members are read by name and never extracted (image archives): where each leads to, and how
// far they are followed. One rule for archives that are indexed and for those that go by once.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "archive/tar_reader.h"

namespace bulkhead::archive {

// As many as Linux follows in one path (path_resolution(7)).
inline constexpr int kMaxTarLinks = 40;

// The member that the link at `path` (normalised) leads to, as a normalised path of the archive: a symbolic link's
// target is relative to its folder, a hard link's to the root. Nothing: a symbolic link that leads out of the archive,
// so to nothing that is in it. kMalformed: a hard link that does.
Result<std::optional<std::string>> link_destination(TarType type, std::string_view path, std::string_view target);

// Where `path` leads to in the end; link_of(path) answers a pointer to the destination of the link at that path, null
// when there is none. Nothing: more than kMaxTarLinks links, so perhaps a circle.
template <typename LinkOf>
std::optional<std::string> follow_links(std::string path, LinkOf&& link_of) {
  for (int links = 0; links <= kMaxTarLinks; ++links) {
    const std::string* const next = link_of(path);
    if (next == nullptr) return path;
    path = std::string(*next);
  }
  return std::nullopt;
}

}  // namespace bulkhead::archive
