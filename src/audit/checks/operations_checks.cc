#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "audit/check.h"
#include "audit/checks/lookup.h"

namespace bulkhead::audit {
namespace {

void image_sprawl(const Facts& facts, Sink& sink) {
  if (!facts.images) return sink.unknown(the_daemon(facts), facts.images.error());
  if (facts.images->empty()) return sink.not_applicable(the_daemon(facts), "there are no images");
  std::vector<std::string> unused;
  for (const Image& image : *facts.images) {
    if (!image.in_use) unused.push_back(image.label());
  }
  const std::string count = fmt::format("{} of {}", unused.size(), facts.images->size());
  if (unused.empty()) {
    return sink.pass(the_daemon(facts), {{.where = "/images/json", .found = count, .wanted = "no unused image"}});
  }
  sink.manual(the_daemon(facts),
              {{.where = "/images/json",
                .found = fmt::format("{} that no container uses: {}", count, some_of(unused)),
                .wanted = "no image that is not needed"}},
              "which of them are still needed is for a person to decide");
}

void container_sprawl(const Facts& facts, Sink& sink) {
  if (!facts.containers) return sink.unknown(the_daemon(facts), facts.containers.error());
  if (has_no_containers(facts)) return sink.not_applicable(the_daemon(facts), "there are no containers");
  std::vector<std::string> stopped;
  const auto add = [&](const std::vector<Container>& containers) {
    for (const Container& container : containers) {
      if (!container.running()) stopped.push_back(fmt::format("{} ({})", container.name, container.state));
    }
  };
  add(*facts.containers);
  add(facts.unexamined_containers);
  const std::string count =
      fmt::format("{} of {}", stopped.size(), facts.containers->size() + facts.unexamined_containers.size());
  if (stopped.empty()) {
    return sink.pass(the_daemon(facts),
                     {{.where = "/containers/json", .found = count, .wanted = "no container that does not run"}});
  }
  sink.manual(the_daemon(facts),
              {{.where = "/containers/json",
                .found = fmt::format("{} that do not run: {}", count, some_of(stopped)),
                .wanted = "no container that is not needed"}},
              "which of them are still needed is for a person to decide");
}

constexpr std::array kChecks = std::to_array<Check>({
    {.id = "operations.image-sprawl", .run = image_sprawl},
    {.id = "operations.container-sprawl", .run = container_sprawl},
});

}  // namespace

std::span<const Check> operations_checks() {
  return kChecks;
}

}  // namespace bulkhead::audit
