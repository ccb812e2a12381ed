#include "advisory/feeds/oval_criteria.h"

#include <algorithm>

#include "advisory/feeds/rpm_common.h"
#include "base/text.h"

namespace bulkhead::advisory::feeds {

uint32_t NameTable::number_of(std::string_view name) {
  if (const auto found = numbers_.find(name); found != numbers_.end()) return found->second;
  const auto number = static_cast<uint32_t>(names_.size());
  const auto added = numbers_.emplace(std::string(name), number).first;
  names_.push_back(&added->first);
  return number;
}

// What one test says.
struct OvalTables::Leaf {
  enum class Kind : uint8_t {
    kTrue,          // taken as true
    kNever,         // never true
    kUnknown,       // cannot be said
    kProduct,       // product
    kArchitecture,  // architectures
    kModule,        // module
    kPackage,       // the statement
    kAbsent,        // package is not installed
  };
  Kind kind = Kind::kUnknown;
  OvalStatement statement;
  std::string_view product;
};

namespace {

constexpr std::string_view kInstalled = " is installed";

// "Module idm:DL1 is enabled" -> "idm:DL1".
std::string_view module_in(std::string_view comment) {
  constexpr std::string_view kBefore = "Module ";
  constexpr std::string_view kAfter = " is enabled";
  if (!comment.starts_with(kBefore) || !comment.ends_with(kAfter)) return {};
  return comment.substr(kBefore.size(), comment.size() - kBefore.size() - kAfter.size());
}

bool is_zero(std::string_view evr) {
  return evr == "0:0-0" || evr == "0:0" || evr == "0-0" || evr == "0";
}

// The versions that a state's comparison holds for; false when that is no range.
bool read_evr(std::string_view operation, std::string_view evr, OvalStatement& statement) {
  const std::string text = normal_evr(evr);
  if (operation == "less than") {
    statement.none = is_zero(evr);  // no version is below 0
    if (!statement.none) statement.range.fixed = text;
    return true;
  }
  if (operation == "less than or equal") {
    statement.range.last_affected = text;
    return true;
  }
  if (operation == "equals") {
    statement.none = is_zero(evr);  // nothing has that version
    if (!statement.none) statement.range.introduced = statement.range.last_affected = text;
    return true;
  }
  if (operation == "greater than" || operation == "greater than or equal") {
    statement.every = is_zero(evr);
    if (!statement.every) {
      statement.range.introduced = text;
      statement.range.introduced_exclusive = operation == "greater than";
    }
    return true;
  }
  return false;
}

}  // namespace

OvalCriteria OvalTables::read_criteria(const xml::Element& element) {
  OvalCriteria criteria;
  criteria.negated = element.attribute("negate") == "true";
  if (element.name() == "criterion") {
    criteria.is_criterion = true;
    criteria.test = test_ids_.number_of(element.attribute("test_ref"));
    criteria.comment = texts_.number_of(trim(element.attribute("comment")));
    return criteria;
  }
  criteria.any = element.attribute("operator") == "OR";
  for (const xml::Element child : element.children()) {
    if (child.name() == "criteria" || child.name() == "criterion" || child.name() == "extend_definition") {
      criteria.children.push_back(read_criteria(child));
    }
  }
  return criteria;
}

void OvalTables::read_test(const xml::Element& element) {
  Test& test = entry(tests_, test_ids_.number_of(element.attribute("id")));
  const std::string_view name = element.name();
  if (name == "rpminfo_test") test.kind = TestKind::kPackage;
  if (name == "rpmverifyfile_test") test.kind = TestKind::kReleaseFile;
  if (name == "textfilecontent54_test") test.kind = TestKind::kTextFile;
  if (name == "uname_test") test.kind = TestKind::kKernel;
  test.none_exist = element.attribute("check_existence") == "none_exist";
  test.none_satisfy = element.attribute("check") == "none satisfy";
  for (const xml::Element child : element.children()) {
    if (child.name() == "object") test.object = object_ids_.number_of(child.attribute("object_ref"));
    if (child.name() == "state") test.states.push_back(state_ids_.number_of(child.attribute("state_ref")));
  }
}

void OvalTables::read_object(const xml::Element& element) {
  if (element.name() != "rpminfo_object") return;
  const std::string_view name = element.child_text("name");
  if (!name.empty()) entry(objects_, object_ids_.number_of(element.attribute("id"))) = texts_.number_of(name) + 1;
}

void OvalTables::read_state(const xml::Element& element) {
  State& state = entry(states_, state_ids_.number_of(element.attribute("id")));
  for (const xml::Element child : element.children()) {
    const std::string_view name = child.name();
    if (name == "evr") {
      state.evr = child.text();
      state.evr_operation = child.attribute("operation");
    } else if (name == "arch") {
      state.architectures = child.text();
    } else if (name == "signature_keyid") {
      state.has_signature = true;
    } else if (name == "version") {
      state.has_version = true;
    }
  }
}

OvalTables::Leaf OvalTables::classify_package(const Test& test, std::string_view comment) const {
  Leaf leaf;
  if (!test.object || *test.object >= objects_.size() || objects_[*test.object] == 0 || test.none_satisfy) return leaf;
  OvalStatement& statement = leaf.statement;
  statement.package = texts_.name_of(objects_[*test.object] - 1);
  const bool is_release = statement.package.ends_with("-release");
  if (test.none_exist) {
    leaf.kind = Leaf::Kind::kAbsent;
    return leaf;
  }
  State state;
  for (const uint32_t number : test.states) {
    if (number >= states_.size()) return leaf;
    const State& part = states_[number];
    if (!part.evr_operation.empty()) {
      state.evr_operation = part.evr_operation;
      state.evr = part.evr;
    }
    if (!part.architectures.empty()) state.architectures = part.architectures;
    state.has_signature |= part.has_signature;
    state.has_version |= part.has_version;
  }
  statement.architectures = architectures_in(state.architectures);
  if ((state.has_version && state.evr_operation.empty()) ||
      (is_release && comment.ends_with(kInstalled) && !test.states.empty())) {
    leaf.kind = comment.ends_with(kInstalled) ? Leaf::Kind::kProduct : Leaf::Kind::kUnknown;
    leaf.product = comment.substr(0, comment.size() - std::min(comment.size(), kInstalled.size()));
    return leaf;
  }
  if (comment.ends_with(" is not affected")) {
    leaf.kind = Leaf::Kind::kPackage;
    statement.none = true;
    return leaf;
  }
  if (!state.evr_operation.empty()) {
    if (read_evr(state.evr_operation, state.evr, statement)) leaf.kind = Leaf::Kind::kPackage;
    return leaf;
  }
  if (state.has_signature) {
    leaf.kind = Leaf::Kind::kTrue;
    return leaf;
  }
  if (is_release && !statement.architectures.empty()) {
    leaf.kind = Leaf::Kind::kArchitecture;
    statement.architectures = architectures_on(state.architectures);
    return leaf;
  }
  leaf.kind = Leaf::Kind::kPackage;
  statement.every = true;
  return leaf;
}

OvalTables::Leaf OvalTables::classify(const OvalCriteria& criterion) const {
  Leaf leaf;
  if (criterion.negated || criterion.test >= tests_.size()) return leaf;
  const Test& test = tests_[criterion.test];
  const std::string_view comment = texts_.name_of(criterion.comment);
  switch (test.kind) {
    case TestKind::kUnknown:
      break;
    case TestKind::kKernel:
      leaf.kind = Leaf::Kind::kTrue;
      break;
    case TestKind::kTextFile:
      leaf.statement.module = module_in(comment);
      leaf.kind = leaf.statement.module.empty() ? Leaf::Kind::kTrue : Leaf::Kind::kModule;
      break;
    case TestKind::kReleaseFile:
      if (test.none_satisfy) {
        leaf.kind = Leaf::Kind::kNever;
      } else if (comment.ends_with(kInstalled)) {
        leaf.kind = Leaf::Kind::kProduct;
        leaf.product = comment.substr(0, comment.size() - kInstalled.size());
      }
      break;
    case TestKind::kPackage:
      return classify_package(test, comment);
  }
  return leaf;
}

// One definition's criteria, from the root down; `context` is what holds for the place.
class OvalTables::Walk {
 public:
  Walk(const OvalTables& tables, const std::function<Status(const OvalStatement&)>& visit)
      : tables_(tables), visit_(visit) {}

