#include "inventory/package_codec.h"

#include <algorithm>
#include <unordered_map>

#include <fmt/format.h>

namespace bulkhead::inventory {
namespace {

constexpr uint8_t kPackageListFormat = 1;
constexpr uint8_t kFileListFormat = 1;
constexpr uint8_t kSourceEpochKnown = 1;
constexpr auto kLastType = static_cast<uint8_t>(PackageType::kHackage);

// Hands out an index per distinct string, in order of first use. Views must outlive it.
class Interner {
 public:
  uint64_t index_of(std::string_view text) {
    const auto [found, is_new] = indices_.try_emplace(text, strings_.size());
    if (is_new) strings_.push_back(text);
    return found->second;
  }
  const std::vector<std::string_view>& strings() const { return strings_; }

 private:
  std::unordered_map<std::string_view, uint64_t> indices_;
  std::vector<std::string_view> strings_;
};

std::unexpected<Error> corrupt(std::string_view what) {
  return fail(Code::kMalformed, fmt::format("package list value: {}", what));
}

// A count of things that take at least one byte each: never more than what is left, so that it may size a container.
Result<size_t> read_count(ByteReader& reader) {
  TRY_ASSIGN(const uint64_t count, reader.varint());
  if (count > reader.remaining()) return corrupt("count is larger than the value");
  return static_cast<size_t>(count);
}

Status expect_format(ByteReader& reader, uint8_t format) {
  TRY_ASSIGN(const uint8_t found, reader.u8());
  if (found != format) return corrupt(fmt::format("format {}, expected {}", found, format));
  return {};
}

// The table and the count, which stand before the keys in every package list.
class PackageListReader {
 public:
  static Result<PackageListReader> open(ByteSpan value, const DecodeLimits& limits) {
    PackageListReader list(value, limits);
    TRY(expect_format(list.reader_, kPackageListFormat));
    TRY_ASSIGN(const size_t strings, read_count(list.reader_));
    list.strings_.reserve(strings);
    for (size_t i = 0; i < strings; ++i) {
      TRY_ASSIGN(const std::string_view text, read_string(list.reader_));
      list.strings_.push_back(text);
    }
    TRY_ASSIGN(list.count_, read_count(list.reader_));
    if (list.count_ > limits.max_packages) return corrupt("too many packages");
    return list;
  }

  size_t count() const { return count_; }

  Result<std::vector<PackageKey>> keys() {
    std::vector<PackageKey> keys(count_);
    for (PackageKey& key : keys) {
      TRY_ASSIGN(key.name, text());
      TRY_ASSIGN(key.version, text());
      TRY_ASSIGN(key.architecture, text());
    }
    return keys;
  }

  Status record(Package& package) {
    TRY_ASSIGN(const uint8_t type, reader_.u8());
    if (type > kLastType) return corrupt("unknown package type");
    package.type = static_cast<PackageType>(type);
    TRY_ASSIGN(const uint8_t flags, reader_.u8());
    package.source_epoch_known = (flags & kSourceEpochKnown) != 0;
    for (std::string* field :
         {&package.source_name, &package.source_version, &package.maintainer, &package.vendor, &package.module}) {
      TRY_ASSIGN(*field, text());
    }
    TRY(list(package.licenses));
    return list(package.built_using);
  }

  Status finish() const { return reader_.at_end() ? Status() : corrupt("bytes after its end"); }

 private:
  PackageListReader(ByteSpan value, const DecodeLimits& limits)
      : reader_(value), bytes_left_(limits.max_decoded_bytes) {}

  Result<std::string_view> text() {
    TRY_ASSIGN(const uint64_t index, reader_.varint());
    if (index >= strings_.size()) return corrupt("string index out of range");
    const std::string_view found = strings_[static_cast<size_t>(index)];
    if (found.size() > bytes_left_) return corrupt("strings too large");
    bytes_left_ -= found.size();
    return found;
  }

  Status list(std::vector<std::string>& into) {
    TRY_ASSIGN(const size_t count, read_count(reader_));
    into.reserve(count);
    for (size_t i = 0; i < count; ++i) {
      TRY_ASSIGN(const std::string_view item, text());
      into.emplace_back(item);
    }
    return {};
  }

