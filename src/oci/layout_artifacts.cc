#include "oci/layout_artifacts.h"

#include <algorithm>
#include <chrono>
#include <set>
#include <thread>
#include <utility>

#include <fmt/format.h>

#include "base/fs.h"
#include "base/text.h"
#include "oci/artifact_manifest.h"
#include "oci/layout.h"
#include "oci/manifest.h"
#include "oci/resolve.h"
#include "oci/selector.h"

namespace bulkhead::oci {
namespace {

constexpr auto kLockPatience = std::chrono::seconds(30);
constexpr auto kLockPause = std::chrono::milliseconds(20);

// Waits its turn: writers hold the lock for as long as one file takes.
Result<UniqueFd> lock_layout(const std::string& folder) {
  const auto deadline = std::chrono::steady_clock::now() + kLockPatience;
  for (;;) {
    auto lock = lock_file(folder + "/oci-layout");
    if (lock || lock.error().code() != Code::kUnavailable || std::chrono::steady_clock::now() > deadline) return lock;
    std::this_thread::sleep_for(kLockPause);
  }
}

class LayoutArtifacts final : public ArtifactStore {
 public:
  LayoutArtifacts(std::shared_ptr<const FileStore> files, std::string folder, const ImageLimits& limits)
      : files_(std::move(files)), name_(files_->name()), folder_(std::move(folder)), limits_(limits) {}

  const std::string& name() const override { return name_; }

  Result<ManifestBlob> tagged(const std::string& tag) const override {
    TRY_CONTEXT(auto found, find_tagged(tag), name_);
    return found;
  }

  Result<ManifestBlob> manifest(const Digest& digest) const override {
    TRY_CONTEXT(auto found, read_manifest(digest), name_);
    return found;
  }

  Result<std::string> blob(const Descriptor& blob, uint64_t max_bytes) const override {
    TRY_CONTEXT(std::string bytes, read_blob(blob, max_bytes, "blob"), name_);
    return bytes;
  }

  Result<std::vector<Descriptor>> referrers(const Digest& subject) const override {
    TRY_CONTEXT(auto found, find_referrers(subject), name_);
    return found;
  }

  Status put_blob(const Descriptor& blob, std::string_view bytes) override {
    TRY(require_folder());
    const std::string path = blob_path(blob.digest);
    // What is there and whole stays; what is damaged is mended.
    if (read_blob(blob, blob.size, "blob")) return {};
    return write_file_atomically(folder_ + '/' + path, bytes);
  }

  Status put_manifest(const ManifestBlob& manifest) override { return put_blob(manifest.descriptor, manifest.bytes); }

  Status attach(const ManifestBlob& manifest, const Digest& /*subject*/) override {
    TRY(put_manifest(manifest));
    TRY_ASSIGN(const UniqueFd lock, lock_layout(folder_));
    TRY_CONTEXT(const LayoutIndex index, read_layout_index(*files_, limits_), name_);
    const auto& listed = index.index.manifests;
    if (std::ranges::find(listed, manifest.descriptor.digest, &Descriptor::digest) != listed.end()) return {};
    return write_index_file(index, {}, manifest.descriptor);
  }

  Status update_tag(const std::string& tag, const TagChange& change) override {
    TRY(require_folder());
    TRY_ASSIGN(const UniqueFd lock, lock_layout(folder_));
    auto current = tagged(tag);
    if (!current && current.error().code() != Code::kNotFound) return fail(std::move(current).error());
    TRY_ASSIGN(const auto changed, change(current ? &*current : nullptr));
    if (!changed) return {};
    TRY(put_manifest(*changed));
    TRY_CONTEXT(const LayoutIndex index, read_layout_index(*files_, limits_), name_);
    Descriptor entry = changed->descriptor;
    entry.annotations.emplace_back(kRefName, tag);
    std::ranges::sort(entry.annotations);
    const auto had_the_name = [&](const Descriptor& other) { return annotation(other.annotations, kRefName) == tag; };
    return write_index_file(index, had_the_name, entry);
  }

 private:
  Status require_folder() const {
    if (!folder_.empty()) return {};
    return fail(Code::kUnsupported, fmt::format("{}: an archive cannot be added to", name_),
                "unpack it into a folder, and name that: oci:FOLDER");
  }

  Status write_index_file(const LayoutIndex& index, const std::function<bool(const Descriptor&)>& drops,
                          const Descriptor& added) {
    TRY_CONTEXT(const std::string edited, edit_index(index.bytes, drops, {added}, limits_), name_);
    return write_file_atomically(folder_ + '/' + kLayoutIndexFile, edited);
  }

  Result<std::string> read_blob(const Descriptor& blob, uint64_t max_bytes, std::string_view kind) const {
    const std::string what = fmt::format("{} {}", kind, blob.digest.to_string());
    TRY_ASSIGN(const auto file, files_->find(blob_path(blob.digest)));
    if (!file) return fail(Code::kNotFound, what + " is missing");
    TRY_ASSIGN(auto source, files_->open(blob_path(blob.digest)));
    return read_verified(std::move(source), blob, max_bytes, what);
  }

