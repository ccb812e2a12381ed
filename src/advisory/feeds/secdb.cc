// Security databases in Alpine's form: which version of a package fixed which ids. JSON since 2020, YAML before; used
// by Alpine, Wolfi, Chainguard and MinimOS. Source: secdb.alpinelinux.org, and abuild's "secfixes" comment, from which
// it is made: APKBUILD(5) "# secfixes:".
//
// An id's text is written by hand: "CVE-2017-2616 (+ regression fix)", "CVE_2019-2426", "CVE-????-????? XSA-284".
#include <array>

#include <fmt/format.h>

#include "advisory/ecosystem.h"
#include "advisory/feeds/common.h"
#include "base/text.h"

namespace bulkhead::advisory::feeds {
namespace {

// Which distribution a database is about: by its "distroversion" (Alpine), else by where its packages are served from.
struct Origin {
  std::string_view url;
  std::string_view family;
};
constexpr std::array kOrigins = {
    Origin{"packages.wolfi.dev", "wolfi"},
    Origin{"packages.cgr.dev", "chainguard"},
    Origin{"packages.mini.dev", "minimos"},
};

std::string_view family_by_url(std::string_view url_prefix, std::string_view apk_url) {
  for (const Origin& origin : kOrigins) {
    if (url_prefix.find(origin.url) != std::string_view::npos || apk_url.find(origin.url) != std::string_view::npos) {
      return origin.family;
    }
  }
  return {};
}

Result<std::string> ecosystem_of(const json::Value& database) {
  const std::string_view version = database.string_or("distroversion", {});
  const std::string_view url = database.string_or("urlprefix", {});
  const std::string_view family = family_by_url(url, database.string_or("apkurl", {}));
  auto key = family.empty() ? ecosystem_key("alpine", version) : ecosystem_key(family, {});
  if (key) return *std::move(key);
  return fail(Code::kMalformed,
              fmt::format("no distribution is known by \"distroversion\": \"{}\", \"urlprefix\": \"{}\"",
                          printable(version.substr(0, 80)), printable(url.substr(0, 200))));
}

// The vulnerabilities that one entry of a version's list names: its CVEs, or else its first word that looks like an id.
std::vector<std::string> ids_in(std::string_view entry) {
  std::vector<std::string> ids = cves_in(entry);
  if (!ids.empty()) return ids;
  for (const std::string_view word : split(entry, ' ')) {
    const bool id = word.find('-') != std::string_view::npos && word.find('?') == std::string_view::npos &&
                    word.find_first_of("0123456789") != std::string_view::npos && is_alpha(word.front());
    if (id) return {std::string(word)};
  }
  return ids;
}

Status read_package(const json::Value& package, std::string_view ecosystem, std::string_view repository, Sink& sink) {
  TRY_ASSIGN(const std::string_view name, package.require_string("name"));
  const auto fixes = package.find("secfixes");
  if (!fixes || fixes->is_null()) return {};
  if (!fixes->is_object()) {
    return fail(Code::kMalformed, fmt::format("{}: \"secfixes\" must be an object", printable(name)));
  }
  for (const auto& [version, entries] : fixes->members()) {
    if (!entries.is_array() && !entries.is_null()) {
      return fail(Code::kMalformed, fmt::format("{}: {}: a list of ids expected", printable(name), printable(version)));
    }
    for (const json::Value entry : entries.elements()) {
      const std::string_view text = trim(entry.string().value_or(std::string_view()));
      for (std::string& id : ids_in(text)) {
        AdvisoryRecord record = record_for(ecosystem);
        record.record = repository.empty() ? std::string(version) : fmt::format("{}/{}", repository, version);
        record.package = name;
        if (text != id) record.note = text;
        record.id = std::move(id);
        if (version == "0") {
          record.status = AdvisoryStatus::kNotAffected;
        } else {
          record.status = AdvisoryStatus::kFixed;
          record.ranges.push_back({.fixed = std::string(version)});
        }
        TRY(sink.add(std::move(record)));
      }
    }
  }
  return {};
}

Result<DocumentInfo> parse(const Document& document, Sink& sink, const FeedLimits& limits) {
  const bool is_yaml = document.path.ends_with(".yaml") || document.path.ends_with(".yml");
  TRY_ASSIGN(const json::Document database, is_yaml ? read_yaml(document, limits) : read_json(document, limits));
  const json::Value root = database.root();
  TRY_ASSIGN(const std::string ecosystem, ecosystem_of(root));
  const std::string_view repository = root.string_or("reponame", {});
  const auto packages = root.find("packages");
  if (packages && packages->is_null()) return DocumentInfo{};  // a release whose database is still empty
  if (!packages || !packages->is_array()) return fail(Code::kMalformed, "\"packages\" must be an array");
  for (const json::Value element : packages->elements()) {
    TRY_ASSIGN(const json::Value package, element.require_object("pkg"));
    TRY(read_package(package, ecosystem, repository, sink));
  }
  return DocumentInfo{};
}

// The family of a database, by its head; empty when it is none.
std::string_view family_of_head(const DocumentHead& head) {
  if (head.path.ends_with(".yaml") || head.path.ends_with(".yml")) {
    const bool secdb = head.text.find("\ndistroversion: ") != std::string_view::npos &&
                       head.text.find("\nreponame: ") != std::string_view::npos;
    return secdb ? "alpine" : std::string_view();
  }
  if (!head.has_json_member("apkurl")) return {};
  const std::string_view by_url =
      family_by_url(head.json_string("urlprefix").value_or(""), head.json_string("apkurl").value_or(""));
  if (!by_url.empty()) return by_url;
  return head.has_json_member("distroversion") ? "alpine" : std::string_view();
}

constexpr std::array kAlpineDownloads = {
    Download{"alpine:*", "https://secdb.alpinelinux.org/v{number}/main.json"},
    Download{"alpine:*", "https://secdb.alpinelinux.org/v{number}/community.json"},
    Download{"alpine:edge", "https://secdb.alpinelinux.org/edge/main.json"},
    Download{"alpine:edge", "https://secdb.alpinelinux.org/edge/community.json"},
};
constexpr std::array kWolfiDownloads = {Download{"wolfi", "https://packages.wolfi.dev/os/security.json"}};
constexpr std::array kChainguardDownloads = {
    Download{"chainguard", "https://packages.cgr.dev/chainguard/security.json"},
    Download{"chainguard", "https://packages.cgr.dev/extras/security.json"},
};
constexpr std::array kMinimosDownloads = {
    Download{"minimos", "https://packages.mini.dev/advisories/secdb/security.json"}};
constexpr std::array<std::string_view, 4> kFamilies = {"alpine", "wolfi", "chainguard", "minimos"};
constexpr std::array<std::string_view, 4> kEcosystems = {"alpine:*", "wolfi", "chainguard", "minimos"};

template <size_t kIndex>
bool recognises(const DocumentHead& head) {
  return family_of_head(head) == kFamilies.at(kIndex);
}

constexpr std::array kFeeds = {
    Feed{
        .name = "alpine-secdb",
        .title = "Alpine security database",
        .publisher = "Alpine Linux",
        .licence = "CC-BY-SA-4.0",
        .attribution = "Alpine Linux security database, CC BY-SA 4.0",
        .may_be_shipped = true,
        .downloads = kAlpineDownloads,
        .ecosystems = std::span(kEcosystems).subspan(0, 1),
        .recognises = recognises<0>,
        .parse = parse,
    },
    Feed{
        .name = "wolfi-secdb",
        .title = "Wolfi security database",
        .publisher = "Chainguard",
        .licence = "publisher's terms; not for redistribution",
        .attribution = "",
        .may_be_shipped = false,
        .downloads = kWolfiDownloads,
        .ecosystems = std::span(kEcosystems).subspan(1, 1),
        .recognises = recognises<1>,
        .parse = parse,
    },
    Feed{
        .name = "chainguard-secdb",
        .title = "Chainguard security database",
        .publisher = "Chainguard",
        .licence = "publisher's terms; not for redistribution",
        .attribution = "",
        .may_be_shipped = false,
        .downloads = kChainguardDownloads,
        .ecosystems = std::span(kEcosystems).subspan(2, 1),
        .recognises = recognises<2>,
        .parse = parse,
    },
    Feed{
        .name = "minimos-secdb",
        .title = "MinimOS security database",
        .publisher = "Minimus",
        .licence = "publisher's terms; not for redistribution",
        .attribution = "",
        .may_be_shipped = false,
        .downloads = kMinimosDownloads,
        .ecosystems = std::span(kEcosystems).subspan(3, 1),
        .recognises = recognises<3>,
        .parse = parse,
    },
};

}  // namespace

extern const std::span<const Feed> secdb;
const std::span<const Feed> secdb(kFeeds);

}  // namespace bulkhead::advisory::feeds
