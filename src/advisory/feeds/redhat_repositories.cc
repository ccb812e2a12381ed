// Which products (CPE) the packages of Red Hat's repositories belong to. Red Hat's other documents name products, its
// images name repositories ("content sets"); this file stands between.
//
//   {"data": {"rhel-8-for-x86_64-baseos-rpms": {"cpes": ["cpe:/o:redhat:enterprise_linux:8::baseos"], …}, …},
//    "last_updated": "2024-01-31T…"}
//
// Each CPE of a repository gets one record of the release that the CPE is about, whose package is the repository and
// whose id is kRepositoryId: it is about no vulnerability. A CPE that names no release is one that no other record of
// ours has either.
// Source: security.access.redhat.com/data/meta/v1 (the same as data/metrics); quay/claircore, rhel.
#include <array>

#include <fmt/format.h>

#include "advisory/feeds/common.h"
#include "advisory/feeds/rpm_common.h"
#include "advisory/match_rules.h"
#include "base/text.h"

namespace bulkhead::advisory::feeds {
namespace {

Result<DocumentInfo> parse(const Document& document, Sink& sink, const FeedLimits& limits) {
  TRY_ASSIGN(const json::Document content, read_json(document, limits));
  TRY_ASSIGN(const json::Value data, content.root().require_object("data"));
  for (const json::Member repository : data.members()) {
    auto cpes = repository.value.require_array("cpes");
    if (!cpes) return fail(std::move(cpes).error().with_context(printable(repository.key.substr(0, 80))));
    if (repository.key.empty()) return fail(Code::kMalformed, "a repository has no name");
    for (const json::Value each : cpes->elements()) {
      const std::string_view cpe = each.string().value_or(std::string_view());
      const auto key = redhat_key(cpe);
      if (!key) continue;
      AdvisoryRecord record = record_for(*key);
      record.id = kRepositoryId;
      record.record = kRepositoryId;
      record.package = repository.key;
      record.status = AdvisoryStatus::kNotAffected;
      record.cpe = cpe;
      TRY(sink.add(std::move(record)));
    }
  }
  return DocumentInfo{.date = date_of(content.root().string_or("last_updated", {}))};
}

bool recognises(const DocumentHead& head) {
  return head.text.contains("\"cpes\"") && head.text.contains("\"cpe:/") && head.has_json_member("data");
}

constexpr std::array kDownloads = {
    Download{"rhel:*", "https://security.access.redhat.com/data/meta/v1/repository-to-cpe.json"},
};
constexpr std::array<std::string_view, 1> kEcosystems = {"rhel:*"};

constexpr Feed kFeed = {
    .name = kRepositoryId,
    .title = "Red Hat repositories and their products",
    .publisher = "Red Hat",
    .licence = "CC-BY-4.0",
    .attribution = kRedhatAttribution,
    .may_be_shipped = true,
    .downloads = kDownloads,
    .ecosystems = kEcosystems,
    .supplements = true,
    .recognises = recognises,
    .parse = parse,
};

}  // namespace

extern const std::span<const Feed> redhat_repositories;
const std::span<const Feed> redhat_repositories(&kFeed, 1);

}  // namespace bulkhead::advisory::feeds
