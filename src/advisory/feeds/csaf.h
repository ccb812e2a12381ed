// CSAF documents about rpm packages, advisories and VEX: the reader that the publishers' feeds share. For use inside
// feeds/ only.
//
// A document names products (a release or repository, with a CPE; builds of packages, with a package URL or as
// name-[epoch:]version-release.arch) and says which build is a component of which product; its vulnerabilities list
// such components by status, and remedies and scores by component.
//
// What becomes a record, per vulnerability and status:
//   fixed, first_fixed, recommended   kFixed below the build's version; the advisory is that of the vendor_fix
//   known_affected, last_affected     by the remedy: no_fix_planned "Out of support scope" kEndOfLife, other
//   kWillNotFix;
//                                     none_available "Fix deferred" kFixDeferred; else kAffected. No version, no
//                                     architecture
//   under_investigation               kUnderInvestigation
//   known_not_affected                kNotAffected, for releases themselves, of packages that nothing else is said
//   about
// One record stands for all architectures of a build. Source packages stand for their binaries only where the document
// names no binary of that product and status (Red Hat before 2025).
// Source: OASIS CSAF 2.0, sections 3.2.2 (product tree) and 3.2.3 (vulnerabilities); Red Hat, "CSAF and VEX files".
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "advisory/feed.h"
#include "advisory/record.h"

namespace bulkhead::advisory::feeds {

// A product that components belong to, as the document names it.
struct CsafPlatform {
  std::string_view name;
  std::string_view cpe;
};

struct CsafPublisher {
  std::string_view score_source;  // of the CVSS entries: "redhat"
  // The key of the platform; nothing: not ours.
  std::optional<std::string> (*ecosystem)(const CsafPlatform& platform);
  bool keep_cpe = false;  // AdvisoryRecord::cpe is the platform's
};

Result<DocumentInfo> parse_csaf(const Document& document, const CsafPublisher& publisher, Sink& sink,
                                const FeedLimits& limits);

// A build of a package, out of a product's package URL or name. For tests.
struct CsafBuild {
  std::string name;
  std::string evr;           // empty: no particular version
  std::string architecture;  // "src" for a source package; empty: none given
  std::string module;        // "name:stream"
};
std::optional<CsafBuild> build_of_purl(std::string_view purl);
// "telnet-1:0.17-65.el7_6.x86_64", "bind-9.9.4P2-0.6.1.i586", "vim-9.0-33.oe2203sp3.src.rpm", "ctdb",
// "nodejs:16/nodejs". `architecture` is what the product tree files it under; empty when it does not.
CsafBuild build_of_name(std::string_view name, std::string_view architecture);

}  // namespace bulkhead::advisory::feeds
