// An rpm database, of whichever of the three kinds, to packages. The file is read as data: no lock, no rpm, no index
// beside it.
//
// Pure and thread-safe; trust of the input: none. Memory beyond the file's own bytes: the packages, and one header.
// Source: rpm, lib/backend (sqlite, ndb, bdb) and the tag table; each reader's header names its format.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "inventory/package.h"
#include "inventory/rpm/header.h"

namespace bulkhead::inventory::rpm {

struct DatabaseLimits {
  HeaderLimits header = {};
  uint32_t max_packages = 200'000;
  uint64_t max_path_bytes = 128U << 20;  // of all installed files' paths together
};

// Called with the database's number of the package and its header, which is valid during the call only. An error ends
// the walk and is returned by it.
using HeaderVisitor = std::function<Status(uint64_t number, ByteSpan header)>;

enum class Part : uint8_t {
  kPackages,  // everything but Package::files
  kFiles,     // name, version, architecture and files
};

// Every installed package, in the order of the database. The pseudo packages that hold signing keys (gpg-pubkey) are
// left out. A file that rpm records as not installed (documentation left out, another package's file in its place) is
// not listed. kMalformed, kUnsupported and kLimitExceeded name the kind of database and the package.
Result<std::vector<Package>> read_database(ByteSpan file, Part part, const DatabaseLimits& limits = {});

// One header's package.
Result<Package> package_of(const Header& header);
// One header's installed files, absolute; kLimitExceeded when they have more than max_bytes together.
Result<std::vector<std::string>> files_of(const Header& header, uint64_t max_bytes);

// "bash-4.4-19.6.1.src.rpm": the source package's name and "version-release". Both empty when it is no such name.
struct SourceName {
  std::string_view name;
  std::string_view version;
};
SourceName parse_source_rpm(std::string_view file_name);

// The rules that every source of rpm packages shares.
bool is_key_package(std::string_view name);  // gpg-pubkey
// "1:2.3-4"; no epoch and epoch 0 are the same version and are written the same.
std::string epoch_version(uint64_t epoch, std::string_view version_release);
// Source name and version of a package whose SOURCERPM is this; its own where there is none.
void set_source(Package& package, std::string_view source_rpm);

}  // namespace bulkhead::inventory::rpm
