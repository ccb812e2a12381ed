#include "audit/collect/process_text.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include <fmt/format.h>

#include "base/text.h"

namespace bulkhead::audit {
namespace {

constexpr size_t kIdDigits = 64;

bool is_id_digit(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f');
}

// The words of a "Name:\tvalue" line.
std::optional<std::string_view> field(std::string_view text, std::string_view name) {
  std::string_view line;
  while (next_line(text, line)) {
    if (line.starts_with(name) && line.substr(name.size()).starts_with(':')) return trim(line.substr(name.size() + 1));
  }
  return std::nullopt;
}

std::optional<uint64_t> parse_hex(std::string_view text) {
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return value;
}

}  // namespace

Result<ProcessStatus> parse_process_status(std::string_view text) {
  ProcessStatus status;
  const auto capabilities = parse_hex(field(text, "CapEff").value_or(""));
  if (!capabilities) return fail(Code::kMalformed, "CapEff is missing or no number");
  status.effective_capabilities = *capabilities;
  if (const auto value = field(text, "NoNewPrivs")) {
    if (*value != "0" && *value != "1") return fail(Code::kMalformed, "NoNewPrivs is neither 0 nor 1");
    status.no_new_privileges = *value == "1";
  }
  if (const auto value = field(text, "Seccomp")) {
    const auto mode = parse_decimal(*value);
    if (!mode || *mode > 2) return fail(Code::kMalformed, "Seccomp is none of 0, 1 and 2");
    status.seccomp_mode = static_cast<uint32_t>(*mode);
  }
  // Real, effective, saved and that of the file system.
  const std::vector<std::string_view> uids = split(field(text, "Uid").value_or(""), '\t');
  const auto uid = uids.size() == 4 ? parse_decimal(uids[1]) : std::nullopt;
  if (!uid || *uid > UINT32_MAX) return fail(Code::kMalformed, "Uid is missing or no list of four numbers");
  status.uid = static_cast<uint32_t>(*uid);
  return status;
}

std::optional<uint32_t> user_inside(std::string_view uid_map, uint32_t uid) {
  std::string_view line;
  while (next_line(uid_map, line)) {
    std::vector<uint64_t> numbers;  // the first inside, the first outside, how many
    for (const std::string_view word : split(line, ' ')) {
      if (word.empty()) continue;
      const auto number = parse_decimal(word);
      if (!number || *number > UINT32_MAX) return std::nullopt;
      numbers.push_back(*number);
    }
    if (numbers.size() != 3) return std::nullopt;
    if (uid < numbers[1] || uid - numbers[1] >= numbers[2]) continue;
    const uint64_t inside = numbers[0] + (uid - numbers[1]);
    return inside > UINT32_MAX ? std::nullopt : std::optional(static_cast<uint32_t>(inside));
  }
  return std::nullopt;
}

Result<int64_t> process_start(std::string_view process_stat, std::string_view system_stat, uint64_t ticks_per_second) {
  constexpr uint64_t kMaxSeconds = uint64_t{1} << 40;
  // "812 (name) S 1 …": the name may hold anything, blanks and parentheses too. Field 22 is the 20th after it.
  const size_t name_end = process_stat.rfind(") ");
  const auto fields = split(name_end == std::string_view::npos ? "" : process_stat.substr(name_end + 2), ' ');
  const auto ticks = fields.size() > 19 ? parse_decimal(fields[19]) : std::nullopt;
  if (!ticks || ticks_per_second == 0) return fail(Code::kMalformed, "the time of its start is missing");
  std::string_view line;
  while (next_line(system_stat, line)) {
    if (!line.starts_with("btime ")) continue;
    const auto boot = parse_decimal(line.substr(6));
    if (!boot || *boot > kMaxSeconds || *ticks / ticks_per_second > kMaxSeconds) break;
    return static_cast<int64_t>(*boot + *ticks / ticks_per_second);
  }
  return fail(Code::kMalformed, "the time of the machine's start is missing");
}

std::vector<std::string_view> container_ids(std::string_view cgroup) {
  std::vector<std::string_view> ids;
  for (size_t i = 0; i < cgroup.size();) {
    if (!is_id_digit(cgroup[i])) {
      ++i;
      continue;
    }
    size_t end = i;
    while (end < cgroup.size() && is_id_digit(cgroup[end])) ++end;
    const std::string_view id = cgroup.substr(i, end - i);
    if (id.size() == kIdDigits && std::ranges::find(ids, id) == ids.end()) ids.push_back(id);
    i = end;
  }
  return ids;
}

std::string_view service_unit(std::string_view cgroup) {
  std::string_view line;
  while (next_line(cgroup, line)) {
    // Version 2, and systemd's own hierarchy of version 1: "0::/system.slice/docker.service", "1:name=systemd:/…".
    const size_t path = line.find(":/");
    if (path == std::string_view::npos || !(line.starts_with("0::") || line.contains(":name=systemd:"))) continue;
    const std::string_view name = line.substr(line.rfind('/') + 1);
    if (name.ends_with(".service")) return name;
  }
  return {};
}

}  // namespace bulkhead::audit
