// bulkhead trust add
#include <memory>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/text.h"
#include "cli/command.h"
#include "cli/environment.h"
#include "cli/registry_flags.h"
#include "cli/trust_publisher.h"
#include "oci/artifact_location.h"
#include "oci/reference.h"

namespace bulkhead::cli {
namespace {

class TrustAddCommand final : public Command {
 public:
  void declare(Flags& flags) override {
    common_.declare(flags);
    common_.declare_publish(flags);
    flags.add({.names = "IMAGE",
               .help = "NAME:TAG, which is asked of its registry, or NAME:TAG@sha256:…, which is taken as it is",
               .required = true,
               .repeats = true},
              [this](std::string_view value) -> Status {
                TRY_ASSIGN(oci::Reference image, oci::Reference::parse_normalized(value));
                images_.push_back(image.tag.empty() && image.digest.empty() ? image.with_default_tag() : image);
                return {};
              });
    flags.add({.names = "--size", .value = "BYTES", .help = "of the manifest, where its digest is given"}, size_);
    flags.add(
        {.names = "--role", .value = "ROLE", .help = "that is to list it", .preset = "the one it is delegated to"},
        role_);
    registry_.declare(flags);
  }

  Result<int> run(Interrupts& interrupts) override {
    std::vector<trust::MapEntry> entries;
    for (const oci::Reference& image : images_) {
      TRY_CONTEXT(trust::MapEntry entry, entry_of(image, interrupts.stop_in_order()), image.to_string());
      entries.push_back(std::move(entry));
    }
    TRY_ASSIGN(auto publisher, common_.open());
    std::string text;
    for (size_t i = 0; i < images_.size(); ++i) {
      const oci::Reference& image = images_[i];
      TRY(check_not_revoked(publisher, image, entries[i].digest));
      const std::string path =
          image.tag.empty() ? trust::digest_path(image, entries[i].digest) : trust::tag_path(image);
      TRY_ASSIGN(const std::string role, publisher.set(path, entries[i], role_));
      text += fmt::format("{} is {} ({})\n", path, entries[i].digest.to_string(), printable(role));
    }
    TRY(finish_change(publisher, common_, text));
    return kSuccess;
  }

 private:
  Result<trust::MapEntry> entry_of(const oci::Reference& image, const std::stop_token& stop) const {
    trust::MapEntry entry{.digest = image.digest, .size = size_, .time = unix_now()};
    if (!image.digest.empty()) return entry;
    TRY_ASSIGN(
        const oci::ArtifactLocation location,
        oci::locate_artifacts("registry:" + image.to_string(), registry_.options(process_environment(), stop), {}));
    // The index where there is one: a tag means all of its platforms.
    TRY_ASSIGN(const oci::ManifestBlob manifest, location.resolve());
    entry.digest = manifest.descriptor.digest;
    entry.size = manifest.descriptor.size;
    return entry;
  }

  static Status check_not_revoked(const trust::Publisher& publisher, const oci::Reference& image,
                                  const Digest& digest) {
    for (const std::string& path : {trust::revoked_digest_path(digest), trust::digest_path(image, digest)}) {
      TRY_ASSIGN(const auto placed, publisher.find(path));
      if (!placed || placed->entry.state == trust::EntryState::kCurrent || image.tag.empty()) continue;
      return fail(Code::kInvalidArgument,
                  fmt::format("{} is revoked: {}", digest.to_string(), printable(placed->entry.reason)),
                  "a revoked digest is given no tag");
    }
    return {};
  }

  PublisherFlags common_;
  std::vector<oci::Reference> images_;
  uint64_t size_ = 0;
  std::string role_;
  RegistryFlags registry_;
};

}  // namespace

CommandInfo trust_add_command() {
  return {.name = "trust add",
          .summary = "say what a tag means today",
          .details =
              "The entry is staged in the role that the image is delegated to; `bulkhead trust sign` and "
              "`bulkhead trust publish` make it known, or --publish at once. Of a multi-platform image the index is "
              "entered, so that one entry stands for all platforms.",
          .examples =
              "bulkhead trust add map registry.example/team/app:1.2\n"
              "bulkhead trust add map registry.example/team/app:1.2@sha256:… --publish",
          .make = [] -> std::unique_ptr<Command> { return std::make_unique<TrustAddCommand>(); }};
}

}  // namespace bulkhead::cli
