// What a publisher keeps beside a freshness map and nobody else needs: where its private keys are, by reference, and
// for how long new metadata is fresh. No secret is in it. Pure; trust of the text: the publisher's own file, read
// strictly.
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

// kMalformed naming the member; kUnsupported for another version; kLimitExceeded.
Result<MapSettings> read_settings(std::string_view json);
std::string write_settings(const MapSettings& settings);

}  // namespace bulkhead::trust
