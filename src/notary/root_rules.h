// Which root a repository may have, by the certificates of its keys. Internal to notary. Source:
// theupdateframework/notary 0.7, trustpinning/certs.go.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "tuf/metadata.h"

namespace bulkhead::notary {

// Each key listed in `known` by the SHA-256 of what it is; kVerificationFailed for one that `ids` names and that is not
// listed, or not by that.
Status check_key_ids(const std::vector<std::string>& ids, const tuf::Keys& known, std::string_view lister,
                     std::string_view role);

// Signed by a threshold of `previous`'s root keys (where there is one) and of its own, each with a certificate whose
// common name is the repository's, or a prefix of it and `*`. Its own certificates must not have expired.
Status check_root(const tuf::Signed<tuf::Root>& root, const tuf::Root* previous, std::string_view gun, int64_t now);

// kVerificationFailed in the words of notary.
Status check_signatures(const tuf::RoleKeys& keys, const tuf::Keys& known, std::string_view signed_bytes,
                        const std::vector<tuf::Signature>& signatures, std::string_view role);

}  // namespace bulkhead::notary
