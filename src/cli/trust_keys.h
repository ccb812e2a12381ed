// Keys of the commands of a freshness map's publisher, which sign again and again.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "cli/flags.h"
#include "cli/key_access.h"
#include "crypto/signer.h"
#include "tuf/repository.h"

namespace bulkhead::cli {

// Opens each key once, and keeps it open.
class TrustKeys {
 public:
  void declare(Flags& flags) { access_.declare(flags); }

  // The public half; a passphrase is asked for only where no public half is at hand.
  Result<PublicKey> public_key(const std::string& reference) { return access_.public_key(reference); }
  Result<std::shared_ptr<const Signer>> open(const std::string& reference);
  // The private half itself; nothing for a key that never leaves its token.
  Result<std::optional<PrivateKey>> private_key(const std::string& reference);
  // Whether its private half can be had, as far as can be told without a passphrase.
  Status is_here(const std::string& reference);
  // In the store, under a passphrase that is asked for once for all; answers its reference.
  Result<std::string> generate(KeyType type);

 private:
  KeyAccess access_;
  std::map<std::string, std::shared_ptr<const Signer>, std::less<>> open_;  // by reference
};

// For tuf::Repository, which keeps no key.
tuf::RoleSigner role_signer(std::shared_ptr<const Signer> signer);

// --backup-passphrase
void add_backup_passphrase_flag(Flags& flags, KeyAccess& backup);

}  // namespace bulkhead::cli
