// For tests only: a sink that writes records down as lines, and a reader of whole published files.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "advisory/feed.h"
#include "base/fs.h"
#include "base/test_data.h"

namespace bulkhead::advisory::feeds {

// "CVE-2022-1 debian:12 curl fixed <1.2-3 (medium) [DSA-1-1] {note}": what is empty is left out.
inline std::string line_of(const AdvisoryRecord& record) {
  std::string line =
      fmt::format("{} {} {} {}", record.id, record.ecosystem, record.package, status_name(record.status));
  for (const Range& range : record.ranges) {
    line += ' ';
    if (range.introduced == range.last_affected && !range.introduced.empty()) {
      line += "=" + range.introduced;
      continue;
    }
    if (!range.introduced.empty()) line += (range.introduced_exclusive ? ">" : ">=") + range.introduced;
    if (!range.fixed.empty()) line += "<" + range.fixed;
    if (!range.last_affected.empty()) line += "<=" + range.last_affected;
  }
  if (record.severity != Severity::kUnknown) line += fmt::format(" ({})", severity_name(record.severity));
  if (!record.architectures.empty()) line += fmt::format(" {{{}}}", fmt::join(record.architectures, ","));
  if (record.record != record.id) line += fmt::format(" [{}]", record.record);
  if (!record.aliases.empty()) line += fmt::format(" also {}", fmt::join(record.aliases, ","));
  if (!record.note.empty()) line += fmt::format(" \"{}\"", record.note);
  return line;
}

inline std::string line_of(const Vulnerability& vulnerability) {
  std::string line = vulnerability.id;
  if (!vulnerability.aliases.empty()) line += fmt::format(" also {}", fmt::join(vulnerability.aliases, ","));
  if (!vulnerability.title.empty()) line += fmt::format(" \"{}\"", vulnerability.title);
  if (!vulnerability.severity_source.empty()) {
    line += fmt::format(" ({} by {})", severity_name(vulnerability.severity), vulnerability.severity_source);
  }
  for (const Cvss& cvss : vulnerability.cvss) line += fmt::format(" {}:{:.1f}", cvss.source, cvss.score);
  if (!vulnerability.cwes.empty()) line += fmt::format(" {}", fmt::join(vulnerability.cwes, ","));
  if (!vulnerability.published.empty()) line += " " + vulnerability.published;
  if (vulnerability.kev_date_added) line += " kev:" + *vulnerability.kev_date_added;
  if (vulnerability.epss) line += fmt::format(" epss:{}", *vulnerability.epss);
  if (vulnerability.epss_percentile) line += fmt::format("/{}", *vulnerability.epss_percentile);
  if (vulnerability.rejected) line += " rejected";
  return line;
}

class CollectingSink final : public Sink {
 public:
  Status add(AdvisoryRecord record) override {
    records.push_back(std::move(record));
    return {};
  }
  Status add(Vulnerability vulnerability) override {
    vulnerabilities.push_back(std::move(vulnerability));
    return {};
  }

  std::string record_lines() const { return lines_of(records); }
  std::string vulnerability_lines() const { return lines_of(vulnerabilities); }

  std::vector<AdvisoryRecord> records;
  std::vector<Vulnerability> vulnerabilities;

 private:
  template <typename T>
  static std::string lines_of(const std::vector<T>& all) {
    std::string lines;
    for (const T& one : all) lines += line_of(one) + "\n";
    return lines;
  }
};

// Reads one document with the feed of that name. What was added before an error stays in the sink.
struct Parsed {
  CollectingSink sink;
  std::string date;
  std::string error;  // empty: none
  Code code = Code::kInternal;
};
inline void parse_into(Parsed& parsed, std::string_view feed_name, std::string_view path, std::string_view text,
                       const FeedLimits& limits = {}) {
  const Feed* feed = find_feed(feed_name);
  ASSERT_NE(feed, nullptr) << feed_name;
  SpanSource source(as_bytes(text));
  auto info = feed->parse({.path = path, .source = source}, parsed.sink, limits);
  if (info) {
    parsed.date = info->date;
  } else {
    parsed.error = info.error().to_string();
    parsed.code = info.error().code();
  }
}

inline std::string recognised(std::string_view path, std::string_view text) {
  const Feed* feed = recognise({.path = path, .text = text.substr(0, DocumentHead::kHeadBytes)});
  return feed == nullptr ? "" : std::string(feed->name);
}

// What a whole published file holds, counted; records can be looked at as they pass.
class CountingReader final : public FeedReader, public Sink {
 public:
  Result<Sink*> begin_document(const Feed& feed, std::string_view) override {
    ++documents[std::string(feed.name)];
    return this;
  }
  Status end_document(const Feed&, std::string_view, const DocumentInfo& info) override {
    date = std::max(date, info.date);
    return {};
  }
  Status failed_document(const Feed*, std::string_view path, Error error) override {
    failures.push_back(fmt::format("{}: {}", path, error.to_string()));
    return {};
  }
  Status unknown_document(std::string_view path) override {
    unknown.emplace_back(path);
    return {};
  }
  Status add(AdvisoryRecord record) override {
    ++records;
    ++statuses[record.status];
    ++ecosystems[record.ecosystem];
    if (wanted.contains(record.id)) kept.push_back(line_of(record));
    return {};
  }
  Status add(Vulnerability vulnerability) override {
    ++vulnerabilities;
    if (vulnerability.rejected) ++rejected;
    if (vulnerability.severity != Severity::kUnknown) ++rated;
    if (wanted.contains(vulnerability.id)) kept.push_back(line_of(vulnerability));
    return {};
  }

  std::map<std::string, int, std::less<>> wanted;  // ids whose lines go to `kept`
  std::vector<std::string> kept;
  std::map<std::string, size_t> documents;  // by feed
  std::map<AdvisoryStatus, size_t> statuses;
  std::map<std::string, size_t> ecosystems;
  std::vector<std::string> failures;
  std::vector<std::string> unknown;
  std::string date;
  size_t records = 0;
  size_t vulnerabilities = 0;
  size_t rejected = 0;
  size_t rated = 0;
};

// Reads a file of the shared corpus, by its path below feeds/. False, with the test skipped, when there is no corpus.
inline bool read_shared_feed(const std::string& path, CountingReader& reader) {
  const auto data = test_data_dir();
  if (!data) return false;
  const auto file = MappedFile::open(*data + "/feeds/" + path);
  if (!file) {
    ADD_FAILURE() << file.error().to_string();
    return true;
  }
  const auto status = read_feed_file(path, file->bytes(), nullptr, reader, {});
  if (!status) ADD_FAILURE() << status.error().to_string();
  return true;
}

#define BULKHEAD_READ_SHARED_FEED(path, reader) \
  BULKHEAD_NEED_DATA(read_shared_feed(path, reader), "the shared test data is not here")

}  // namespace bulkhead::advisory::feeds
