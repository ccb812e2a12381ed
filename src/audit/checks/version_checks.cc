#include "audit/checks/version_checks.h"

#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "audit/checks/engine_data.h"
#include "audit/checks/release_version.h"

namespace bulkhead::audit {
namespace {

constexpr size_t kDateLength = std::string_view("2026-11-22").size();

// The first that tells who built it.
constexpr std::string_view kFirstWithPlatform = "18.03.0";

// Docker's own builds, and those of vendors that maintain them, say who built them; distributions leave it empty.
// Podman comes from distributions only. The parts of an engine come from where it comes from.
bool built_by_distribution(const Engine& engine) {
  if (engine.podman) return true;
  const auto version = release_version(engine.server_version);
  if (!version || !version->plain) return true;
  return engine.platform.empty() && !version_before(version->number, kFirstWithPlatform);
}

// "runc" of "OCI Runtime (runc)", as Podman names it.
std::string_view component_name(std::string_view name) {
  const size_t open = name.find('(');
  if (open == std::string_view::npos || !name.ends_with(')')) return name;
  return name.substr(open + 1, name.size() - open - 2);
}

struct Found {
  std::vector<Evidence> certain;    // the version has it
  std::vector<Evidence> uncertain;  // the number has it, and that need not mean anything
  bool distribution = false;        // because a distributor may have fixed it
  bool kubernetes = false;          // because it matters to Kubernetes only
  std::vector<std::string> not_understood;
  bool compared = false;
};

void look_for(std::string_view kind, const Engine& engine, const Engine::Component& component, Found& found) {
  const std::string_view name = component_name(component.name);
  bool listed = false;
  for (const KnownEscape& known : known_escapes()) listed = listed || known.component == name;
  if (!listed) return;
  const auto version = release_version(component.version);
  if (!version) {
    found.not_understood.push_back(fmt::format("{} '{}'", name, component.version));
    return;
  }
  found.compared = true;
  const bool certain = version->plain && !built_by_distribution(engine);
  for (const KnownEscape& known : known_escapes()) {
    const bool kubernetes = known.kind == "kubernetes" && kind == "escape";
    const bool remapped = known.kind == "userns-remap" && kind == "escape" && engine.security_option("userns");
    if (known.kind != kind && !kubernetes && !remapped) continue;
    if (known.component != name || !lies_in(version->number, known.affected)) continue;
    found.distribution = found.distribution || !certain;
    found.kubernetes = found.kubernetes || kubernetes;
    (certain && !kubernetes ? found.certain : found.uncertain)
        .push_back(
            {.where = fmt::format("/version: {}", name),
             .found = component.version,
             .wanted = fmt::format("a version with the fix of {}: {} ({})", known.cve, known.title, known.source)});
  }
}

Found look_for(std::string_view kind, const Engine& engine) {
  Found found;
  bool engine_told = false;
  for (const Engine::Component& component : engine.components) {
    look_for(kind, engine, component, found);
    engine_told = engine_told || component.name == "Engine";
  }
  // Engines before 17.10 have no list of components.
  if (!engine_told && !engine.podman)
    look_for(kind, engine, {.name = "Engine", .version = engine.server_version}, found);
  return found;
}

// Why what is uncertain is left to a person.
std::string doubts_of(const Found& found) {
  std::vector<std::string_view> doubts;
  if (found.distribution) {
    doubts.emplace_back(
        "a distribution's build may have the fixes under its old number, as its security advisories say");
  }
  if (found.kubernetes) doubts.emplace_back("some of it matters only where Kubernetes uses this containerd");
  return fmt::format("{}", fmt::join(doubts, "; "));
}

void tell(const Facts& facts, Sink& sink, Found found) {
  const std::string doubts = doubts_of(found);
  const bool any = !found.certain.empty();
  std::vector<Evidence> evidence = std::move(found.certain);
  evidence.insert(evidence.end(), found.uncertain.begin(), found.uncertain.end());
  if (any) return sink.fail(the_daemon(facts), std::move(evidence), doubts);
  if (!evidence.empty()) return sink.manual(the_daemon(facts), std::move(evidence), doubts);
  if (!found.not_understood.empty()) {
    return sink.error(the_daemon(facts),
                      fmt::format("no version is understood in {}", fmt::join(found.not_understood, ", ")));
  }
  if (!found.compared) return sink.not_applicable(the_daemon(facts), "nothing is known of this engine's components");
  std::vector<Evidence> versions;
  for (const Engine::Component& component : facts.engine->components) {
    versions.push_back(
        {.where = fmt::format("/version: {}", component.name), .found = component.version, .wanted = {}});
  }
  sink.pass(the_daemon(facts), std::move(versions));
}

}  // namespace

void engine_version(const Facts& facts, Sink& sink) {
  if (!facts.engine) return sink.unknown(the_daemon(facts), facts.engine.error());
  const Engine& engine = *facts.engine;
  const auto version = release_version(engine.server_version);
  if (!version) {
    return sink.error(the_daemon(facts),
                      fmt::format("the engine's version '{}' is not understood", engine.server_version));
  }
  const std::string_view name = engine.podman ? "podman" : "docker";
  const bool distribution = built_by_distribution(engine);
  const EngineRelease* release = release_of(name, version->number);
  Evidence evidence{.where = "/version#/Version", .found = engine.server_version, .wanted = "a maintained release"};
  if (release == nullptr) {
    for (const EngineRelease& each : engine_releases()) {
      if (each.engine != name) continue;
      if (version_before(each.newest, version->number)) {
        return sink.manual(the_daemon(facts), {std::move(evidence)},
                           fmt::format("newer than what this program knows, {} of {}", each.newest, each.date));
      }
      break;
    }
    return sink.fail(the_daemon(facts), {std::move(evidence)}, "a release line that nobody maintains any more");
  }
  evidence.wanted = fmt::format("a maintained release ({})", release->source);
  const std::string_view today = std::string_view(facts.now).substr(0, kDateLength);
  if (!release->end.empty() && release->end < today) {
    const std::string ended = fmt::format("end of life upstream: {} since {}", release->line, release->end);
    if (!distribution) return sink.fail(the_daemon(facts), {std::move(evidence)}, ended);
    return sink.manual(
        the_daemon(facts), {std::move(evidence)},
        ended + "; built, and perhaps maintained, by a distribution: see that its updates reach this host");
  }
  const std::string newest =
      fmt::format("{} of {} is the newest {} that this program knows", release->newest, release->date, release->line);
  if (distribution || version_before(version->number, release->newest)) {
    return sink.manual(the_daemon(facts), {std::move(evidence)}, newest);
  }
  sink.pass(the_daemon(facts), {std::move(evidence)}, newest);
}

void known_escapes_check(const Facts& facts, Sink& sink) {
  if (!facts.engine) return sink.unknown(the_daemon(facts), facts.engine.error());
  tell(facts, sink, look_for("escape", *facts.engine));
}

void authorization_bypass(const Facts& facts, Sink& sink) {
  if (!facts.engine) return sink.unknown(the_daemon(facts), facts.engine.error());
  if (facts.engine->authorization_plugins.empty()) {
    return sink.not_applicable(the_daemon(facts), "the engine has no authorization plugin");
  }
  tell(facts, sink, look_for("authorization", *facts.engine));
}

}  // namespace bulkhead::audit
