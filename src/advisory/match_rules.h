// What differs between publishers when their records are matched, as data. For this folder only.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "inventory/package.h"

namespace bulkhead::advisory {

// A source package that only signs what another one builds: advisories are filed under that one, by the version that
// the binary packages bear.
struct SigningSource {
  std::string_view name;
  std::string_view signs;
  bool is_prefix = false;  // of the name; the rest stays: "linux-signed-hwe-5.15" signs "linux-hwe-5.15"
};

struct FamilyRules {
  std::string_view family;
  inventory::PackageType type = inventory::PackageType::kGeneric;  // what its package database holds
  // One publisher speaks for the packages: of several feeds about one package and id, the one with the newest data
  // counts. Languages have independent publishers: there any feed counts.
  bool one_publisher = false;
  bool minor_streams = false;  // dist tags name a minor release ("el8_4"): its own erratum decides, not the highest
  bool modules = false;        // records about module streams are about packages of that stream only
  bool products = false;       // records name the product (CPE) that they are about
  bool ignores = false;        // its "will not fix" says that there is nothing to report (Ubuntu's "ignored")
  // Parts of a version that mark another build of the same package, which has errata of its own.
  std::span<const std::string_view> flavours;
  // Pockets that speak for such a build, instead of the release's own records.
  std::span<const std::string_view> flavour_pockets;
  // The publisher's feed that makes one "affected" of all that is not fixed (not looked at, ignored, deferred, …): its
  // word for that counts only where no other one speaks.
  std::string_view vague_feed;
  std::span<const SigningSource> signing_sources;
  // Has topics: further repositories beside the release's, each with other versions of some packages and a key of its
  // own ("amazon:2:nginx1").
  bool topics = false;
  // Whose records disclose what this family has not judged itself; empty: nobody's.
  std::string_view disclosures;
  std::span<const std::string_view> skipped_suffixes;  // packages that are no software of their own: "-debuginfo"
  // Vendors whose packages are the distribution's own (a beginning of Package::vendor); empty: see is_third_party().
  std::span<const std::string_view> vendors;
};

// Null for a family without rules of its own: it has none of the above.
const FamilyRules* rules_of(std::string_view family);
const FamilyRules& default_rules();

// The build that a version belongs to: "ksplice1", "fips"; empty for the normal one.
std::string_view flavour_of(std::string_view version, const FamilyRules& rules);

// "nodejs:16" of the label "nodejs:16:8060020220523160029:ad008a3a"; empty for an empty label.
std::string_view stream_of(std::string_view modularity_label);

// The source that a package's source signs; empty when it signs none.
std::string signed_source(std::string_view source, const FamilyRules& rules);

// Whether a version is one of those that a topic is named after: 1.22 of "nginx1", 5.15.2 of "kernel-5.15".
bool is_of_topic(std::string_view version, std::string_view topic);

// The version without its epoch.
std::string_view without_epoch(std::string_view version);

// Whether a package out of the distribution's database was made by somebody else (Docker's, NodeSource's, …).
bool is_third_party(const inventory::Package& package, const FamilyRules& rules);

// The id of the records that only say that a package has no security support (Debian's lists), and the end of a name in
// them that stands for any. The day on which support ends, where it is known, is where their range begins.
inline constexpr std::string_view kUnsupportedId = "debian-security-support";
inline constexpr std::string_view kAnySuffix = ".*";

// The id of the records that only say which product (RecordView::cpe) a repository of Red Hat's, their package, is of.
inline constexpr std::string_view kRepositoryId = "redhat-repositories";

}  // namespace bulkhead::advisory
