// What every feed's parser must keep, whatever the document: no crash, and what it reads without complaint makes a
// database that opens, is whole, and finds each record where a scan would look for it. The input is one document. It is
// read as the feed among `feeds` that recognises it under one of `paths`; where none does, its size picks both.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "advisory/database.h"
#include "advisory/database_builder.h"
#include "advisory/ecosystem.h"
#include "advisory/feed.h"

namespace bulkhead::advisory {

using Names = std::initializer_list<std::string_view>;

inline void require(bool law) {
  if (!law) std::abort();
}

// Passes on to a builder, and remembers what it took.
class BuildingSink final : public Sink {
 public:
  BuildingSink() : builder_({.keep_unreferenced = true}) {
    builder_.use_feed(builder_.add_feed({.name = "fuzz", .date = "2026-01-01"}).value());
  }

  Status add(AdvisoryRecord record) override {
    const Family* family = family_of(record.ecosystem);
    require(family != nullptr);
    require(record.package == package_key(record.ecosystem, record.package));
    for (const Range& range : record.ranges) require(range.fixed.empty() || range.last_affected.empty());
    Place place{.id = record.id, .ecosystem = record.ecosystem, .package = record.package};
    TRY(accepted(builder_.add(std::move(record))));
    if (places_.size() < kMostPlaces) places_.push_back(std::move(place));
    return {};
  }
  Status add(Vulnerability vulnerability) override {
    std::string id = vulnerability.id;
    TRY(accepted(builder_.add(std::move(vulnerability))));
    if (ids_.size() < kMostPlaces) ids_.push_back(std::move(id));
    return {};
  }

  // Whether something was not taken: the parser must have returned that error.
  bool refused() const { return refused_; }

  // A document that could not be read is taken back whole, as the build does.
  void take_back() {
    builder_.roll_back({});
    places_.clear();
    ids_.clear();
    taken_back_ = true;
  }

  void check() && {
    auto bytes = std::move(builder_).finish();
    require(bytes.has_value());
    const auto database = Database::from_bytes(*std::move(bytes), "fuzz");
    require(database && database->verify());
    if (taken_back_) require(database->total_records() == 0 && database->vulnerabilities() == 0);
    for (const Place& place : places_) {
      const auto ecosystem = database->find_ecosystem(place.ecosystem);
      require(ecosystem && !database->records(*ecosystem, place.package).empty());
      require(!database->find_vulnerabilities(place.id).empty());
    }
    for (const std::string& id : ids_) require(!database->find_vulnerabilities(id).empty());
  }

 private:
  // Enough to notice, few enough to stay fast.
  static constexpr size_t kMostPlaces = 64;
  struct Place {
    std::string id;
    std::string ecosystem;
    std::string package;
  };

  Status accepted(Status status) {
    refused_ = refused_ || !status;
    return status;
  }

  DatabaseBuilder builder_;
  std::vector<Place> places_;
  std::vector<std::string> ids_;
  bool taken_back_ = false;
  bool refused_ = false;
};

inline std::pair<const Feed*, std::string_view> reader_of(Names feeds, Names paths, std::string_view text) {
  const std::string_view head = text.substr(0, DocumentHead::kHeadBytes);
  for (const std::string_view path : paths) {
    for (const std::string_view name : feeds) {
      const Feed* feed = find_feed(name);
      require(feed != nullptr);
      if (feed->recognises({.path = path, .text = head})) return {feed, path};
    }
  }
  return {find_feed(feeds.begin()[text.size() % feeds.size()]), paths.begin()[text.size() % paths.size()]};
}

inline int fuzz_feed(Names feeds, Names paths, const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto [feed, path] = reader_of(feeds, paths, text);
  SpanSource source(as_bytes(text));
  BuildingSink sink;
  const bool read = feed->parse({.path = path, .source = source}, sink, {}).has_value();
  require(!read || !sink.refused());
  if (!read) sink.take_back();
  std::move(sink).check();
  return 0;
}

}  // namespace bulkhead::advisory
