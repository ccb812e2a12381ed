// updateinfo.xml of rpm repositories: <updates><update type="security"><id/>…<pkglist><collection><package/>…
// Amazon, Rocky, AlmaLinux, Fedora and Oracle publish their advisories so.
// Source: rpm-software-management/createrepo_c, updateinfo; libdnf, modular advisories (<module> in a collection).
#include <algorithm>
#include <array>
#include <map>
#include <tuple>
#include <unordered_map>

#include <fmt/format.h>

#include "advisory/ecosystem.h"
#include "advisory/feeds/common.h"
#include "advisory/feeds/rpm_common.h"
#include "base/text.h"
#include "base/xml.h"

namespace bulkhead::advisory::feeds {
namespace {

struct UpdatePlace {
  std::string_view id;          // "ALAS2-2018-939"
  std::string_view release;     // "Rocky Linux 9"
  std::string_view collection;  // "almalinux-9-for-x86_64-baseos-rpms__9_1_default"
};

struct UpdatePublisher {
  std::string_view score_source;
  std::array<std::string_view, 3> id_prefixes;  // without the number that may follow; unused ones are empty
  std::optional<std::string> (*ecosystem)(const UpdatePlace& place);
};

// The part of `text` behind `before`, up to the first character that is no digit and no dot.
std::string_view number_after(std::string_view text, std::string_view before) {
  const size_t found = text.find(before);
  if (found == std::string_view::npos) return {};
  text.remove_prefix(found + before.size());
  return text.substr(0, text.find_first_not_of("0123456789."));
}

// ALAS-2011-1 is Amazon Linux 1; ALAS2-…, ALAS2023-… name their release. What follows the number is a repository of its
// own (ALAS2KERNEL-5.15-2022-001: amazon-linux-extras), which ships other versions of the same packages.
std::optional<std::string> amazon_release(const UpdatePlace& place) {
  std::string_view rest = place.id;
  rest.remove_prefix(std::string_view("ALAS").size());
  const std::string_view number = rest.substr(0, rest.find_first_not_of("0123456789"));
  rest.remove_prefix(number.size());
  auto key = number.empty() ? "amazon:1" : ecosystem_key("amazon", number);
  // …-<year>-<count> ends the id.
  for (int part = 0; part < 2; ++part) rest = rest.substr(0, std::min(rest.rfind('-'), rest.size()));
  if (key && !rest.empty()) *key += ":" + to_lower(rest.starts_with('-') ? rest.substr(1) : rest);
  return key;
}

std::optional<std::string> rocky_release(const UpdatePlace& place) {
  return ecosystem_key("rocky", number_after(place.release, "Rocky Linux "));
}

std::optional<std::string> almalinux_release(const UpdatePlace& place) {
  return ecosystem_key("almalinux", number_after(place.collection, "almalinux-"));
}

// "Fedora 43", "Fedora 38 Modular", "Fedora EPEL 9": the last are packages for other distributions.
std::optional<std::string> fedora_release(const UpdatePlace& place) {
  if (place.release.contains("EPEL")) return std::nullopt;
  return ecosystem_key("fedora", number_after(place.release, "Fedora "));
}

// "ol8_x86_64_baseos_latest", "Oracle Linux 8".
std::optional<std::string> oracle_release(const UpdatePlace& place) {
  std::string_view number = number_after(place.release, "Oracle Linux ");
  if (number.empty() && place.collection.starts_with("ol")) number = number_after(place.collection, "ol");
  return ecosystem_key("oracle", number);
}

constexpr UpdatePublisher kAmazon{"amazon", {"ALAS", "", ""}, amazon_release};
constexpr UpdatePublisher kRocky{"rocky", {"RLSA", "RLBA", "RLEA"}, rocky_release};
constexpr UpdatePublisher kAlmaLinux{"almalinux", {"ALSA", "ALBA", "ALEA"}, almalinux_release};
constexpr UpdatePublisher kFedora{"fedora", {"FEDORA-", "", ""}, fedora_release};
constexpr UpdatePublisher kOracle{"oracle", {"ELSA", "ELBA", "ELEA"}, oracle_release};

class UpdateReader {
 public:
  UpdateReader(const UpdatePublisher& publisher, Sink& sink) : publisher_(publisher), sink_(sink) {}

  Status read(const xml::Element& update) {
    if (update.name() != "update") return {};
    id_ = update.child_text("id");
    severity_ = severity_of_word(update.child_text("severity"));
    read_references(update);
    const bool security = update.attribute("type") == "security";
    if (!security && vulnerabilities_.empty()) return {};  // mends faults that have no id
    TRY(emit_vulnerabilities());
    const auto packages = update.child("pkglist");
    if (!packages) return {};
    for (const xml::Element collection : packages->children()) {
      if (collection.name() == "collection") TRY(read_collection(update, collection));
    }
    return {};
  }

