#include "inventory/dpkg/dpkg_cataloger.h"

#include <algorithm>
#include <array>

#include "inventory/attribution.h"
#include "inventory/dpkg/licenses.h"
#include "inventory/dpkg/status.h"
#include "inventory/file_attachment.h"
#include "inventory/license/debian_copyright.h"
#include "inventory/package_codec.h"

namespace bulkhead::inventory {
namespace {

constexpr std::string_view kPackagesAnalyser = "dpkg-packages";
constexpr std::string_view kFilesAnalyser = "dpkg-files";
constexpr std::string_view kCopyrightAnalyser = "dpkg-copyright";

constexpr std::string_view kStatusFolder = "var/lib/dpkg/status.d/";

// status.d: one file per package, in images without dpkg (distroless). opkg: OpenWrt and Yocto.
// How large they may be, --max-file-bytes decides: it can be raised.
constexpr layer::WantedPath kDatabases[] = {{.pattern = "var/lib/dpkg/status", .max_bytes = UINT64_MAX},
                                            {.pattern = "var/lib/dpkg/status.d/*", .max_bytes = UINT64_MAX},
                                            {.pattern = "var/lib/opkg/status", .max_bytes = UINT64_MAX},
                                            {.pattern = "usr/lib/opkg/status", .max_bytes = UINT64_MAX}};

constexpr layer::WantedPath kFileLists[] = {{.pattern = "var/lib/dpkg/info/*.list"},
                                            {.pattern = "var/lib/dpkg/status.d/*.md5sums"},
                                            {.pattern = "var/lib/opkg/info/*.list"},
                                            {.pattern = "usr/lib/opkg/info/*.list"}};

constexpr layer::WantedPath kCopyrights[] = {{.pattern = "usr/share/doc/*/copyright", .max_bytes = 8U << 20}};

// What dpkg keeps per package besides its fields; images that copy package contents into status.d have them there too.
constexpr std::string_view kCompanions[] = {".md5sums",  ".list",   ".preinst", ".postinst",  ".prerm",     ".postrm",
                                            ".triggers", ".shlibs", ".symbols", ".conffiles", ".templates", ".config"};

bool is_companion(std::string_view path) {
  return std::any_of(std::begin(kCompanions), std::end(kCompanions),
                     [&](std::string_view suffix) { return path.ends_with(suffix); });
}

// A database that cannot be read fails the scan when the merged image shows it: collect() tells, and names the remedy.
class PackagesAnalyser final : public layer::Analyser {
 public:
  std::string_view name() const override { return kPackagesAnalyser; }
  uint32_t version() const override { return 3; }
  std::span<const layer::WantedPath> wants() const override { return kDatabases; }
  Result<std::string> analyse(std::string_view path, ByteSpan content) const override {
    if (is_companion(path)) return std::string();
    const bool is_one_package = path.starts_with(kStatusFolder);
    TRY_ASSIGN(const auto packages, parse_dpkg_status(as_text(content), {.must_end_with_newline = !is_one_package,
                                                                         .needs_version = is_one_package}));
    return encode_packages(packages);
  }
};

// The list's package is told by the file's name, which belongs to the FileFact: names stay empty here.
class FilesAnalyser final : public layer::Analyser {
 public:
  std::string_view name() const override { return kFilesAnalyser; }
  uint32_t version() const override { return 1; }
  std::span<const layer::WantedPath> wants() const override { return kFileLists; }
  Result<std::string> analyse(std::string_view path, ByteSpan content) const override {
    FileList list;
    list.files =
        path.ends_with(".md5sums") ? parse_dpkg_md5sums(as_text(content)) : parse_dpkg_file_list(as_text(content));
    return encode_file_lists(std::span(&list, 1));
  }
};

// The value is one licence a line.
class CopyrightAnalyser final : public layer::Analyser {
 public:
  std::string_view name() const override { return kCopyrightAnalyser; }
  uint32_t version() const override { return 1; }
  std::span<const layer::WantedPath> wants() const override { return kCopyrights; }
  Result<std::string> analyse(std::string_view /*path*/, ByteSpan content) const override {
    std::string value;
    for (const std::string& license : licenses_of_copyright(as_text(content))) value.append(license).append("\n");
    return value;
  }
};

// "var/lib/dpkg/info/libc6:amd64.list": the package is libc6 of amd64.
void name_after_file(std::string_view path, FileList& list) {
  std::string_view stem = path.substr(path.rfind('/') + 1);
  stem = stem.substr(0, stem.rfind('.'));
  const size_t colon = stem.find(':');
  list.name = stem.substr(0, colon);
  list.architecture = colon == std::string_view::npos ? std::string_view() : stem.substr(colon + 1);
}

class DpkgCataloger final : public Cataloger {
 public:
  std::string_view name() const override { return "dpkg"; }
  std::span<const layer::Analyser* const> analysers() const override { return analysers_; }

  Status collect(const layer::MergedImage& image, Inventory& inventory) const override {
    TRY_ASSIGN(auto packages, collect_packages(image, kPackagesAnalyser));
    const auto copyrights = image.visible(kCopyrightAnalyser);
    for (const layer::FileFact* fact : copyrights) {
      if (!fact->error.empty()) inventory.diagnostics.push_back({fact->path, fact->error});
    }
    attach_dpkg_licenses(copyrights, packages);
    std::move(packages.begin(), packages.end(), std::back_inserter(inventory.packages));
    return {};
  }

  Status collect_files(const layer::MergedImage& image, Inventory& inventory) const override {
    return attach_files(image, kFilesAnalyser, PackageType::kDeb, inventory, name_after_file);
  }

 private:
  PackagesAnalyser packages_;
  FilesAnalyser files_;
  CopyrightAnalyser copyrights_;
  std::array<const layer::Analyser*, 3> analysers_ = {&packages_, &files_, &copyrights_};
};

}  // namespace

const Cataloger& dpkg_cataloger() {
  static const DpkgCataloger cataloger;
  return cataloger;
}

}  // namespace bulkhead::inventory
