#include "inventory/os/os_cataloger.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "inventory/os/os_release.h"

namespace bulkhead::inventory {
namespace {

constexpr std::string_view kAnalyser = "os-release";
constexpr uint64_t kMaxBytes = 64U << 10;

struct KnownPath {
  std::string_view pattern;
  OsFileKind kind;
};
constexpr std::array<KnownPath, 22> kPaths = {{
    {"etc/os-release", OsFileKind::kOsRelease},           {"usr/lib/os-release", OsFileKind::kOsRelease},
    {"etc/alpine-release", OsFileKind::kAlpineRelease},   {"etc/almalinux-release", OsFileKind::kReleaseLine},
    {"etc/azurelinux-release", OsFileKind::kReleaseLine}, {"etc/centos-release", OsFileKind::kReleaseLine},
    {"etc/fedora-release", OsFileKind::kReleaseLine},     {"etc/gentoo-release", OsFileKind::kReleaseLine},
    {"etc/mageia-release", OsFileKind::kReleaseLine},     {"etc/mariner-release", OsFileKind::kReleaseLine},
    {"etc/openEuler-release", OsFileKind::kReleaseLine},  {"etc/oracle-release", OsFileKind::kReleaseLine},
    {"etc/photon-release", OsFileKind::kReleaseLine},     {"etc/rocky-release", OsFileKind::kReleaseLine},
    {"etc/redhat-release", OsFileKind::kReleaseLine},     {"etc/system-release", OsFileKind::kReleaseLine},
    {"etc/system-release-cpe", OsFileKind::kReleaseCpe},  {"etc/SuSE-release", OsFileKind::kSuseRelease},
    {"etc/lsb-release", OsFileKind::kLsbRelease},         {"etc/debian_version", OsFileKind::kDebianVersion},
    {"etc/arch-release", OsFileKind::kArchRelease},       {"etc/apk/repositories", OsFileKind::kApkRepositories},
}};
constexpr auto kWants = [] {
  std::array<layer::WantedPath, kPaths.size()> wants{};
  for (size_t i = 0; i < wants.size(); ++i) wants.at(i) = {.pattern = kPaths.at(i).pattern, .max_bytes = kMaxBytes};
  return wants;
}();

// The value is the kind, then the text: what a file is called depends on links, what it is does not.
class OsAnalyser final : public layer::Analyser {
 public:
  std::string_view name() const override { return kAnalyser; }
  uint32_t version() const override { return 1; }
  std::span<const layer::WantedPath> wants() const override { return kWants; }
  Result<std::string> analyse(std::string_view path, ByteSpan content) const override {
    const auto known =
        std::find_if(kPaths.begin(), kPaths.end(), [&](const KnownPath& p) { return p.pattern == path; });
    if (known == kPaths.end()) return std::string();
    std::string value(1, static_cast<char>(known->kind));
    value += as_text(content);
    return value;
  }
};

class OsCataloger final : public Cataloger {
 public:
  std::string_view name() const override { return "operating system"; }
  std::span<const layer::Analyser* const> analysers() const override { return analysers_; }
  Status collect(const layer::MergedImage& image, Inventory& inventory) const override {
    std::vector<OsFile> files;
    const layer::FileFact* unread = nullptr;
    for (const layer::FileFact* fact : image.visible(kAnalyser)) {
      if (!fact->error.empty()) {
        inventory.diagnostics.push_back({fact->path, fact->error});
        unread = fact;
        continue;
      }
      const std::string_view value = fact->value;
      if (!value.empty()) files.push_back({static_cast<OsFileKind>(value.front()), fact->path, value.substr(1)});
    }
    inventory.os = identify_operating_system(files);
    std::erase_if(files, [](const OsFile& file) { return file.kind == OsFileKind::kApkRepositories; });
    const bool inferred = inventory.os.known() && !identify_operating_system(files).known();
    if (inferred && unread == nullptr) {
      inventory.diagnostics.push_back(
          {inventory.os.found_in, fmt::format("no other file names the distribution: {} {} is inferred from the "
                                              "repositories that its packages come from",
                                              inventory.os.name, inventory.os.version_id)});
    }
    // "Unknown" is an answer only when all of its files could be read, and so is what is only inferred.
    if ((inventory.os.known() && !inferred) || unread == nullptr) return {};
    return fail(Code::kMalformed, fmt::format("{}: {}", unread->path, unread->error),
                fmt::format("{}: without it the distribution, and so its advisories, are unknown",
                            unread->denied ? "scan as a user who may read it" : "repair the file"));
  }

 private:
  OsAnalyser analyser_;
  std::array<const layer::Analyser*, 1> analysers_ = {&analyser_};
};

}  // namespace

const Cataloger& os_cataloger() {
  static const OsCataloger cataloger;
  return cataloger;
}

}  // namespace bulkhead::inventory
