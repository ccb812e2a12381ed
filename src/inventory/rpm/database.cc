#include "inventory/rpm/database.h"

#include <fmt/format.h>

#include "base/text.h"
#include "inventory/rpm/berkeley_file.h"
#include "inventory/rpm/ndb_file.h"
#include "inventory/rpm/sqlite_file.h"

namespace bulkhead::inventory::rpm {

namespace {

// RPMTAG_FILESTATES.
enum FileState : uint64_t { kNormal = 0, kReplaced = 1, kNotInstalled = 2, kNetShared = 3, kWrongColor = 4 };

bool is_sqlite(ByteSpan file) {
  return as_text(file).starts_with("SQLite format 3");
}

Status for_each_sqlite_header(ByteSpan file, uint64_t max_header_bytes, const HeaderVisitor& visit) {
  TRY_ASSIGN(const SqliteFile database, SqliteFile::open(file, {.max_row_bytes = max_header_bytes + 4096}));
  // CREATE TABLE Packages (hnum INTEGER PRIMARY KEY AUTOINCREMENT, blob BLOB NOT NULL)
  return database.for_each_row("Packages", [&](int64_t row_id, std::span<const SqliteValue> columns) -> Status {
    if (columns.size() < 2 || columns[1].kind != SqliteValue::Kind::kBlob) {
      return fail(Code::kMalformed, fmt::format("row {} of Packages holds no blob", row_id));
    }
    return visit(static_cast<uint64_t>(row_id), columns[1].bytes);
  });
}

Status for_each_header(ByteSpan file, uint64_t max_header_bytes, const HeaderVisitor& visit) {
  if (is_sqlite(file)) return for_each_sqlite_header(file, max_header_bytes, visit);
  if (is_ndb(file)) return for_each_ndb_header(file, visit);
  if (is_berkeley_db(file)) return for_each_berkeley_header(file, max_header_bytes, visit);
  if (file.empty()) return fail(Code::kMalformed, "rpm database is empty");
  return fail(Code::kMalformed, "no rpm database: neither SQLite, nor ndb, nor BerkeleyDB");
}

// Identity alone: all that a file list needs.
Result<Package> identity_of(const Header& header) {
  Package package;
  package.type = PackageType::kRpm;
  TRY_ASSIGN(package.name, header.string(Tag::kName));
  TRY_ASSIGN(const std::string_view version, header.string(Tag::kVersion));
  TRY_ASSIGN(const std::string_view release, header.string(Tag::kRelease));
  TRY_ASSIGN(const std::vector<uint64_t> epoch, header.integers(Tag::kEpoch));
  TRY_ASSIGN(package.architecture, header.string(Tag::kArch));
  if (package.name.empty() || version.empty() || release.empty()) {
    return fail(Code::kMalformed, fmt::format("rpm header of \"{}\" lacks name, version or release", package.name));
  }
  package.version = epoch_version(epoch.empty() ? 0 : epoch.front(), fmt::format("{}-{}", version, release));
  return package;
}

}  // namespace

SourceName parse_source_rpm(std::string_view file_name) {
  std::string_view rest = file_name;
  if (rest.ends_with(".src.rpm")) {
    rest.remove_suffix(8);
  } else if (rest.ends_with(".nosrc.rpm")) {
    rest.remove_suffix(10);
  } else {
    return {};
  }
  const size_t release = rest.rfind('-');
  if (release == std::string_view::npos || release == 0) return {};
  const size_t version = rest.rfind('-', release - 1);
  if (version == std::string_view::npos || version == 0) return {};
  return {.name = rest.substr(0, version), .version = rest.substr(version + 1)};
}

bool is_key_package(std::string_view name) {
  return name == "gpg-pubkey";
}

std::string epoch_version(uint64_t epoch, std::string_view version_release) {
  return epoch == 0 ? std::string(version_release) : fmt::format("{}:{}", epoch, version_release);
}

void set_source(Package& package, std::string_view source_rpm) {
  const SourceName source = parse_source_rpm(source_rpm);
  package.source_name = source.name.empty() ? package.name : source.name;
  package.source_version = source.name.empty() ? package.version : source.version;
  package.source_epoch_known = source.name.empty();
}

Result<Package> package_of(const Header& header) {
  TRY_ASSIGN(Package package, identity_of(header));
  TRY_ASSIGN(const std::string_view source_rpm, header.string(Tag::kSourceRpm));
  TRY_ASSIGN(package.maintainer, header.string(Tag::kPackager));
  TRY_ASSIGN(package.vendor, header.string(Tag::kVendor));
  TRY_ASSIGN(package.module, header.string(Tag::kModularityLabel));
  TRY_ASSIGN(const std::string_view licence, header.string(Tag::kLicense));
  set_source(package, source_rpm);
  if (!licence.empty()) package.licenses.emplace_back(licence);
  return package;
}

Result<std::vector<std::string>> files_of(const Header& header, uint64_t max_bytes) {
  std::vector<std::string> files;
  TRY_ASSIGN(const std::vector<uint64_t> states, header.integers(Tag::kFileStates));
  TRY_ASSIGN(const std::vector<std::string_view> base_names, header.strings(Tag::kBaseNames));
  TRY_ASSIGN(const std::vector<std::string_view> folders, header.strings(Tag::kDirNames));
  TRY_ASSIGN(const std::vector<uint64_t> folder_of, header.integers(Tag::kDirIndexes));
  TRY_ASSIGN(const std::vector<std::string_view> old_names, header.strings(Tag::kOldFileNames));
  if (folder_of.size() != base_names.size()) {
    return fail(Code::kMalformed,
                fmt::format("rpm header: {} file names with {} folders", base_names.size(), folder_of.size()));
  }
  const size_t count = base_names.empty() ? old_names.size() : base_names.size();
  uint64_t bytes = 0;
  for (size_t i = 0; i < count; ++i) {
    if (i < states.size() && states[i] != kNormal && states[i] != kNetShared) continue;
    std::string_view folder;
    if (!base_names.empty()) {
      if (folder_of[i] >= folders.size()) {
        return fail(Code::kMalformed, fmt::format("rpm header: file in folder {} of {}", folder_of[i], folders.size()));
      }
      folder = folders[folder_of[i]];
    }
    const std::string_view name = base_names.empty() ? old_names[i] : base_names[i];
    bytes += folder.size() + name.size();
    if (bytes > max_bytes) {
      return fail(Code::kLimitExceeded,
                  fmt::format("rpm database: the paths of installed files exceed the limit of {} bytes", max_bytes));
    }
    std::string path;
    path.reserve(folder.size() + name.size());
    path.append(folder).append(name);
    files.push_back(std::move(path));
  }
  return files;
}

Result<std::vector<Package>> read_database(ByteSpan file, Part part, const DatabaseLimits& limits) {
  std::vector<Package> packages;
  uint64_t path_bytes_left = limits.max_path_bytes;
  const auto add = [&](ByteSpan blob) -> Status {
    TRY_ASSIGN(const Header header, Header::parse(blob, limits.header));
    TRY_ASSIGN(const std::string_view name, header.string(Tag::kName));
    if (is_key_package(name)) return {};
    if (packages.size() == limits.max_packages) {
      return fail(Code::kLimitExceeded, fmt::format("more than {} packages", limits.max_packages));
    }
    if (part == Part::kPackages) {
      TRY_ASSIGN(Package package, package_of(header));
      packages.push_back(std::move(package));
      return {};
    }
    TRY_ASSIGN(Package package, identity_of(header));
    TRY_ASSIGN(package.files, files_of(header, path_bytes_left));
    for (const std::string& path : package.files) path_bytes_left -= path.size();
    packages.push_back(std::move(package));
    return {};
  };
  const auto visit = [&](uint64_t number, ByteSpan blob) -> Status {
    auto added = add(blob);
    if (!added)
      return fail(std::move(added).error().with_context(fmt::format("package {} of the rpm database", number)));
    return {};
  };
  const uint64_t max_header_bytes = limits.header.max_data_bytes + uint64_t{16} * limits.header.max_entries + 16;
  TRY(for_each_header(file, max_header_bytes, visit));
  return packages;
}

}  // namespace bulkhead::inventory::rpm