  Status visit_node(const OvalCriteria& node, const OvalStatement& context) {
    if (node.is_criterion) {
      const Leaf leaf = tables_.classify(node);
      return leaf.kind == Leaf::Kind::kPackage ? emit(leaf.statement, context) : Status();
    }
    if (node.negated) return {};
    if (!node.any) return visit_all(node, context);
    for (const OvalCriteria& child : node.children) TRY(visit_node(child, context));
    return {};
  }

 private:
  // What a place asks for besides packages.
  struct Condition {
    std::vector<std::string_view> products;  // one of them; empty: any
    std::vector<std::string> architectures;
    std::string_view module;
  };

  // Whether anything below speaks of a package.
  bool names_package(const OvalCriteria& node) const {
    if (node.is_criterion) {
      const Leaf::Kind kind = tables_.classify(node).kind;
      return kind == Leaf::Kind::kPackage || kind == Leaf::Kind::kAbsent;
    }
    return std::ranges::any_of(node.children, [&](const OvalCriteria& child) { return names_package(child); });
  }

  // Adds what a condition that names no package asks for. False when it is never true, or cannot be said.
  bool add_condition(const OvalCriteria& node, Condition& condition) const {
    if (!node.is_criterion) return !node.negated && add_group_condition(node, condition);
    const Leaf leaf = tables_.classify(node);
    switch (leaf.kind) {
      case Leaf::Kind::kTrue:
        return true;
      case Leaf::Kind::kProduct:
        condition.products.push_back(leaf.product);
        return true;
      case Leaf::Kind::kArchitecture:
        condition.architectures = leaf.statement.architectures;
        return true;
      case Leaf::Kind::kModule:
        condition.module = leaf.statement.module;
        return true;
      case Leaf::Kind::kNever:
      case Leaf::Kind::kUnknown:
      case Leaf::Kind::kPackage:
      case Leaf::Kind::kAbsent:
        break;
    }
    return false;
  }

