// Reads the package headers out of a BerkeleyDB hash file (Packages; rpm before 4.16, RHEL and CentOS up to 8, Amazon
// Linux 2, Photon up to 3, older SUSE). Walks the buckets as BerkeleyDB does, of either byte order; headers mostly lie
// on chains of overflow pages.
//
// Pure and thread-safe; trust of the input: none. A page that is reached twice is kMalformed, so that no loop and no
// shared chain can multiply the work. Source: the page layouts of Oracle Berkeley DB 4 and 5 (hash access method,
// versions 7 to 10 of the format).
#pragma once

#include "inventory/rpm/database.h"

namespace bulkhead::inventory::rpm {

bool is_berkeley_db(ByteSpan file);

// Every value but that of package 0, under which rpm keeps its counter. kMalformed; kUnsupported for other access
// methods, other versions, encrypted or checksummed files; kLimitExceeded for a value above max_header_bytes.
Status for_each_berkeley_header(ByteSpan file, uint64_t max_header_bytes, const HeaderVisitor& visit);

}  // namespace bulkhead::inventory::rpm