  ByteReader reader_;
  size_t bytes_left_;
  std::vector<std::string_view> strings_;
  size_t count_ = 0;
};

size_t shared_prefix(std::string_view a, std::string_view b) {
  const auto [first, second] = std::mismatch(a.begin(), a.end(), b.begin(), b.end());
  return static_cast<size_t>(first - a.begin());
}

}  // namespace

std::string encode_packages(std::span<const Package> packages) {
  Interner interner;
  ByteWriter body;
  const auto text = [&](std::string_view field) { body.varint(interner.index_of(field)); };
  const auto list = [&](const std::vector<std::string>& items) {
    body.varint(items.size());
    for (const std::string& item : items) text(item);
  };
  body.varint(packages.size());
  for (const Package& package : packages) {
    text(package.name);
    text(package.version);
    text(package.architecture);
  }
  for (const Package& package : packages) {
    body.u8(static_cast<uint8_t>(package.type));
    body.u8(package.source_epoch_known ? kSourceEpochKnown : 0);
    for (const std::string* field :
         {&package.source_name, &package.source_version, &package.maintainer, &package.vendor, &package.module}) {
      text(*field);
    }
    list(package.licenses);
    list(package.built_using);
  }

  ByteWriter out;
  out.u8(kPackageListFormat);
  out.varint(interner.strings().size());
  for (const std::string_view entry : interner.strings()) out.string(entry);
  out.raw(body.bytes());
  return std::move(out).take();
}

Result<std::vector<PackageKey>> decode_package_keys(ByteSpan value, const DecodeLimits& limits) {
  TRY_ASSIGN(auto list, PackageListReader::open(value, limits));
  return list.keys();
}

Result<std::vector<Package>> decode_packages(ByteSpan value, const DecodeLimits& limits) {
  TRY_ASSIGN(auto list, PackageListReader::open(value, limits));
  TRY_ASSIGN(const auto keys, list.keys());
  std::vector<Package> packages(keys.size());
  for (size_t i = 0; i < keys.size(); ++i) {
    packages[i].name = keys[i].name;
    packages[i].version = keys[i].version;
    packages[i].architecture = keys[i].architecture;
    TRY(list.record(packages[i]));
  }
  TRY(list.finish());
  return packages;
}

std::string encode_file_lists(std::span<const FileList> lists) {
  ByteWriter out;
  out.u8(kFileListFormat);
  out.varint(lists.size());
  for (const FileList& list : lists) {
    out.string(list.name);
    out.string(list.version);
    out.string(list.architecture);
    out.varint(list.files.size());
    std::string_view previous;
    for (const std::string& file : list.files) {
      const size_t shared = shared_prefix(previous, file);
      out.varint(shared);
      out.string(std::string_view(file).substr(shared));
      previous = file;
    }
  }
  return std::move(out).take();
}

Result<std::vector<FileList>> decode_file_lists(ByteSpan value, const DecodeLimits& limits) {
  ByteReader reader(value);
  TRY(expect_format(reader, kFileListFormat));
  TRY_ASSIGN(const size_t count, read_count(reader));
  if (count > limits.max_packages) return corrupt("too many packages");
  std::vector<FileList> lists(count);
  size_t files_left = limits.max_files;
  size_t bytes_left = limits.max_decoded_bytes;
  for (FileList& list : lists) {
    for (std::string* field : {&list.name, &list.version, &list.architecture}) {
      TRY_ASSIGN(*field, read_string(reader));
    }
    TRY_ASSIGN(const size_t files, read_count(reader));
    if (files > files_left) return corrupt("too many files");
    files_left -= files;
    list.files.reserve(files);
    std::string_view previous;
    for (size_t i = 0; i < files; ++i) {
      TRY_ASSIGN(const uint64_t shared, reader.varint());
      if (shared > previous.size()) return corrupt("shared prefix longer than the path before");
      TRY_ASSIGN(const std::string_view rest, read_string(reader));
      const auto kept = static_cast<size_t>(shared);
      if (kept + rest.size() > bytes_left) return corrupt("paths too large");
      bytes_left -= kept + rest.size();
      std::string& file = list.files.emplace_back();
      file.reserve(kept + rest.size());
      file.append(previous.substr(0, kept)).append(rest);
      previous = file;  // stays valid: list.files has room for all, so no string moves
    }
  }
  if (!reader.at_end()) return corrupt("bytes after its end");
  return lists;
}

}  // namespace bulkhead::inventory
