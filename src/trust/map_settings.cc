#include "trust/map_settings.h"

#include <array>
#include <utility>

#include <fmt/format.h>

#include "base/json.h"
#include "base/json_writer.h"
#include "base/text.h"

namespace bulkhead::trust {
namespace {

constexpr int64_t kVersion = 1;
constexpr int64_t kMaxLifetime = 100LL * 366 * 86'400;
constexpr json::Limits kLimits{.max_bytes = size_t{1} << 20, .max_depth = 8};

struct LifetimeRow {
  std::string_view role;
  int64_t tuf::Lifetimes::* field;
};
constexpr auto kLifetimes = std::to_array<LifetimeRow>({
    {tuf::kRoot, &tuf::Lifetimes::root},
    {tuf::kTargets, &tuf::Lifetimes::targets},
    {tuf::kSnapshot, &tuf::Lifetimes::snapshot},
    {tuf::kTimestamp, &tuf::Lifetimes::timestamp},
});

}  // namespace

std::string kept_reference(std::string_view reference) {
  constexpr std::string_view kTokenScheme = "pkcs11:";
  return std::string(reference.starts_with(kTokenScheme) ? reference.substr(0, reference.find('?')) : reference);
}

Result<MapSettings> read_settings(std::string_view text) {
  TRY_ASSIGN(const json::Document document, json::Document::parse(text, kLimits));
  const json::Value root = document.root();
  TRY_ASSIGN(const int64_t version, root.require_integer("version"));
  if (version != kVersion) {
    return fail(Code::kUnsupported, fmt::format("version {} of the settings is unknown", version));
  }
  MapSettings settings;
  TRY_ASSIGN(const json::Value lifetimes, root.require_object("lifetimes"));
  for (const auto& [role, field] : kLifetimes) {
    TRY_ASSIGN(const int64_t seconds, lifetimes.require_integer(role));
    if (seconds < 1 || seconds > kMaxLifetime) {
      return fail(Code::kMalformed, fmt::format("the lifetime of \"{}\" is out of range", role));
    }
    settings.lifetimes.*field = seconds;
  }
  TRY_ASSIGN(const json::Value keys, root.require_object("keys"));
  for (const auto& [id, reference] : keys.members()) {
    const auto said = reference.string();
    if (!said || said->empty()) {
      return fail(Code::kMalformed, fmt::format("the key {} has no reference", printable(id)));
    }
    if (kept_reference(*said) != *said) {
      return fail(Code::kMalformed, fmt::format("the key {} names a module or a PIN's file", printable(id)),
                  "remove the URI's part from its \"?\" on, and name the module with --pkcs11-module or "
                  "BULKHEAD_PKCS11_MODULE");
    }
    settings.key_references.insert_or_assign(std::string(id), std::string(*said));
  }
  return settings;
}

std::string write_settings(const MapSettings& settings) {
  json::Writer w;
  w.begin_object();
  w.key("version");
  w.integer(kVersion);
  w.key("lifetimes");
  w.begin_object();
  for (const auto& [role, field] : kLifetimes) {
    w.key(role);
    w.integer(settings.lifetimes.*field);
  }
  w.end_object();
  w.key("keys");
  w.begin_object();
  for (const auto& [id, reference] : settings.key_references) w.member(id, reference);
  w.end_object();
  w.end_object();
  return std::move(w).take();
}

}  // namespace bulkhead::trust
