// OVAL definitions about rpm packages: the reader that the publishers' feeds share. For use inside feeds/ only.
//
// A document holds definitions (an advisory or a vulnerability, with criteria: a tree of AND and OR over references to
// tests), then the tests, the objects (package names) and the states (versions, architectures) that the tests compare.
// As references point forwards, the criteria are kept until the end of the document; everything else is streamed.
//
// What becomes a record, by the kinds of tests in the criteria:
//   a package "is earlier than", "is installed"  a record about that package; several in one AND about different
//   packages
//                                  state something that no record can, and are passed over
//   "<product> is installed"       the ecosystem of what stands in the same AND, below it or beside it
//   "<product> arch is"            the architectures of the packages that such a machine may have
//   the architecture of a state    that of the package
//   "module … is enabled"          its module stream
//   "is signed with"               taken as true: a container image cannot prove the signature of an installed package
//   the running or the next kernel taken as true: an image runs no kernel
//   "must be installed", "is not installed"   never true of an image that has the package; beside "is installed": the
//                                  package is not affected
//   anything else                  passed over, with the AND that it stands in
// Source: OVAL Language 5.10 and 5.11 (oval-definitions-schema, linux-definitions-schema); Red Hat, "OVAL v2".
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "advisory/feed.h"
#include "advisory/record.h"

namespace bulkhead::advisory::feeds {

struct OvalPublisher {
  std::string_view score_source;  // of the CVSS entries: "redhat"
  NameKind name_kind = NameKind::kBinary;
  // The sources (attribute of <reference>) whose id names the advisory: "RHSA", "ELSA"; the definition's own id
  // otherwise.
  std::span<const std::string_view> advisory_sources;
  // The key of a product that criteria ask for: "Red Hat Enterprise Linux 8". Nothing: not ours.
  std::optional<std::string> (*ecosystem)(std::string_view product);
  // Where criteria name no product: the key, out of the document's path and the fixed version. May be null.
  std::optional<std::string> (*implied_ecosystem)(std::string_view path, std::string_view fixed) = nullptr;
  // Whether the listed CPEs tell streams and layered products from the release (Red Hat's have documents of their own).
  bool cpes_decide = false;
  // Whether a description is of the vulnerability; Microsoft's says which package has it ("affecting package edk2 for
  // versions less than …").
  bool describes_vulnerabilities = true;
};

Result<DocumentInfo> parse_oval(const Document& document, const OvalPublisher& publisher, Sink& sink,
                                const FeedLimits& limits);

}  // namespace bulkhead::advisory::feeds
