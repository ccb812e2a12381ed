// What a publisher keeps beside a freshness map and nobody else needs: where its private keys are, by reference, and
// for how long new metadata is fresh. No secret is in it. Pure; trust of the text: none, for it travels with the
// folder: it names keys, and neither code to load nor files to read PINs from.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "tuf/repository.h"

namespace bulkhead::trust {

struct MapSettings {
  tuf::Lifetimes lifetimes{};
  // keys::key_id() of the public half → "store:…", "file:…", "pkcs11:…".
  std::map<std::string, std::string, std::less<>> key_references{};
};

// A reference as it may stand in settings: of a token's URI what names the key, not its query (RFC 7512 section 2.3:
// the module, and where the PIN is).
std::string kept_reference(std::string_view reference);

// kMalformed naming the member, also for a reference that is no kept_reference(); kUnsupported for another version;
// kLimitExceeded.
Result<MapSettings> read_settings(std::string_view json);
std::string write_settings(const MapSettings& settings);

}  // namespace bulkhead::trust
