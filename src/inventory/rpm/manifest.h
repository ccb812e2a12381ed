// The package manifest of rpm-based images that were built without a database (Azure Linux and CBL-Mariner distroless):
// var/lib/rpmmanifest/container-manifest-2, one package a line as `rpm --query` printed it at build time:
//   name \t version-release \t install time \t build time \t vendor \t epoch \t size \t architecture \t epoch number \t
//   source rpm; "(none)" stands for what a package lacks.
//
// Pure and thread-safe; trust of the input: none.
// Source: microsoft/marinara, the build of the distroless images.
#pragma once

#include <string_view>
#include <vector>

#include "inventory/package.h"
#include "inventory/rpm/database.h"

namespace bulkhead::inventory::rpm {

// kMalformed names the line; blank lines and signing keys are passed over.
Result<std::vector<Package>> read_manifest(std::string_view text, const DatabaseLimits& limits = {});

}  // namespace bulkhead::inventory::rpm
