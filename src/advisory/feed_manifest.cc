#include "advisory/feed_manifest.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/json.h"
#include "base/json_writer.h"
#include "base/text.h"

namespace bulkhead::advisory {
namespace {

constexpr int64_t kSchemaVersion = 1;

struct Field {
  std::string_view name;
  std::string FeedFile::* member;
};
constexpr std::array kFields = {
    Field{"path", &FeedFile::path},
    Field{"feed", &FeedFile::feed},
    Field{"url", &FeedFile::url},
    Field{"named_by", &FeedFile::named_by},
    Field{"date", &FeedFile::date},
    Field{"fetched", &FeedFile::fetched},
    Field{"sha256", &FeedFile::sha256},
    Field{"licence", &FeedFile::licence},
    Field{"extract", &FeedFile::extract},
    Field{"etag", &FeedFile::etag},
    Field{"last_modified", &FeedFile::last_modified},
};

struct DatabaseField {
  std::string_view name;
  std::string BuiltDatabase::* member;
};
constexpr std::array kDatabaseFields = {
    DatabaseField{"sha256", &BuiltDatabase::sha256},
    DatabaseField{"inputs", &BuiltDatabase::inputs},
    DatabaseField{"checked", &BuiltDatabase::checked},
};

bool stays_inside(std::string_view path) {
  if (path.empty() || path.starts_with('/') || path.find('\0') != std::string_view::npos) return false;
  return std::ranges::none_of(split(path, '/'), [](std::string_view part) { return part == ".." || part.empty(); });
}

Result<std::vector<std::string>> strings_of(const json::Value& object, std::string_view key) {
  std::vector<std::string> strings;
  const auto list = object.find(key);
  if (!list) return strings;
  if (!list->is_array()) return fail(Code::kMalformed, fmt::format("\"{}\" must be an array", key));
  for (const json::Value element : list->elements()) {
    const auto text = element.string();
    if (!text) return fail(Code::kMalformed, fmt::format("\"{}\" must hold strings", key));
    strings.emplace_back(*text);
  }
  return strings;
}

void write_strings(json::Writer& writer, std::string_view key, const std::vector<std::string>& strings) {
  writer.key(key);
  writer.begin_array();
  for (const std::string& text : strings) writer.string(text);
  writer.end_array();
}

}  // namespace

Result<FeedManifest> FeedManifest::parse(std::string_view text) {
  TRY_ASSIGN(const json::Document document, json::Document::parse(text));
  const json::Value root = document.root();
  TRY_ASSIGN(const int64_t version, root.require_integer("schema_version"));
  if (version != kSchemaVersion) {
    return fail(Code::kUnsupported,
                fmt::format("feed manifest of schema version {}, this program reads {}", version, kSchemaVersion));
  }
  FeedManifest manifest;
  TRY_ASSIGN(manifest.ecosystems, strings_of(root, "ecosystems"));
  if (const auto database = root.find("database"); database && database->is_object()) {
    for (const DatabaseField& field : kDatabaseFields) {
      manifest.database.*field.member = database->string_or(field.name, {});
    }
  }
  TRY_ASSIGN(const json::Value files, root.require_array("files"));
  for (const json::Value element : files.elements()) {
    FeedFile file;
    TRY(element.require_string("path"));
    for (const Field& field : kFields) file.*field.member = element.string_or(field.name, {});
    TRY_ASSIGN(file.ecosystems, strings_of(element, "ecosystems"));
    if (!stays_inside(file.path)) {
      return fail(Code::kMalformed, fmt::format("the path \"{}\" leaves the folder", printable(file.path)));
    }
    manifest.files.push_back(std::move(file));
  }
  std::ranges::sort(manifest.ecosystems);
  std::ranges::sort(manifest.files, {}, &FeedFile::path);
  if (const auto twice = std::ranges::adjacent_find(manifest.files, {}, &FeedFile::path);
      twice != manifest.files.end()) {
    return fail(Code::kMalformed, fmt::format("the path \"{}\" is listed twice", printable(twice->path)));
  }
  return manifest;
}

std::string FeedManifest::to_json() const {
  json::Writer writer;
  writer.begin_object();
  writer.key("schema_version");
  writer.integer(kSchemaVersion);
  write_strings(writer, "ecosystems", ecosystems);
  if (!database.sha256.empty()) {
    writer.key("database");
    writer.begin_object();
    for (const DatabaseField& field : kDatabaseFields) writer.member_if(field.name, database.*field.member);
    writer.end_object();
  }
  writer.key("files");
  writer.begin_array();
  for (const FeedFile& file : files) {
    writer.begin_object();
    for (const Field& field : kFields) writer.member_if(field.name, file.*field.member);
    if (!file.ecosystems.empty()) write_strings(writer, "ecosystems", file.ecosystems);
    writer.end_object();
  }
  writer.end_array();
  writer.end_object();
  return std::move(writer).take();
}

FeedFile* FeedManifest::find(std::string_view path) {
  const auto place = std::ranges::find(files, path, &FeedFile::path);
  return place == files.end() ? nullptr : &*place;
}

}  // namespace bulkhead::advisory
