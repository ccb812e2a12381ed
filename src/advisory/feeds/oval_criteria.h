// The part of an OVAL document that refers forwards: criteria, tests, objects, states; and what a definition's criteria
// say once all of them are known. For use inside feeds/ only.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "advisory/record.h"
#include "base/result.h"
#include "base/xml.h"

namespace bulkhead::advisory::feeds {

// Numbers for strings that occur again and again.
class NameTable {
 public:
  uint32_t number_of(std::string_view name);
  const std::string& name_of(uint32_t number) const { return *names_[number]; }
  size_t size() const { return names_.size(); }

 private:
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };
  std::unordered_map<std::string, uint32_t, Hash, std::equal_to<>> numbers_;
  std::vector<const std::string*> names_;
};

struct OvalCriteria {
  bool is_criterion = false;  // a reference to a test; otherwise a group of children
  bool any = false;           // OR; otherwise AND
  bool negated = false;
  uint32_t test = 0;     // number of its id
  uint32_t comment = 0;  // number of the text
  std::vector<OvalCriteria> children;
};

// What one package of a definition's criteria is said to be, where.
struct OvalStatement {
  std::string_view package;
  Range range;                                                    // empty with `every` and `none`
  bool every = false;                                             // every version
  bool none = false;                                              // explicitly not affected
  bool any_product = false;                                       // the criteria ask for no product
  std::shared_ptr<const std::vector<std::string_view>> products;  // one of them; null: none is named
  std::vector<std::string> architectures;                         // empty: all
  std::string_view module;
};

class OvalTables {
 public:
  OvalCriteria read_criteria(const xml::Element& element);
  // The sections "tests", "objects" and "states".
  void read_test(const xml::Element& element);
  void read_object(const xml::Element& element);
  void read_state(const xml::Element& element);

  // Every statement of the criteria; see oval.h for the rules. The views live as long as the tables.
  Status for_each_statement(const OvalCriteria& criteria,
                            const std::function<Status(const OvalStatement&)>& visit) const;

 private:
  enum class TestKind : uint8_t { kUnknown, kPackage, kReleaseFile, kTextFile, kKernel };
  struct Test {
    TestKind kind = TestKind::kUnknown;
    bool none_exist = false;
    bool none_satisfy = false;
    std::optional<uint32_t> object;
    std::vector<uint32_t> states;
  };
  struct State {
    std::string evr_operation;
    std::string evr;
    std::string architectures;  // as the pattern stands
    bool has_signature = false;
    bool has_version = false;
  };

  struct Leaf;
  class Walk;
  Leaf classify(const OvalCriteria& criterion) const;
  Leaf classify_package(const Test& test, std::string_view comment) const;

  template <typename T>
  static T& entry(std::vector<T>& table, uint32_t number) {
    if (table.size() <= number) table.resize(size_t{number} + 1);
    return table[number];
  }

  NameTable test_ids_, object_ids_, state_ids_, texts_;
  std::vector<Test> tests_;        // by number of the id
  std::vector<State> states_;      // by number of the id
  std::vector<uint32_t> objects_;  // by number of the id: text number + 1 of the package's name; 0: none
};

}  // namespace bulkhead::advisory::feeds