  // Of an OR, each product that is asked for; anything else that holds in one branch only cannot be said of them all.
  bool add_group_condition(const OvalCriteria& node, Condition& condition) const {
    if (!node.any) {
      return std::ranges::all_of(node.children,
                                 [&](const OvalCriteria& child) { return add_condition(child, condition); });
    }
    size_t possible = 0;
    bool products = false;  // the first branch that can be true asks for one
    Condition joined;
    for (const OvalCriteria& child : node.children) {
      Condition branch{.products = {}, .architectures = condition.architectures, .module = condition.module};
      if (!add_condition(child, branch)) continue;
      if (possible++ == 0) {
        joined = std::move(branch);
        products = !joined.products.empty();
        continue;
      }
      if (branch.module != joined.module || branch.architectures != joined.architectures) return false;
      joined.products.insert(joined.products.end(), branch.products.begin(), branch.products.end());
    }
    if (possible == 0) return false;
    if (products) condition.products.insert(condition.products.end(), joined.products.begin(), joined.products.end());
    condition.architectures = std::move(joined.architectures);
    condition.module = joined.module;
    return true;
  }

  Status visit_all(const OvalCriteria& node, OvalStatement context) {
    std::vector<const OvalCriteria*> groups;
    std::vector<Leaf> packages;
    std::vector<std::string_view> products;
    for (const OvalCriteria& child : node.children) {
      if (names_package(child)) {
        if (child.is_criterion) {
          packages.push_back(tables_.classify(child));
        } else {
          groups.push_back(&child);
        }
        continue;
      }
      // A product named further in is narrower than one named further out.
      Condition condition;
      if (!add_condition(child, condition)) return {};
      products.insert(products.end(), condition.products.begin(), condition.products.end());
      if (!condition.architectures.empty()) context.architectures = condition.architectures;
      if (!condition.module.empty()) context.module = condition.module;
    }
    if (!products.empty()) {
      context.any_product = false;
      context.products = std::make_shared<const std::vector<std::string_view>>(std::move(products));
    }
    if (groups.size() + (packages.empty() ? 0 : 1) > 1) return {};
    if (!groups.empty()) return visit_node(*groups.front(), context);
    return packages.empty() ? Status() : emit_joined(packages, context);
  }

  // Several tests of one package in one AND.
  Status emit_joined(const std::vector<Leaf>& packages, const OvalStatement& context) {
    OvalStatement statement = packages.front().statement;
    bool absent = false;
    bool present = false;
    for (const Leaf& leaf : packages) {
      if (leaf.statement.package != statement.package) return {};
      absent |= leaf.kind == Leaf::Kind::kAbsent;
      if (leaf.kind == Leaf::Kind::kAbsent) continue;
      // "is installed" adds nothing to "is earlier than".
      if (!present || statement.every) {
        statement = leaf.statement;
      } else if (!leaf.statement.every) {
        return {};
      }
      present = true;
    }
    if (!present) return {};
    if (absent) {
      statement.range = {};
      statement.every = false;
      statement.none = true;
    }
    return emit(statement, context);
  }

  Status emit(const OvalStatement& package, const OvalStatement& context) {
    OvalStatement statement = package;
    statement.any_product = context.any_product;
    statement.products = context.products;
    statement.module = context.module;
    if (statement.architectures.empty()) statement.architectures = context.architectures;
    return visit_(statement);
  }

  const OvalTables& tables_;
  const std::function<Status(const OvalStatement&)>& visit_;
};

Status OvalTables::for_each_statement(const OvalCriteria& criteria,
                                      const std::function<Status(const OvalStatement&)>& visit) const {
  OvalStatement context;
  context.any_product = true;
  return Walk(*this, visit).visit_node(criteria, context);
}

}  // namespace bulkhead::advisory::feeds
