#include "advisory/feeds/rpm_common.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "advisory/ecosystem.h"
#include "base/text.h"

namespace bulkhead::advisory::feeds {

namespace {

constexpr std::array<std::string_view, 6> kStreams = {"rhel_aus", "rhel_e4s",    "rhel_els",
                                                      "rhel_eus", "rhel_extras", "rhel_tus"};

bool is_word(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return is_alnum(c) || c == '_'; });
}

// The number that begins the text; empty when it begins with none.
std::string_view leading_number(std::string_view text) {
  size_t end = 0;
  while (end < text.size() && is_digit(text[end])) ++end;
  return text.substr(0, end);
}

// The release in an edition such as "el8" or "el7sat".
std::string_view release_of_edition(std::string_view edition) {
  return edition.starts_with("el") ? leading_number(edition.substr(2)) : std::string_view();
}

}  // namespace

std::string evr_text(std::string_view epoch, std::string_view version, std::string_view release) {
  std::string text;
  if (!epoch.empty() && epoch != "0" && epoch != "None") text = fmt::format("{}:", epoch);
  text += version;
  if (!release.empty()) {
    text += '-';
    text += release;
  }
  return text;
}

std::string normal_evr(std::string_view evr) {
  evr = trim(evr);
  if (evr.starts_with("0:")) evr.remove_prefix(2);
  return std::string(trim(evr));
}

Range fixed_below(std::string evr) {
  Range range;
  range.fixed = std::move(evr);
  return range;
}

std::vector<std::string> architectures_in(std::string_view pattern) {
  pattern = trim(pattern);
  if (pattern.starts_with('^')) pattern.remove_prefix(1);
  if (pattern.ends_with('$')) pattern.remove_suffix(1);
  if (pattern.starts_with('(') && pattern.ends_with(')')) pattern = pattern.substr(1, pattern.size() - 2);
  std::vector<std::string> architectures;
  for (const std::string_view piece : split(pattern, '|')) {
    if (!is_word(piece)) return {};
    architectures.emplace_back(piece);
  }
  std::ranges::sort(architectures);
  const auto repeated = std::ranges::unique(architectures);
  architectures.erase(repeated.begin(), repeated.end());
  return architectures;
}

bool is_debug_package(std::string_view name) {
  return name.ends_with("-debuginfo") || name.ends_with("-debugsource") || name.contains("-debuginfo-");
}

std::vector<std::string> architectures_on(std::string_view machine) {
  struct Machine {
    std::string_view name;
    std::string_view packages;
  };
  constexpr std::array kMachines = {Machine{"x86_64", "i386|i486|i586|i686|noarch|x86_64"},
                                    Machine{"i386", "i386|i486|i586|i686|noarch"}, Machine{"aarch64", "aarch64|noarch"},
                                    Machine{"ia64", "i386|i486|i586|i686|ia64|noarch"}};
  const auto known = std::ranges::find(kMachines, machine, &Machine::name);
  return known == kMachines.end() ? std::vector<std::string>() : architectures_in(known->packages);
}

std::optional<std::string> redhat_key(std::string_view cpe) {
  // cpe:/part:vendor:product:version:update:edition
  const auto parts = split(cpe, ':');
  if (parts.size() < 5 || parts[0] != "cpe" || parts[2] != "redhat") return std::nullopt;
  const std::string_view product = parts[3];
  // The edition names the release that a layered product runs on; the release and its streams are versioned as it is.
  std::string_view release = parts.size() > 6 ? release_of_edition(parts[6]) : std::string_view();
  const auto is_prefix = [&](std::string_view stream) { return product.starts_with(stream); };
  const bool versioned = product == "enterprise_linux" || product == "rhel" || std::ranges::any_of(kStreams, is_prefix);
  if (release.empty() && versioned) release = leading_number(parts[4]);
  if (release.empty()) return std::nullopt;
  return fmt::format("rhel:{}", release);
}

bool is_redhat_release(std::string_view cpe) {
  const auto parts = split(cpe, ':');
  return parts.size() >= 5 && parts[2] == "redhat" && parts[3] == "enterprise_linux";
}

std::optional<std::string> suse_key(std::string_view product) {
  constexpr std::string_view kOpenSuse = "openSUSE ";
  constexpr std::string_view kEnterprise = "SUSE Linux Enterprise ";
  constexpr std::string_view kMicro = "SUSE Linux Micro ";
  if (product.starts_with(kOpenSuse)) {
    return ecosystem_key_of_osv(fmt::format("openSUSE:{}", product.substr(kOpenSuse.size())));
  }
  if (product.starts_with(kMicro)) {
    return ecosystem_key_of_osv(fmt::format("SUSE:Linux Enterprise Micro {}", product.substr(kMicro.size())));
  }
  if (product.starts_with(kEnterprise)) {
    return ecosystem_key_of_osv(fmt::format("SUSE:Linux Enterprise {}", product.substr(kEnterprise.size())));
  }
  return std::nullopt;
}

void RecordMerger::add(AdvisoryRecord record) {
  std::string bounds;
  for (const Range& range : record.ranges) {
    bounds +=
        fmt::format("{} {} {} {};", range.introduced, range.introduced_exclusive, range.fixed, range.last_affected);
  }
  Key key(record.id, record.ecosystem, record.package, record.module, record.cpe, std::move(bounds),
          static_cast<uint8_t>(record.status));
  const auto [known, added] = index_.emplace(std::move(key), records_.size());
  if (added) {
    records_.push_back(std::move(record));
    return;
  }
  std::vector<std::string>& architectures = records_[known->second].architectures;
  if (record.architectures.empty() || architectures.empty()) {  // one of them is of all
    architectures.clear();
    return;
  }
  architectures.insert(architectures.end(), record.architectures.begin(), record.architectures.end());
  std::ranges::sort(architectures);
  const auto repeated = std::ranges::unique(architectures);
  architectures.erase(repeated.begin(), repeated.end());
}

Status RecordMerger::flush(Sink& sink) {
  index_.clear();
  std::vector<AdvisoryRecord> records;
  records.swap(records_);
  for (AdvisoryRecord& record : records) TRY(sink.add(std::move(record)));
  return {};
}

}  // namespace bulkhead::advisory::feeds