 private:
  void read_references(const xml::Element& update) {
    vulnerabilities_.clear();
    std::unordered_map<std::string, size_t> places;
    const auto about = [&](const std::string& id) -> Vulnerability& {
      const auto [place, fresh] = places.try_emplace(id, vulnerabilities_.size());
      if (fresh) vulnerabilities_.emplace_back().id = id;
      return vulnerabilities_[place->second];
    };
    if (const auto references = update.child("references")) {
      for (const xml::Element reference : references->children()) {
        const std::string_view type = reference.attribute("type");
        // A bug's title names the vulnerabilities that it is about; an erratum's title those of another distribution.
        const bool titled = type == "cve" || type == "bugzilla";
        for (const std::string& id : cves_in(reference.attribute("id"))) {
          Vulnerability& vulnerability = about(id);
          const std::string_view url = reference.attribute("href");
          if (!url.empty()) vulnerability.references.emplace_back(url);
        }
        if (titled) {
          for (const std::string& id : cves_in(reference.attribute("title"))) about(id);
        }
      }
    }
    for (const std::string& id : cves_in(update.child_text("title"))) about(id);
  }

  Status emit_vulnerabilities() {
    for (const Vulnerability& vulnerability : vulnerabilities_) {
      Vulnerability copy = vulnerability;
      copy.severity = severity_;
      if (severity_ != Severity::kUnknown) copy.severity_source = publisher_.score_source;
      TRY(sink_.add(std::move(copy)));
    }
    return {};
  }

  Status read_collection(const xml::Element& update, const xml::Element& collection) {
    const auto key = publisher_.ecosystem(
        {.id = id_,
         .release = update.child_text("release").empty() ? collection.child_text("name") : update.child_text("release"),
         .collection = collection.attribute("short")});
    if (!key) return {};
    std::string module_name;
    // One record for all architectures that a version of a package is built for.
    std::map<std::tuple<std::string_view, std::string>, std::vector<std::string>> builds;
    for (const xml::Element child : collection.children()) {
      if (child.name() == "module")
        module_name = fmt::format("{}:{}", child.attribute("name"), child.attribute("stream"));
      if (child.name() != "package") continue;
      const std::string_view name = child.attribute("name");
      const std::string_view version = child.attribute("version");
      if (name.empty() || version.empty()) {
        return fail(Code::kMalformed, fmt::format("{}: a package has no name or version", printable(id_)));
      }
      if (child.attribute("arch") == "src" || is_debug_package(name)) continue;
      builds[{name, evr_text(child.attribute("epoch"), version, child.attribute("release"))}].emplace_back(
          child.attribute("arch"));
    }
    for (auto& [build, architectures] : builds) {
      std::ranges::sort(architectures);
      const auto repeated = std::ranges::unique(architectures);
      architectures.erase(repeated.begin(), repeated.end());
      AdvisoryRecord record = record_for(*key);
      record.record = id_;
      record.package = std::get<0>(build);
      record.name_kind = NameKind::kBinary;
      record.status = AdvisoryStatus::kFixed;
      record.ranges.push_back(fixed_below(std::get<1>(build)));
      record.architectures = architectures;
      record.module = module_name;
      record.severity = severity_;
      TRY(emit(std::move(record)));
    }
    return {};
  }

  Status emit(AdvisoryRecord record) {
    if (vulnerabilities_.empty()) {
      record.id = id_;
      return sink_.add(std::move(record));
    }
    for (const Vulnerability& vulnerability : vulnerabilities_) {
      AdvisoryRecord copy = record;
      copy.id = vulnerability.id;
      TRY(sink_.add(std::move(copy)));
    }
    return {};
  }

