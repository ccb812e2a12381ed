#include "oci/layout.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "base/json.h"
#include "base/text.h"
#include "oci/json_fields.h"
#include "oci/manifest.h"
#include "oci/read_limited.h"
#include "oci/resolve.h"

namespace bulkhead::oci {
namespace {

constexpr const char* kLayoutFile = "oci-layout";
constexpr uint64_t kMaxLayoutFileBytes = 4096;
constexpr std::string_view kContainerdName = "io.containerd.image.name";

class LayoutBlobs final : public BlobStore {
 public:
  explicit LayoutBlobs(std::shared_ptr<const FileStore> files) : files_(std::move(files)) {}

  Result<std::unique_ptr<BlockSource>> open_blob(const Descriptor& blob) const override {
    const std::string path = blob_path(blob.digest);
    TRY_ASSIGN(const auto file, files_->find(path));
    if (!file) {
      return fail(Code::kNotFound, fmt::format("blob {} is missing", blob.digest.to_string()),
                  "the image is incomplete: copy or pull it again");
    }
    return files_->open(path);
  }

  Result<bool> has_layer(const Descriptor& layer, Layer::Kind /*kind*/) const override {
    TRY_ASSIGN(const auto file, files_->find(blob_path(layer.digest)));
    if (file && file->size != layer.size) {
      return fail(Code::kVerificationFailed,
                  fmt::format("blob {} is {} bytes large, but its descriptor says {}", layer.digest.to_string(),
                              file->size, layer.size),
                  "the image is damaged: copy or pull it again");
    }
    return file.has_value();
  }

  std::string entry_name(const Descriptor& blob) const override {
    const auto file = files_->find(blob_path(blob.digest));
    return file && *file ? (*file)->path : std::string();
  }

  bool reads_once() const override { return files_->reads_once(); }

