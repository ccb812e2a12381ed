#include "oci/registry/registry_artifacts.h"

#include <algorithm>
#include <chrono>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "net/http_fields.h"
#include "net/retry.h"
#include "net/url.h"
#include "oci/manifest.h"
#include "oci/registry/repository.h"
#include "oci/registry/upload.h"

namespace bulkhead::oci {
namespace {

using Clock = std::chrono::steady_clock;

constexpr uint64_t kMaxPages = 100;
constexpr uint32_t kMaxTagChanges = 20;
constexpr std::chrono::milliseconds kShortestSettling{50};
constexpr std::chrono::milliseconds kLongestSettling{2000};

// The answers of a registry that does not know the API: what it answers to any path that it does not know.
bool lacks_the_api(const Error& error) {
  return error.code() == Code::kNotFound || error.code() == Code::kUnsupported;
}

class RegistryArtifacts final : public ArtifactStore {
 public:
  RegistryArtifacts(const std::shared_ptr<Registries>& registries, const Reference& reference,
                    const ImageLimits& limits)
      : reader_(std::make_shared<Repository>(registries, reference)),
        writer_(std::make_shared<Repository>(registries, reference, Repository::Places::kRegistryOnly)),
        name_(reader_->name()),
        limits_(limits) {}

  const std::string& name() const override { return name_; }

  Result<ManifestBlob> tagged(const std::string& tag) const override {
    TRY_ASSIGN(auto fetched, fetch(*reader_, tag, {}));
    return std::move(fetched.manifest);
  }

  Result<ManifestBlob> manifest(const Digest& digest) const override {
    TRY_ASSIGN(auto fetched, fetch(*reader_, {}, digest));
    return std::move(fetched.manifest);
  }

  Result<std::string> blob(const Descriptor& blob, uint64_t max_bytes) const override {
    const std::string what = fmt::format("{}@{}", name_, blob.digest.to_string());
    if (blob.size > max_bytes) return fail(limit_error(fmt::format("bytes of {}", what), max_bytes, {}));
    TRY_ASSIGN(auto source, reader_->open_config(blob));
    return read_verified(std::move(source), blob, max_bytes, what);
  }

  Result<std::vector<Descriptor>> referrers(const Digest& subject) const override {
    auto listed = list_by_api(subject);
    if (!listed && !lacks_the_api(listed.error())) {
      return std::unexpected(std::move(listed).error().with_context(fmt::format("{}: referrers", name_)));
    }
    if (listed && !listed->empty()) return listed;
    return list_by_tag(subject);
  }

  Status put_blob(const Descriptor& blob, std::string_view bytes) override {
    return upload_blob(*writer_, blob, bytes);
  }

  Status put_manifest(const ManifestBlob& manifest) override {
    TRY(upload_manifest(*writer_, manifest, {}));
    return {};
  }

  Status attach(const ManifestBlob& manifest, const Digest& subject) override {
    TRY_ASSIGN(const UploadedManifest uploaded, upload_manifest(*writer_, manifest, {}));
    if (uploaded.subject == subject.to_string()) return {};
    return update_tag(referrers_tag(subject), [&](const ManifestBlob* current) {
      return with_referrer(current, manifest.descriptor, limits_);
    });
  }

  // Of a registry that takes no notice of conditions: what was written is read again after a time in which another
  // writer, who read before we wrote, has written, and changed again when ours is gone.
  Status update_tag(const std::string& tag, const TagChange& change) override {
    for (uint32_t writes = 0;;) {
      const Clock::time_point begun = Clock::now();
      auto current = fetch(*writer_, tag, {});
      if (!current && current.error().code() != Code::kNotFound) return fail(std::move(current).error());
      TRY_ASSIGN(const auto changed, change(current ? &current->manifest : nullptr));
      if (!changed) return {};
      if (writes++ == kMaxTagChanges) {
        return fail(Code::kUnavailable, fmt::format("{}:{}: others keep changing it", name_, tag), "try again later");
      }
      ManifestUpload upload{.tag = tag};
      if (current) upload.if_match = current->entity_tag;
      upload.if_nothing = !current;
      TRY(upload_manifest(*writer_, *changed, upload));
      const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - begun);
      const auto spread = std::chrono::duration_cast<std::chrono::milliseconds>(took * net::random_fraction());
      TRY(net::sleep_for(std::clamp(3 * took + spread, kShortestSettling, kLongestSettling), writer_->options().stop));
    }
  }

