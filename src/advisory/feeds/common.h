// What feed parsers share: reading a document whole, within limits, and the small facts about ids that every
// publisher's format needs. For use inside feeds/ only.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include "advisory/feed.h"
#include "base/document_options.h"
#include "base/json.h"

namespace bulkhead::advisory::feeds {

// The options that raise the limits of a document: of YAML and TOML, and of all others.
DocumentOptions document_options(uint64_t FeedLimits::* max_bytes = &FeedLimits::max_document_bytes);
// The limits of one JSON document, as FeedLimits has them.
json::Limits json_limits(const FeedLimits& limits);

// The whole document, at most max_bytes; kLimitExceeded names the option.
Result<std::string> read_text(const Document& document, size_t max_bytes, std::string_view option);
Result<std::string> read_text(const Document& document, const FeedLimits& limits);
Result<json::Document> read_json(const Document& document, const FeedLimits& limits);
// Every scalar is text, so that versions stay as written.
Result<json::Document> read_yaml(const Document& document, const FeedLimits& limits);

// A record of that ecosystem, with the order of versions and the meaning of names that hold there.
AdvisoryRecord record_for(std::string_view ecosystem);

// Exactly one CVE id: "CVE-2020-12345".
bool is_cve(std::string_view text);
// The CVE ids that stand in free text, in their order, written as they should be ("CVE_2019-2426" and "CVE 2018-16859"
// occur), each once.
std::vector<std::string> cves_in(std::string_view text);

// Keeps the first of each, in their order.
void remove_repeats(std::vector<std::string>& names);

// Which of an advisory's names the vulnerability goes by: the only CVE among `id` and `others`, else `id` itself. An
// advisory that names several CVEs is about several vulnerabilities and keeps its own name. `others` is left with the
// remaining names, sorted, each once.
std::string choose_id(std::string_view id, std::vector<std::string>& others);

// The calendar date in front of "2019-07-23 14:15:00 UTC" or "2019-07-23T14:15:00Z"; empty when there is none, or it is
// the first day of the year 1, which is how Go's programs write that there is none.
std::string date_of(std::string_view timestamp);

// The CVSS entry of a vector by `source`; nothing when the vector is not one.
std::optional<Cvss> cvss_of(std::string_view vector, std::string_view source);

// A publisher's word for a severity, in any case: "Important" is high, "Moderate" medium; kUnknown for "None", which is
// what errata that mend no vulnerability have, "N/A" and the like.
Severity severity_of_word(std::string_view word);

// "CWE-79" out of "CWE-79", "79", "CWE-79: Cross-site …"; empty when there is no number.
std::string cwe_of(std::string_view text);

// Adds the limit on aliases; kLimitExceeded names `id`.
Status check_aliases(std::string_view id, size_t count, const FeedLimits& limits);

// The strings of the array `key`; empty when there is none.
std::vector<std::string> strings_of(const json::Value& object, std::string_view key);

// Adds `record` once for the ranges that a fix ends and once for those that none does; not at all without ranges.
// `fix_known`: an exclusive upper end is the fixed version, and not just where something else begins.
Status add_with_ranges(const AdvisoryRecord& record, std::vector<Range> ranges, bool fix_known, Sink& sink);

// The scores of one vulnerability, each vector once.
class ScoreList {
 public:
  void add(Cvss score) {
    if (vectors_.insert(score.vector).second) scores_.push_back(std::move(score));
  }
  const std::vector<Cvss>& scores() const { return scores_; }

 private:
  std::vector<Cvss> scores_;
  std::unordered_set<std::string> vectors_;
};

// How severe a list of scores says the vulnerability is: the newest version of CVSS decides, then the highest score.
Severity severity_of_cvss(const std::vector<Cvss>& scores);

}  // namespace bulkhead::advisory::feeds
