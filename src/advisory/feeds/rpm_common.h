// What the feeds of the rpm distributions share: versions, architectures, and what a Red Hat CPE says. For use inside
// feeds/ only.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "advisory/record.h"

namespace bulkhead::advisory::feeds {

inline constexpr std::string_view kRedhatAttribution =
    "Red Hat security data, https://access.redhat.com/security/data, CC-BY-4.0";

// "[epoch:]version-release" as installed packages have it: an epoch of 0 is not written.
std::string evr_text(std::string_view epoch, std::string_view version, std::string_view release);
std::string normal_evr(std::string_view evr);  // "0:1.2-3" -> "1.2-3"

// Everything below that version.
Range fixed_below(std::string evr);

// "noarch", "x86_64", … out of a pattern of alternatives: "aarch64|x86_64", "(noarch)", "^x86_64$"; empty (every
// architecture) for any other expression.
std::vector<std::string> architectures_in(std::string_view pattern);

// Which architectures the packages on a machine of this one may have; empty (every one) for a machine not known.
std::vector<std::string> architectures_on(std::string_view machine);

// Packages that hold no code of their own to run: "-debuginfo", "-debugsource". Advisories list them with every build;
// they only repeat what is said of the package itself.
bool is_debug_package(std::string_view name);

// The release on which a Red Hat product with this CPE runs, as its key: "cpe:/a:redhat:enterprise_linux:9::appstream",
// "cpe:/o:redhat:rhel_eus:9.0::baseos" and "cpe:/a:redhat:openshift:4.12::el9" are all about "rhel:9". Which of its
// packages a record is about is told by AdvisoryRecord::cpe. Nothing when no release is named
// ("cpe:/a:redhat:openshift:4").
std::optional<std::string> redhat_key(std::string_view cpe);
// Whether the CPE is that of the release itself, not of a stream of it (eus, aus, …) or a product that runs on it.
bool is_redhat_release(std::string_view cpe);

// The key of a SUSE product by its name: "SUSE Linux Enterprise Server 15 SP4", "openSUSE Leap 15.3", "SUSE Linux
// Micro 6.0". Modules, extensions and long-term support of a service pack are filed under the service pack.
std::optional<std::string> suse_key(std::string_view product);

// Collects the records of one advisory, so that a statement that the document repeats for each product and architecture
// becomes one record: those that differ in nothing but their architectures are one, of all of them together.
class RecordMerger {
 public:
  void add(AdvisoryRecord record);
  size_t size() const { return records_.size(); }
  // Every record, in the order in which they were first added; the merger is empty then.
  Status flush(Sink& sink);

 private:
  using Key = std::tuple<std::string, std::string, std::string, std::string, std::string, std::string, uint8_t>;
  std::map<Key, size_t> index_;
  std::vector<AdvisoryRecord> records_;
};

}  // namespace bulkhead::advisory::feeds
