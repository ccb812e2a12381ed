// Images in registries: "registry:docker.io/library/alpine:3.19".
//
// Sources: OCI distribution-spec v1.1, "Pull"; the same API of Docker's distribution before it.
// Manifests and blobs are verified against their digests, by whoever reads them (resolve.h); a tag's digest is that of
// the bytes that came, and a Docker-Content-Digest that says otherwise is kVerificationFailed. Layers stream, and
// continue after a broken connection where it ended. Mirrors are asked first, in their order; what one of them lacks or
// cannot give is asked of the next, and last of the registry itself.
#pragma once

#include <memory>

#include "oci/image_source.h"
#include "oci/registry/options.h"

namespace bulkhead::oci {

// Makes no request, and reads no file, before the first open(). Errors of open(), beside those of resolve.h:
// kInvalidArgument (reference), kNotFound, kUnauthenticated, kPermissionDenied, kUnavailable, kDeadlineExceeded,
// kVerificationFailed (certificate or digest), kCancelled.
std::unique_ptr<ImageSource> make_registry_source(RegistryOptions options);

}  // namespace bulkhead::oci
