// A check: judges facts, and answers with rows. Checks are pure functions; each file in checks/ has a table of them, by
// the id that the catalogue knows them by, and checks.cc lists the tables.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "audit/facts.h"
#include "audit/result.h"

namespace bulkhead::audit {

// Takes the rows of one check.
class Sink {
 public:
  Sink(const CheckInfo& check, std::vector<Row>& rows, TextPool& texts) : check_(check), rows_(rows), texts_(texts) {}

  void pass(Object object, std::vector<Evidence> evidence, std::string reason = {});
  void fail(Object object, std::vector<Evidence> evidence, std::string reason = {});
  void manual(Object object, std::vector<Evidence> evidence, std::string reason = {});
  void not_applicable(Object object, std::string reason);
  void error(Object object, std::string reason);
  // not_applicable or error, as it says.
  void unknown(Object object, const Unknown& unknown);
  // pass when `good`, else fail.
  void judge(bool good, Object object, std::vector<Evidence> evidence, std::string reason = {});

 private:
  void add(RowStatus status, Object object, std::vector<Evidence> evidence, std::string reason);
  const CheckInfo& check_;
  std::vector<Row>& rows_;
  TextPool& texts_;
};

struct Check {
  std::string_view id;
  void (*run)(const Facts& facts, Sink& sink) = nullptr;
};

std::span<const Check> host_checks();
std::span<const Check> daemon_checks();
std::span<const Check> file_checks();
std::span<const Check> image_checks();
std::span<const Check> container_checks();
std::span<const Check> operations_checks();
std::span<const Check> swarm_checks();

// What a user asked for. Empty lists mean all.
struct Selection {
  std::vector<Section> sections;
  std::vector<std::string> checks;      // ids of ours, CIS numbers ("5.5": of any edition), with `*` and `?`
  std::vector<std::string> skipped;     // the same
  std::vector<std::string> containers;  // names or ids, or the beginnings of ids, with `*` and `?`
  std::vector<std::string> images;      // tags or ids, the same
  int max_level = 2;
  bool takes(const CheckInfo& check) const;
  bool names(const Container& container) const;  // one of `containers` does
};

// Runs what is selected, in the order of the catalogue. Containers and images that are not selected are left out of the
// facts that checks see; a pattern that meets nothing is a warning. Pure: the same facts give the same result.
AuditResult run_checks(Facts facts, const Selection& selection);

// Objects of the facts.
Object object_of(const Container& container);
Object object_of(const Image& image);
Object object_of(const File& file);
Object object_of(const Network& network);
Object the_host(const Facts& facts);
Object the_daemon(const Facts& facts);

// The engine has none, or none that was selected.
bool has_no_containers(const Facts& facts);

// For checks of every container whose details are known; of the others the reason is told. No containers at all: one
// row not_applicable of the daemon; more than may be looked at: one that says how many more.
void each_container(const Facts& facts, Sink& sink,
                    const std::function<void(const Container&, const ContainerDetails&)>& judge);
// As each_container(), for images whose configuration is known.
void each_image(const Facts& facts, Sink& sink, const std::function<void(const Image&)>& judge);

}  // namespace bulkhead::audit
