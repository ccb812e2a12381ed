// Reads the package headers out of rpm's ndb database (Packages.db; SUSE). The file is a table of slots, then blobs of
// 16-byte blocks; each blob carries its package number, length and an Adler-32 checksum, which is verified.
//
// Pure and thread-safe; trust of the input: none. Little-endian whatever the machine.
// Source: rpm, lib/backend/ndb (rpmpkg), where the format is defined.
#pragma once

#include "inventory/rpm/database.h"

namespace bulkhead::inventory::rpm {

bool is_ndb(ByteSpan file);

// Every blob in the order of the slots. kMalformed for anything that rpm would refuse: missing magic, slots that point
// outside the file or at another package's blob, overlapping blobs, a wrong checksum. kUnsupported for another version.
Status for_each_ndb_header(ByteSpan file, const HeaderVisitor& visit);

}  // namespace bulkhead::inventory::rpm
