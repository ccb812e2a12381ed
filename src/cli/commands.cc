// To add a command: write its file, and put its line into the table. The file defines the function that the line names.
#include "cli/commands.h"

#include <vector>

#define BULKHEAD_COMMANDS(ROW)     \
  ROW(scan_command)                \
  ROW(sbom_command)                \
  ROW(audit_command)               \
  ROW(sign_command)                \
  ROW(verify_command)              \
  ROW(check_command)               \
  ROW(facts_command)               \
  ROW(policy_group)                \
  ROW(policy_init_command)         \
  ROW(policy_explain_command)      \
  ROW(policy_test_command)         \
  ROW(policy_eval_command)         \
  ROW(db_group)                    \
  ROW(db_update_command)           \
  ROW(db_info_command)             \
  ROW(db_build_command)            \
  ROW(db_export_command)           \
  ROW(db_import_command)           \
  ROW(trust_group)                 \
  ROW(trust_init_command)          \
  ROW(trust_add_command)           \
  ROW(trust_remove_command)        \
  ROW(trust_delegate_command)      \
  ROW(trust_sign_command)          \
  ROW(trust_status_command)        \
  ROW(trust_publish_command)       \
  ROW(trust_rotate_command)        \
  ROW(trust_revoke_command)        \
  ROW(trust_check_command)         \
  ROW(trust_doctor_command)        \
  ROW(trust_backup_command)        \
  ROW(trust_restore_command)       \
  ROW(trust_serve_command)         \
  ROW(trust_keys_group)            \
  ROW(trust_keys_generate_command) \
  ROW(trust_keys_list_command)     \
  ROW(trust_keys_inspect_command)  \
  ROW(trust_keys_import_command)   \
  ROW(trust_keys_export_command)   \
  ROW(trust_keys_passwd_command)   \
  ROW(trust_keys_remove_command)   \
  ROW(trust_rescue_command)        \
  ROW(version_compare_command)     \
  ROW(completion_command)          \
  ROW(man_command)

namespace bulkhead::cli {

#define BULKHEAD_DECLARE(function) CommandInfo function();
BULKHEAD_COMMANDS(BULKHEAD_DECLARE)
#undef BULKHEAD_DECLARE

// Not a command: what help says of those that begin with the word.
CommandInfo db_group() {
  return {.name = "db",
          .summary = "the advisory database: update, build, look at it, carry it to machines without a network"};
}

CommandInfo policy_group() {
  return {.name = "policy", .summary = "the rules that images and requests are held to"};
}

CommandInfo trust_group() {
  return {.name = "trust",
          .summary =
              "whom images come from and whether they are today's: keys, and the freshness map that a publisher signs"};
}

CommandInfo trust_keys_group() {
  return {.name = "trust keys",
          .summary = "private keys: the store they are kept in, tokens, and files of other programs"};
}

std::span<const CommandInfo> commands() {
#define BULKHEAD_CALL(function) function(),
  static const std::vector<CommandInfo> table = {BULKHEAD_COMMANDS(BULKHEAD_CALL)};
#undef BULKHEAD_CALL
  return table;
}

}  // namespace bulkhead::cli
