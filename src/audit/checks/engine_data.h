// What is known of releases of engines and of their parts: data/engine-releases.tsv and data/known-escapes.tsv. Read
// once, on first use; immutable and thread-safe from then on.
#pragma once

#include <span>
#include <string_view>

namespace bulkhead::audit {

struct EngineRelease {
  std::string_view engine;  // "docker", "podman"
  std::string_view line;    // "29", "20.10"
  std::string_view end;     // of maintenance by its project, "2023-12-10"; empty: not announced
  std::string_view newest;  // "20.10.27"
  std::string_view date;    // of the newest
  std::string_view source;
};

// Newest line of an engine first.
std::span<const EngineRelease> engine_releases();

// The line that a version is of; null: none that is known.
const EngineRelease* release_of(std::string_view engine, std::string_view number);

struct KnownEscape {
  std::string_view kind;  // "escape", "kubernetes", "userns-remap", "authorization"
  std::string_view cve;
  std::string_view component;  // "Engine", "containerd", "runc", "Podman Engine"
  std::string_view affected;   // for lies_in()
  std::string_view title;
  std::string_view source;
};
std::span<const KnownEscape> known_escapes();

}  // namespace bulkhead::audit
