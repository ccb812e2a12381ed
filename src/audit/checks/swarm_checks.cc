#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "audit/check.h"
#include "audit/checks/listener_checks.h"
#include "audit/checks/lookup.h"
#include "audit/checks/secret_names.h"
#include "audit/checks/swarm_object.h"
#include "version/scheme.h"

namespace bulkhead::audit {
namespace {

// Every check of a Swarm says the same where there is none, or where the engine does not manage it.
void with_swarm(const Facts& facts, Sink& sink, void (*judge)(const Swarm&, const Facts&, Sink&)) {
  if (!facts.swarm) return sink.unknown(the_swarm(facts), facts.swarm.error());
  judge(*facts.swarm, facts, sink);
}

// Of a majority of an odd number: three survive the loss of one; beyond seven, agreeing costs more than it gives.
constexpr size_t kFewestManagers = 3;
constexpr size_t kMostManagers = 7;

void managers(const Facts& facts, Sink& sink) {
  with_swarm(facts, sink, [](const Swarm& swarm, const Facts& all, Sink& rows) {
    if (!swarm.nodes) return rows.unknown(the_swarm(all), swarm.nodes.error());
    const auto count = static_cast<size_t>(std::ranges::count(*swarm.nodes, true, &SwarmNode::manager));
    std::string reason;
    if (count == 1) {
      reason = swarm.nodes->size() == 1 ? "one node alone: its loss is the loss of the Swarm"
                                        : "one manager alone: its loss is the loss of the Swarm's state";
    } else if (count % 2 == 0) {
      reason = "an even number survives the loss of no more managers than one less does";
    } else if (count > kMostManagers) {
      reason = "so many managers have to agree that each change is slow";
    }
    rows.judge(count >= kFewestManagers && count <= kMostManagers && count % 2 == 1, the_swarm(all),
               {{.where = "/nodes: Spec/Role manager",
                 .found = fmt::format("{} of {} nodes", count, swarm.nodes->size()),
                 .wanted = "3, 5 or 7"}},
               std::move(reason));
  });
}

// The engine asks for the option's presence only: "encrypted=false" encrypts as well.
bool is_encrypted(const Network& network) {
  return network.options.contains("encrypted");
}

void judge_overlays(const Facts& facts, Sink& sink, bool ingress, std::string_view none, std::string_view reason) {
  if (!facts.swarm) return sink.unknown(the_swarm(facts), facts.swarm.error());
  if (!facts.networks) return sink.unknown(the_swarm(facts), facts.networks.error());
  bool any = false;
  for (const Network& network : *facts.networks) {
    if (network.driver != "overlay" || network.ingress != ingress) continue;
    any = true;
    const bool good = is_encrypted(network);
    sink.judge(good, object_of(network),
               {{.where = "/Options/encrypted", .found = good ? "set" : "not set", .wanted = "set"}},
               good ? "" : std::string(reason));
  }
  if (!any) sink.not_applicable(the_swarm(facts), std::string(none));
}

void encrypted_overlay(const Facts& facts, Sink& sink) {
  judge_overlays(facts, sink, false, "there is no overlay network but the ingress network", "");
}

void encrypted_ingress(const Facts& facts, Sink& sink) {
  judge_overlays(facts, sink, true, "there is no ingress network",
                 "requests to published ports go from node to node in plain text");
}

void secrets(const Facts& facts, Sink& sink) {
  with_swarm(facts, sink, [](const Swarm& swarm, const Facts& all, Sink& rows) {
    if (!swarm.services) return rows.unknown(the_swarm(all), swarm.services.error());
    if (swarm.services->empty()) return rows.not_applicable(the_swarm(all), "there are no services");
    for (const SwarmService& service : *swarm.services) {
      const auto names = plain_secrets(service.env);
      std::vector<Evidence> evidence = {{.where = "/Spec/TaskTemplate/ContainerSpec/Env",
                                         .found = names.empty() ? "no variable named like a secret" : some_of(names),
                                         .wanted = "secrets as secrets"},
                                        {.where = "/Spec/TaskTemplate/ContainerSpec/Secrets",
                                         .found = fmt::format("{}", service.secret_count),
                                         .wanted = {}}};
      if (swarm.secret_count) {
        evidence.push_back(
            {.where = "/secrets", .found = fmt::format("{} in the Swarm", *swarm.secret_count), .wanted = {}});
      }
      rows.judge(names.empty(), {.kind = Object::Kind::kService, .name = service.name, .id = service.id},
                 std::move(evidence));
    }
  });
}

void autolock(const Facts& facts, Sink& sink) {
  with_swarm(facts, sink, [](const Swarm& swarm, const Facts& all, Sink& rows) {
    rows.judge(swarm.autolock, the_swarm(all),
               {{.where = "/swarm#/Spec/EncryptionConfig/AutoLockManagers",
                 .found = swarm.autolock ? "true" : "false",
                 .wanted = "true"}});
  });
}

void autolock_key(const Facts& facts, Sink& sink) {
  with_swarm(facts, sink, [](const Swarm& swarm, const Facts& all, Sink& rows) {
    if (!swarm.autolock) return rows.not_applicable(the_swarm(all), "the Swarm is not locked, and has no key");
    rows.manual(the_swarm(all),
                {{.where = "/swarm#/UpdatedAt",
                  .found = swarm.updated,
                  .wanted = "a key that was rotated as your policy says"}},
                "the engine does not tell how old the key is; it is not younger than the last change of the Swarm");
  });
}

// What a new Swarm has.
constexpr int64_t kNanosecondsPerHour = 3'600'000'000'000;
constexpr int64_t kHoursPerDay = 24;
constexpr int64_t kMostDays = 90;

void node_certificates(const Facts& facts, Sink& sink) {
  with_swarm(facts, sink, [](const Swarm& swarm, const Facts& all, Sink& rows) {
    const int64_t hours = swarm.node_certificate_expiry / kNanosecondsPerHour;
    if (swarm.node_certificate_expiry <= 0) {
      return rows.error(the_swarm(all), "the engine does not tell how long certificates of nodes are valid");
    }
    rows.judge(swarm.node_certificate_expiry <= kMostDays * kHoursPerDay * kNanosecondsPerHour, the_swarm(all),
               {{.where = "/swarm#/Spec/CAConfig/NodeCertExpiry",
                 .found = hours % kHoursPerDay == 0 ? fmt::format("{} days", hours / kHoursPerDay)
                                                    : fmt::format("{} hours", hours),
                 .wanted = fmt::format("{} days or less", kMostDays)}});
  });
}

bool is_earlier(std::string_view a, std::string_view b) {
  const auto order = version::compare(version::Scheme::kDatetime, a, b);
  return order && *order == std::strong_ordering::less;
}

void ca_certificate(const Facts& facts, Sink& sink) {
  with_swarm(facts, sink, [](const Swarm& swarm, const Facts& all, Sink& rows) {
    if (swarm.trust_root_not_after.empty()) {
      return rows.error(the_swarm(all), "the certificate of the Swarm's CA could not be read");
    }
    std::vector<Evidence> evidence = {
        {.where = "/swarm#/TLSInfo/TrustRoot",
         .found = fmt::format("valid from {} to {}", swarm.trust_root_not_before, swarm.trust_root_not_after),
         .wanted = "valid, and rotated as your policy says"}};
    if (is_earlier(swarm.trust_root_not_after, all.now)) {
      return rows.fail(the_swarm(all), std::move(evidence), "the certificate has expired");
    }
    if (is_earlier(all.now, swarm.trust_root_not_before)) {
      return rows.fail(the_swarm(all), std::move(evidence), "the certificate is not valid yet: see the host's clock");
    }
    rows.manual(
        the_swarm(all), std::move(evidence),
        swarm.root_rotation_in_progress ? "a rotation is in progress" : "how old it may be is for a person to decide");
  });
}

void data_path(const Facts& facts, Sink& sink) {
  with_swarm(facts, sink, [](const Swarm& swarm, const Facts& all, Sink& rows) {
    if (!swarm.data_path_address) return rows.unknown(the_swarm(all), swarm.data_path_address.error());
    const std::string control = all.engine ? all.engine->swarm_node_address : "";
    const std::string& data = *swarm.data_path_address;
    const bool separate = !data.empty() && data != control;
    rows.judge(separate, the_swarm(all),
               {{.where = "data path address of this node",
                 .found = data.empty() ? "the advertised one" : data,
                 .wanted = fmt::format("another than {}", control.empty() ? "the advertised one" : control)}},
               separate ? "" : "containers' traffic and orders of managers share an address");
  });
}

void join_tokens(const Facts& facts, Sink& sink) {
  with_swarm(facts, sink, [](const Swarm& swarm, const Facts& all, Sink& rows) {
    rows.manual(
        the_swarm(all),
        {{.where = "/swarm#/UpdatedAt",
          .found = swarm.updated,
          .wanted = "tokens that were rotated since somebody left who knew them"}},
        "the engine does not tell how old its join tokens are; they are not younger than the last change of the "
        "Swarm");
  });
}

constexpr std::array kChecks = std::to_array<Check>({
    {.id = "swarm.managers", .run = managers},
    {.id = "swarm.listen-address", .run = swarm_listen_address},
    {.id = "swarm.encrypted-overlay", .run = encrypted_overlay},
    {.id = "swarm.secrets", .run = secrets},
    {.id = "swarm.autolock", .run = autolock},
    {.id = "swarm.autolock-key", .run = autolock_key},
    {.id = "swarm.node-certificates", .run = node_certificates},
    {.id = "swarm.ca-certificate", .run = ca_certificate},
    {.id = "swarm.data-path", .run = data_path},
    {.id = "swarm.encrypted-ingress", .run = encrypted_ingress},
    {.id = "swarm.join-tokens", .run = join_tokens},
});

}  // namespace

std::span<const Check> swarm_checks() {
  return kChecks;
}

}  // namespace bulkhead::audit
