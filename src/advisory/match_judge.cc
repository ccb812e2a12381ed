#include "advisory/match_judge.h"

#include <algorithm>
#include <functional>

#include "advisory/dist_tag.h"
#include "advisory/ecosystem.h"
#include "base/text.h"

namespace bulkhead::advisory {
namespace {

using version::Scheme;

std::string_view without_v(std::string_view version) {
  return version.starts_with('v') ? version.substr(1) : version;
}

bool is_modular_record(const RecordView& record) {
  for (size_t i = 0; i < record.ranges(); ++i) {
    if (is_modular(record.range(i).fixed)) return true;
  }
  return false;
}

}  // namespace

Judge::Judge(std::span<const inventory::Package> packages, const FamilyRules& system_rules, Products& products)
    : packages_(packages),
      system_rules_(&system_rules),
      products_(products),
      rules_(&default_rules()),
      memory_(kMemory) {}

void Judge::begin(const inventory::Package& package, const FamilyRules& rules) {
  package_ = &package;
  rules_ = &rules;
  ++package_number_;
  readable_ = {};
  unreadable_version_ = false;
  unreadable_bound_.reset();
  source_name_ = package.source_name;
  signs_source_ = false;
  if (std::string other = signed_source(package.source_name, rules); !other.empty()) {
    source_name_ = std::move(other);
    signs_source_ = true;
  }
}

std::string_view Judge::installed_for(const RecordView& record) const {
  const bool source = record.name_kind() == NameKind::kSource && !package_->source_version.empty() && !signs_source_;
  std::string_view installed = source ? package_->source_version : package_->version;
  if (record.scheme() == Scheme::kGo) {
    // Go's standard library is versioned by its tool chain ("go1.21.3"), and what the go command notes after a plus
    // sign
    // ("+incompatible+dirty") has no order.
    if (installed.starts_with("go")) installed.remove_prefix(2);
    installed = installed.substr(0, installed.find('+'));
  }
  return installed;
}

bool Judge::is_readable(Scheme scheme, std::string_view installed) {
  if (readable_.text != installed.data() || readable_.size != installed.size() || readable_.scheme != scheme) {
    readable_ = {.text = installed.data(),
                 .size = installed.size(),
                 .scheme = scheme,
                 .valid = version::is_valid(scheme, installed)};
  }
  return readable_.valid;
}

Judge::Place Judge::place_in_ranges(std::string_view installed, const RecordView& record, bool ignore_epochs) {
  const Scheme scheme = record.scheme();
  if (ignore_epochs) installed = without_epoch(installed);
  if (!is_readable(scheme, installed)) {
    unreadable_version_ = true;
    // Versions that the scheme does not know can still be listed one by one.
    for (uint16_t i = 0; i < record.ranges(); ++i) {
      const RangeView range = record.range(i);
      if (!range.introduced.empty() && range.introduced == range.last_affected && range.introduced == installed) {
        return {.kind = Place::Kind::kInside, .range = i, .unreadable_bound = {}};
      }
    }
    return {.kind = Place::Kind::kUnreadable, .range = {}, .unreadable_bound = {}};
  }
  enum class Side : uint8_t { kBelow, kAt, kAbove, kUnreadable };
  Place place;
  const auto side_of = [&](std::string_view bound) {
    if (ignore_epochs) bound = without_epoch(bound);
    auto order = version::compare(scheme, installed, bound);
    // Advisories write bounds that are no versions of the scheme, of two or four numbers; their order is plain.
    const bool has_numbers = scheme == Scheme::kGo || scheme == Scheme::kNpm;
    if (!order && has_numbers) order = version::compare(Scheme::kSemver, without_v(installed), without_v(bound));
    if (!order) {
      place.unreadable_bound = bound;
      return Side::kUnreadable;
    }
    return *order < 0 ? Side::kBelow : *order > 0 ? Side::kAbove : Side::kAt;
  };
  for (uint16_t i = 0; i < record.ranges(); ++i) {
    const RangeView range = record.range(i);
    const Side low = range.introduced.empty() ? Side::kAbove : side_of(range.introduced);
    if (low == Side::kBelow || (low == Side::kAt && range.introduced_exclusive)) continue;
    const std::string_view end = range.fixed.empty() ? range.last_affected : range.fixed;
    const Side high = end.empty() ? Side::kBelow : side_of(end);
    if (high == Side::kAbove || (high == Side::kAt && !range.fixed.empty())) continue;
    if (low == Side::kUnreadable || high == Side::kUnreadable) {
      if (place.kind == Place::Kind::kOutside) place.kind = Place::Kind::kUnreadable;
      continue;
    }
    // A range with a fix says more than one without.
    if (place.kind != Place::Kind::kInside || !range.fixed.empty())
      place = {.kind = Place::Kind::kInside, .range = i, .unreadable_bound = {}};
    if (!range.fixed.empty()) break;
  }
  return place;
}

Judge::Place Judge::place_of(const RecordView& record) {
  const bool source = record.name_kind() == NameKind::kSource;
  const uint64_t key = record.range_key() << 8 | uint64_t{source} << 7 | static_cast<uint64_t>(record.scheme());
  Remembered& slot = memory_[std::hash<uint64_t>()(key * 0x9E3779B97F4A7C15U >> 20) % kMemory];
  if (slot.package != package_number_ || slot.key != key) {
    const bool ignore_epochs = source && !package_->source_epoch_known && record.scheme() == Scheme::kRpm;
    slot = {
        .key = key, .package = package_number_, .place = place_in_ranges(installed_for(record), record, ignore_epochs)};
  }
  return slot.place;
}

bool Judge::other_architecture(const RecordView& record) const {
  const StringList architectures = record.architectures();
  const std::string& own = package_->architecture;
  if (architectures.empty() || own.empty() || own == "noarch") return false;
  return !architectures.contains(own) && !architectures.contains("noarch");
}

bool Judge::other_module(const RecordView& record) {
  const bool package_is_modular = !package_->module.empty() || is_modular(package_->version);
  if (const std::string_view module = record.module(); !module.empty()) {
    if (!package_is_modular) return true;
    return package_->module.empty() ? !may_be_of_stream(module) : stream_of(package_->module) != module;
  }
  // Some feeds name no module, but their fixed version shows that it is one's.
  return is_modular_record(record) != package_is_modular;
}

bool Judge::may_be_of_stream(std::string_view module) {
  if (!module_packages_) {
    module_packages_.emplace();
    for (const inventory::Package& package : packages_) {
      if (package.type == system_rules_->type && package.module.empty() && is_modular(package.version)) {
        module_packages_->emplace(package.name, without_epoch(package.version));
      }
    }
  }
  const size_t colon = module.find(':');
  const auto main = module_packages_->find(module.substr(0, colon));
  if (colon == std::string_view::npos || main == module_packages_->end()) return true;
  const std::string_view stream = module.substr(colon + 1);
  if (stream.empty() || !is_digit(stream.front())) return true;  // "rhel8": tells no version
  const std::string_view version = main->second;
  return version.starts_with(stream) && (version.size() == stream.size() || !is_alnum(version[stream.size()]));
}

bool Judge::other_product(const RecordView& record) {
  const std::string_view cpe = record.cpe();
  return !cpe.empty() && !products_.has(cpe, package_->layer);
}

bool Judge::other_flavour(const RecordView& record) const {
  for (size_t i = 0; i < record.ranges(); ++i) {
    const std::string_view fixed = record.range(i).fixed;
    if (!fixed.empty()) return flavour_of(fixed, *rules_) != flavour_of(package_->version, *rules_);
  }
  return false;
}

void Judge::judge(Candidate& candidate) {
  const RecordView& record = candidate.record;
  if (other_architecture(record)) {
    candidate.outcome = Outcome::kOtherArchitecture;
  } else if (rules_->modules && other_module(record)) {
    candidate.outcome = Outcome::kOtherModule;
  } else if ((rules_->products || candidate.role == Role::kDisclosure) && other_product(record)) {
    candidate.outcome = Outcome::kOtherProduct;
  } else if (!rules_->flavours.empty() && other_flavour(record)) {
    candidate.outcome = Outcome::kOtherFlavour;
  } else {
    const bool not_affected = record.status() == AdvisoryStatus::kNotAffected;
    const Outcome inside = not_affected ? Outcome::kNotAffected : Outcome::kAffected;
    if (record.ranges() == 0) {
      candidate.outcome = inside;
      return;
    }
    const Place place = place_of(record);
    candidate.range = place.range;
    if (place.kind == Place::Kind::kUnreadable && !place.unreadable_bound.empty()) {
      unreadable_bound_ = {.vulnerability = candidate.vulnerability, .bound = place.unreadable_bound};
    }
    candidate.outcome = place.kind == Place::Kind::kInside    ? inside
                        : place.kind == Place::Kind::kOutside ? Outcome::kNotInRange
                                                              : Outcome::kUnreadable;
  }
}

std::string_view Judge::fix_of(const Candidate& candidate) const {
  const RecordView& record = candidate.record;
  if (record.status() != AdvisoryStatus::kFixed) return {};
  if (candidate.range && !record.range(*candidate.range).fixed.empty()) return record.range(*candidate.range).fixed;
  // The range that holds the version names no fix (it may be a single version): the first fix above it.
  std::string_view best;
  const std::string_view installed = installed_for(record);
  for (size_t i = 0; i < record.ranges(); ++i) {
    const std::string_view fixed = record.range(i).fixed;
    if (fixed.empty()) continue;
    const auto above = version::compare(record.scheme(), fixed, installed);
    if (!above || *above <= 0) continue;
    if (best.empty() || version::compare(record.scheme(), fixed, best).value_or(std::strong_ordering::greater) < 0) {
      best = fixed;
    }
  }
  return best;
}

}  // namespace bulkhead::advisory
