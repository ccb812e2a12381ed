// For tests only: a sink that keeps everything, and documents of the shared corpus.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include "advisory/feed.h"
#include "base/process.h"
#include "base/test_data.h"

namespace bulkhead::advisory::feeds::testing {

class KeepingSink final : public Sink {
 public:
  Status add(AdvisoryRecord record) override {
    records.push_back(std::move(record));
    return {};
  }
  Status add(Vulnerability vulnerability) override {
    vulnerabilities.push_back(std::move(vulnerability));
    return {};
  }

  // Every record on a line of its own, in order of emission.
  std::vector<std::string> lines() const {
    std::vector<std::string> lines;
    lines.reserve(records.size());
    for (const AdvisoryRecord& record : records) lines.push_back(line_of(record));
    return lines;
  }
  std::vector<std::string> lines_about(std::string_view id, std::string_view package) const {
    std::vector<std::string> lines;
    for (const AdvisoryRecord& record : records) {
      if (record.id == id && record.package == package) lines.push_back(line_of(record));
    }
    return lines;
  }
  const Vulnerability* about(std::string_view id) const {
    const auto found = std::ranges::find(vulnerabilities, id, &Vulnerability::id);
    return found == vulnerabilities.end() ? nullptr : &*found;
  }

  // "rhel:8 CVE-2019-10195 ipa-server fixed <4.8.0-13… [aarch64 x86_64] idm:DL1 medium RHBA-2019:4268", with what
  // applies.
  static std::string line_of(const AdvisoryRecord& record) {
    std::string line = fmt::format("{} {} {}{} {}", record.ecosystem, record.id, record.package,
                                   record.name_kind == NameKind::kSource ? "(src)" : "", status_name(record.status));
    for (const Range& range : record.ranges) {
      if (!range.introduced.empty())
        line += fmt::format(" >{}{}", range.introduced_exclusive ? "" : "=", range.introduced);
      if (!range.fixed.empty()) line += fmt::format(" <{}", range.fixed);
      if (!range.last_affected.empty()) line += fmt::format(" <={}", range.last_affected);
    }
    if (!record.architectures.empty()) line += fmt::format(" [{}]", fmt::join(record.architectures, " "));
    if (!record.module.empty()) line += " " + record.module;
    if (!record.cpe.empty()) line += " " + record.cpe;
    line += fmt::format(" {} {}", severity_name(record.severity), record.record);
    if (!record.note.empty()) line += fmt::format(" ({})", record.note);
    return line;
  }

  std::vector<AdvisoryRecord> records;
  std::vector<Vulnerability> vulnerabilities;
};

// Reads the text as that feed's, after making sure that the feed, and no other one before it, recognises the document.
inline Result<DocumentInfo> read_as(std::string_view feed_name, std::string_view path, std::string text, Sink& sink,
                                    const FeedLimits& limits = {}) {
  const DocumentHead head{.path = path, .text = std::string_view(text).substr(0, DocumentHead::kHeadBytes)};
  const Feed* feed = recognise(head);
  EXPECT_NE(feed, nullptr) << path;
  if (feed == nullptr) return fail(Code::kInternal, "not recognised");
  EXPECT_EQ(feed->name, feed_name) << path;
  MemorySource source(std::move(text));
  return feed->parse({.path = path, .source = source}, sink, limits);
}

inline std::string run(std::vector<std::string> arguments, std::string_view input = {}) {
  ProcessOptions options;
  options.arguments = std::move(arguments);
  options.input = input;
  options.max_output_bytes = size_t{256} << 20;
  const std::string program = options.arguments.front();
  auto result = run_process(options);
  EXPECT_TRUE(result && result->exit_code == 0) << program;
  return result ? result->output : "";
}

// A zstd-compressed file of the shared corpus, inflated.
inline std::string corpus(std::string_view path) {
  return run({"zstd", "-dc", "--long=27", fmt::format("{}/{}", test_data_dir().value_or(""), path)});
}

// A member of the archive of vendors' samples, inflated by `inflater` ("gzip", "bzip2", "xz"; empty: as it is).
inline std::string sample(std::string_view member, std::string inflater = {}) {
  static const std::string archive = corpus("feeds/samples/vuls-data-update-fixtures.tar.zst");
  std::string bytes = run({"tar", "-xOf", "-", std::string(member)}, archive);
  return inflater.empty() ? bytes : run({std::move(inflater), "-dc"}, bytes);
}

}  // namespace bulkhead::advisory::feeds::testing
