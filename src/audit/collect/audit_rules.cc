#include "audit/collect/audit_rules.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <linux/audit.h>
#include <sys/syscall.h>

#include "audit/collect/netlink.h"
#include "base/text.h"

namespace bulkhead::audit {
namespace {

#if defined(__x86_64__)
constexpr uint32_t kOwnMachine = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr uint32_t kOwnMachine = AUDIT_ARCH_AARCH64;
#else
#error "tell the audit architecture of this machine"
#endif

struct Field {
  uint32_t type = 0;
  uint32_t operation = 0;
  uint32_t value = 0;
  std::string_view text;  // of fields that have one
};

struct Rule {
  uint32_t list = 0;
  uint32_t action = 0;
  std::array<uint32_t, AUDIT_BITMASK_SIZE> calls{};
  std::vector<Field> fields;

  bool takes(unsigned call) const { return (calls.at(call / 32) >> (call % 32) & 1U) != 0; }
};

// Fields whose value is the length of a text in the buffer (audit_data_to_entry() in auditfilter.c).
bool has_text(uint32_t type) {
  switch (type) {
    case AUDIT_SUBJ_USER:
    case AUDIT_SUBJ_ROLE:
    case AUDIT_SUBJ_TYPE:
    case AUDIT_SUBJ_SEN:
    case AUDIT_SUBJ_CLR:
    case AUDIT_OBJ_USER:
    case AUDIT_OBJ_ROLE:
    case AUDIT_OBJ_TYPE:
    case AUDIT_OBJ_LEV_LOW:
    case AUDIT_OBJ_LEV_HIGH:
    case AUDIT_WATCH:
    case AUDIT_DIR:
    case AUDIT_FILTERKEY:
    case AUDIT_EXE:
      return true;
    default:
      return false;
  }
}

template <size_t N>
Status read_words(ByteReader& reader, std::array<uint32_t, N>& words) {
  for (uint32_t& word : words) {
    TRY_ASSIGN(word, native_u32(reader));
  }
  return {};
}

Result<Rule> parse_rule(ByteSpan bytes) {
  ByteReader reader(bytes);
  Rule rule;
  TRY_ASSIGN(const uint32_t flags, native_u32(reader));
  rule.list = flags & ~uint32_t{AUDIT_FILTER_PREPEND};
  TRY_ASSIGN(rule.action, native_u32(reader));
  TRY_ASSIGN(const uint32_t count, native_u32(reader));
  if (count > AUDIT_MAX_FIELDS) return fail(Code::kMalformed, fmt::format("{} fields in one audit rule", count));
  TRY(read_words(reader, rule.calls));
  std::array<uint32_t, AUDIT_MAX_FIELDS> types{};
  std::array<uint32_t, AUDIT_MAX_FIELDS> values{};
  std::array<uint32_t, AUDIT_MAX_FIELDS> operations{};
  TRY(read_words(reader, types));
  TRY(read_words(reader, values));
  TRY(read_words(reader, operations));
  TRY_ASSIGN(const uint32_t text_bytes, native_u32(reader));
  TRY_ASSIGN(const ByteSpan text, reader.take(text_bytes));
  ByteReader texts(text);
  for (uint32_t i = 0; i < count; ++i) {
    Field field{.type = types.at(i), .operation = operations.at(i), .value = values.at(i), .text = {}};
    if (has_text(field.type)) {
      TRY_ASSIGN(const ByteSpan own, texts.take(field.value));
      field.text = as_text(own);
    }
    rule.fields.push_back(field);
  }
  return rule;
}

std::string_view field_name(uint32_t type) {
  switch (type) {
    case AUDIT_PID:
      return "pid";
    case AUDIT_PPID:
      return "ppid";
    case AUDIT_UID:
      return "uid";
    case AUDIT_EUID:
      return "euid";
    case AUDIT_GID:
      return "gid";
    case AUDIT_EGID:
      return "egid";
    case AUDIT_LOGINUID:
    case AUDIT_LOGINUID_SET:
      return "auid";
    case AUDIT_SESSIONID:
      return "sessionid";
    case AUDIT_EXE:
      return "exe";
    case AUDIT_EXIT:
      return "exit";
    case AUDIT_SUCCESS:
      return "success";
    case AUDIT_SUBJ_TYPE:
      return "subj_type";
    case AUDIT_OBJ_UID:
      return "obj_uid";
    default:
      return {};
  }
}

std::string_view operation_text(uint32_t operation) {
  switch (operation & AUDIT_OPERATORS) {
    case AUDIT_EQUAL:
      return "=";
    case AUDIT_NOT_EQUAL:
      return "!=";
    case AUDIT_LESS_THAN:
      return "<";
    case AUDIT_LESS_THAN_OR_EQUAL:
      return "<=";
    case AUDIT_GREATER_THAN:
      return ">";
    case AUDIT_GREATER_THAN_OR_EQUAL:
      return ">=";
    default:
      return "&";
  }
}

std::string condition_text(const Field& field) {
  const std::string_view name = field_name(field.type);
  const std::string shown = name.empty() ? fmt::format("field {}", field.type) : std::string(name);
  const std::string value = has_text(field.type)        ? printable(field.text)
                            : field.value == UINT32_MAX ? "unset"
                                                        : fmt::format("{}", field.value);
  return fmt::format("{}{}{}", shown, operation_text(field.operation), value);
}

// What of rwxa the rule records, by the system calls that it takes: each kind of access by those that stand for it.
std::string permissions_of(const Rule& rule, uint32_t wanted) {
  const bool opens = rule.takes(SYS_openat);
  std::string permissions;
  if ((wanted & AUDIT_PERM_READ) != 0 && opens) permissions += 'r';
  if ((wanted & AUDIT_PERM_WRITE) != 0 && opens && rule.takes(SYS_unlinkat) && rule.takes(SYS_renameat2)) {
    permissions += 'w';
  }
  if ((wanted & AUDIT_PERM_EXEC) != 0 && rule.takes(SYS_execve)) permissions += 'x';
  if ((wanted & AUDIT_PERM_ATTR) != 0 && rule.takes(SYS_fchmodat) && rule.takes(SYS_fchownat)) permissions += 'a';
  return permissions;
}

void add_watch(const Rule& rule, AuditRules& rules) {
  AuditWatch watch;
  uint32_t wanted = AUDIT_PERM_READ | AUDIT_PERM_WRITE | AUDIT_PERM_EXEC | AUDIT_PERM_ATTR;
  for (const Field& field : rule.fields) {
    const bool equals = (field.operation & AUDIT_OPERATORS) == AUDIT_EQUAL;
    if ((field.type == AUDIT_WATCH || field.type == AUDIT_DIR) && equals) {
      watch.path = field.text;
      watch.tree = field.type == AUDIT_DIR;
    } else if (field.type == AUDIT_PERM && equals) {
      wanted &= field.value;
    } else if (field.type == AUDIT_ARCH && equals) {
      if (field.value != kOwnMachine) return;  // calls of another architecture than programs here make
    } else if (field.type != AUDIT_FILTERKEY) {
      watch.condition += fmt::format("{}{}", watch.condition.empty() ? "" : ", ", condition_text(field));
    }
  }
  watch.permissions = permissions_of(rule, wanted);
  if (watch.path.empty() || watch.permissions.empty()) return;
  rules.watches.push_back(std::move(watch));
}

}  // namespace

Status add_audit_rule(ByteSpan bytes, AuditRules& rules) {
  TRY_ASSIGN(const Rule rule, parse_rule(bytes));
  if (rule.action == AUDIT_NEVER && rule.list == AUDIT_FILTER_TASK && rule.fields.empty()) rules.never_records = true;
  if (rule.action == AUDIT_ALWAYS && rule.list == AUDIT_FILTER_EXIT) add_watch(rule, rules);
  return {};
}

Result<bool> parse_audit_datagram(ByteSpan datagram, AuditAnswer& answer) {
  constexpr size_t kMaxRules = 100'000;
  return for_netlink_messages(datagram, "the kernel's audit rules", [&](uint16_t type, ByteSpan body) -> Result<bool> {
    if (type == AUDIT_GET) {
      ByteReader reader(body);
      TRY(reader.skip(sizeof(uint32_t)));  // mask
      TRY_ASSIGN(answer.enabled, native_u32(reader));
      return true;
    }
    if (type != AUDIT_LIST_RULES) return false;
    if (answer.rules.watches.size() >= kMaxRules) return fail(limit_error("audit rules", kMaxRules, {}));
    TRY(add_audit_rule(body, answer.rules));
    return false;
  });
}

}  // namespace bulkhead::audit
