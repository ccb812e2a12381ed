// Small images made in memory, for tests only: tar archives, OCI layouts and docker-archives of a few files.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "archive/tar_builder.h"
#include "base/block_source.h"
#include "base/temporary_folder.h"
#include "crypto/digest.h"
#include "oci/file_store.h"

namespace bulkhead::oci::testing {

inline std::string digest_of(std::string_view bytes) {
  return Digest::sha256_of(as_bytes(bytes)).to_string();
}
inline std::string hex_of(std::string_view bytes) {
  return Digest::sha256_of(as_bytes(bytes)).hex();
}

struct TarFile {
  std::string path;
  std::string content;  // of a file
  char type = '0';      // '0' file, '1' hard link, '2' symlink, '5' folder
  std::string link;
};

inline std::string make_tar(const std::vector<TarFile>& files) {
  archive::TarBuilder tar;
  for (const TarFile& file : files) {
    switch (file.type) {
      case '1':
        tar.hard_link(file.path, file.link);
        break;
      case '2':
        tar.symlink(file.path, file.link);
        break;
      case '5':
        tar.directory(file.path);
        break;
      default:
        tar.file(file.path, file.content);
    }
  }
  return tar.finish();
}

// gzip without compression (stored blocks): as good as any for readers, and needs no library.
inline std::string make_gzip(std::string_view content) {
  std::string gzip("\x1f\x8b\x08\0\0\0\0\0\0\xff", 10);
  const auto little_endian = [&gzip](uint64_t value, int bytes) {
    for (; bytes > 0; --bytes, value >>= 8U) gzip.push_back(static_cast<char>(value & 0xff));
  };
  uint32_t crc = 0xffffffff;
  for (const char c : content) {
    crc ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1U) ^ ((crc & 1U) != 0 ? 0xedb88320U : 0U);
  }
  const uint64_t size = content.size();
  do {
    const size_t block = std::min<size_t>(content.size(), 65535);
    gzip.push_back(block == content.size() ? '\1' : '\0');
    little_endian(block, 2);
    little_endian(~block, 2);
    gzip += content.substr(0, block);
    content.remove_prefix(block);
  } while (!content.empty());
  little_endian(crc ^ 0xffffffff, 4);
  little_endian(size, 4);
  return gzip;
}

inline std::string quoted_list(const std::vector<std::string>& texts) {
  std::string list;
  for (const std::string& text : texts) list += (list.empty() ? "\"" : ", \"") + text + '"';
  return '[' + list + ']';
}

// A configuration whose layers are these (uncompressed) tars, each made by an instruction "step N".
inline std::string make_config(const std::vector<std::string>& tars, std::string_view os = "linux",
                               std::string_view architecture = "amd64") {
  std::vector<std::string> diff_ids;
  std::string history;
  for (const std::string& tar : tars) {
    diff_ids.push_back(digest_of(tar));
    history += std::string(history.empty() ? "" : ", ") + R"({"created_by": "step )" + std::to_string(diff_ids.size()) +
               R"("})";
  }
  return std::string(R"({"os": ")") + std::string(os) + R"(", "architecture": ")" + std::string(architecture) +
         R"(", "config": {"User": "app"}, "rootfs": {"type": "layers", "diff_ids": )" + quoted_list(diff_ids) +
         R"(}, "history": [)" + history + "]}";
}

inline constexpr std::string_view kTestLayerType = "application/vnd.oci.image.layer.v1.tar";

// An OCI layout by its files; add images, then close it with finish().
class LayoutBuilder {
 public:
  std::map<std::string, std::string> files;  // by path in the layout

  // Stores a blob; answers its descriptor as JSON. `more`: further members, with a leading comma.
  std::string blob(std::string_view media_type, const std::string& bytes, const std::string& more = "") {
    files["blobs/sha256/" + hex_of(bytes)] = bytes;
    return R"({"mediaType": ")" + std::string(media_type) + R"(", "digest": ")" + digest_of(bytes) + R"(", "size": )" +
           std::to_string(bytes.size()) + more + "}";
  }

  // Stores an image of these uncompressed layers; answers the descriptor of its manifest.
  std::string image(const std::vector<std::string>& tars, std::string_view os = "linux",
                    std::string_view architecture = "amd64", const std::string& more = "") {
    std::string layers;
    for (const std::string& tar : tars) layers += (layers.empty() ? "" : ", ") + blob(kTestLayerType, tar);
    const std::string config = blob("application/vnd.oci.image.config.v1+json", make_config(tars, os, architecture));
    return blob("application/vnd.oci.image.manifest.v1+json",
                R"({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", "config": )" +
                    config + R"(, "layers": [)" + layers + "]}",
                more);
  }

  static std::string index_of(const std::vector<std::string>& descriptors) {
    std::string manifests;
    for (const std::string& descriptor : descriptors) manifests += (manifests.empty() ? "" : ", ") + descriptor;
    return R"({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": [)" +
           manifests + "]}";
  }

  std::string index(const std::vector<std::string>& descriptors, const std::string& more = "") {
    return blob("application/vnd.oci.image.index.v1+json", index_of(descriptors), more);
  }

  LayoutBuilder& finish(const std::vector<std::string>& descriptors) {
    files["index.json"] = index_of(descriptors);
    files["oci-layout"] = R"({"imageLayoutVersion": "1.0.0"})";
    return *this;
  }

  std::string tar() const {
    std::vector<TarFile> entries;
    for (const auto& [path, content] : files) entries.push_back({path, content, '0', ""});
    return make_tar(entries);
  }
};

// Files by name, without a place on disk. Names in `links` lead to others.
class MemoryFiles final : public FileStore {
 public:
  std::map<std::string, std::string> files;
  std::map<std::string, std::string> links;

  explicit MemoryFiles(std::map<std::string, std::string> contents) : files(std::move(contents)) {}

  Result<std::optional<File>> find(const std::string& path) const override {
    const auto link = links.find(path);
    const auto found = files.find(link == links.end() ? path : link->second);
    if (found == files.end()) return std::nullopt;
    return File{found->first, found->second.size()};
  }
  Result<std::unique_ptr<BlockSource>> open(const std::string& path) const override {
    const auto found = find(path);
    if (!*found) return fail(Code::kNotFound, path);
    return std::make_unique<MemorySource>(files.at((*found)->path));
  }
  std::string name() const override { return "test-files"; }
};

inline std::string platform_member(std::string_view os, std::string_view architecture, std::string_view variant = "") {
  std::string text =
      R"(, "platform": {"os": ")" + std::string(os) + R"(", "architecture": ")" + std::string(architecture) + '"';
  if (!variant.empty()) text += R"(, "variant": ")" + std::string(variant) + '"';
  return text + "}";
}
inline std::string named(std::string_view ref_name) {
  return R"(, "annotations": {"org.opencontainers.image.ref.name": ")" + std::string(ref_name) + R"("})";
}

// Its path.
inline std::string write_layout(const TemporaryFolder& folder, const LayoutBuilder& layout, const std::string& name) {
  for (const auto& [path, content] : layout.files) folder.write(name + "/" + path, content);
  return folder / name;
}

}  // namespace bulkhead::oci::testing
