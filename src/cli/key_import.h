// Keys of others into the key store, as many as can be.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "cli/key_access.h"

namespace bulkhead::cli {

struct ImportedKey {
  std::string id;         // in the store
  std::string notary_id;  // what docker and notary call it
  keys::KeyFacts facts;
  PublicKey public_key;
};
struct ImportedKeys {
  std::vector<ImportedKey> keys;  // also those that were in the store already
  std::vector<Error> failures;    // each names its file
};

// Of key files and of docker's or notary's trust folders. `otherwise` is what keys are for that do not say it.
// Passphrases are asked for key by key.
ImportedKeys import_keys(std::span<const std::string> paths, const keys::KeyFacts& otherwise, KeyAccess& access);

}  // namespace bulkhead::cli
