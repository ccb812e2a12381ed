// For tests only: the databases under testdata/rpm and the shared corpus, and small files built byte by byte.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/fs.h"
#include "base/process.h"
#include "base/test_data.h"
#include "base/text.h"
#include "inventory/package.h"
#include "inventory/rpm/header.h"

namespace bulkhead::inventory::rpm::testing {

inline std::string testdata(std::string_view name) {
  auto bytes = read_file(testdata_path(fmt::format("rpm/{}", name)), 1 << 20);
  EXPECT_TRUE(bytes) << bytes.error().to_string();
  return bytes.value_or("");
}

// A zstd-compressed file of the shared corpus, inflated.
inline std::string corpus(std::string_view path) {
  ProcessOptions options;
  options.arguments = {"zstd", "-dc", "--long=27", fmt::format("{}/{}", test_data_dir().value_or(""), path)};
  options.max_output_bytes = size_t{64} << 20;
  auto inflated = run_process(options);
  EXPECT_TRUE(inflated && inflated->exit_code == 0) << path;
  return inflated ? inflated->output : "";
}

// Rows of a TSV without its heading.
inline std::vector<std::string> tsv_rows(std::string_view text) {
  std::vector<std::string> rows;
  std::string_view line;
  next_line(text, line);
  while (next_line(text, line)) rows.emplace_back(line);
  return rows;
}

// A package as the TSV of expectations has it: name, epoch, version, release, arch, source rpm, vendor, module label.
inline std::string tsv_row(const Package& package) {
  std::string_view epoch = "0";
  std::string_view version = package.version;
  if (const size_t colon = version.find(':'); colon != std::string_view::npos) {
    epoch = version.substr(0, colon);
    version.remove_prefix(colon + 1);
  }
  const size_t dash = version.rfind('-');
  return fmt::format(
      "{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}", package.name, epoch, version.substr(0, dash), version.substr(dash + 1),
      package.architecture, fmt::format("{}-{}.src.rpm", package.source_name, package.source_version),
      package.vendor.empty() ? "(none)" : package.vendor, package.module.empty() ? "(none)" : package.module);
}

// Builds a header: entries in the order of the calls, an immutable region around those before end_region().
class HeaderBuilder {
 public:
  HeaderBuilder& string(Tag tag, std::string_view text) { return add(tag, 6, 1, std::string(text) + '\0', 1); }
  HeaderBuilder& strings(Tag tag, const std::vector<std::string>& texts) {
    std::string data;
    for (const std::string& text : texts) data += text + '\0';
    return add(tag, 8, static_cast<uint32_t>(texts.size()), data, 1);
  }
  HeaderBuilder& int32s(Tag tag, const std::vector<uint32_t>& numbers) {
    std::string data;
    for (const uint32_t number : numbers) data += big_endian(number);
    return add(tag, 4, static_cast<uint32_t>(numbers.size()), data, 4);
  }
  HeaderBuilder& chars(Tag tag, std::string_view bytes) {
    return add(tag, 1, static_cast<uint32_t>(bytes.size()), std::string(bytes), 1);
  }
  HeaderBuilder& add(Tag tag, uint32_t type, uint32_t count, const std::string& data, size_t alignment) {
    while (store_.size() % alignment != 0) store_ += '\0';
    entries_.push_back(entry(static_cast<uint32_t>(tag), type, static_cast<uint32_t>(store_.size()), count));
    store_ += data;
    return *this;
  }
  HeaderBuilder& end_region() {
    const auto index_bytes = static_cast<uint32_t>((entries_.size() + 1) * 16);
    entries_.insert(entries_.begin(), entry(63, 7, static_cast<uint32_t>(store_.size()), 16));
    store_ += entry(63, 7, 0U - index_bytes, 16);
    return *this;
  }
  std::string build() const {
    std::string blob =
        big_endian(static_cast<uint32_t>(entries_.size())) + big_endian(static_cast<uint32_t>(store_.size()));
    for (const std::string& each : entries_) blob += each;
    return blob + store_;
  }

  static std::string big_endian(uint32_t number) {
    std::string bytes;
    for (const int shift : {24, 16, 8, 0}) bytes += static_cast<char>(number >> shift & 0xFFU);
    return bytes;
  }
  static std::string entry(uint32_t tag, uint32_t type, uint32_t offset, uint32_t count) {
    return big_endian(tag) + big_endian(type) + big_endian(offset) + big_endian(count);
  }

 private:
  std::vector<std::string> entries_;
  std::string store_;
};

}  // namespace bulkhead::inventory::rpm::testing
