// One scan: an opened image in, a complete result out.
//
// Everything a scan needs is brought: the image's bytes by its source, the database by its mapping, the present by
// `now`. Given the same of these, the result is the same. Thread-safe: several images may be scanned at once with one
// pool.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "advisory/database.h"
#include "advisory/match.h"
#include "layer/analyse.h"
#include "oci/image_source.h"
#include "scan/result.h"

namespace bulkhead::scan {

struct Options {
  layer::AnalyseOptions analyse;
  const advisory::Database* database = nullptr;  // nullptr: packages only, nothing is matched
  bool database_is_snapshot = false;
  advisory::MatchOptions match;  // its `now` also decides whether support has ended
};

// What is in the image, without judging it: image, packages and purls, and warnings about what could not be read.
// Errors: those of the source, of the layers (kVerificationFailed, kLimitExceeded, kMalformed) and of package databases
// that cannot be read, with the image as context.
Result<ScanResult> take_facts(oci::OpenedImage opened, const Options& options);

// Adds findings, suppressed, feeds and the warnings that belong to them. Sorted worst first. kIo when the database was
// changed in place meanwhile: the findings are of neither state.
Status assess(ScanResult& result, const Options& options);

// The reasoning about each id, as text for people, and behind it what a report of this result would warn of: how old
// the advisories are, what could not be judged. `result` must have been assessed with the same options. kIo as
// assess().
Result<std::string> explain(std::span<const std::string> ids, const ScanResult& result, const Options& options);

}  // namespace bulkhead::scan
