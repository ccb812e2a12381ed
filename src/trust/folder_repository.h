// A TUF repository in a folder of this machine, or of a medium that was carried to it. Thread-safe.
#pragma once

#include <string>
#include <string_view>

#include "tuf/updater.h"

namespace bulkhead::trust {

class FolderRepository final : public tuf::MetadataSource {
 public:
  // `folder` holds the metadata, or has a folder `metadata` that does, as tuf::RepositoryFolder lays it out.
  explicit FolderRepository(std::string folder);

  Result<std::string> fetch(std::string_view name, uint64_t max_bytes) override;

 private:
  std::string folder_;
};

}  // namespace bulkhead::trust
