#include "tuf/metadata.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/glob.h"
#include "crypto/digest.h"

namespace bulkhead::tuf {
namespace {

// Component by component: a wildcard matches no slash.
bool matches_path(std::string_view pattern, std::string_view path) {
  while (true) {
    const size_t pattern_end = pattern.find('/');
    const size_t path_end = path.find('/');
    if (!matches_glob(pattern.substr(0, pattern_end), path.substr(0, path_end))) return false;
    const bool pattern_ends = pattern_end == std::string_view::npos;
    const bool path_ends = path_end == std::string_view::npos;
    if (pattern_ends || path_ends) return pattern_ends && path_ends;
    pattern.remove_prefix(pattern_end + 1);
    path.remove_prefix(path_end + 1);
  }
}

// Hexadecimal digits of the number of the last bin.
size_t suffix_digits(uint32_t bit_length) {
  return (bit_length + 3) / 4;
}

std::string name_of_bin(const SuccinctRoles& roles, uint64_t bin) {
  return fmt::format("{}-{:0{}x}", roles.name_prefix, bin, suffix_digits(roles.bit_length));
}

}  // namespace

bool is_top_level(std::string_view role) {
  return role == kRoot || role == kTimestamp || role == kSnapshot || role == kTargets;
}

bool DelegatedRole::covers(std::string_view target_path) const {
  if (std::ranges::any_of(path_prefixes, [&](const std::string& prefix) { return target_path.starts_with(prefix); })) {
    return true;
  }
  if (hash_prefixes.empty()) {
    return std::ranges::any_of(paths, [&](const std::string& pattern) { return matches_path(pattern, target_path); });
  }
  const std::string hex = Digest::sha256_of(as_bytes(target_path)).hex();
  return std::ranges::any_of(hash_prefixes, [&](const std::string& prefix) { return hex.starts_with(prefix); });
}

std::string SuccinctRoles::role_for(std::string_view target_path) const {
  constexpr uint32_t kBits = 32;
  const Digest digest = Digest::sha256_of(as_bytes(target_path));
  uint32_t first = 0;
  for (const std::byte byte : digest.raw().first(4)) first = (first << 8U) | std::to_integer<uint32_t>(byte);
  return name_of_bin(*this, first >> (kBits - bit_length));
}

std::vector<std::string> SuccinctRoles::all_roles() const {
  std::vector<std::string> names;
  for (uint64_t bin = 0; bin >> bit_length == 0; ++bin) names.push_back(name_of_bin(*this, bin));
  return names;
}

bool SuccinctRoles::has(std::string_view role) const {
  const size_t digits = suffix_digits(bit_length);
  if (role.size() != name_prefix.size() + 1 + digits || !role.starts_with(name_prefix) ||
      role[name_prefix.size()] != '-') {
    return false;
  }
  uint64_t bin = 0;
  for (const char c : role.substr(name_prefix.size() + 1)) {
    if (c >= '0' && c <= '9') {
      bin = bin * 16 + static_cast<uint64_t>(c - '0');
    } else if (c >= 'a' && c <= 'f') {
      bin = bin * 16 + static_cast<uint64_t>(c - 'a') + 10;
    } else {
      return false;
    }
  }
  return bin >> bit_length == 0;
}

const RoleKeys* Delegations::keys_of(std::string_view role) const {
  if (succinct) return succinct->has(role) ? &succinct->keys : nullptr;
  const auto found = std::ranges::find(roles, role, &DelegatedRole::name);
  return found == roles.end() ? nullptr : &found->keys;
}

}  // namespace bulkhead::tuf
