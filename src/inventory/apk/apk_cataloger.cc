#include "inventory/apk/apk_cataloger.h"

#include <algorithm>
#include <array>

#include "inventory/apk/installed.h"
#include "inventory/attribution.h"
#include "inventory/file_attachment.h"

namespace bulkhead::inventory {
namespace {

constexpr std::string_view kPackagesAnalyser = "apk-packages";
constexpr std::string_view kFilesAnalyser = "apk-files";

// apk-tools 3 moved the database below /usr.
// How large they may be, --max-file-bytes decides: it can be raised.
constexpr layer::WantedPath kDatabases[] = {{.pattern = "lib/apk/db/installed", .max_bytes = UINT64_MAX},
                                            {.pattern = "usr/lib/apk/db/installed", .max_bytes = UINT64_MAX}};

// A database that cannot be read fails the scan when the merged image shows it: collect() tells, and names the remedy.
class PackagesAnalyser final : public layer::Analyser {
 public:
  std::string_view name() const override { return kPackagesAnalyser; }
  uint32_t version() const override { return 2; }
  std::span<const layer::WantedPath> wants() const override { return kDatabases; }
  Result<std::string> analyse(std::string_view /*path*/, ByteSpan content) const override {
    TRY_ASSIGN(const auto packages, parse_apk_installed(as_text(content)));
    return encode_packages(packages);
  }
};

class FilesAnalyser final : public layer::Analyser {
 public:
  std::string_view name() const override { return kFilesAnalyser; }
  uint32_t version() const override { return 2; }
  std::span<const layer::WantedPath> wants() const override { return kDatabases; }
  Result<std::string> analyse(std::string_view /*path*/, ByteSpan content) const override {
    TRY_ASSIGN(const auto lists, parse_apk_files(as_text(content)));
    return encode_file_lists(lists);
  }
};

class ApkCataloger final : public Cataloger {
 public:
  std::string_view name() const override { return "apk"; }
  std::span<const layer::Analyser* const> analysers() const override { return analysers_; }

  Status collect(const layer::MergedImage& image, Inventory& inventory) const override {
    TRY_ASSIGN(auto packages, collect_packages(image, kPackagesAnalyser));
    std::move(packages.begin(), packages.end(), std::back_inserter(inventory.packages));
    return {};
  }

  Status collect_files(const layer::MergedImage& image, Inventory& inventory) const override {
    return attach_files(image, kFilesAnalyser, PackageType::kApk, inventory);
  }

 private:
  PackagesAnalyser packages_;
  FilesAnalyser files_;
  std::array<const layer::Analyser*, 2> analysers_ = {&packages_, &files_};
};

}  // namespace

const Cataloger& apk_cataloger() {
  static const ApkCataloger cataloger;
  return cataloger;
}

}  // namespace bulkhead::inventory
