#include "advisory/feeds/common.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "advisory/cvss.h"
#include "advisory/ecosystem.h"
#include "base/text.h"
#include "base/yaml.h"

namespace bulkhead::advisory::feeds {

DocumentOptions document_options(uint64_t FeedLimits::* max_bytes) {
  return {.bytes = limit_option(feed_limit_options(), max_bytes).option,
          .depth = limit_option(feed_limit_options(), &FeedLimits::max_depth).option};
}

json::Limits json_limits(const FeedLimits& limits) {
  return {.max_bytes = limits.max_document_bytes, .max_depth = limits.max_depth, .options = document_options()};
}

Result<std::string> read_text(const Document& document, size_t max_bytes, std::string_view option) {
  auto text = read_all(document.source, max_bytes, "document");
  if (!text && text.error().code() == Code::kLimitExceeded) {
    return fail(limit_error("bytes in one document", max_bytes, option));
  }
  return text;
}

Result<std::string> read_text(const Document& document, const FeedLimits& limits) {
  return read_text(document, limits.max_document_bytes, "--max-document-bytes");
}

Result<json::Document> read_json(const Document& document, const FeedLimits& limits) {
  TRY_ASSIGN(const std::string text, read_text(document, limits));
  return json::Document::parse(text, json_limits(limits));
}

Result<json::Document> read_yaml(const Document& document, const FeedLimits& limits) {
  TRY_ASSIGN(const std::string text, read_text(document, limits.max_yaml_bytes, "--max-yaml-bytes"));
  return yaml::parse(text, yaml::Scalars::kText,
                     {.max_bytes = limits.max_yaml_bytes,
                      .max_depth = limits.max_depth,
                      .options = document_options(&FeedLimits::max_yaml_bytes)});
}

AdvisoryRecord record_for(std::string_view ecosystem) {
  AdvisoryRecord record;
  record.ecosystem = ecosystem;
  if (const Family* family = family_of(ecosystem)) {
    record.scheme = family->scheme;
    record.name_kind = family->name_kind;
  }
  return record;
}

namespace {

// The length of the "-2020-12345" that follows a CVE prefix; 0 when none does.
size_t cve_number_length(std::string_view text) {
  const auto digits_from = [&](size_t at) {
    size_t count = 0;
    while (at + count < text.size() && is_digit(text[at + count])) ++count;
    return count;
  };
  if (text.empty() || (text[0] != '-' && text[0] != '_' && text[0] != ' ')) return 0;
  if (digits_from(1) != 4 || text.size() < 6 || text[5] != '-') return 0;
  const size_t digits = digits_from(6);
  return digits < 4 || digits > 19 ? 0 : 6 + digits;
}

}  // namespace

bool is_cve(std::string_view text) {
  return text.starts_with("CVE-") && cve_number_length(text.substr(3)) == text.size() - 3;
}

std::vector<std::string> cves_in(std::string_view text) {
  std::vector<std::string> ids;
  for (size_t at = text.find("CVE"); at != std::string_view::npos; at = text.find("CVE", at + 3)) {
    const std::string_view rest = text.substr(at + 3);
    const size_t length = cve_number_length(rest);
    if (length == 0) continue;
    ids.push_back(fmt::format("CVE-{}", rest.substr(1, length - 1)));
  }
  remove_repeats(ids);
  return ids;
}

void remove_repeats(std::vector<std::string>& names) {
  if (names.size() < 2) return;
  std::unordered_set<std::string> seen;
  size_t kept = 0;
  for (size_t i = 0; i < names.size(); ++i) {
    if (!seen.insert(names[i]).second) continue;
    if (kept != i) names[kept] = std::move(names[i]);
    ++kept;
  }
  names.resize(kept);
}

std::string choose_id(std::string_view id, std::vector<std::string>& others) {
  std::ranges::sort(others);
  others.erase(std::ranges::unique(others).begin(), others.end());
  std::erase(others, id);
  std::erase(others, "");
  if (is_cve(id)) return std::string(id);
  if (std::ranges::count_if(others, [](const std::string& other) { return is_cve(other); }) != 1)
    return std::string(id);
  const auto cve = std::ranges::find_if(others, [](const std::string& other) { return is_cve(other); });
  std::string chosen = std::move(*cve);
  *cve = id;
  std::ranges::sort(others);
  return chosen;
}

std::string date_of(std::string_view timestamp) {
  constexpr std::string_view kForm = "dddd-dd-dd";
  if (timestamp.size() < kForm.size()) return {};
  for (size_t i = 0; i < kForm.size(); ++i) {
    if (kForm[i] == 'd' ? !is_digit(timestamp[i]) : timestamp[i] != '-') return {};
  }
  const std::string_view date = timestamp.substr(0, kForm.size());
  return date == "0001-01-01" ? std::string() : std::string(date);
}

std::optional<Cvss> cvss_of(std::string_view vector, std::string_view source) {
  const auto score = cvss_score(vector);
  if (!score) return std::nullopt;
  return Cvss{.source = std::string(source), .vector = std::string(vector), .score = score->base};
}

Severity severity_of_word(std::string_view word) {
  const std::string lowered = to_lower(trim(word));
  if (lowered == "important") return Severity::kHigh;
  if (lowered == "moderate") return Severity::kMedium;
  return severity_of(lowered).value_or(Severity::kUnknown);
}

std::string cwe_of(std::string_view text) {
  if (text.starts_with("CWE-")) text.remove_prefix(4);
  size_t digits = 0;
  while (digits < text.size() && digits < 7 && is_digit(text[digits])) ++digits;
  if (digits == 0) return {};
  return fmt::format("CWE-{}", text.substr(0, digits));
}

Status check_aliases(std::string_view id, size_t count, const FeedLimits& limits) {
  if (count <= limits.max_aliases) return {};
  return fail(limit_error(fmt::format("aliases of {}", printable(id)), limits.max_aliases, "--max-aliases"));
}

std::vector<std::string> strings_of(const json::Value& object, std::string_view key) {
  std::vector<std::string> strings;
  const auto list = object.find(key);
  if (!list) return strings;
  for (const json::Value element : list->elements()) {
    if (const auto text = element.string(); text && !text->empty()) strings.emplace_back(*text);
  }
  return strings;
}

Status add_with_ranges(const AdvisoryRecord& record, std::vector<Range> ranges, bool fix_known, Sink& sink) {
  const auto add = [&](AdvisoryStatus status, std::vector<Range> of_status) -> Status {
    if (of_status.empty()) return {};
    const Range& first = of_status.front();
    const bool everything =
        of_status.size() == 1 && first.introduced.empty() && first.fixed.empty() && first.last_affected.empty();
    AdvisoryRecord copy = record;
    copy.status = status;
    if (!everything) copy.ranges = std::move(of_status);
    return sink.add(std::move(copy));
  };
  const auto unfixed = std::ranges::partition(ranges, [&](const Range& r) { return fix_known && !r.fixed.empty(); });
  std::vector<Range> rest(std::make_move_iterator(unfixed.begin()), std::make_move_iterator(unfixed.end()));
  ranges.erase(unfixed.begin(), unfixed.end());
  TRY(add(AdvisoryStatus::kFixed, std::move(ranges)));
  return add(AdvisoryStatus::kAffected, std::move(rest));
}

Severity severity_of_cvss(const std::vector<Cvss>& scores) {
  const auto generation = [](const Cvss& cvss) {
    if (cvss.vector.starts_with("CVSS:4")) return 4;
    return cvss.vector.starts_with("CVSS:3") ? 3 : 2;
  };
  const Cvss* best = nullptr;
  for (const Cvss& cvss : scores) {
    if (best == nullptr || std::pair(generation(cvss), cvss.score) > std::pair(generation(*best), best->score)) {
      best = &cvss;
    }
  }
  if (best == nullptr) return Severity::kUnknown;
  return severity_of_score(best->score, generation(*best) == 2);
}

}  // namespace bulkhead::advisory::feeds
