// apk's database of installed packages. Source: apk-tools, the "installed" file of database format 2, as read and
// written by src/database.c (apk_db_fdb_read, apk_db_fdb_write), and the Alpine wiki page "Apk spec".
//
// Stanzas of "X:value" lines, each ended by an empty line, the last one too: apk and apko always write it, so a file
// that ends otherwise was cut off, and packages are missing. What is read: P name, V version, A architecture, o origin,
// L licence, m maintainer; F a folder and R a file in it, for the file lists. Letters that are not known are passed
// over, as apk does for the lower-case ones.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "inventory/package.h"
#include "inventory/package_codec.h"

namespace bulkhead::inventory {

struct ApkLimits {
  size_t max_packages = 250'000;  // all of Alpine has 25,000
};

// The packages in the file's order; no files, layer or locations. Pure and thread-safe.
// kMalformed names the line: no "X:value", a NUL byte, a package without a name or a version (apk refuses both), a
// second P, V or A line in one stanza; or says that the file was cut off. A package without its checksum (C) is read,
// as apk-tools 2 does. kLimitExceeded past max_packages.
Result<std::vector<Package>> parse_apk_installed(std::string_view text, const ApkLimits& limits = {});

// The files of each package, as absolute paths. Errors as above.
Result<std::vector<FileList>> parse_apk_files(std::string_view text, const ApkLimits& limits = {});

}  // namespace bulkhead::inventory