  // A manifest of which only the digest is known: its size is that of its file, its type what it says itself.
  Result<ManifestBlob> read_manifest(const Digest& digest) const {
    TRY_ASSIGN(const auto file, files_->find(blob_path(digest)));
    if (!file) return fail(Code::kNotFound, fmt::format("manifest {} is missing", digest.to_string()));
    Descriptor descriptor;
    descriptor.digest = digest;
    descriptor.size = file->size;
    if (file->size > limits_.max_manifest_bytes) return fail(limit_passed(limits_, &ImageLimits::max_manifest_bytes));
    TRY_ASSIGN(std::string bytes, read_blob(descriptor, limits_.max_manifest_bytes, "manifest"));
    TRY_CONTEXT(const auto document, parse_manifest(bytes, {}, limits_),
                fmt::format("manifest {}", digest.to_string()));
    descriptor.media_type = std::visit([](const auto& parsed) { return parsed.media_type; }, document);
    return ManifestBlob{std::move(descriptor), std::move(bytes)};
  }

  Result<ManifestBlob> find_tagged(const std::string& tag) const {
    TRY_ASSIGN(const LayoutIndex index, read_layout_index(*files_, limits_));
    Selector selector;
    selector.name = tag;
    std::set<Digest> found;
    std::vector<std::string> labels;
    for (const Descriptor& descriptor : index.index.manifests) {
      const auto names = layout_names(descriptor);
      const bool chosen =
          tag.empty() ? !is_not_an_image(descriptor)
                      : std::ranges::any_of(names, [&](const std::string& name) { return selector.names(name); });
      if (chosen) found.insert(descriptor.digest);
      if (!is_not_an_image(descriptor)) labels.push_back(layout_label(descriptor));
    }
    if (found.empty())
      return fail(choose_one(name_, "oci", tag.empty() ? Selector{.name = "latest"} : selector, labels));
    if (found.size() > 1) return fail(choose_one(name_, "oci", {}, labels));
    return read_manifest(*found.begin());
  }

  // index.json lists what is named and what nothing else names; listings need not say what refers to what, so each is
  // opened, as far as limits let us.
  Result<std::vector<Descriptor>> find_referrers(const Digest& subject) const {
    TRY_ASSIGN(const LayoutIndex index, read_layout_index(*files_, limits_));
    std::vector<Descriptor> found;
    std::set<Digest> opened = {subject};
    uint64_t bytes = 0;  // read: sizes in the index are only claimed
    for (const Descriptor& listed : index.index.manifests) {
      if (!opened.insert(listed.digest).second) continue;
      TRY_ASSIGN(const auto file, files_->find(blob_path(listed.digest)));
      // Of another platform and not copied, or no manifest at all.
      if (!file || file->size > limits_.max_manifest_bytes) continue;
      bytes += file->size;
      if (bytes > limits_.max_kept_json_bytes) return fail(limit_passed(limits_, &ImageLimits::max_kept_json_bytes));
      const auto manifest = read_manifest(listed.digest);
      if (!manifest) continue;
      const auto document = parse_manifest(manifest->bytes, {}, limits_);
      if (!document) continue;
      const auto about = std::visit([](const auto& parsed) { return parsed.subject; }, *document);
      if (about && about->digest == subject) add_once(found, listed);
    }
    const auto tag_index = find_tagged(referrers_tag(subject));
    if (tag_index) {
      TRY_ASSIGN(const auto document, parse_manifest(tag_index->bytes, {}, limits_));
      if (const auto* const list = std::get_if<Index>(&document)) {
        for (const Descriptor& listed : list->manifests) add_once(found, listed);
      }
    }
    return found;
  }

  static void add_once(std::vector<Descriptor>& found, const Descriptor& descriptor) {
    if (std::ranges::find(found, descriptor.digest, &Descriptor::digest) == found.end()) found.push_back(descriptor);
  }

  const std::shared_ptr<const FileStore> files_;
  const std::string name_;
  const std::string folder_;
  const ImageLimits limits_;
};

}  // namespace

Result<std::unique_ptr<ArtifactStore>> open_layout_artifacts(std::shared_ptr<const FileStore> files, std::string folder,
                                                             const ImageLimits& limits) {
  TRY_ASSIGN(const bool is_one, is_layout(*files));
  if (!is_one) {
    return fail(Code::kNotFound,
                fmt::format("{}: is no OCI layout (it has no oci-layout and index.json)", files->name()));
  }
  // Its version, and that its index can be read.
  if (const auto index = read_layout_index(*files, limits); !index) {
    return std::unexpected(Error(index.error()).with_context(files->name()));
  }
  return std::make_unique<LayoutArtifacts>(std::move(files), std::move(folder), limits);
}

}  // namespace bulkhead::oci
