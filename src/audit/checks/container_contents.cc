// What a container is made of and runs: its user, image, environment, health, root file system, runtime; and the
// recommendations on the use of containers that no state of theirs shows.
#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "audit/checks/container_checks.h"
#include "audit/checks/root_user.h"
#include "audit/checks/secret_names.h"
#include "base/text.h"

namespace bulkhead::audit {
namespace {

void check_user(const Facts& facts, Sink& sink) {
  each_container(facts, sink, [&](const Container& container, const ContainerDetails& details) {
    constexpr std::string_view kWanted = "a user other than root";
    bool root = is_root_user(details.user);
    std::vector<Evidence> evidence = {
        {"/Config/User", details.user.empty() ? "not set: root" : details.user, std::string(kWanted)}};
    if (details.processes && details.processes->user) {
      // Of a name only the process tells which number it has. That a process has left root does not make its user
      // another: `docker exec` is root, and so was its beginning.
      const uint32_t user = *details.processes->user;
      evidence.push_back({fmt::format("/proc/{}/status Uid", details.processes->pid), std::to_string(user), "not 0"});
      root = root || user == 0;
    }
    if (!root && !is_user_number(details.user) && !(details.processes && details.processes->user)) {
      return sink.manual(object_of(container), std::move(evidence),
                         "which number that name has, only its image's /etc/passwd says");
    }
    // Still root of all that is in the container, yet an ordinary user outside of it.
    const bool own = details.processes && !details.processes->host_user_namespace;
    sink.judge(!root, object_of(container), std::move(evidence),
               root && own ? "root of a user namespace of its own" : "");
  });
}

void check_environment(const Facts& facts, Sink& sink) {
  each_container(facts, sink, [&](const Container& container, const ContainerDetails& details) {
    constexpr std::string_view kWanted = "no secret";
    std::vector<Evidence> found;
    for (size_t i = 0; i < details.env.size(); ++i) {
      std::string secret = secret_in_assignment(details.env[i], Expansion::kNone);
      if (!secret.empty()) found.push_back({fmt::format("/Config/Env/{}", i), std::move(secret), std::string(kWanted)});
    }
    if (!found.empty()) return sink.fail(object_of(container), std::move(found), "the values are not shown");
    sink.pass(object_of(container),
              {{"/Config/Env", fmt::format("{} variables, none of them", details.env.size()), std::string(kWanted)}});
  });
}

// ---- Image

// A digest or an id cannot come to mean another image.
bool is_pinned(const ContainerDetails& details) {
  const std::string_view reference = details.image_reference;
  if (reference.find('@') != std::string_view::npos || reference.starts_with("sha256:")) return true;
  constexpr std::string_view kAlgorithm = "sha256:";
  constexpr size_t kShortId = 12;
  return reference.size() >= kShortId && details.image_id.starts_with(kAlgorithm) &&
         std::string_view(details.image_id).substr(kAlgorithm.size()).starts_with(reference);
}

// Of "registry:5000/team/app:1.2": "1.2"; empty without one.
std::string_view tag_of(std::string_view reference) {
  const std::string_view name = reference.substr(reference.rfind('/') + 1);
  const size_t colon = name.find(':');
  return colon == std::string_view::npos ? std::string_view() : name.substr(colon + 1);
}

void check_image_tag(const Facts& facts, Sink& sink) {
  each_container(facts, sink, [&](const Container& container, const ContainerDetails& details) {
    const std::string& reference = details.image_reference;
    if (reference.empty()) return sink.not_applicable(object_of(container), "the engine does not name its image");
    const std::string_view tag = tag_of(reference);
    sink.judge(is_pinned(details) || (!tag.empty() && tag != "latest"), object_of(container),
               {{"/Config/Image", reference, "a tag other than latest, or a digest"}});
  });
}

void check_image_current(const Facts& facts, Sink& sink) {
  each_container(facts, sink, [&](const Container& container, const ContainerDetails& details) {
    constexpr std::string_view kWanted = "the newest image of that name";
    std::vector<Evidence> evidence = {
        {"/Config/Image", details.image_reference.empty() ? "not named" : details.image_reference,
         std::string(kWanted)},
        {"/Image", details.image_id, ""}};
    if (facts.images && !is_pinned(details)) {
      const std::string with_tag =
          tag_of(details.image_reference).empty() ? details.image_reference + ":latest" : details.image_reference;
      for (const Image& image : *facts.images) {
        if (image.id == details.image_id && !image.created.empty()) {
          evidence.push_back({"/images/json#/Created", image.created, ""});
        }
        const bool named = std::ranges::find(image.tags, with_tag) != image.tags.end();
        if (named && image.id != details.image_id) {
          evidence.push_back({"/images/json#/RepoTags",
                              fmt::format("{} is another image by now: {}", with_tag, image.id), details.image_id});
        }
      }
    }
    sink.manual(object_of(container), std::move(evidence), "whether there is a newer one, its registry knows");
  });
}

// ---- What it runs

void check_health(const Facts& facts, Sink& sink) {
  each_container(facts, sink, [&](const Container& container, const ContainerDetails& details) {
    constexpr std::string_view kWanted = "a health check";
    const Health::Kind kind = details.health.kind;
    std::vector<Evidence> evidence = {{"/Config/Healthcheck",
                                       kind == Health::Kind::kSet        ? "set"
                                       : kind == Health::Kind::kDisabled ? "NONE"
                                                                         : "not set",
                                       std::string(kWanted)}};
    // Only of one that runs the engine has a state.
    bool good = kind == Health::Kind::kSet;
    if (container.running()) {
      evidence.push_back({"/State/Health", details.has_health_state ? "there is one" : "none", "there is one"});
      good = details.has_health_state && kind != Health::Kind::kDisabled;
    }
    sink.judge(good, object_of(container), std::move(evidence));
  });
}

void check_read_only_root(const Facts& facts, Sink& sink) {
  each_container(facts, sink, [&](const Container& container, const ContainerDetails& details) {
    sink.judge(details.read_only_root, object_of(container),
               {{"/HostConfig/ReadonlyRootfs", details.read_only_root ? "true" : "false", "true"}});
  });
}

void check_ssh_daemon(const Facts& facts, Sink& sink) {
  each_container(facts, sink, [&](const Container& container, const ContainerDetails& details) {
    if (!details.processes) return sink.unknown(object_of(container), details.processes.error());
    constexpr std::string_view kWanted = "no SSH daemon";
    std::vector<Evidence> found;
    for (const std::string& daemon : details.processes->ssh_daemons) {
      found.push_back({"processes of the container", daemon, std::string(kWanted)});
    }
    if (!found.empty()) return sink.fail(object_of(container), std::move(found));
    sink.pass(object_of(container), {{"processes of the container", "none", std::string(kWanted)}});
  });
}

void check_runtime(const Facts& facts, Sink& sink) {
  each_container(facts, sink, [&](const Container& container, const ContainerDetails& details) {
    if (details.runtime.empty()) {
      return sink.not_applicable(object_of(container), "the engine does not say which runtime it has");
    }
    if (!facts.engine) return sink.unknown(object_of(container), facts.engine.error());
    const std::string& usual = facts.engine->default_runtime;
    // Podman's is called by the name of its family here and by its program there.
    const bool same = details.runtime == usual || (facts.engine->podman && details.runtime == "oci");
    std::vector<Evidence> evidence = {{"/HostConfig/Runtime", details.runtime, usual}};
    if (same) return sink.pass(object_of(container), std::move(evidence));
    sink.manual(object_of(container), std::move(evidence),
                "it is not the engine's default: whether it confines containers as well is for a person to say");
  });
}

void check_logging(const Facts& facts, Sink& sink) {
  each_container(facts, sink, [&](const Container& container, const ContainerDetails& details) {
    if (details.log_driver.empty()) {
      return sink.not_applicable(object_of(container), "the engine does not say where its output goes");
    }
    sink.judge(details.log_driver != "none", object_of(container),
               {{"/HostConfig/LogConfig/Type", details.log_driver, "anything but none"}});
  });
}

// ---- The use of containers

// Which commands were run in containers, no state of theirs tells.
void ask_about_exec(const Facts& facts, Sink& sink, std::string_view what) {
  if (!facts.containers) return sink.unknown(the_daemon(facts), facts.containers.error());
  if (has_no_containers(facts)) return sink.not_applicable(the_daemon(facts), "there are no containers");
  std::vector<Evidence> evidence;
  if (facts.engine) {
    const auto& plugins = facts.engine->authorization_plugins;
    evidence.push_back({"/info#/Plugins/Authorization",
                        plugins.empty() ? "none" : fmt::format("{}", fmt::join(plugins, ", ")),
                        "one that judges exec"});
  }
  sink.manual(the_daemon(facts), std::move(evidence), fmt::format("the engine keeps no record of {}", what));
}

void check_exec_privileged(const Facts& facts, Sink& sink) {
  ask_about_exec(facts, sink, "commands that were run privileged");
}

void check_exec_user(const Facts& facts, Sink& sink) {
  ask_about_exec(facts, sink, "the users that commands were run as");
}

void check_swarm_mode(const Facts& facts, Sink& sink) {
  if (!facts.engine) return sink.unknown(the_daemon(facts), facts.engine.error());
  const std::string& state = facts.engine->swarm_state;
  if (state.empty()) return sink.not_applicable(the_daemon(facts), "the engine has no Swarm mode");
  std::vector<Evidence> evidence = {{"/info#/Swarm/LocalNodeState", state, "inactive, where Swarm is not used"}};
  if (state == "inactive") return sink.pass(the_daemon(facts), std::move(evidence));
  if (facts.swarm && facts.swarm->services) {
    const size_t services = facts.swarm->services->size();
    evidence.push_back({"/services", fmt::format("{} services", services), "at least one"});
    if (services == 0) return sink.fail(the_daemon(facts), std::move(evidence), "no service uses the Swarm");
  }
  sink.manual(the_daemon(facts), std::move(evidence), "whether the Swarm is needed is for a person to say");
}

constexpr auto kChecks = std::to_array<Check>({
    {"container.user", check_user},
    {"container.environment-secrets", check_environment},
    {"container.image-tag", check_image_tag},
    {"container.image-current", check_image_current},
    {"container.health-check", check_health},
    {"container.read-only-root", check_read_only_root},
    {"container.ssh-daemon", check_ssh_daemon},
    {"container.runtime", check_runtime},
    {"container.logging", check_logging},
    {"container.exec-privileged", check_exec_privileged},
    {"container.exec-user", check_exec_user},
    {"daemon.swarm-mode", check_swarm_mode},
});

}  // namespace

std::span<const Check> container_content_checks() {
  return kChecks;
}

}  // namespace bulkhead::audit
