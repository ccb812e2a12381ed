// dpkg's database of installed packages, and the two that share its format: the one-package files that distroless
// images keep under status.d, and opkg's. Sources: dpkg(1), "Package states"; deb822(5); deb-version(7);
// deb-src-control(5) for "Source: name (version)".
//
// What counts as installed is decided as dpkg means its states: a package whose files are, or may be, on the disk.
//   installed, triggers-pending, triggers-awaited, half-configured, unpacked   unpacked completely
//   half-installed                                                             partly: counted when it has a version
//   config-files, not-installed                                                gone: not counted, whatever was wanted
// A wish (the first word: "deinstall", "hold") changes nothing on the disk and is not looked at. A stanza with a
// version and without Status counts, as image builders write such files; one with neither names no installed package,
// but is damage in the one-package files.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "inventory/package.h"

namespace bulkhead::inventory {

struct StatusOptions {
  // dpkg always ends its file with a newline and refuses one without: it was cut off. Where it was cut at the
  // end of a line, the last package has all that matching needs, which comes first, or the cut is an error: no version
  // and no empty line after it, which dpkg refuses too unless there is no Status either. Only half-installed and
  // not-installed packages need no version.
  bool must_end_with_newline = false;
  // Of files of one package: a stanza without a version is what is left of one that was cut off.
  bool needs_version = false;
  size_t max_packages = 250'000;  // all of Debian has 70,000
};

// The packages whose files are on the disk, in the file's order; no files, layer or locations. Pure and thread-safe.
// kMalformed names the line: no stanza format, a field that is used twice, an unknown state, an installed package
// without name or version, a name that dpkg would not accept; or says that the file was cut off. kLimitExceeded past
// max_packages.
Result<std::vector<Package>> parse_dpkg_status(std::string_view text, const StatusOptions& options = {});

// The paths of an info/<package>.list file: absolute, one a line; "/." (the root itself) is left out.
std::vector<std::string> parse_dpkg_file_list(std::string_view text);
// The paths of an md5sums file ("<32 hex>  <relative path>"), made absolute: what distroless images have instead of
// lists.
std::vector<std::string> parse_dpkg_md5sums(std::string_view text);

}  // namespace bulkhead::inventory
