// Which operating system an image holds, out of os-release and, where that is missing or says nothing, the older files
// that distributions left in /etc. Pure and thread-safe. Trust of the input: none; sizes are bounded by the analyser
// that reads. Sources: os-release(5) of systemd 257; the files themselves as the distributions ship them;
// apk-repositories(5).
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "inventory/package.h"

namespace bulkhead::inventory {

// KEY=value lines with shell quoting, as os-release and lsb-release have them: comments, single and double quotes,
// backslash escapes; no expansion. In order; a line that is no assignment is passed over, an unclosed quote ends with
// its line.
std::vector<std::pair<std::string, std::string>> parse_shell_assignments(std::string_view text);

// An unknown system (no id) when the text has no valid ID. found_in stays empty.
OperatingSystem parse_os_release(std::string_view text);

// What a file is, in the order in which they are believed. Values are part of the cache: never renumbered.
enum class OsFileKind : char {
  kOsRelease = 'o',        // etc/os-release, usr/lib/os-release
  kAlpineRelease = 'a',    // etc/alpine-release: "3.19.1"
  kReleaseLine = 'r',      // etc/redhat-release and its kin: "CentOS release 6.10 (Final)"
  kReleaseCpe = 'c',       // etc/system-release-cpe: "cpe:/o:centos:linux:6:GA"
  kSuseRelease = 's',      // etc/SuSE-release
  kLsbRelease = 'l',       // etc/lsb-release: DISTRIB_ID=…
  kDebianVersion = 'd',    // etc/debian_version: "12.5", "bookworm/sid"
  kArchRelease = 'p',      // etc/arch-release: exists, and is empty
  kApkRepositories = 'k',  // etc/apk/repositories: not the system, but the release of Alpine
};

struct OsFile {
  OsFileKind kind;
  std::string_view path;  // relative to the root, resolved
  std::string_view text;
};

// The best answer that the files give together; unknown when they give none. A byte order mark is passed over. A file
// that names the distribution but no release gets it from the next that names the same one: Debian testing's os-release
// has none, its debian_version has. Of Alpine, the packages come from where etc/apk/repositories says, so the release
// named there (v3.N, or edge) wins when it is another than os-release's; when nothing else names a distribution,
// repositories that are Alpine's and agree on one release tell it (found_in is their file then).
OperatingSystem identify_operating_system(std::span<const OsFile> files);

// The Alpine release that the untagged repositories name, "3.19" or "edge": the newest of their "main" lines, else of
// all; empty when they name none. A line tagged "@name" serves only packages that ask for it and is not looked at.
std::string alpine_release_of_repositories(std::string_view text);

}  // namespace bulkhead::inventory
