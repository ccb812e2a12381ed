// Where rpm databases lie, which of several counts, and what becomes of them in a layer and in the merged image.
#include "inventory/rpm/rpm_cataloger.h"

#include <algorithm>
#include <array>
#include <map>
#include <tuple>

#include <fmt/format.h>

#include "inventory/attribution.h"
#include "inventory/package_codec.h"
#include "inventory/rpm/database.h"
#include "inventory/rpm/manifest.h"
#include "inventory/rpm/sqlite_file.h"

namespace bulkhead::inventory {

namespace {

constexpr uint64_t kMaxDatabaseBytes = UINT64_MAX;  // --max-file-bytes decides, and can be raised
constexpr std::string_view kManifestPath = "var/lib/rpmmanifest/container-manifest-2";
constexpr std::string_view kRepair =
    "it was damaged or cut short when the image was built: repair it there with `rpm --rebuilddb`, build the image "
    "again and scan that";

// var/lib/rpm is the traditional folder; usr/lib/sysimage/rpm that of SUSE, Fedora since 36 and RHEL 10; usr/share/rpm
// that of rpm-ostree. In a folder the newer kind of database comes first: rpm leaves the older one behind when it
// converts.
constexpr std::array<layer::WantedPath, 10> kDatabases{{
    {"var/lib/rpm/rpmdb.sqlite", kMaxDatabaseBytes},
    {"var/lib/rpm/Packages.db", kMaxDatabaseBytes},
    {"var/lib/rpm/Packages", kMaxDatabaseBytes},
    {"usr/lib/sysimage/rpm/rpmdb.sqlite", kMaxDatabaseBytes},
    {"usr/lib/sysimage/rpm/Packages.db", kMaxDatabaseBytes},
    {"usr/lib/sysimage/rpm/Packages", kMaxDatabaseBytes},
    {"usr/share/rpm/rpmdb.sqlite", kMaxDatabaseBytes},
    {"usr/share/rpm/Packages.db", kMaxDatabaseBytes},
    {"usr/share/rpm/Packages", kMaxDatabaseBytes},
    {kManifestPath, kMaxDatabaseBytes},
}};

constexpr std::array<layer::WantedPath, 3> kWriteAheadLogs{{
    {"var/lib/rpm/rpmdb.sqlite-wal", kMaxDatabaseBytes},
    {"usr/lib/sysimage/rpm/rpmdb.sqlite-wal", kMaxDatabaseBytes},
    {"usr/share/rpm/rpmdb.sqlite-wal", kMaxDatabaseBytes},
}};

std::string_view folder_of(std::string_view path) {
  return path.substr(0, path.rfind('/'));
}

// A corrupt database fails the scan only when the merged image still shows it, and as the one that counts: collect()
// tells.
class PackagesAnalyser final : public layer::Analyser {
 public:
  std::string_view name() const override { return "rpm-packages"; }
  uint32_t version() const override { return 1; }
  std::span<const layer::WantedPath> wants() const override { return kDatabases; }
  Result<std::string> analyse(std::string_view path, ByteSpan content) const override {
    TRY_ASSIGN(const std::vector<Package> packages, path == kManifestPath
                                                        ? rpm::read_manifest(as_text(content))
                                                        : rpm::read_database(content, rpm::Part::kPackages));
    return encode_packages(packages);
  }
};

class FilesAnalyser final : public layer::Analyser {
 public:
  std::string_view name() const override { return "rpm-files"; }
  uint32_t version() const override { return 1; }
  std::span<const layer::WantedPath> wants() const override {
    return std::span(kDatabases).first(kDatabases.size() - 1);  // the manifest lists no files
  }
  Result<std::string> analyse(std::string_view /*path*/, ByteSpan content) const override {
    TRY_ASSIGN(std::vector<Package> packages, rpm::read_database(content, rpm::Part::kFiles));
    std::vector<FileList> lists;
    lists.reserve(packages.size());
    for (Package& package : packages) {
      lists.push_back({.name = std::move(package.name),
                       .version = std::move(package.version),
                       .architecture = std::move(package.architecture),
                       .files = std::move(package.files)});
    }
    return encode_file_lists(lists);
  }
};

// Answers how many pages of committed changes the log holds, in decimal; nothing when none.
class LogAnalyser final : public layer::Analyser {
 public:
  std::string_view name() const override { return "rpm-write-ahead-log"; }
  uint32_t version() const override { return 1; }
  std::span<const layer::WantedPath> wants() const override { return kWriteAheadLogs; }
  Result<std::string> analyse(std::string_view /*path*/, ByteSpan content) const override {
    TRY_ASSIGN(const uint64_t frames, rpm::committed_wal_frames(content));
    return frames == 0 ? std::string() : fmt::format("{}", frames);
  }
};

const PackagesAnalyser kPackagesAnalyser;
const FilesAnalyser kFilesAnalyser;
const LogAnalyser kLogAnalyser;
constexpr std::array<const layer::Analyser*, 3> kAnalysers{&kPackagesAnalyser, &kFilesAnalyser, &kLogAnalyser};

size_t rank_of(std::string_view path) {
  return static_cast<size_t>(std::ranges::find(kDatabases, path, &layer::WantedPath::pattern) - kDatabases.begin());
}

// The database of each folder that rpm itself would read, in the order of kDatabases.
std::vector<const layer::FileFact*> databases_in_force(const layer::MergedImage& image, std::string_view analyser) {
  std::vector<const layer::FileFact*> facts = image.visible(analyser);
  std::ranges::sort(facts, {}, [](const layer::FileFact* fact) { return rank_of(fact->path); });
  const auto rest = std::ranges::unique(facts, {}, [](const layer::FileFact* fact) { return folder_of(fact->path); });
  facts.erase(rest.begin(), rest.end());
  return facts;
}

class RpmCataloger final : public Cataloger {
 public:
  std::string_view name() const override { return "rpm"; }
  std::span<const layer::Analyser* const> analysers() const override { return kAnalysers; }

