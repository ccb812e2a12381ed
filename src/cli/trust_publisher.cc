#include "cli/trust_publisher.h"

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "base/date.h"
#include "base/text.h"
#include "cli/database_flags.h"
#include "cli/environment.h"
#include "cli/output.h"
#include "keys/key_file.h"

namespace bulkhead::cli {
namespace {

using Pending = tuf::Repository::Pending;

// A key that is not at hand leaves it to the others; a passphrase that is wrong does not.
bool is_absent(const Error& error) {
  return error.code() == Code::kNotFound || error.code() == Code::kUnavailable || error.code() == Code::kUnsupported;
}

// Bins are many and alike: of the roles that lack the same, this many are named.
constexpr size_t kNamedRoles = 3;

// Keys that may sign a staged role: those of the state that will be, and, for root, those that are in force.
std::vector<trust::RoleKey> keys_for(const trust::Publisher& publisher, const Pending& pending) {
  std::vector<trust::RoleKey> out;
  const auto take = [&](const std::vector<trust::RoleKey>& keys) {
    for (const trust::RoleKey& key : keys) {
      const bool may = std::ranges::find(pending.may_sign, key.tuf_id) != pending.may_sign.end();
      if (may && std::ranges::find(out, key.tuf_id, &trust::RoleKey::tuf_id) == out.end()) out.push_back(key);
    }
  };
  if (const auto role = publisher.role(pending.role)) take(role->keys);
  if (pending.role == tuf::kRoot) take(publisher.keys_in_force(tuf::kRoot));
  return out;
}

std::string role_list(const std::vector<std::string>& roles) {
  std::string text;
  for (size_t i = 0; i < std::min(roles.size(), kNamedRoles); ++i) {
    text += fmt::format("{}{}", text.empty() ? "" : ", ", printable(roles[i]));
  }
  if (roles.size() > kNamedRoles) text += fmt::format(" and {} more", roles.size() - kNamedRoles);
  return text;
}

}  // namespace

int64_t unix_now() {
  return parse_rfc3339(now()).value_or(0);
}

void PublisherFlags::declare(Flags& flags) {
  flags.add({.names = "DIR", .help = "the map's folder", .kind = Option::Kind::kFolder, .required = true}, folder);
  keys.declare(flags);
  add_quiet_flag(flags, quiet, "do not say what was done");
}

void PublisherFlags::declare_publish(Flags& flags) {
  flags.add_switch({.names = "--publish", .help = "sign it with the keys that are at hand, and publish it at once"},
                   publish);
}

Result<ListedKeys> keys_to_list(TrustKeys& keys, std::span<const std::string> named) {
  ListedKeys listed;
  for (const std::string& reference : named) {
    TRY_ASSIGN(PublicKey key, keys.public_key(reference));
    if (keys.is_here(reference))
      listed.references.insert_or_assign(keys::key_id(key), trust::kept_reference(reference));
    listed.keys.push_back(std::move(key));
  }
  return listed;
}

void add_reason_flag(Flags& flags, std::string& reason) {
  flags.add({.names = "--reason", .value = "TEXT", .help = "why: everybody who is refused reads it"}, reason);
}

Result<std::vector<std::string>> sign_staged(trust::Publisher& publisher, TrustKeys& keys,
                                             std::span<const std::string> roles, std::span<const std::string> named) {
  std::vector<std::string> done;
  std::set<std::string> absent;
  for (const Pending& pending : publisher.repository().pending()) {
    if (!roles.empty() && std::ranges::find(roles, pending.role) == roles.end()) continue;
    const auto sign = [&](const std::string& reference) -> Status {
      TRY_ASSIGN(auto signer, keys.open(reference));
      TRY(publisher.repository().sign(pending.role, role_signer(std::move(signer))));
      if (done.empty() || done.back() != pending.role) done.push_back(pending.role);
      return {};
    };
    for (const std::string& reference : named) {
      // A key that signs something else is no mistake as long as it signs anything.
      if (const Status signed_now = sign(reference); !signed_now) {
        if (signed_now.error().code() == Code::kInvalidArgument && roles.empty()) continue;
        return std::unexpected(signed_now.error());
      }
    }
    if (!named.empty()) continue;
    for (const trust::RoleKey& key : keys_for(publisher, pending)) {
      if (publisher.repository().pending(pending.role)->missing == 0) break;
      if (key.reference.empty() || absent.contains(key.reference)) continue;
      if (const Status signed_now = sign(key.reference); !signed_now) {
        if (!is_absent(signed_now.error())) return std::unexpected(signed_now.error());
        absent.insert(key.reference);
      }
    }
  }
  return done;
}

Result<std::vector<tuf::RoleSigner>> online_signers(const trust::Publisher& publisher, TrustKeys& keys,
                                                    std::span<const std::string> named) {
  std::vector<std::string> references(named.begin(), named.end());
  if (named.empty()) {
    const bool waits = publisher.has_unsigned();
    for (const std::string_view name : {tuf::kSnapshot, tuf::kTimestamp}) {
      TRY_ASSIGN(trust::RoleFacts role, publisher.role(name));
      // While something staged has to wait, what is published is made fresh by the keys that are in force.
      if (waits) std::ranges::move(publisher.keys_in_force(name), std::back_inserter(role.keys));
      for (const trust::RoleKey& key : role.keys) {
        const bool known = key.reference.empty() || std::ranges::find(references, key.reference) != references.end();
        if (!known) references.push_back(key.reference);
      }
    }
  }
  std::vector<tuf::RoleSigner> signers;
  std::optional<Error> absent;
  for (const std::string& reference : references) {
    auto signer = keys.open(reference);
    if (signer) {
      signers.push_back(role_signer(*std::move(signer)));
    } else if (named.empty() && is_absent(signer.error())) {
      absent = std::move(signer).error();
    } else {
      return std::unexpected(std::move(signer).error());
    }
  }
  if (signers.empty() && absent) return std::unexpected(*std::move(absent));
  if (signers.empty()) {
    return fail(Code::kNotFound, "it is not known where the keys of snapshot and timestamp are",
                "name them with --key, or publish where they are");
  }
  return signers;
}

std::string key_text(const trust::RoleKey& key) {
  constexpr size_t kDigits = 12;
  if (!key.key) return fmt::format("{} (of no use here)", key.tuf_id.substr(0, kDigits));
  return fmt::format("{} {}{}{}", key.id.substr(0, kDigits), key_type_name(key.key->type()),
                     key.reference.empty() ? "" : ", ", printable(key.reference));
}

std::string pending_text(const trust::Publisher& publisher) {
  // Roles that lack the same are told of together.
  struct Group {
    std::vector<std::string> roles;
    uint32_t missing = 0;
    std::vector<trust::RoleKey> keys;
  };
  std::map<std::string, Group> groups;
  bool complete = true;
  for (const Pending& pending : publisher.repository().pending()) {
    complete = complete && pending.missing == 0;
    Group& group = groups[fmt::format("{} {}", pending.missing, fmt::join(pending.may_sign, " "))];
    group.roles.push_back(pending.role);
    group.missing = pending.missing;
    group.keys = keys_for(publisher, pending);
  }
  if (groups.empty()) return "";
  std::string text = "Staged for the next publication:\n";
  for (const auto& [what, group] : groups) {
    text += fmt::format("  {}: {}\n", role_list(group.roles),
                        group.missing == 0   ? "signed"
                        : group.missing == 1 ? "lacks 1 signature, by one of"
                                             : fmt::format("lacks {} signatures, by as many of", group.missing));
    if (group.missing == 0) continue;
    for (const trust::RoleKey& key : group.keys) text += fmt::format("    {}\n", key_text(key));
  }
  text += complete
              ? fmt::format("Next: bulkhead trust publish {}\n", printable(publisher.folder()))
              : fmt::format("Next: bulkhead trust sign {}, by whoever holds the keys\n", printable(publisher.folder()));
  return text;
}

void write_pending(const trust::Publisher& publisher, json::Writer& w) {
  w.begin_array();
  for (const Pending& pending : publisher.repository().pending()) {
    w.begin_object();
    w.member("role", pending.role);
    w.key("version");
    w.integer(pending.version);
    w.key("missing");
    w.unsigned_integer(pending.missing);
    w.key("may_sign");
    w.begin_array();
    for (const trust::RoleKey& key : keys_for(publisher, pending)) {
      w.begin_object();
      w.member("id", key.id);
      w.member("tuf_id", key.tuf_id);
      w.member_if("reference", key.reference);
      w.end_object();
    }
    w.end_array();
    w.end_object();
  }
  w.end_array();
}

Status finish_change(trust::Publisher& publisher, PublisherFlags& flags, std::string_view what) {
  // Kept before anybody is asked for a passphrase: who breaks off then has lost nothing.
  TRY(publisher.save());
  if (flags.publish) {
    TRY(sign_staged(publisher, flags.keys, {}, {}));
    TRY(publisher.save());
    TRY_ASSIGN(const auto online, online_signers(publisher, flags.keys, {}));
    TRY(publisher.publish(online));
  }
  if (flags.quiet) return {};
  return write_standard_output(
      fmt::format("{}{}{}", what, flags.publish ? "Published.\n" : "", pending_text(publisher)));
}

}  // namespace bulkhead::cli
