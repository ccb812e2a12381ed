// Images that a local engine holds: "docker:alpine", "podman:localhost/app:1".
//
// An engine hands an image out as one archive, in the order that it likes, so
// it opens as a SequentialImage. What the engine says of the image beforehand
// (identifier, diff_ids) is its preview. Layers with other diff_ids than that
// are kVerificationFailed; the configuration may be another one, since Podman
// converts it for the archive.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "engine/client.h"
#include "oci/image_source.h"

namespace bulkhead::engine {

struct EngineOptions {
  // Asked when the source is first used: it may read files (address.h).
  std::function<Result<std::vector<Address>>()> addresses;
  ClientOptions client{};

  static EngineOptions docker(const Environment& environment);
  static EngineOptions podman(const Environment& environment);
};

// The first address at which an engine answers is used. Errors of open(),
// beside those of reading the archive: kNotFound (no such image, or no engine
// here), kPermissionDenied, kUnavailable (whatever else keeps an engine from
// being asked: its address, its certificate, its silence, its answers),
// kInvalidArgument (what cannot be an image's name), and kNotFound when the
// image is for another platform than the one asked for.
std::unique_ptr<oci::ImageSource> make_docker_source(EngineOptions options);
std::unique_ptr<oci::ImageSource> make_podman_source(EngineOptions options);

}  // namespace bulkhead::engine
