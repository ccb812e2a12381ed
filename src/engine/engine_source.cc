#include "engine/engine_source.h"

#include <mutex>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "oci/sequential.h"

namespace bulkhead::engine {
namespace {

class EngineImage final : public oci::SequentialImage {
 public:
  EngineImage(Client client, ImageSummary summary, std::string reference, oci::OpenOptions options)
      : client_(std::move(client)),
        summary_(std::move(summary)),
        reference_(std::move(reference)),
        options_(std::move(options)) {
    options_.platform.reset();  // compared already; an archive of one image has
                                // nothing to choose
  }

  Result<oci::Image> read(oci::LayerVisitor& visitor) override {
    const std::string name = fmt::format("{}: image {}", client_.description(), summary_.identifier.to_string());
    TRY_CONTEXT(auto archive, client_.export_image(summary_.identifier), name);
    const auto sequential =
        oci::make_sequential_image(std::move(archive), name, oci::ArchiveFormat::kDockerArchive, {}, options_);
    TRY_ASSIGN(oci::Image image, sequential->read(visitor));
    // The configuration may be another one than the engine's own: Podman
    // converts it for the archive. The layers may not.
    if (image.config.diff_ids != summary_.diff_ids) {
      return fail(Code::kVerificationFailed,
                  fmt::format("{}: the archive holds other layers than the engine said before", name));
    }
    image.reference = reference_;
    if (image.repo_tags.empty()) image.repo_tags = summary_.repo_tags;
    return image;
  }

  std::optional<oci::ImagePreview> preview() const override {
    return oci::ImagePreview{.identifier = summary_.identifier,
                             .diff_ids = summary_.diff_ids,
                             .reference = reference_,
                             .repo_tags = summary_.repo_tags};
  }

 private:
  const Client client_;
  const ImageSummary summary_;
  const std::string reference_;
  oci::OpenOptions options_;
};

// An engine that cannot be talked to says nothing about the image, and others may have it: kUnavailable. What says
// where the engine or the image is not, or who may ask, stays as it is.
Error unreachable(Error error) {
  switch (error.code()) {
    case Code::kNotFound:
    case Code::kPermissionDenied:
    case Code::kUnauthenticated:
    case Code::kCancelled:
      return error;
    default:
      return {Code::kUnavailable, error.to_string(), error.remedy()};
  }
}

// Whether the image is the one that was asked for, as far as the engine says
// what it is.
Status check_platform(const ImageSummary& summary, const oci::OpenOptions& options, std::string_view reference) {
  if (!options.platform || summary.os.empty() || summary.architecture.empty()) return {};
  oci::Platform platform;
  platform.os = summary.os;
  platform.architecture = summary.architecture;
  platform.variant = summary.variant;
  if (oci::platform_distance(*options.platform, platform)) return {};
  return fail(Code::kNotFound,
              fmt::format("{} is here for {} only, not for {}", printable(reference), printable(platform.to_string()),
                          options.platform->to_string()),
              fmt::format("pull it for that platform, or scan it from its "
                          "registry: registry:{}",
                          printable(reference)));
}

class EngineSource final : public oci::ImageSource {
 public:
  EngineSource(EngineOptions options, Flavour flavour) : options_(std::move(options)), flavour_(flavour) {}

  std::string_view scheme() const override { return flavour_ == Flavour::kPodman ? "podman" : "docker"; }
  std::string description() const override { return flavour_ == Flavour::kPodman ? "Podman" : "Docker Engine"; }

  Result<oci::OpenedImage> open(std::string_view reference, const oci::OpenOptions& options) override {
    auto client = this->client();
    if (!client) return fail(unreachable(std::move(client).error()));
    auto summary = client->inspect_image(reference);
    if (!summary) {
      Error error = std::move(summary).error().with_context(client->description());
      return fail(error.code() == Code::kInvalidArgument ? std::move(error) : unreachable(std::move(error)));
    }
    TRY(check_platform(*summary, options, reference));
    return std::make_unique<EngineImage>(*std::move(client), *std::move(summary), std::string(reference), options);
  }

 private:
  Result<Client> client() {
    const std::scoped_lock lock(mutex_);
    if (!client_) {
      TRY_ASSIGN(client_, connect());
    }
    return *client_;
  }

  Result<Client> connect() const {
    TRY_ASSIGN(const std::vector<Address> addresses, options_.addresses());
    return Client::connect_first(addresses, options_.client, description());
  }

  const EngineOptions options_;
  const Flavour flavour_;
  std::mutex mutex_;
  std::optional<Client> client_;  // guarded by mutex_
};

}  // namespace

EngineOptions EngineOptions::docker(const Environment& environment) {
  return {.addresses = [environment] { return docker_addresses(environment); }};
}

EngineOptions EngineOptions::podman(const Environment& environment) {
  return {.addresses = [environment] { return podman_addresses(environment); }};
}

std::unique_ptr<oci::ImageSource> make_docker_source(EngineOptions options) {
  return std::make_unique<EngineSource>(std::move(options), Flavour::kDocker);
}

std::unique_ptr<oci::ImageSource> make_podman_source(EngineOptions options) {
  return std::make_unique<EngineSource>(std::move(options), Flavour::kPodman);
}

}  // namespace bulkhead::engine