 private:
  struct Fetched {
    ManifestBlob manifest;
    std::string entity_tag;
  };
  Result<Fetched> fetch(const Repository& repository, const std::string& tag, const Digest& digest) const {
    const std::string what =
        digest.empty() ? fmt::format("{}:{}", name_, tag) : fmt::format("{}@{}", name_, digest.to_string());
    TRY_CONTEXT(auto fetched, repository.fetch_manifest(tag, digest, limits_), what);
    Root& root = fetched.root;
    TRY_CONTEXT(const auto document, parse_manifest(root.bytes, root.descriptor.media_type, limits_), what);
    root.descriptor.media_type = std::visit([](const auto& parsed) { return parsed.media_type; }, document);
    return Fetched{.manifest = {std::move(root.descriptor), std::move(root.bytes)},
                   .entity_tag = std::string(fetched.headers.find("ETag").value_or(""))};
  }

  Result<std::vector<Descriptor>> list_by_api(const Digest& subject) const {
    std::vector<Descriptor> found;
    std::set<Digest> seen;
    RegistryCall call;
    call.path = fmt::format("referrers/{}", subject.to_string());
    call.headers.add("Accept", std::string(kOciIndex));
    for (uint64_t pages = 0;; ++pages) {
      if (pages == kMaxPages) return fail(limit_error("pages of a list of referrers", kMaxPages, {}));
      TRY_ASSIGN(Repository::Document page,
                 reader_->fetch_document(call, limits_.max_manifest_bytes,
                                         limit_passed(limits_, &ImageLimits::max_manifest_bytes)));
      const std::string type = net::media_type_of(page.headers.find("Content-Type").value_or(""));
      // What answers 200 to everything is no API.
      if (type != kOciIndex) return fail(Code::kUnsupported, fmt::format("the list is of type \"{}\"", type));
      TRY_ASSIGN(const auto document, parse_manifest(page.bytes, type, limits_));
      for (const Descriptor& listed : std::get<Index>(document).manifests) {
        if (found.size() == limits_.max_manifests) return fail(limit_passed(limits_, &ImageLimits::max_manifests));
        if (seen.insert(listed.digest).second) found.push_back(listed);
      }
      const auto next = net::link_target(page.headers, "next");
      if (!next) return found;
      TRY_ASSIGN(const net::Url here, net::Url::parse(page.url));
      TRY_CONTEXT(const net::Url there, here.resolve(*next), "the next page of the list");
      call.url = there.text();
    }
  }

  Result<std::vector<Descriptor>> list_by_tag(const Digest& subject) const {
    const std::string tag = referrers_tag(subject);
    const auto index = tagged(tag);
    if (!index && index.error().code() == Code::kNotFound) return std::vector<Descriptor>();
    if (!index) return fail(index.error());
    TRY_ASSIGN(const auto document, parse_manifest(index->bytes, index->descriptor.media_type, limits_));
    const auto* const list = std::get_if<Index>(&document);
    if (list == nullptr) return fail(Code::kMalformed, fmt::format("{}:{}: is no index of referrers", name_, tag));
    if (list->manifests.size() > limits_.max_manifests) {
      return fail(limit_passed(limits_, &ImageLimits::max_manifests));
    }
    std::vector<Descriptor> found;
    std::set<Digest> seen;
    for (const Descriptor& listed : list->manifests) {
      if (seen.insert(listed.digest).second) found.push_back(listed);
    }
    return found;
  }

  const std::shared_ptr<const Repository> reader_;
  const std::shared_ptr<const Repository> writer_;
  const std::string name_;
  const ImageLimits limits_;
};

}  // namespace

Result<std::unique_ptr<ArtifactStore>> open_registry_artifacts(RegistryOptions options, const Reference& reference,
                                                               const ImageLimits& limits) {
  TRY_ASSIGN(const auto registries, Registries::create(std::move(options)));
  return std::make_unique<RegistryArtifacts>(registries, reference, limits);
}

}  // namespace bulkhead::oci
