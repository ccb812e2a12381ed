// Where this program looks for its advisory database.
#pragma once

#include <string>

#include "advisory/store.h"

namespace bulkhead::cli {

// `named` is --db, `cache_dir` is --cache-dir; both may be empty. Snapshots lie beside the installed program
// (../share/bulkhead), or in data/ of the source tree that it was built in.
advisory::StorePaths store_paths(const std::string& named, const std::string& cache_dir);

}  // namespace bulkhead::cli
