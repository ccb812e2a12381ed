// Small images made in memory, for tests only: tar archives, OCI layouts and docker-archives of a few files.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/block_source.h"
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
  char type = '0';      // '0' file, '1' hard link, '2' symlink, '5' directory
  std::string link;
};

// A ustar archive of these entries in this order; paths up to 100 bytes.
inline std::string make_tar(const std::vector<TarFile>& files) {
  std::string tar;
  for (const TarFile& file : files) {
    std::string header(512, '\0');
    const auto put = [&header](size_t offset, std::string_view text) { header.replace(offset, text.size(), text); };
    const auto octal = [&put](size_t offset, size_t digits, uint64_t value) {
      std::string text(digits, '0');
      for (size_t i = digits; i-- > 0; value >>= 3U) text[i] = static_cast<char>('0' + (value & 7U));
      put(offset, text);
    };
    put(0, file.path);
    octal(100, 7, file.type == '5' ? 0755 : 0644);
    octal(108, 7, 0);
    octal(116, 7, 0);
    octal(124, 11, file.type == '0' ? file.content.size() : 0);
    octal(136, 11, 0);
    put(148, "        ");
    header[156] = file.type;
    put(157, file.link);
    put(257, std::string_view("ustar\00000", 8));
    uint64_t sum = 0;
    for (const char c : header) sum += static_cast<unsigned char>(c);
    octal(148, 6, sum);
    header[154] = '\0';
    tar += header;
    if (file.type != '0') continue;
    tar += file.content;
    tar.append((512 - file.content.size() % 512) % 512, '\0');
  }
  return tar.append(1024, '\0');
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

// A folder of its own that goes away with the object.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string path = (std::filesystem::temp_directory_path() / "bulkhead-test-XXXXXX").string();
    if (::mkdtemp(path.data()) == nullptr) std::abort();
    path_ = path;
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  const std::string& path() const { return path_; }
  std::string write(const std::string& name, std::string_view content) const {
    const std::filesystem::path path = std::filesystem::path(path_) / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << content;
    return path.string();
  }
  std::string write(const LayoutBuilder& layout, const std::string& name) const {
    for (const auto& [path, content] : layout.files) write(name + "/" + path, content);
    return path_ + "/" + name;
  }

 private:
  std::string path_;
};

}  // namespace bulkhead::oci::testing
