// What one record says of one package, other records left aside: whether it is about the package at all, and whether
// the installed version lies in its ranges. For this folder only. Not thread-safe; views the packages and options that
// it is given, which must outlive it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "advisory/match_candidate.h"
#include "advisory/match_products.h"
#include "advisory/match_rules.h"
#include "inventory/package.h"
#include "version/compare.h"

namespace bulkhead::advisory {

class Judge {
 public:
  // `packages`: of the whole image. `system_rules` and `products`: of its distribution.
  Judge(std::span<const inventory::Package> packages, const FamilyRules& system_rules, Products& products);

  // What follows is about this package, by the rules of its world.
  void begin(const inventory::Package& package, const FamilyRules& rules);

  // Sets outcome and range.
  void judge(Candidate& candidate);
  // The version to go to by an affected record; empty when it names none.
  std::string_view fix_of(const Candidate& candidate) const;

  // The name under which its distribution files advisories about the package's source.
  std::string_view source_name() const { return source_name_; }
  // The installed version that a record is compared with.
  std::string_view installed_for(const RecordView& record) const;
  // Whether any version of the package could not be read by a scheme that it was to be compared in.
  bool unreadable_version() const { return unreadable_version_; }
  // A record that names a bound which its scheme cannot read, and that says nothing of the package for that.
  struct UnreadableBound {
    uint32_t vulnerability = 0;
    std::string_view bound;
  };
  const std::optional<UnreadableBound>& unreadable_bound() const { return unreadable_bound_; }

 private:
  // Where a version lies in the ranges of a record.
  struct Place {
    enum class Kind : uint8_t { kInside, kOutside, kUnreadable } kind = Kind::kOutside;
    std::optional<uint16_t> range;
    std::string_view unreadable_bound;
  };
  // Many vulnerabilities of a package share their ranges: each is compared once.
  struct Remembered {
    uint64_t key = 0;
    uint32_t package = 0;
    Place place;
  };
  static constexpr size_t kMemory = 1024;

  Place place_of(const RecordView& record);
  Place place_in_ranges(std::string_view installed, const RecordView& record, bool ignore_epochs);
  bool is_readable(version::Scheme scheme, std::string_view installed);
  bool other_architecture(const RecordView& record) const;
  bool other_module(const RecordView& record);
  // Of a package that is a module's, but is not labelled with which: whether the stream ("nodejs:16") can be its own.
  bool may_be_of_stream(std::string_view module);
  bool other_product(const RecordView& record);
  bool other_flavour(const RecordView& record) const;

  std::span<const inventory::Package> packages_;
  const FamilyRules* system_rules_;
  Products& products_;

  // Of the package at hand.
  const inventory::Package* package_ = nullptr;
  const FamilyRules* rules_;
  bool unreadable_version_ = false;
  std::optional<UnreadableBound> unreadable_bound_;
  std::string source_name_;
  bool signs_source_ = false;  // source_name_ is not its own source's
  uint32_t package_number_ = 0;
  // Whether the installed version, as this text and scheme, can be read: asked for each record, answered once.
  struct Readable {
    const char* text = nullptr;
    size_t size = 0;
    version::Scheme scheme = version::Scheme::kGeneric;
    bool valid = false;
  } readable_;
  std::vector<Remembered> memory_;

  // The versions, without epochs, of modules' packages that bear no label, by name: a module's main package has its
  // name, and tells the stream by its version.
  std::optional<std::map<std::string_view, std::string_view>> module_packages_;
};

}  // namespace bulkhead::advisory
