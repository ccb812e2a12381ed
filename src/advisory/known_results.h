// For tests only: what known results are compared with, and how differences are told.
#pragma once

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "advisory/build.h"
#include "advisory/database.h"
#include "advisory/match.h"
#include "advisory/match_test_support.h"
#include "archive/inflate.h"
#include "archive/tar_reader.h"
#include "base/fs.h"
#include "base/test_data.h"
#include "base/text.h"
#include "inventory/apk/installed.h"
#include "inventory/dpkg/status.h"

namespace bulkhead::advisory::testing {

using inventory::OperatingSystem;
using inventory::Package;
using Rows = std::set<std::vector<std::string>>;

inline std::string contents_of(const std::string& path) {
  auto file = open_file_source(path);
  EXPECT_TRUE(file) << path;
  const auto text = read_all(*archive::make_inflating_source(std::move(*file)), size_t{256} << 20, path);
  EXPECT_TRUE(text) << text.error().to_string();
  return text.value_or("");
}

// The rows of a table with a heading; of each the named columns.
inline Rows table(const std::string& path, const std::vector<std::string>& columns) {
  const std::string text = contents_of(path);
  std::string_view rest = text;
  std::string_view line;
  EXPECT_TRUE(next_line(rest, line));
  std::vector<size_t> places;
  const auto heading = split(line, '\t');
  for (const std::string& column : columns) {
    places.push_back(static_cast<size_t>(std::ranges::find(heading, column) - heading.begin()));
  }
  Rows rows;
  while (next_line(rest, line)) {
    const auto cells = split(line, '\t');
    std::vector<std::string> row;
    for (const size_t place : places) row.emplace_back(place < cells.size() ? cells[place] : std::string_view());
    rows.insert(std::move(row));
  }
  return rows;
}

// What only one of the two has, a line each: "+ " found and not expected, "- " expected and not found. Empty: equal.
inline std::string difference(const Rows& found, const Rows& expected) {
  std::string text;
  const auto add = [&](const Rows& rows, const Rows& others, std::string_view sign) {
    for (const auto& row : rows) {
      if (others.contains(row)) continue;
      text += sign;
      for (const std::string& cell : row) text += cell + " ";
      text += "\n";
    }
  };
  add(found, expected, "+ ");
  add(expected, found, "- ");
  return text;
}

inline Database database_of(const std::string& from, std::vector<std::string> ecosystems) {
  BuildOptions options;
  options.from = from;
  options.ecosystems = std::move(ecosystems);
  auto built = build_database(options);
  EXPECT_TRUE(built) << built.error().to_string();
  EXPECT_EQ(built->failures, 0U);
  return Database::from_bytes(std::move(built->database), "test").value();
}

// The files of an archive, by path.
inline std::map<std::string, std::string> members_of(const std::string& path) {
  std::map<std::string, std::string> members;
  archive::TarReader tar(archive::make_inflating_source(open_file_source(path).value()));
  while (const archive::TarEntry* entry = tar.next().value()) {
    if (entry->type != archive::TarType::kFile) continue;
    const std::string name = entry->path;
    members[name] = read_all(tar.content(), size_t{64} << 20, name).value();
  }
  return members;
}

// What a publisher says, as plainly as can be: below `version`, `package` has the vulnerability `id`.
struct Fix {
  std::string package;
  std::string id;
  std::string version;
};

// What the fixes say about one installed version, read literally: every id with a fix above it, and the highest such.
inline Rows affected_by(const std::vector<Fix>& fixes, version::Scheme scheme, const std::string& package,
                        const std::string& installed) {
  std::map<std::string, std::string> highest;
  for (const Fix& fix : fixes) {
    if (fix.package != package || version::compare(scheme, fix.version, installed).value() <= 0) continue;
    std::string& known = highest[fix.id];
    if (known.empty() || version::compare(scheme, fix.version, known).value() > 0) known = fix.version;
  }
  Rows rows;
  for (const auto& [id, fixed] : highest) rows.insert({package, installed, id, fixed});
  return rows;
}

inline Rows rows_of(const std::vector<Package>& packages, const std::vector<Finding>& findings) {
  Rows rows;
  for (const Finding& finding : findings) {
    const Package& package = packages[finding.package];
    rows.insert({package.name, package.version, finding.id, finding.fixed_version});
  }
  return rows;
}

class KnownResults : public ::testing::Test {
 protected:
  void SetUp() override {
    BULKHEAD_NEED_TEST_DATA();
    data_ = *test_data_dir();
  }
  std::vector<Package> dpkg_packages(const std::string& name) const {
    const std::string status = contents_of(data_ + "/fixtures/dpkg/" + name);
    return inventory::parse_dpkg_status(status).value();
  }
  // The installed packages of a docker-save archive with one layer.
  std::vector<Package> apk_packages(const std::string& name) const {
    archive::TarReader image(archive::make_inflating_source(open_file_source(data_ + "/peers/images/" + name).value()));
    for (;;) {
      const archive::TarEntry* entry = image.next().value();
      if (entry == nullptr) return {};
      if (!entry->path.ends_with("layer.tar")) continue;
      archive::TarReader layer(image.content());
      while (const archive::TarEntry* file = layer.next().value()) {
        if (file->path != "lib/apk/db/installed") continue;
        const std::string text = read_all(layer.content(), size_t{16} << 20, file->path).value();
        return inventory::parse_apk_installed(text).value();
      }
    }
  }
  std::string data_;
};

}  // namespace bulkhead::advisory::testing
