#include "oci/sequential.h"

#include <algorithm>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "archive/inflate.h"
#include "archive/tar_links.h"
#include "archive/tar_reader.h"
#include "base/remedy.h"
#include "base/text.h"
#include "oci/file_store.h"

namespace bulkhead::oci {
namespace {

using archive::TarEntry;
using archive::TarReader;
using archive::TarType;

constexpr std::string_view kWriters = "docker save, podman save and skopeo copy write images";

// Documents without which there is no image: one that is too large to keep must be named as such.
constexpr std::string_view kIndispensable[] = {"manifest.json", "index.json", "oci-layout"};

// What is left of the stream when it has gone by.
class PassedFiles final : public FileStore {
 public:
  PassedFiles(std::string name, const OpenOptions& options) : name_(std::move(name)), options_(options) {}

  Result<std::optional<File>> find(const std::string& path) const override {
    auto normal = archive::normalise_path(path);  // manifests may name "./a/layer.tar"
    if (!normal) return std::nullopt;
    const auto at = archive::follow_links(*std::move(normal), [this](const std::string& link) -> const std::string* {
      const auto found = links_.find(link);
      return found == links_.end() ? nullptr : &found->second;
    });
    if (!at) return std::nullopt;
    if (const auto found = kept_.find(*at); found != kept_.end()) return File{*at, found->second.size()};
    if (const auto found = visited_.find(*at); found != visited_.end()) return File{*at, found->second.size};
    return std::nullopt;
  }

  Result<std::unique_ptr<BlockSource>> open(const std::string& path) const override {
    TRY_ASSIGN(const auto file, find(path));
    if (!file) return fail(Code::kNotFound, fmt::format("holds no {}", printable(path)));
    const auto found = kept_.find(file->path);
    if (found == kept_.end()) {
      return fail(Code::kMalformed, fmt::format("{} is not a JSON document", printable(path)));
    }
    return std::make_unique<MemorySource>(found->second);
  }

  bool reads_once() const override { return true; }
  std::string name() const override { return name_; }

  bool has_manifest() const {
    return std::ranges::any_of(kIndispensable,
                               [&](std::string_view name) { return kept_.contains(std::string(name)); });
  }
  bool is_visited(const std::string& path) const { return visited_.contains(path); }
  bool is_kept(const std::string& path) const { return kept_.contains(path); }
  // What the visitor said about a visited file; nothing when it was content.
  const std::optional<Error>& visit_error(const std::string& path) const { return visited_.at(path).error; }

  Status keep(const std::string& path, std::string content) {
    TRY(account(path.size() + content.size()));
    if (visited_.contains(path)) return repeated(path);
    links_.erase(path);
    kept_[path] = std::move(content);
    return {};
  }

  Status add_link(const std::string& path, std::string target) {
    TRY(account(path.size() + target.size()));
    if (visited_.contains(path)) return repeated(path);
    kept_.erase(path);
    links_[path] = std::move(target);
    return {};
  }

  Status add_visited(const std::string& path, uint64_t size, std::optional<Error> error) {
    TRY(account(path.size()));
    if (visited_.contains(path)) return repeated(path);
    kept_.erase(path);
    links_.erase(path);
    visited_.emplace(path, Visited{size, std::move(error)});
    return {};
  }

 private:
  struct Visited {
    uint64_t size = 0;
    std::optional<Error> error;
  };

  Status account(uint64_t bytes) {
    constexpr uint64_t kPerEntry = 128;  // about what a node of the maps costs besides its strings
    held_ += bytes + kPerEntry;
    if (held_ > options_.limits.max_kept_json_bytes) {
      return fail(limit_passed(options_.limits, &ImageLimits::max_kept_json_bytes));
    }
    return {};
  }

  // Of two entries of one name the last one counts when an archive is unpacked, but the visitor has had the first.
  Status repeated(const std::string& path) const {
    return fail(Code::kMalformed, fmt::format("has two entries named {}", printable(path)));
  }

  std::string name_;
  const OpenOptions& options_;
  std::map<std::string, std::string> kept_;
  std::map<std::string, Visited> visited_;
  std::map<std::string, std::string> links_;
  uint64_t held_ = 0;
};

// One entry's content, whose first block has been looked at already.
class EntrySource final : public BlockSource {
 public:
  EntrySource(TarReader& reader, ByteSpan first) : reader_(reader), first_(first) {}

  Result<ByteSpan> next() override {
    if (!first_.empty()) return std::exchange(first_, ByteSpan());
    return reader_.read();
  }

 private:
  TarReader& reader_;
  ByteSpan first_;
};

// Remembers why the stream itself failed, whatever a visitor makes of it.
class RecordingSource final : public BlockSource {
 public:
  explicit RecordingSource(std::unique_ptr<BlockSource> inner) : inner_(std::move(inner)) {}

  Result<ByteSpan> next() override {
    if (error_) return fail(*error_);
    auto block = inner_->next();
    if (!block) error_ = block.error();
    return block;
  }

  // Reads what is left, so that it is verified; the stream's own error, now or earlier.
  Status drain() {
    for (;;) {
      TRY_ASSIGN(const ByteSpan block, next());
      if (block.empty()) return {};
    }
  }

