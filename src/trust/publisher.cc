#include "trust/publisher.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <set>
#include <thread>
#include <utility>

#include <fmt/format.h>

#include "base/fs.h"
#include "base/text.h"
#include "keys/key_file.h"

namespace bulkhead::trust {
namespace {

constexpr size_t kMaxSettingsBytes = size_t{1} << 20;
constexpr unsigned kSettingsMode = 0600;
constexpr auto kLockPatience = std::chrono::seconds(10);

std::string settings_file(const std::string& folder) {
  return folder + "/.settings.json";
}

// A publisher of a moment ago may still hold the folder.
template <typename Open>
auto patiently(Open open) {
  const auto deadline = std::chrono::steady_clock::now() + kLockPatience;
  while (true) {
    auto opened = open();
    if (opened || opened.error().code() != Code::kUnavailable || std::chrono::steady_clock::now() > deadline) {
      return opened;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

// The roles that a client asks for a path, in its order (tuf::Updater::find), as they will be after the next
// publication.
std::vector<std::string> asked_for(const tuf::Repository& repository, std::string_view path) {
  std::vector<std::string> order;
  std::vector<std::string> to_visit{std::string(tuf::kTargets)};
  while (!to_visit.empty()) {
    const std::string role = std::move(to_visit.back());
    to_visit.pop_back();
    const auto targets = repository.targets(role);
    if (!targets || std::ranges::find(order, role) != order.end()) continue;
    order.push_back(role);
    const auto& delegations = (*targets)->delegations;
    if (!delegations) continue;
    if (delegations->succinct) {
      to_visit.push_back(delegations->succinct->role_for(path));
      continue;
    }
    std::vector<std::string> next;
    for (const tuf::DelegatedRole& delegated : delegations->roles) {
      if (!delegated.covers(path)) continue;
      next.push_back(delegated.name);
      if (!delegated.terminating) continue;
      to_visit.clear();
      break;
    }
    std::ranges::reverse_copy(next, std::back_inserter(to_visit));
  }
  return order;
}

bool lists(const tuf::Repository& repository, const std::string& role, std::string_view path) {
  return (*repository.targets(role))->targets.contains(path);
}

// The last of the roles that the path is delegated to: the first delegation that covers it, of each delegator.
std::string deepest_role(const tuf::Repository& repository, std::string_view path) {
  std::set<std::string> seen;
  std::string role(tuf::kTargets);
  while (seen.insert(role).second) {
    const auto& delegations = (*repository.targets(role))->delegations;
    if (!delegations) return role;
    std::string next;
    if (delegations->succinct) {
      next = delegations->succinct->role_for(path);
    } else {
      const auto found = std::ranges::find_if(delegations->roles, [&](const auto& each) { return each.covers(path); });
      if (found == delegations->roles.end()) return role;
      next = found->name;
    }
    if (!repository.targets(next)) return role;
    role = std::move(next);
  }
  return role;
}

}  // namespace

Result<Publisher> Publisher::create(const std::string& folder, const tuf::Setup& setup, const MapSettings& settings,
                                    int64_t now) {
  TRY_ASSIGN(UniqueFd claimed, tuf::RepositoryFolder::claim(folder));
  // The settings first: who is killed between has a folder in which init begins again, and no key without its place.
  TRY(write_file_atomically(settings_file(folder), write_settings(settings), kSettingsMode));
  TRY_ASSIGN(
      tuf::RepositoryFolder repository,
      tuf::RepositoryFolder::create(tuf::tuf1_codec(), folder, std::move(claimed), setup, settings.lifetimes, now));
  return Publisher(folder, settings, std::move(repository));
}

Result<Publisher> Publisher::open(const std::string& folder, int64_t now) {
  MapSettings settings;
  auto repository = [&]() -> Result<tuf::RepositoryFolder> {
    TRY_ASSIGN(UniqueFd locked, patiently([&] { return tuf::RepositoryFolder::lock(folder); }));
    // Not before: whoever held the folder may have written them.
    if (std::filesystem::exists(settings_file(folder))) {
      TRY_ASSIGN(const std::string text, read_file(settings_file(folder), kMaxSettingsBytes));
      TRY_CONTEXT(settings, read_settings(text), settings_file(folder));
    }
    return tuf::RepositoryFolder::open(tuf::tuf1_codec(), folder, std::move(locked), settings.lifetimes, now);
  }();
  if (!repository) {
    Error error = std::move(repository).error();
    if (error.code() != Code::kNotFound) return std::unexpected(std::move(error));
    return fail(std::move(error).with_remedy(fmt::format("begin one with `bulkhead trust init {}`", folder)));
  }
  return Publisher(folder, std::move(settings), *std::move(repository));
}

Status Publisher::write(const std::string& folder, const MapSettings& settings,
                        const std::map<std::string, std::string>& published,
                        const std::map<std::string, std::string>& staged) {
  TRY(make_directories(folder));
  TRY(write_file_atomically(settings_file(folder), write_settings(settings), kSettingsMode));
  return tuf::RepositoryFolder::write(folder, published, staged);
}

Result<std::optional<Publisher::Placed>> Publisher::find(const std::string& path) const {
  for (const std::string& role : asked_for(repository(), path)) {
    const auto& targets = (*repository().targets(role))->targets;
    const auto found = targets.find(path);
    if (found == targets.end()) continue;
    TRY_CONTEXT(MapEntry entry, decode_entry(found->second), path);
    return Placed{.entry = std::move(entry), .role = role};
  }
  return std::nullopt;
}

Result<std::string> Publisher::set(const std::string& path, const MapEntry& entry, const std::string& wanted) {
  const std::vector<std::string> asked = asked_for(repository(), path);
  const auto listed = std::ranges::find_if(asked, [&](const auto& each) { return lists(repository(), each, path); });
  std::string role = wanted;
  if (role.empty()) role = listed != asked.end() ? *listed : deepest_role(repository(), path);
  const auto place = std::ranges::find(asked, role);
  if (place == asked.end()) {
    return fail(Code::kInvalidArgument, fmt::format("\"{}\" is not delegated to \"{}\"", printable(path), role));
  }
  if (place > listed) {
    return fail(Code::kInvalidArgument,
                fmt::format("\"{}\" lists \"{}\", and is asked before \"{}\"", *listed, printable(path), role));
  }
  TRY_ASSIGN(tuf::TargetFile file, encode_entry(entry));
  TRY(repository().set_target(role, path, std::move(file)));
  return role;
}

Result<MapEntry> Publisher::current_entry(const oci::Reference& reference) const {
  const std::string path = tag_path(reference);
  TRY_ASSIGN(auto placed, find(path));
  if (placed && placed->entry.state == EntryState::kCurrent) return std::move(placed->entry);
  return fail(Code::kNotFound,
              placed ? fmt::format("{} is {} already", path, entry_state_name(placed->entry.state))
                     : fmt::format("the map has no {}", path),
              "an image is named as `bulkhead trust add` was given it, with its tag");
}

RoleFacts Publisher::facts_of(std::string role, std::string delegator, const tuf::RoleKeys& keys,
                              const tuf::Keys& known) const {
  RoleFacts facts{.role = std::move(role), .delegator = std::move(delegator), .threshold = keys.threshold, .keys = {}};
  for (const std::string& tuf_id : keys.key_ids) {
    RoleKey key{.tuf_id = tuf_id, .id = {}, .key = {}, .reference = {}};
    const auto listed = known.find(tuf_id);
    if (listed != known.end() && listed->second.usable) {
      key.key = listed->second.usable->key;
      key.id = keys::key_id(*key.key);
      const auto reference = settings_.key_references.find(key.id);
      if (reference != settings_.key_references.end()) key.reference = reference->second;
    }
    facts.keys.push_back(std::move(key));
  }
  return facts;
}

std::vector<RoleFacts> Publisher::roles() const {
  std::vector<RoleFacts> out;
  const tuf::Root& root = repository().root();
  for (const std::string_view role : {tuf::kRoot, tuf::kTimestamp, tuf::kSnapshot, tuf::kTargets}) {
    out.push_back(facts_of(std::string(role), "", root.roles.find(role)->second, root.keys));
  }
  std::vector<std::string> to_visit{std::string(tuf::kTargets)};
  std::set<std::string> seen;
  while (!to_visit.empty()) {
    const std::string name = std::move(to_visit.back());
    to_visit.pop_back();
    const auto targets = repository().targets(name);
    if (!targets || !seen.insert(name).second || !(*targets)->delegations) continue;
    const tuf::Delegations& delegations = *(*targets)->delegations;
    if (delegations.succinct) {
      out.push_back(
          facts_of(delegations.succinct->all_roles().front(), name, delegations.succinct->keys, delegations.keys));
    }
    for (const tuf::DelegatedRole& role : delegations.roles) {
      out.push_back(facts_of(role.name, name, role.keys, delegations.keys));
      to_visit.push_back(role.name);
    }
  }
  return out;
}

Result<RoleFacts> Publisher::role(std::string_view name) const {
  for (RoleFacts& facts : roles()) {
    if (facts.role == name) return std::move(facts);
    const auto delegator = repository().targets(facts.delegator);
    const auto& delegations = delegator ? (*delegator)->delegations : std::nullopt;
    if (!delegations || !delegations->succinct || !delegations->succinct->has(name)) continue;
    facts.role = name;
    return std::move(facts);
  }
  return fail(Code::kNotFound, fmt::format("the repository has no role \"{}\"", printable(name)));
}

std::vector<RoleKey> Publisher::keys_in_force(std::string_view role) const {
  const tuf::Published* published = repository().published();
  if (published == nullptr) return {};
  const tuf::Root& root = published->root.content.metadata;
  return facts_of(std::string(role), "", root.roles.find(role)->second, root.keys).keys;
}

bool Publisher::has_unsigned() const {
  return std::ranges::any_of(repository().pending(), [](const auto& pending) { return pending.missing > 0; });
}

Status Publisher::add_references(const std::map<std::string, std::string, std::less<>>& references) {
  if (references.empty()) return {};
  for (const auto& [id, reference] : references) settings_.key_references.insert_or_assign(id, reference);
  return write_file_atomically(settings_file(folder_), write_settings(settings_), kSettingsMode);
}

}  // namespace bulkhead::trust
