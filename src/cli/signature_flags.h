// What `sign` and `verify` have in common: the image, by where its signatures are kept, and NAME=VALUE annotations.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/flags.h"
#include "cli/registry_flags.h"
#include "oci/artifact_location.h"
#include "trust/rule.h"

namespace bulkhead::cli {

struct SignatureFlags {
  std::string image;
  trust::SignedAnnotations annotations;
  RegistryFlags registry;
  oci::ImageLimits limits;

  void declare(Flags& flags, std::string annotation_help);
};

// For the details of such a command.
inline constexpr std::string_view kSignedImageForms =
    "An IMAGE is a reference in a registry (registry.example/app:1.2, localhost:5000/x@sha256:…) or an OCI layout "
    "(oci:PATH[:TAG][@DIGEST]); what lies at a path of that name comes first. Signatures are kept beside the image.";

// "store:…", "file:…" and "pkcs11:…" as they are; anything else is a file's path.
std::string key_reference_of(std::string_view text);
// How a user knows a key: the file's name, or the reference without what may be a PIN.
std::string key_display_name(std::string_view reference);

// A word that stands for a type of predicate ("slsaprovenance", "spdxjson", …), or a URI. kInvalidArgument.
Result<std::string> parse_predicate_type(std::string_view text);

}  // namespace bulkhead::cli