 private:
  std::unique_ptr<BlockSource> inner_;
  std::optional<Error> error_;
};

bool looks_like_json(ByteSpan head) {
  const std::string_view text = trim(as_text(head));
  return text.starts_with('{') || text.starts_with('[');
}

class SequentialArchive final : public SequentialImage {
 public:
  SequentialArchive(std::unique_ptr<BlockSource> source, std::string name, ArchiveFormat format, Selector selector,
                    OpenOptions options)
      : source_(std::move(source)),
        name_(std::move(name)),
        format_(format),
        selector_(std::move(selector)),
        options_(std::move(options)),
        files_(std::make_shared<PassedFiles>(name_, options_)) {}

  Result<Image> read(LayerVisitor& visitor) override {
    if (auto passed = pass(visitor); !passed) {
      Error error = std::move(passed).error().with_context(name_);
      if (error.code() == Code::kMalformed) return fail(or_remedy(std::move(error), kArchiveAgain));
      const bool doubtful = error.code() == Code::kLimitExceeded && !files_->has_manifest();
      return fail(doubtful ? doubt_that_it_is_an_image(std::move(error)) : std::move(error));
    }
    TRY_ASSIGN(Image image, open_files(files_, format_, selector_, options_));
    for (const Layer& layer : image.layers) {
      if (layer.kind != Layer::Kind::kArchive) continue;
      TRY(settle(layer, visitor));
    }
    image.keep_alive.reset();
    return image;
  }

 private:
  // Takes the whole stream in.
  Status pass(LayerVisitor& visitor) {
    TarReader reader(
        archive::make_inflating_source(std::move(source_), options_.archive_limits, &archive::Limits::max_image_bytes),
        options_.archive_limits);
    uint64_t members = 0;
    for (;;) {
      auto next = reader.next();
      if (!next && next.error().code() == Code::kMalformed && members == 0) {
        return fail(Code::kMalformed,
                    fmt::format("is no tar archive, compressed or not ({})", next.error().to_string()),
                    std::string(kWriters));
      }
      TRY_ASSIGN(const TarEntry* const entry, std::move(next));
      if (entry == nullptr && reader.position() == 0) {
        return fail(Code::kUnsupported, "is empty", std::string(kWriters));
      }
      if (entry == nullptr) return {};
      if (++members > options_.archive_limits.max_members) {
        return fail(archive::limit_passed(options_.archive_limits, &archive::Limits::max_members));
      }
      TRY_ASSIGN(const std::string path, archive::normalise_path(entry->path));
      switch (entry->type) {
        case TarType::kFile:
        case TarType::kOther:
          TRY(take_file(path, entry->size, reader, visitor));
          break;
        case TarType::kSymlink:
        case TarType::kHardLink: {
          TRY_ASSIGN(auto target, archive::link_destination(entry->type, path, entry->link));
          if (target) TRY(files_->add_link(path, *std::move(target)));
          break;
        }
        default:
          break;  // folders and devices say nothing
      }
    }
  }

  Status take_file(const std::string& path, uint64_t size, TarReader& reader, LayerVisitor& visitor) {
    TRY_ASSIGN(const ByteSpan first, reader.read());
    const Digest digest = digest_of_blob_path(path);
    if (!digest.empty() && files_->is_visited(path)) return {};  // the same content again
    std::unique_ptr<BlockSource> content = std::make_unique<EntrySource>(reader, first);
    if (!digest.empty()) {
      content = make_verifying_source(std::move(content), digest, size, fmt::format("blob {}", digest.to_string()));
    }
    const bool indispensable = std::ranges::find(kIndispensable, path) != std::end(kIndispensable);
    if (indispensable && size > options_.limits.max_manifest_bytes) {
      return fail(limit_passed(options_.limits, &ImageLimits::max_manifest_bytes));
    }
    if (indispensable || (size <= options_.limits.max_config_bytes && looks_like_json(first))) {
      TRY_ASSIGN(std::string text, read_all(*content, size, path));
      return files_->keep(path, std::move(text));
    }
    RecordingSource recorded(std::move(content));
    Status visited = visitor.visit(path, digest, recorded);
    if (!visited && visited.error().code() == Code::kCancelled) return visited;
    TRY(recorded.drain());
    return files_->add_visited(path, size, visited ? std::nullopt : std::optional<Error>(visited.error()));
  }

  // The visitor has had the layer's content and was content with it, or is given it now.
  Status settle(const Layer& layer, LayerVisitor& visitor) {
    if (!files_->is_kept(layer.entry_name)) {
      const auto& error = files_->visit_error(layer.entry_name);
      if (error) return std::unexpected(Error(*error).with_context(layer_name(layer)));
      return {};
    }
    TRY_ASSIGN(auto content, files_->open(layer.entry_name));
    auto visited = visitor.visit(layer.entry_name, layer.descriptor.digest, *content);
    if (!visited) return std::unexpected(std::move(visited).error().with_context(layer_name(layer)));
    return {};
  }

  std::string layer_name(const Layer& layer) const {
    return fmt::format("{}: layer {}", name_, printable(layer.entry_name));
  }

  std::unique_ptr<BlockSource> source_;
  std::string name_;
  ArchiveFormat format_;
  Selector selector_;
  OpenOptions options_;
  std::shared_ptr<PassedFiles> files_;
};

}  // namespace

std::unique_ptr<SequentialImage> make_sequential_image(std::unique_ptr<BlockSource> source, std::string name,
                                                       ArchiveFormat format, Selector selector, OpenOptions options) {
  return std::make_unique<SequentialArchive>(std::move(source), std::move(name), format, std::move(selector),
                                             std::move(options));
}

}  // namespace bulkhead::oci
