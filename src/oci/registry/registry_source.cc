#include "oci/registry/registry_source.h"

#include <mutex>
#include <utility>

#include <fmt/format.h>

#include "oci/reference.h"
#include "oci/registry/repository.h"

namespace bulkhead::oci {
namespace {

class RegistrySource final : public ImageSource {
 public:
  explicit RegistrySource(RegistryOptions options) : options_(std::move(options)) {}

  std::string_view scheme() const override { return "registry"; }
  std::string description() const override { return "container registries"; }

  Result<OpenedImage> open(std::string_view text, const OpenOptions& options) override {
    TRY_ASSIGN(const Reference parsed, Reference::parse_normalized(text));
    const Reference reference = parsed.with_default_tag();
    TRY_ASSIGN(auto registries, this->registries());
    const auto repository = std::make_shared<const Repository>(std::move(registries), reference);
    TRY_CONTEXT(auto fetched, repository->fetch_manifest(reference.tag, reference.digest, options.limits),
                reference.to_string());
    std::vector<Root> roots;
    roots.push_back(std::move(fetched.root));
    TRY_CONTEXT(Image image, resolve_image(repository, std::move(roots), options), reference.to_string());
    image.reference = text;
    if (!reference.tag.empty()) image.repo_tags = {fmt::format("{}:{}", reference.name(), reference.tag)};
    return image;
  }

 private:
  Result<std::shared_ptr<Registries>> registries() {
    const std::scoped_lock lock(mutex_);
    if (registries_ == nullptr) {
      TRY_ASSIGN(registries_, Registries::create(options_));
    }
    return registries_;
  }

  const RegistryOptions options_;
  std::mutex mutex_;
  std::shared_ptr<Registries> registries_;  // guarded by mutex_
};

}  // namespace

std::unique_ptr<ImageSource> make_registry_source(RegistryOptions options) {
  return std::make_unique<RegistrySource>(std::move(options));
}

}  // namespace bulkhead::oci