  Status collect(const layer::MergedImage& image, Inventory& inventory) const override {
    const auto databases = databases_in_force(image, kPackagesAnalyser.name());
    TRY_ASSIGN(auto packages, attribute_packages(databases, image.history(kPackagesAnalyser.name()), kRepair));
    std::ranges::move(packages, std::back_inserter(inventory.packages));
    for (const layer::FileFact* log : image.visible(kLogAnalyser.name())) {
      if (log->value.empty() && log->error.empty()) continue;
      inventory.diagnostics.push_back(
          {.path = log->path,
           .message =
               log->error.empty()
                   ? fmt::format("the write-ahead log holds {} pages that may not be in the database yet: packages "
                                 "installed last may be missing (let rpm finish before the layer is committed)",
                                 log->value)
                   : log->error});
    }
    return {};
  }

  Status collect_files(const layer::MergedImage& image, Inventory& inventory) const override {
    using Key = std::tuple<std::string_view, std::string_view, std::string_view>;
    std::map<Key, Package*> packages;
    for (Package& package : inventory.packages) {
      if (package.type != PackageType::kRpm) continue;
      packages.emplace(Key(package.name, package.version, package.architecture), &package);
    }
    for (const layer::FileFact* fact : databases_in_force(image, kFilesAnalyser.name())) {
      if (!fact->error.empty()) return fail(unreadable_database(*fact, fact->error, kRepair));
      TRY_CONTEXT(std::vector<FileList> lists, decode_file_lists(as_bytes(fact->value)), fact->path);
      for (FileList& list : lists) {
        const auto found = packages.find(Key(list.name, list.version, list.architecture));
        if (found != packages.end()) std::ranges::move(list.files, std::back_inserter(found->second->files));
      }
    }
    return {};
  }
};

const RpmCataloger kRpmCataloger;

}  // namespace

const Cataloger& rpm_cataloger() {
  return kRpmCataloger;
}

}  // namespace bulkhead::inventory
