// A freshness map as its publisher has it: the TUF repository in a folder (tuf/repository_folder.h), its entries, and
// which keys sign its roles.
//
//   FOLDER/metadata, staged, …   as tuf/repository_folder.h says; a web server serves FOLDER/metadata
//   FOLDER/.settings.json        map_settings.h
//
// Private keys never come here: who signs is handed in. Every change is staged, signed, then published. Errors: those
// of tuf::RepositoryFolder; kUnavailable when another process holds the folder for long. Not thread-safe.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "trust/freshness_entry.h"
#include "trust/map_settings.h"
#include "tuf/repository_folder.h"

namespace bulkhead::trust {

// A key of a role, by both of its names.
struct RoleKey {
  std::string tuf_id;  // in this repository's metadata
  std::string id;      // keys::key_id(); empty for a key that is of no use here
  std::optional<PublicKey> key;
  std::string reference;  // where its private half is; empty: with somebody else
};

// Who signs a role, by the state that will be.
struct RoleFacts {
  std::string role;
  std::string delegator;  // empty for the top-level roles
  uint32_t threshold = 1;
  std::vector<RoleKey> keys;
};

class Publisher {
 public:
  static Result<Publisher> create(const std::string& folder, const tuf::Setup& setup, const MapSettings& settings,
                                  int64_t now);
  static Result<Publisher> open(const std::string& folder, int64_t now);

  // A folder with that inside, for one that is restored.
  static Status write(const std::string& folder, const MapSettings& settings,
                      const std::map<std::string, std::string>& published,
                      const std::map<std::string, std::string>& staged);

  const std::string& folder() const { return folder_; }
  tuf::Repository& repository() { return repository_.repository(); }
  const tuf::Repository& repository() const { return repository_.repository(); }
  const MapSettings& settings() const { return settings_; }

  // ---- Entries, by path (freshness_entry.h). A change stages the role.
  struct Placed {
    MapEntry entry;
    std::string role;
  };
  // As it will be after the next publication, as a client finds it; nothing when nobody lists it.
  Result<std::optional<Placed>> find(const std::string& path) const;
  // In `role`, or where find() looks first: the role that lists the path already, else the last of those that it is
  // delegated to. Answers the role. kInvalidArgument when clients would not find it in that role.
  Result<std::string> set(const std::string& path, const MapEntry& entry, const std::string& role = {});
  // The digest that a tag means now. kNotFound when it means none.
  Result<MapEntry> current_entry(const oci::Reference& reference) const;

  // ---- Roles and keys
  // Root, timestamp, snapshot, targets, then the delegated ones. Bins are one for all, by the name of the first.
  std::vector<RoleFacts> roles() const;
  // kNotFound for unknown roles; a bin has the keys of all bins.
  Result<RoleFacts> role(std::string_view name) const;
  // Keys of a top-level role by the root that is published: while another one is staged, what stays published is signed
  // by these, and the next root by both. None before the first publication.
  std::vector<RoleKey> keys_in_force(std::string_view role) const;
  // Remembers where keys are, by keys::key_id().
  Status add_references(const std::map<std::string, std::string, std::less<>>& references);

  // What a web server serves, by file name.
  Result<std::map<std::string, std::string>> published_files() const { return repository_.published_files(); }

  // ---- Kept
  Status save() { return repository_.save(); }
  Status publish(const std::vector<tuf::RoleSigner>& online) { return repository_.publish(online); }
  // What is published made fresh, whatever is staged.
  Status refresh(const std::vector<tuf::RoleSigner>& online) { return repository_.refresh(online); }
  bool has_unsigned() const;  // something is staged that lacks signatures

 private:
  Publisher(std::string folder, MapSettings settings, tuf::RepositoryFolder repository)
      : folder_(std::move(folder)), settings_(std::move(settings)), repository_(std::move(repository)) {}
  RoleFacts facts_of(std::string role, std::string delegator, const tuf::RoleKeys& keys, const tuf::Keys& known) const;

  std::string folder_;
  MapSettings settings_;
  tuf::RepositoryFolder repository_;
};

}  // namespace bulkhead::trust
