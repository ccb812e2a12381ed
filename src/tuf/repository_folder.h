// A repository in a folder: what a web server can serve as it is, what is staged, and what an interrupted publication
// leaves behind, which is nothing that counts.
//
//   FOLDER/metadata          -> .publications/17, replaced by one rename: a publication is seen whole or not at all
//   FOLDER/.publications/17/ 1.root.json, 2.root.json, 5.targets.json, …, timestamp.json; files that did not change are
//                            links to those of the publication before
//   FOLDER/staged/           ROLE.json (percent-encoded): new metadata, with the signatures that it has so far
//   FOLDER/.lock             held while a RepositoryFolder is open
//
// Invariants
//  1. `metadata` always names a publication that is complete and on disk. It is made in a folder of its own, synced,
//  and
//     then the link is replaced by rename(2).
//  2. The publication before the present one stays until the next one, for clients in the middle of a download.
//  3. What is staged is replaced as a whole, by renaming `.staged.next`: a delegation without its role, or one change
//  of
//     two, is never there. It is replaced before anything is published and after it: a staged role that has been
//     published meanwhile (the process died between) is recognised by its bytes and removed by the next open().
// Errors: kUnavailable when another process has the folder open, kNotFound when there is no repository; those of
// Repository and of the file system. Not thread-safe.
#pragma once

#include <map>
#include <string>

#include "base/fs.h"
#include "tuf/repository.h"

namespace bulkhead::tuf {

class RepositoryFolder {
 public:
  // The lock of a folder in which there is no repository, made when it is not there. kInvalidArgument when there is one
  // already, also one that a killed writer left.
  static Result<UniqueFd> claim(const std::string& folder);
  // The lock of a folder that is there.
  static Result<UniqueFd> lock(const std::string& folder);

  // Stages the first versions. `claimed`: by claim().
  static Result<RepositoryFolder> create(const Codec& codec, const std::string& folder, UniqueFd claimed,
                                         const Setup& setup, const Lifetimes& lifetimes, int64_t now);
  static Result<RepositoryFolder> create(const Codec& codec, const std::string& folder, const Setup& setup,
                                         const Lifetimes& lifetimes, int64_t now);
  // `locked`: by lock().
  static Result<RepositoryFolder> open(const Codec& codec, const std::string& folder, UniqueFd locked,
                                       const Lifetimes& lifetimes, int64_t now);
  static Result<RepositoryFolder> open(const Codec& codec, const std::string& folder, const Lifetimes& lifetimes,
                                       int64_t now);

  // A new folder with that inside: published files by name (none: nothing is published), staged ones by role. What is
  // in them is looked at by open().
  static Status write(const std::string& folder, const std::map<std::string, std::string>& published,
                      const std::map<std::string, std::string>& staged);

  Repository& repository() { return repository_; }
  const Repository& repository() const { return repository_; }

  // The present publication, by file name; empty before the first.
  Result<std::map<std::string, std::string>> published_files() const;

  // Writes what is staged, and removes staged files of roles that are not staged any more.
  Status save();
  // Repository::publish(), kept.
  Status publish(const std::vector<RoleSigner>& online);
  // Repository::refresh(), kept.
  Status refresh(const std::vector<RoleSigner>& online);

 private:
  RepositoryFolder(std::string folder, UniqueFd lock, Repository repository)
      : folder_(std::move(folder)), lock_(std::move(lock)), repository_(std::move(repository)) {}

  Status keep(Repository next, const std::vector<std::pair<std::string, std::string>>& files);

  std::string folder_;
  UniqueFd lock_;
  Repository repository_;
};

}  // namespace bulkhead::tuf