  const UpdatePublisher& publisher_;
  Sink& sink_;
  std::string_view id_;  // of the present update, as are the others
  Severity severity_ = Severity::kUnknown;
  std::vector<Vulnerability> vulnerabilities_;
};

template <const UpdatePublisher& publisher>
Result<DocumentInfo> parse(const Document& document, Sink& sink, const FeedLimits& limits) {
  DocumentInfo info;
  UpdateReader reader(publisher, sink);
  const xml::Limits xml_limits{
      .max_bytes = limits.max_document_bytes, .max_depth = limits.max_depth, .options = document_options()};
  TRY(xml::for_each_element(
      document.source, 2, xml_limits, [&](const xml::Element& update, std::span<const std::string>) -> Status {
        const std::string_view id = update.child_text("id");
        const bool ours = std::ranges::any_of(
            publisher.id_prefixes, [&](std::string_view prefix) { return !prefix.empty() && id.starts_with(prefix); });
        if (!ours) return {};
        for (const std::string_view name : {"issued", "updated"}) {
          const auto date = update.child(name);
          if (date) info.date = std::max(info.date, date_of(date->attribute("date")));
        }
        return reader.read(update);
      }));
  return info;
}

template <const UpdatePublisher& publisher>
bool recognises(const DocumentHead& head) {
  const size_t updates = head.text.find("<updates");
  if (updates == std::string_view::npos) return false;
  const size_t id = head.text.find("<id>", updates);
  if (id == std::string_view::npos) return false;
  const std::string_view text = trim(head.text.substr(id + 4));
  return std::ranges::any_of(publisher.id_prefixes,
                             [&](std::string_view prefix) { return !prefix.empty() && text.starts_with(prefix); });
}

constexpr std::array kAmazonDownloads = {
    Download{"amazon:2", "https://cdn.amazonlinux.com/2/core/latest/x86_64/mirror.list", Fetch::kRepositoryNamedBy},
    Download{"amazon:2023", "https://cdn.amazonlinux.com/al2023/core/mirrors/latest/x86_64/mirror.list",
             Fetch::kRepositoryNamedBy},
};
constexpr std::array kFedoraDownloads = {
    Download{"fedora:*", "https://dl.fedoraproject.org/pub/fedora/linux/updates/{number}/Everything/x86_64/",
             Fetch::kRepository},
};

constexpr std::array<std::string_view, 1> kAmazonKeys = {"amazon:*"};
constexpr std::array<std::string_view, 1> kRockyKeys = {"rocky:*"};
constexpr std::array<std::string_view, 1> kAlmaLinuxKeys = {"almalinux:*"};
constexpr std::array<std::string_view, 1> kFedoraKeys = {"fedora:*"};
constexpr std::array<std::string_view, 1> kOracleKeys = {"oracle:*"};

constexpr std::array kFeeds = {
    Feed{
        .name = "amazon-updateinfo",
        .title = "Amazon Linux security advisories (ALAS)",
        .publisher = "Amazon",
        .licence = "publisher's terms; no explicit licence",
        .attribution = "Amazon Linux Security Center, https://alas.aws.amazon.com/",
        .may_be_shipped = false,
        .downloads = kAmazonDownloads,
        .ecosystems = kAmazonKeys,
        .recognises = recognises<kAmazon>,
        .parse = parse<kAmazon>,
    },
    Feed{
        .name = "rocky-updateinfo",
        .title = "Rocky Linux errata",
        .publisher = "Rocky Enterprise Software Foundation",
        .licence = "publisher's terms; no explicit licence",
        .attribution = "Rocky Linux errata, https://errata.rockylinux.org/",
        .may_be_shipped = false,
        .downloads = {},  // db update takes Rocky's OSV
        .ecosystems = kRockyKeys,
        .recognises = recognises<kRocky>,
        .parse = parse<kRocky>,
    },
    Feed{
        .name = "almalinux-updateinfo",
        .title = "AlmaLinux errata",
        .publisher = "AlmaLinux",
        .licence = "publisher's terms; no explicit licence",
        .attribution = "AlmaLinux errata, https://errata.almalinux.org/",
        .may_be_shipped = false,
        .downloads = {},  // db update takes AlmaLinux's OSV
        .ecosystems = kAlmaLinuxKeys,
        .recognises = recognises<kAlmaLinux>,
        .parse = parse<kAlmaLinux>,
    },
    Feed{
        .name = "fedora-updateinfo",
        .title = "Fedora security updates",
        .publisher = "Fedora Project",
        .licence = "publisher's terms; no explicit licence",
        .attribution = "Fedora updates, https://bodhi.fedoraproject.org/",
        .may_be_shipped = false,
        .downloads = kFedoraDownloads,
        .ecosystems = kFedoraKeys,
        .recognises = recognises<kFedora>,
        .parse = parse<kFedora>,
    },
    Feed{
        .name = "oracle-updateinfo",
        .title = "Oracle Linux errata of the repositories",
        .publisher = "Oracle",
        .licence = "Oracle's terms of use",
        .attribution = "Oracle Linux errata, https://linux.oracle.com/security/",
        .may_be_shipped = false,
        .downloads = {},  // db update takes Oracle's OVAL
        .ecosystems = kOracleKeys,
        .recognises = recognises<kOracle>,
        .parse = parse<kOracle>,
    },
};

}  // namespace

extern const std::span<const Feed> updateinfo;
const std::span<const Feed> updateinfo(kFeeds);

}  // namespace bulkhead::advisory::feeds
