#include "trust/resolve_target.h"

#include <algorithm>
#include <functional>
#include <set>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/text.h"
#include "oci/manifest.h"

namespace bulkhead::trust {
namespace {

// Walks what an index leads to, depth first. `visit` gets each manifest with the indexes above it, and ends the walk by
// answering true.
class Walk {
 public:
  using Visit = std::function<bool(const oci::Descriptor& image, const std::vector<oci::Descriptor>& via)>;

  Walk(const oci::ArtifactStore& store, const oci::ImageLimits& limits, Visit visit)
      : store_(store), limits_(limits), visit_(std::move(visit)) {}

  Result<bool> into(const oci::ManifestBlob& index) {
    TRY_CONTEXT(const auto document, oci::parse_manifest(index.bytes, index.descriptor.media_type, limits_),
                fmt::format("manifest {}", index.descriptor.digest.to_string()));
    const auto* const list = std::get_if<oci::Index>(&document);
    if (list == nullptr) return false;
    if (via_.size() == limits_.max_index_depth) return fail(limit_passed(limits_, &oci::ImageLimits::max_index_depth));
    via_.push_back(index.descriptor);
    for (const oci::Descriptor& entry : list->manifests) {
      if (++manifests_ > limits_.max_manifests) return fail(limit_passed(limits_, &oci::ImageLimits::max_manifests));
      if (visit_(entry, via_)) return true;
      if (!oci::is_index_type(entry.media_type)) continue;
      if (++documents_ > limits_.max_documents) return fail(limit_passed(limits_, &oci::ImageLimits::max_documents));
      const auto inner = store_.manifest(entry.digest);
      if (!inner && inner.error().code() == Code::kNotFound) continue;  // of a copy that is not whole
      if (!inner) return fail(inner.error());
      TRY_ASSIGN(const bool found, into(*inner));
      if (found) return true;
    }
    via_.pop_back();
    return false;
  }

 private:
  const oci::ArtifactStore& store_;
  const oci::ImageLimits& limits_;
  const Visit visit_;
  std::vector<oci::Descriptor> via_;
  uint64_t manifests_ = 0;
  uint64_t documents_ = 0;
};

Result<Target> find_digest(const oci::ArtifactStore& store, const oci::ManifestBlob& image, const std::string& tag,
                           const oci::ImageLimits& limits) {
  Target target{.image = image.descriptor, .via = {}};
  if (tag.empty()) return target;
  // The tag only helps: it may be gone, or mean something else by now.
  const auto named = store.tagged(tag);
  if (!named && named.error().code() != Code::kNotFound) return fail(named.error());
  if (!named || named->descriptor.digest == image.descriptor.digest) return target;
  const auto is_it = [&](const oci::Descriptor& entry, const std::vector<oci::Descriptor>& via) {
    if (entry.digest != image.descriptor.digest) return false;
    target.via = via;
    return true;
  };
  TRY(Walk(store, limits, is_it).into(*named));
  return target;
}

Result<Target> find_platform(const oci::ArtifactStore& store, const oci::ManifestBlob& root,
                             const oci::Platform& wanted, const oci::ImageLimits& limits) {
  Target target;
  std::optional<uint32_t> best;
  std::set<std::string> there;
  const auto consider = [&](const oci::Descriptor& entry, const std::vector<oci::Descriptor>& via) {
    if (oci::is_index_type(entry.media_type) || oci::is_not_an_image(entry) || !entry.platform) return false;
    there.insert(printable(entry.platform->to_string()));
    const auto distance = oci::platform_distance(wanted, *entry.platform);
    if (!distance || (best && *distance >= *best)) return false;
    best = distance;
    target = {.image = entry, .via = via};
    return false;
  };
  TRY(Walk(store, limits, consider).into(root));
  if (!best) {
    return fail(Code::kNotFound, fmt::format("{}@{}: there is no image for {}, only for {}", store.name(),
                                             root.descriptor.digest.to_string(), wanted.to_string(),
                                             there.empty() ? "none" : fmt::format("{}", fmt::join(there, ", "))));
  }
  TRY_ASSIGN(oci::ManifestBlob image, store.manifest(target.image.digest));
  target.image.size = image.descriptor.size;
  target.image.media_type = std::move(image.descriptor.media_type);
  return target;
}

}  // namespace

Result<Target> resolve_target(const oci::ArtifactStore& store, const std::string& tag, const Digest& digest,
                              const std::optional<oci::Platform>& platform, const oci::ImageLimits& limits) {
  TRY_ASSIGN(const oci::ManifestBlob root, digest.empty() ? store.tagged(tag) : store.manifest(digest));
  const bool is_index = oci::is_index_type(root.descriptor.media_type);
  if (!platform)
    return digest.empty() ? Target{.image = root.descriptor, .via = {}} : find_digest(store, root, tag, limits);
  if (is_index) return find_platform(store, root, *platform, limits);
  return fail(Code::kInvalidArgument,
              fmt::format("{}@{} is one image, no index of several platforms", store.name(),
                          root.descriptor.digest.to_string()),
              "leave the platform out");
}

Result<std::vector<oci::Descriptor>> images_of(const oci::ArtifactStore& store, const oci::ManifestBlob& index,
                                               const oci::ImageLimits& limits) {
  std::vector<oci::Descriptor> images;
  std::set<Digest> seen;
  const auto collect = [&](const oci::Descriptor& entry, const std::vector<oci::Descriptor>& /*via*/) {
    if (!oci::is_not_an_image(entry) && seen.insert(entry.digest).second) images.push_back(entry);
    return false;
  };
  TRY(Walk(store, limits, collect).into(index));
  return images;
}

}  // namespace bulkhead::trust
