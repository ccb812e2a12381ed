// Software bills of materials: CycloneDX 1.6 and SPDX 2.3 JSON out of an image's packages.
//
// Output is a function of the Bom alone and byte-identical for equal input: no clock, no random serial number (it is
// derived from the content, RFC 9562 version 8, and not from the name under which the image was asked for), sorted.
// Sources: CycloneDX 1.6 JSON schema (ECMA-424); SPDX specification 2.3 with its JSON schema; package-url
// specification.
#pragma once

#include <string>
#include <vector>

#include "inventory/package.h"

namespace bulkhead::sbom {

struct Rating {
  std::string source;    // "nvd"
  double score = 0;      // 0 when there is none
  std::string severity;  // CycloneDX words: critical, high, medium, low, info, none, unknown
  std::string vector;
};

// A vulnerability of one component, for CycloneDX's `vulnerabilities`.
struct Vulnerability {
  std::string id;
  std::string source;  // the feed
  std::vector<Rating> ratings;
  std::vector<std::string> cwes;  // "CWE-79"
  std::string description;
  std::string recommendation;           // "Upgrade openssl to 3.0.11-1"
  std::vector<std::string> references;  // aliases
  size_t package = 0;                   // index into Bom::packages
  bool not_affected = false;            // a suppressed one: analysis state not_affected
  bool will_not_fix = false;            // the publisher's response
  std::string analysis_detail;
};

struct Bom {
  std::string reference;  // of the image, as asked for
  std::string
      repository;       // "docker.io/library/alpine": where it was had from; empty when that was no registry or engine
  std::string tag;      // in that repository; may be empty
  std::string digest;   // "sha256:…"; empty for a root file system
  std::string created;  // RFC 3339 of the document; empty: CycloneDX omits it, SPDX has the epoch
  std::string platform;
  std::string architecture;  // of the image: "amd64"; may be empty
  inventory::OperatingSystem os;
  std::vector<inventory::Package> packages;
  std::vector<std::string> purls;      // by package
  std::vector<std::string> layer_ids;  // by Package::layer; diff ids
  std::vector<Vulnerability> vulnerabilities;
  std::vector<std::string> warnings;  // what the reader must know to weigh the document
  std::vector<std::string> feeds;     // of the vulnerabilities, with their state: "debian-tracker (2026-11-22)"
  std::string tool_version;
};

std::string write_cyclonedx(const Bom& bom);
std::string write_spdx(const Bom& bom);

}  // namespace bulkhead::sbom