 private:
  std::shared_ptr<const FileStore> files_;
};

Status check_version(const FileStore& files) {
  TRY_ASSIGN(const std::string text, files.read(kLayoutFile, kMaxLayoutFileBytes));
  TRY_CONTEXT(const auto document, json::Document::parse(text), kLayoutFile);
  TRY_ASSIGN(const Fields fields, Fields::of(document.root(), kLayoutFile));
  TRY_ASSIGN(const std::string version, fields.required_string("imageLayoutVersion"));
  if (version == "1.0.0") return {};
  return fail(Code::kUnsupported,
              fmt::format("is an OCI layout of version {}; version 1.0.0 is understood", printable(version)));
}

bool is_chosen(const Descriptor& descriptor, const Selector& selector) {
  if (!selector.digest.empty() && descriptor.digest != selector.digest) return false;
  if (selector.name.empty()) return true;
  return std::ranges::any_of(layout_names(descriptor), [&](const std::string& name) { return selector.names(name); });
}

// Several entries may be one image when they are one manifest under several names, or go by the same name (or none):
// then each must be for another platform, which resolve_image() sees to.
bool are_one_image(const std::vector<Root>& roots) {
  std::set<Digest> digests;
  std::set<std::string> labels;
  for (const Root& root : roots) {
    if (is_not_an_image(root.descriptor)) continue;
    digests.insert(root.descriptor.digest);
    const auto names = layout_names(root.descriptor);
    labels.insert(names.empty() ? std::string() : names.front());
  }
  return digests.size() <= 1 || labels.size() <= 1;
}

// A manifest that only an index in the layout names, or nothing does.
Result<std::optional<Root>> root_by_digest(const FileStore& files, const Digest& digest, const OpenOptions& options) {
  const std::string path = blob_path(digest);
  TRY_ASSIGN(const auto file, files.find(path));
  if (!file) return std::nullopt;
  Root root;
  root.descriptor.digest = digest;
  root.descriptor.size = file->size;
  if (file->size > options.limits.max_manifest_bytes) {
    return fail(limit_passed(options.limits, &ImageLimits::max_manifest_bytes).with_context(printable(path)));
  }
  TRY_ASSIGN(auto source, files.open(path));
  TRY_ASSIGN(root.bytes, read_verified(std::move(source), root.descriptor, options.limits.max_manifest_bytes,
                                       fmt::format("manifest {}", digest.to_string())));
  return root;
}

Result<std::vector<Root>> choose_roots(const FileStore& files, const Index& index, const Selector& selector,
                                       const OpenOptions& options) {
  std::vector<Root> roots;
  std::vector<std::string> labels;
  for (size_t i = 0; i < index.manifests.size(); ++i) {
    const Descriptor& descriptor = index.manifests[i];
    if (selector.position ? *selector.position == i : is_chosen(descriptor, selector))
      roots.push_back({descriptor, {}});
    if (!is_not_an_image(descriptor)) labels.push_back(layout_label(descriptor));
  }
  if (roots.empty() && !selector.digest.empty() && selector.name.empty()) {
    TRY_ASSIGN(auto root, root_by_digest(files, selector.digest, options));
    if (root) roots.push_back(std::move(*root));
  }
  if (roots.empty() && !selector.empty()) return fail(choose_one(files.name(), "oci", selector, labels));
  if (!are_one_image(roots)) return fail(choose_one(files.name(), "oci", {}, labels));
  return roots;
}

Result<Image> open_named(const std::shared_ptr<const FileStore>& files, const Selector& selector,
                         const OpenOptions& options) {
  TRY_ASSIGN(const LayoutIndex layout, read_layout_index(*files, options.limits));
  const Index& index = layout.index;
  TRY_ASSIGN(auto roots, choose_roots(*files, index, selector, options));
  // Every name of what was chosen, also those of entries that were not asked for by name.
  std::set<std::string> names;
  for (const Descriptor& descriptor : index.manifests) {
    const bool chosen =
        std::ranges::any_of(roots, [&](const Root& root) { return root.descriptor.digest == descriptor.digest; });
    if (!chosen) continue;
    for (std::string& name : layout_names(descriptor)) names.insert(std::move(name));
  }
  auto store = std::make_shared<const LayoutBlobs>(files);
  TRY_ASSIGN(Image image, resolve_image(std::move(store), std::move(roots), options));
  image.repo_tags.assign(names.begin(), names.end());
  return image;
}

}  // namespace

Result<bool> is_layout(const FileStore& files) {
  TRY_ASSIGN(const auto layout, files.find(kLayoutFile));
  TRY_ASSIGN(const auto index, files.find(kLayoutIndexFile));
  return layout && index;
}

Result<LayoutIndex> read_layout_index(const FileStore& files, const ImageLimits& limits) {
  TRY(check_version(files));
  TRY_ASSIGN(std::string bytes, read_limited(files, kLayoutIndexFile, limits, &ImageLimits::max_manifest_bytes));
  TRY_CONTEXT(auto document, parse_manifest(bytes, kOciIndex, limits), kLayoutIndexFile);
  auto& index = std::get<Index>(document);
  if (index.manifests.size() > limits.max_manifests) return fail(limit_passed(limits, &ImageLimits::max_manifests));
  return LayoutIndex{std::move(index), std::move(bytes)};
}

std::vector<std::string> layout_names(const Descriptor& descriptor) {
  std::vector<std::string> names;
  for (const std::string_view key : {kContainerdName, kRefName}) {
    if (const std::string_view name = annotation(descriptor.annotations, key); !name.empty()) names.emplace_back(name);
  }
  return names;
}

std::string layout_label(const Descriptor& descriptor) {
  auto names = layout_names(descriptor);
  return names.empty() ? '@' + descriptor.digest.to_string() : std::move(names.front());
}

Result<Image> open_layout(const std::shared_ptr<const FileStore>& files, const Selector& selector,
                          const OpenOptions& options) {
  auto image = open_named(files, selector, options);
  if (!image) return std::unexpected(std::move(image).error().with_context(files->name()));
  return image;
}

}  // namespace bulkhead::oci
