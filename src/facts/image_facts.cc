#include "facts/image_facts.h"

#include <algorithm>
#include <numeric>
#include <optional>

#include "base/date.h"
#include "base/json_writer.h"
#include "policy/fact_schema.h"

namespace bulkhead::facts {
namespace {

using json::Writer;

void strings(Writer& w, std::string_view name, const std::vector<std::string>& values) {
  w.key(name);
  w.begin_array();
  for (const std::string& value : values) w.string(value);
  w.end_array();
}

// A day is its beginning. Nothing for a text that is neither a day nor a time.
void time_if(Writer& w, std::string_view name, std::string_view text) {
  const std::string time = is_date(text) ? std::string(text) + "T00:00:00Z" : std::string(text);
  if (const auto seconds = parse_rfc3339(time)) w.member(name, rfc3339_of(*seconds));
}

bool runs_as_root(std::string_view user) {
  const std::string_view name = user.substr(0, user.find(':'));
  return name.empty() || name == "root" || name.find_first_not_of('0') == std::string_view::npos;
}

void write_config(Writer& w, const oci::ImageConfig& config) {
  w.key("config");
  w.begin_object();
  w.member("user", config.user);
  w.member("root", runs_as_root(config.user));
  strings(w, "env", config.env);
  strings(w, "entrypoint", config.entrypoint);
  strings(w, "cmd", config.cmd);
  w.member("working_dir", config.working_dir);
  strings(w, "exposed_ports", config.exposed_ports);
  strings(w, "volumes", config.volumes);
  w.key("labels");
  w.begin_object();
  for (const auto& [name, value] : config.labels) w.member(name, value);
  w.end_object();
  w.member("healthcheck", config.has_healthcheck);
  w.key("history");
  w.begin_array();
  for (const oci::HistoryEntry& entry : config.history) w.string(entry.created_by);
  w.end_array();
  w.end_object();
}

void write_layers(Writer& w, const std::vector<scan::LayerInfo>& layers) {
  w.key("layers");
  w.begin_array();
  for (const scan::LayerInfo& layer : layers) {
    w.begin_line();
    if (!layer.digest.empty()) w.member("digest", layer.digest.to_string());
    if (!layer.diff_id.empty()) w.member("diff_id", layer.diff_id.to_string());
    if (layer.size != 0) {
      w.key("size");
      w.unsigned_integer(layer.size);
    }
    w.member("created_by", layer.created_by);
    w.end_object();
  }
  w.end_array();
}

void write_image(Writer& w, const scan::ImageInfo& image) {
  w.key("image");
  w.begin_object();
  w.member("reference", image.reference);
  w.member("registry",
           std::string_view(image.repository).substr(0, std::min(image.repository.find('/'), image.repository.size())));
  w.member("repository", image.repository);
  w.member("tag", image.tag);
  if (!image.digest.empty()) w.member("digest", image.digest.to_string());
  w.member("pinned", image.reference.find("@sha") != std::string::npos);
  w.member_if("platform", image.platform);
  w.member_if("architecture", image.architecture);
  time_if(w, "created", image.created);
  const bool sizes = std::ranges::all_of(image.layers, [](const scan::LayerInfo& layer) { return layer.size != 0; });
  if (sizes && !image.layers.empty()) {
    w.key("size");
    w.unsigned_integer(std::accumulate(image.layers.begin(), image.layers.end(), uint64_t{0},
                                       [](uint64_t sum, const scan::LayerInfo& layer) { return sum + layer.size; }));
  }
  if (!image.config_digest.empty()) write_config(w, image.config);
  write_layers(w, image.layers);
  w.end_object();
}

void write_distribution(Writer& w, const scan::ImageInfo& image) {
  w.key("distribution");
  w.begin_object();
  w.member("id", image.os.id);
  w.member("version", image.os.version_id);
  w.member("name", image.os.pretty_name.empty() ? image.os.name : image.os.pretty_name);
  if (image.end_of_life) {
    w.member("end_of_life", image.end_of_life->over());
    time_if(w, "supported_until", image.end_of_life->date);
  }
  w.end_object();
}

void write_packages(Writer& w, const scan::ScanResult& result) {
  w.key("packages");
  w.begin_array();
  for (size_t i = 0; i < result.packages.size(); ++i) {
    const inventory::Package& package = result.packages[i];
    w.begin_line();
    w.member("type", inventory::purl_type(package.type));
    w.member("name", package.name);
    w.member("version", package.version);
    w.member("architecture", package.architecture);
    w.member("source", package.source_name);
    strings(w, "licenses", package.licenses);
    if (i < result.purls.size()) w.member("purl", result.purls[i]);
    w.key("layer");
    w.unsigned_integer(package.layer);
    w.end_object();
  }
  w.end_array();
}

void write_vulnerability(Writer& w, const advisory::Finding& finding, const inventory::Package& package) {
  w.begin_line();
  w.member("id", finding.id);
  strings(w, "aliases", finding.aliases);
  w.member("severity", advisory::severity_name(finding.severity));
  w.key("rank");
  w.unsigned_integer(static_cast<uint64_t>(finding.severity));
  w.member("status", advisory::status_name(finding.status));
  w.member("package", package.name);
  w.member("version", package.version);
  w.member("type", inventory::purl_type(package.type));
  w.member("fixable", !finding.fixed_version.empty());
  w.member_if("fixed_version", finding.fixed_version);
  w.member("exploited", finding.kev_date_added.has_value());
  if (finding.epss) {
    w.key("epss");
    w.number(*finding.epss);
  }
  if (finding.details) time_if(w, "published", finding.details->published);
  w.key("layer");
  w.unsigned_integer(package.layer);
  w.end_object();
}

void write_advisories(Writer& w, const scan::ScanResult& result) {
  w.key("vulnerabilities");
  w.begin_array();
  for (const advisory::Finding& finding : result.findings) {
    write_vulnerability(w, finding, result.packages[finding.package]);
  }
  w.end_array();
  w.key("advisories");
  w.begin_object();
  time_if(w, "date", result.database_date);
  const std::string gaps = scan::not_judged(result);
  w.member("complete", gaps.empty());
  w.member("not_judged", gaps);
  w.member("snapshot", result.database_is_snapshot);
  w.end_object();
}

}  // namespace

std::string image_facts(const scan::ScanResult& result, bool assessed, std::string_view now) {
  Writer w(json::Layout::kIndented);
  w.begin_object();
  w.key("version");
  w.integer(policy::kFactsVersion);
  w.member("kind", "image");
  time_if(w, "time", now);
  write_image(w, result.image);
  write_distribution(w, result.image);
  write_packages(w, result);
  if (assessed) write_advisories(w, result);
  w.end_object();
  return std::move(w).take();
}

}  // namespace bulkhead::facts
