// bulkhead trust init
#include <array>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "cli/command.h"
#include "cli/output.h"
#include "cli/trust_publisher.h"

namespace bulkhead::cli {
namespace {

constexpr int64_t kSecondsOfADay = 86'400;
constexpr uint64_t kMaxDays = 36'500;
constexpr std::string_view kKeyGroup = "Keys";
constexpr std::string_view kLifetimeGroup = "Lifetimes";

struct RoleRow {
  std::string_view role;
  bool online;
  tuf::RoleSetup tuf::Setup::* setup;
  int64_t tuf::Lifetimes::* lifetime;
};
constexpr auto kRoles = std::to_array<RoleRow>({
    {tuf::kRoot, false, &tuf::Setup::root, &tuf::Lifetimes::root},
    {tuf::kTargets, false, &tuf::Setup::targets, &tuf::Lifetimes::targets},
    {tuf::kSnapshot, true, &tuf::Setup::snapshot, &tuf::Lifetimes::snapshot},
    {tuf::kTimestamp, true, &tuf::Setup::timestamp, &tuf::Lifetimes::timestamp},
});

class TrustInitCommand final : public Command {
 public:
  void declare(Flags& flags) override {
    common_.declare(flags);
    common_.declare_publish(flags);
    flags.add_switch(
        {.names = "--generate",
         .help = "make keys into the key store for every role that none is named for: root with a second one "
                 "to recover with, targets, and one that snapshot and timestamp share"},
        generate_);
    declare_key_type(flags, type_);
    for (const RoleRow& row : kRoles) {
      flags.add({.names = fmt::format("--{}-key", row.role),
                 .value = "KEY",
                 .help = fmt::format("signs {}", row.role),
                 .group = kKeyGroup,
                 .repeats = true},
                named_[row.role]);
      thresholds_[row.role] = 1;
      flags.add({.names = fmt::format("--{}-threshold", row.role),
                 .value = "N",
                 .help = "so many of them have to sign",
                 .group = kKeyGroup},
                thresholds_[row.role], 1, 100);
      days_[row.role] = static_cast<uint64_t>(settings_.lifetimes.*row.lifetime / kSecondsOfADay);
      flags.add({.names = fmt::format("--{}-days", row.role),
                 .value = "DAYS",
                 .help = fmt::format("{} is fresh for so long", row.role),
                 .group = kLifetimeGroup},
                days_[row.role], 1, kMaxDays);
    }
    flags.check([this]() -> Status {
      for (const RoleRow& row : kRoles) {
        if (generate_ || !named_[row.role].empty()) continue;
        return fail(Code::kInvalidArgument, fmt::format("no key is named for {}", row.role),
                    fmt::format("name one with --{}-key, or make keys with --generate", row.role));
      }
      return {};
    });
  }

  Result<int> run(Interrupts& /*interrupts*/) override {
    tuf::Setup setup;
    for (const RoleRow& row : kRoles) {
      settings_.lifetimes.*row.lifetime = static_cast<int64_t>(days_[row.role]) * kSecondsOfADay;
      if (named_[row.role].empty()) TRY(generate(row));
      tuf::RoleSetup& role = setup.*row.setup;
      role.threshold = static_cast<uint32_t>(thresholds_[row.role]);
      TRY_ASSIGN(ListedKeys listed, keys_to_list(common_.keys, named_[row.role]));
      settings_.key_references.merge(listed.references);
      role.keys = std::move(listed.keys);
    }
    TRY_ASSIGN(auto publisher, trust::Publisher::create(common_.folder, setup, settings_, unix_now()));
    TRY(finish_change(publisher, common_, told(publisher)));
    return kSuccess;
  }

 private:
  Status generate(const RoleRow& row) {
    std::vector<std::string>& names = named_[row.role];
    if (row.online && !online_.empty()) {
      names.push_back(online_);
      return {};
    }
    const uint64_t count = thresholds_[row.role] + (row.role == tuf::kRoot ? 1 : 0);
    for (uint64_t i = 0; i < count; ++i) {
      TRY_ASSIGN(std::string reference, common_.keys.generate(type_));
      names.push_back(std::move(reference));
    }
    if (row.role == tuf::kRoot) recovery_ = names.back();
    if (row.online && names.size() == 1) online_ = names.front();
    return {};
  }

  std::string told(const trust::Publisher& publisher) const {
    std::string text = fmt::format("{}: a freshness map\n", printable(common_.folder));
    for (const trust::RoleFacts& role : publisher.roles()) {
      text += fmt::format("  {:<10} {} of {} keys\n", role.role, role.threshold, role.keys.size());
      for (const trust::RoleKey& key : role.keys) {
        text += fmt::format("    {}{}\n", key_text(key), key.reference == recovery_ ? "  (to recover with)" : "");
      }
    }
    if (recovery_.empty()) return text;
    return text + fmt::format(
                      "Keep the recovery key away from this machine: `bulkhead trust backup FILE {}` writes all keys "
                      "into one\n"
                      "encrypted file. A root that is lost without one is a map that nobody can go on with.\n",
                      printable(common_.folder));
  }

  PublisherFlags common_;
  bool generate_ = false;
  KeyType type_ = KeyType::kEcdsaP256;
  std::map<std::string_view, std::vector<std::string>> named_;
  std::map<std::string_view, uint64_t> thresholds_;
  std::map<std::string_view, uint64_t> days_;
  trust::MapSettings settings_;
  std::string online_;    // made for the first online role, for all of them
  std::string recovery_;  // made beside the root's
};

}  // namespace

CommandInfo trust_init_command() {
  static const std::string details =
      std::string(
          "Roles and their keys: root says who the others are, targets says what tags mean, snapshot and timestamp "
          "say that this is all and that it is today's. Keys of root and targets are best kept offline; those of "
          "snapshot and timestamp sign every publication. ") +
      std::string(kKeyReferences);
  return {.name = "trust init",
          .summary = "begin a freshness map: what each tag means today, signed",
          .details = details,
          .examples =
              "bulkhead trust init map --generate --publish\n"
              "bulkhead trust init map --root-key file:alice.pem --root-key file:bob.pem --root-threshold 2 "
              "--targets-key pkcs11:object=releases --snapshot-key store:ID --timestamp-key store:ID",
          .make = [] -> std::unique_ptr<Command> { return std::make_unique<TrustInitCommand>(); }};
}

}  // namespace bulkhead::cli
