#include "report/json_report.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "advisory/record.h"
#include "base/json.h"
#include "report/mustache.h"

namespace bulkhead::report {
namespace {

using json::Writer;
using scan::ScanResult;

constexpr int kSchemaVersion = 1;

void strings(Writer& w, std::string_view name, const std::vector<std::string>& values) {
  w.key(name);
  w.begin_array();
  for (const std::string& value : values) w.string(value);
  w.end_array();
}

void number_or_null(Writer& w, std::string_view name, const std::optional<double>& number) {
  w.key(name);
  if (number) {
    w.number(*number);
  } else {
    w.null();
  }
}

void write_operating_system(Writer& w, const scan::ImageInfo& image) {
  w.key("os");
  if (!image.os.known()) {
    w.null();
    return;
  }
  w.begin_object();
  w.member("id", image.os.id);
  w.member("version_id", image.os.version_id);
  w.member_if("codename", image.os.codename);
  w.member("pretty_name", image.os.pretty_name);
  string_or_null(w, "end_of_life", image.end_of_life ? image.end_of_life->date : "");
  w.member("end_of_life_reached", image.end_of_life && image.end_of_life->reached);
  w.key("extended_support");
  if (image.end_of_life && !image.end_of_life->extended.empty()) {
    w.begin_object();
    w.member("name", image.end_of_life->extended_name);
    w.member("date", image.end_of_life->extended);
    w.member("reached", image.end_of_life->extended_reached);
    w.end_object();
  } else {
    w.null();
  }
  w.end_object();
}

void write_image(Writer& w, const scan::ImageInfo& image) {
  w.key("image");
  w.begin_object();
  w.member("reference", image.reference);
  string_or_null(w, "digest", image.digest.to_string());
  string_or_null(w, "config_digest", image.config_digest.to_string());
  string_or_null(w, "index_digest", image.index_digest.to_string());
  string_or_null(w, "media_type", image.media_type);
  string_or_null(w, "platform", image.platform);
  string_or_null(w, "created", image.created);
  strings(w, "tags", image.repo_tags);
  write_operating_system(w, image);
  w.key("layers");
  w.begin_array();
  for (const scan::LayerInfo& layer : image.layers) {
    w.begin_object();
    string_or_null(w, "digest", layer.digest.to_string());
    string_or_null(w, "diff_id", layer.diff_id.to_string());
    w.key("size");
    w.unsigned_integer(layer.size);
    string_or_null(w, "media_type", layer.media_type);
    string_or_null(w, "created_by", layer.created_by);
    if (!layer.repositories.empty()) strings(w, "repositories", layer.repositories);
    w.member("skipped", layer.skipped);
    w.end_object();
  }
  w.end_array();
  w.end_object();
}

// Layers are named by diff id, which stays the same however the layer is compressed; a root file system has none.
void write_layer(Writer& w, const ScanResult& result, uint32_t layer) {
  const auto& layers = result.image.layers;
  string_or_null(w, "layer", layer < layers.size() ? layers[layer].diff_id.to_string() : "");
}

void write_packages(Writer& w, const ScanResult& result) {
  w.key("packages");
  w.begin_array();
  for (size_t i = 0; i < result.packages.size(); ++i) {
    const inventory::Package& package = result.packages[i];
    w.begin_object();
    w.member("purl", result.purls[i]);
    w.member("name", package.name);
    w.member("version", package.version);
    w.member("type", inventory::purl_type(package.type));
    string_or_null(w, "architecture", package.architecture);
    w.key("source");
    w.begin_object();
    w.member("name", package.source_name);
    w.member("version", package.source_version);
    w.end_object();
    strings(w, "licenses", package.licenses);
    string_or_null(w, "maintainer", package.maintainer);
    string_or_null(w, "vendor", package.vendor);
    if (!package.module.empty()) w.member("module", package.module);
    if (!package.built_using.empty()) strings(w, "built_using", package.built_using);
    write_layer(w, result, package.layer);
    strings(w, "locations", package.locations);
    w.end_object();
  }
  w.end_array();
}

void write_package_reference(Writer& w, const ScanResult& result, size_t index) {
  const inventory::Package& package = result.packages[index];
  w.key("package");
  w.begin_object();
  w.member("purl", result.purls[index]);
  w.member("name", package.name);
  w.member("version", package.version);
  w.end_object();
}

// Whether the database has CISA's catalogue: what is not in it is not known to be exploited, else nobody was asked.
bool knows_exploited(const ScanResult& result) {
  const auto kev = std::ranges::find(result.feeds, "kev", &advisory::FeedState::name);
  return kev != result.feeds.end() && !kev->missing;
}

void write_finding_members(Writer& w, const ScanResult& result, const advisory::Finding& finding) {
  w.member("kind", "vulnerability");
  w.member("id", finding.id);
  strings(w, "aliases", finding.aliases);
  w.member("severity", advisory::severity_name(finding.severity));
  string_or_null(w, "severity_source", finding.severity_source);
  w.member("status", advisory::status_name(finding.status));
  write_package_reference(w, result, finding.package);
  string_or_null(w, "fixed_version", finding.fixed_version);
  if (!finding.fixed_in.empty()) w.member("fixed_in", finding.fixed_in);
  write_layer(w, result, result.packages[finding.package].layer);
  string_or_null(w, "title", finding.details ? finding.details->title : "");
  string_or_null(w, "description", finding.details ? finding.details->description : "");
  w.key("cvss");
  w.begin_array();
  for (const advisory::Cvss& cvss : finding.cvss) {
    w.begin_object();
    w.member("source", cvss.source);
    w.member("vector", cvss.vector);
    w.key("score");
    w.number(cvss.score);
    w.end_object();
  }
  w.end_array();
  w.key("kev");
  if (finding.kev_date_added || knows_exploited(result)) {
    w.boolean(finding.kev_date_added.has_value());
  } else {
    w.null();
  }
  string_or_null(w, "kev_date_added", finding.kev_date_added.value_or(""));
  number_or_null(w, "epss", finding.epss);
  number_or_null(w, "epss_percentile", finding.epss_percentile);
  string_or_null(w, "note", finding.note);
  if (finding.details) {
    strings(w, "cwes", finding.details->cwes);
    strings(w, "references", finding.details->references);
    string_or_null(w, "published", finding.details->published);
  }
  w.key("evidence");
  w.begin_object();
  w.member("feed", finding.evidence.feed);
  w.member("record", finding.evidence.record);
  w.member("rule", finding.evidence.rule);
  if (!finding.evidence.unrated.empty()) w.member("unrated", finding.evidence.unrated);
  w.end_object();
}

void write_findings(Writer& w, const ScanResult& result) {
  w.key("findings");
  w.begin_array();
  for (const advisory::Finding& finding : result.findings) {
    w.begin_object();
    write_finding_members(w, result, finding);
    w.end_object();
  }
  w.end_array();
  w.key("suppressed");
  w.begin_array();
  for (const advisory::Suppressed& suppressed : result.suppressed) {
    w.begin_object();
    write_finding_members(w, result, suppressed.finding);
    w.member("suppression", advisory::suppression_name(suppressed.reason));
    w.member("reason", suppressed.detail);
    w.end_object();
  }
  w.end_array();
}

void write_feeds(Writer& w, const ScanResult& result) {
  w.key("feeds");
  w.begin_array();
  for (const advisory::FeedState& feed : result.feeds) {
    w.begin_object();
    w.member("name", feed.name);
    string_or_null(w, "ecosystem", feed.ecosystem);
    string_or_null(w, "date", feed.date);
    string_or_null(w, "fetched", feed.fetched);
    w.member("stale", feed.stale);
    w.member("missing", feed.missing);
    w.key("age_days");
    if (feed.age_days) {
      w.integer(*feed.age_days);
    } else {
      w.null();
    }
    w.member_if("incomplete", feed.incomplete);
    w.member_if("attribution", feed.attribution);
    w.end_object();
  }
  w.end_array();
}

void write_summary(Writer& w, const ScanResult& result) {
  const scan::SeverityCounts counts = scan::count_findings(result);
  w.key("summary");
  w.begin_object();
  w.key("packages");
  w.unsigned_integer(result.packages.size());
  w.key("findings");
  w.unsigned_integer(counts.total);
  w.key("fixable");
  w.unsigned_integer(counts.fixable);
  w.key("suppressed");
  w.unsigned_integer(result.suppressed.size());
  w.key("hidden");
  w.unsigned_integer(result.hidden);
  string_or_null(w, "conclusion", scan::conclusion(result));
  w.key("by_severity");
  w.begin_object();
  for (int severity = static_cast<int>(advisory::Severity::kCritical); severity >= 0; --severity) {
    w.key(advisory::severity_name(static_cast<advisory::Severity>(severity)));
    w.unsigned_integer(counts.by_severity[severity]);
  }
  w.end_object();
  w.end_object();
}

}  // namespace

void string_or_null(Writer& w, std::string_view name, std::string_view text) {
  w.key(name);
  if (text.empty()) {
    w.null();
  } else {
    w.string(text);
  }
}

void write_tool(Writer& w, std::string_view version) {
  w.key("tool");
  w.begin_object();
  w.member("name", "bulkhead");
  w.member("version", version);
  w.end_object();
}

Result<std::string> render_over(std::string_view template_text, std::string_view document_text) {
  TRY_ASSIGN(const auto document,
             json::Document::parse(document_text, {.max_bytes = size_t{4} << 30, .max_depth = 64}));
  return render_mustache(template_text, document.root());
}

void write_json(Writer& w, const ScanResult& result, std::string_view tool_version) {
  w.begin_object();
  w.key("schema_version");
  w.integer(kSchemaVersion);
  write_tool(w, tool_version);
  write_image(w, result.image);
  write_packages(w, result);
  write_findings(w, result);
  write_feeds(w, result);
  w.key("database");
  w.begin_object();
  string_or_null(w, "date", result.database_date);
  string_or_null(w, "sha256", result.database_sha256);
  w.member("snapshot", result.database_is_snapshot);
  w.end_object();
  w.key("warnings");
  w.begin_array();
  for (const scan::Warning& warning : result.warnings) {
    w.begin_object();
    string_or_null(w, "subject", warning.subject);
    w.member("text", warning.text);
    w.end_object();
  }
  w.end_array();
  write_summary(w, result);
  w.end_object();
}

std::string template_document(std::span<const ScanResult> results, std::string_view tool_version) {
  Writer w(json::Layout::kCompact);
  w.begin_object();
  write_tool(w, tool_version);
  w.key("images");
  w.begin_array();
  for (const ScanResult& result : results) write_json(w, result, tool_version);
  w.end_array();
  w.end_object();
  return std::move(w).take();
}

}  // namespace bulkhead::report
