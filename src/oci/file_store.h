// The files that an image is made of, by name: those of a folder, of a tar file on disk, or what was kept of a stream.
// OCI layouts and docker-archives are read through this, so that neither knows how it was packed.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "archive/tar_index.h"
#include "base/block_source.h"
#include "crypto/digest.h"

namespace bulkhead::oci {

// Immutable; safe to use from several threads at once. Names are relative, with '/' between segments. Nothing is
// verified. Errors name the file, not the store.
class FileStore {
 public:
  struct File {
    std::string path;  // its own name in the store: what a symlink leads to
    uint64_t size = 0;
  };

  FileStore() = default;
  FileStore(const FileStore&) = delete;
  FileStore& operator=(const FileStore&) = delete;
  virtual ~FileStore() = default;

  // Nothing when there is no regular file of that name; symlinks are followed.
  virtual Result<std::optional<File>> find(const std::string& path) const = 0;
  virtual Result<std::unique_ptr<BlockSource>> open(const std::string& path) const = 0;
  // Files that are layers have gone by and cannot be opened any more.
  virtual bool reads_once() const { return false; }
  virtual std::string name() const = 0;  // for errors: "images/app.tar"

  // The whole file; kNotFound when there is none, kLimitExceeded past max_bytes.
  Result<std::string> read(const std::string& path, uint64_t max_bytes) const;
};

// A folder on this machine. Its contents are not trusted: special files are refused unopened.
std::shared_ptr<const FileStore> make_folder_store(std::string folder);
// A tar file on this machine; `name` is for errors.
std::shared_ptr<const FileStore> make_tar_store(archive::TarIndex index, std::string name);

// Where an OCI layout keeps the blob: "blobs/sha256/<hex>".
std::string blob_path(const Digest& digest);
// The digest that a file's name promises; empty when it is no blob's name.
Digest digest_of_blob_path(std::string_view path);

}  // namespace bulkhead::oci
