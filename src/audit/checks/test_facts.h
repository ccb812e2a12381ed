// Facts that tests of checks write down, and what one check answers to them. For unit tests only.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "audit/check.h"

namespace bulkhead::audit {

// A Docker Engine on this machine that answered: no containers, images or networks, not in a Swarm, and nothing looked
// at on its host.
inline Facts test_facts() {
  Engine engine;
  engine.name = "node-1";
  engine.server_version = "28.5.2";
  engine.api_version = "1.51";
  engine.kernel_version = "6.1.0-32-amd64";
  engine.operating_system = "Debian GNU/Linux 12 (bookworm)";
  engine.root_dir = "/var/lib/docker";
  engine.storage_driver = "overlay2";
  engine.cgroup_driver = "systemd";
  engine.cgroup_version = "2";
  engine.security_options = {"name=seccomp,profile=builtin", "name=cgroupns"};
  engine.logging_driver = "json-file";
  engine.default_runtime = "runc";
  engine.swarm_state = "inactive";
  Facts facts;
  facts.address = "unix:///var/run/docker.sock";
  facts.local = true;
  facts.now = "2026-11-22T12:00:00Z";
  facts.engine = std::move(engine);
  facts.containers.emplace();
  facts.images.emplace();
  facts.networks.emplace();
  return facts;
}

// Of 64 hexadecimal digits, other ones for each name of up to 32 bytes.
inline std::string test_id(std::string_view name) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string id;
  for (const char c : name) {
    id += kDigits[(static_cast<unsigned char>(c) >> 4U) & 15U];
    id += kDigits[static_cast<unsigned char>(c) & 15U];
  }
  id.resize(64, '0');
  return id;
}

inline Container test_container(std::string name, ContainerDetails details = {}, std::string state = "running") {
  Container container;
  container.id = test_id(name);
  container.name = std::move(name);
  container.state = std::move(state);
  container.details = std::move(details);
  return container;
}

inline Image test_image(std::string tag) {
  Image image;
  image.id = "sha256:" + test_id(tag);
  image.tags = {std::move(tag)};
  image.created = "2026-11-01T12:00:00Z";
  return image;
}

// test_facts() with one container, "web".
inline Facts facts_of(ContainerDetails details, std::string state = "running") {
  Facts facts = test_facts();
  facts.containers->push_back(test_container("web", std::move(details), std::move(state)));
  return facts;
}

// test_facts() with one image.
inline Facts facts_of(Image image) {
  Facts facts = test_facts();
  facts.images->push_back(std::move(image));
  return facts;
}

// The rows of one check. None at all for an id that the catalogue does not have.
inline std::vector<Row> rows_of(std::string_view check, const Facts& facts) {
  Selection selection;
  selection.checks = {std::string(check)};
  return run_checks(facts, selection).rows;
}

// The statuses that tests have asked for by the two functions below, to compare them with what they want
// (every_status_test.cc).
inline std::map<std::string, std::set<RowStatus>, std::less<>>& asserted_statuses() {
  static std::map<std::string, std::set<RowStatus>, std::less<>> statuses;
  return statuses;
}

// "web fail, db pass": the rows of one check in short.
inline std::string statuses_of(std::string_view check, const Facts& facts) {
  std::string text;
  for (const Row& row : rows_of(check, facts)) {
    if (!text.empty()) text += ", ";
    text += row.object.name;
    text += ' ';
    text += status_name(row.status);
    asserted_statuses()[std::string(check)].insert(row.status);
  }
  return text;
}

// "pass": the status of the check's one row; several statuses with spaces between them, "none" when there is no row.
inline std::string status_of_only_row(std::string_view check, const Facts& facts) {
  std::string text;
  for (const Row& row : rows_of(check, facts)) {
    if (!text.empty()) text += ' ';
    text += status_name(row.status);
    asserted_statuses()[std::string(check)].insert(row.status);
  }
  return text.empty() ? "none" : text;
}

// All that the rows of one check tell, for tests of the words: "where: found (wanted); …, reason".
inline std::string told_by(std::string_view check, const Facts& facts) {
  std::string text;
  for (const Row& row : rows_of(check, facts)) {
    for (const Evidence& evidence : row.evidence) {
      text += evidence.where;
      text += ": ";
      text += evidence.found;
      text += " (";
      text += evidence.wanted;
      text += "); ";
    }
    text += row.reason;
    text += '\n';
  }
  return text;
}

}  // namespace bulkhead::audit
