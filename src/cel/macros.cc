#include "cel/macros.h"

#include <algorithm>
#include <array>
#include <optional>

#include <fmt/format.h>

namespace bulkhead::cel {
namespace {

using Add = std::function<Result<NodeId>(Node)>;

std::unexpected<Error> error(const Syntax& syntax, uint32_t offset, std::string_view what) {
  return fail(Code::kMalformed, fmt::format("{}: {}", position_text(syntax.source, offset), what));
}

// Blocks name their values by number; as identifiers they get names that nobody can write.
Result<std::optional<std::string>> block_name(const Syntax& syntax, const Node& call) {
  const auto numbers = [&](size_t from) -> Result<std::vector<int64_t>> {
    std::vector<int64_t> result;
    for (size_t i = from; i < call.children.size(); ++i) {
      const Node& child = syntax[call.children[i]];
      if (child.kind != NodeKind::kLiteral || !child.literal.is(Kind::kInt) || child.literal.as_int() < 0) {
        return error(syntax, child.offset, fmt::format("cel.{} takes numbers as they are", call.name));
      }
      result.push_back(child.literal.as_int());
    }
    return result;
  };
  if (call.name == "index" && call.children.size() == 2) {
    TRY_ASSIGN(const auto number, numbers(1));
    return fmt::format("@index{}", number[0]);
  }
  if ((call.name == "iterVar" || call.name == "accuVar") && call.children.size() == 3) {
    TRY_ASSIGN(const auto number, numbers(1));
    return fmt::format("@{}:{}:{}", call.name, number[0], number[1]);
  }
  return std::nullopt;
}

bool is_namespace(const Syntax& syntax, NodeId id, std::string_view name) {
  const Node& node = syntax[id];
  return node.kind == NodeKind::kIdentifier && node.name == name;
}

Result<std::string_view> variable_name(const Syntax& syntax, NodeId id) {
  const Node& node = syntax[id];
  if (node.kind != NodeKind::kIdentifier || node.absolute) {
    return error(syntax, node.offset, "the name of a variable is expected here, without dots");
  }
  return node.name;
}

struct LoopMacro {
  std::string_view name;
  size_t arguments;  // without the range
  size_t variables;
  Loop loop;
};
constexpr std::array<LoopMacro, 17> kLoops = {{
    {"all", 2, 1, Loop::kAll},
    {"all", 3, 2, Loop::kAll},
    {"exists", 2, 1, Loop::kExists},
    {"exists", 3, 2, Loop::kExists},
    {"exists_one", 2, 1, Loop::kExistsOne},
    {"exists_one", 3, 2, Loop::kExistsOne},
    {"existsOne", 2, 1, Loop::kExistsOne},
    {"existsOne", 3, 2, Loop::kExistsOne},
    {"filter", 2, 1, Loop::kFilter},
    {"map", 2, 1, Loop::kList},
    {"map", 3, 1, Loop::kList},
    {"transformList", 3, 2, Loop::kList},
    {"transformList", 4, 2, Loop::kList},
    {"transformMap", 3, 2, Loop::kMapValues},
    {"transformMap", 4, 2, Loop::kMapValues},
    {"transformMapEntry", 3, 2, Loop::kMapEntries},
    {"transformMapEntry", 4, 2, Loop::kMapEntries},
}};

Result<NodeId> loop(const Syntax& syntax, Node call, const LoopMacro& macro, const Add& add) {
  Node node;
  node.kind = NodeKind::kComprehension;
  node.loop = macro.loop;
  node.offset = call.offset;
  node.children.push_back(call.children[0]);
  for (size_t i = 0; i < macro.variables; ++i) {
    TRY_ASSIGN(const std::string_view name, variable_name(syntax, call.children[1 + i]));
    if (i == 1 && name == node.variables[0]) return error(syntax, call.offset, "two variables of one name");
    node.variables.push_back(name);
  }
  node.children.insert(node.children.end(), call.children.begin() + 1 + static_cast<ptrdiff_t>(macro.variables),
                       call.children.end());
  return add(std::move(node));
}

Result<NodeId> bind_variable(std::string_view name, NodeId value, NodeId body, uint32_t offset, const Add& add) {
  Node node;
  node.kind = NodeKind::kBind;
  node.offset = offset;
  node.variables = {name};
  node.children = {value, body};
  return add(std::move(node));
}

// optMap and optFlatMap: "@optional" stands for the operand, so that it is evaluated once.
Result<NodeId> optional_map(const Syntax& syntax, const Node& call, const Add& add) {
  const uint32_t offset = call.offset;
  TRY_ASSIGN(const std::string_view name, variable_name(syntax, call.children[1]));
  const auto named_call = [&](std::string_view function, std::vector<NodeId> arguments, bool member) {
    Node node;
    node.kind = NodeKind::kCall;
    node.offset = offset;
    node.name = function;
    node.member = member;
    node.children = std::move(arguments);
    return add(std::move(node));
  };
  const auto operand = [&] {
    Node node;
    node.kind = NodeKind::kIdentifier;
    node.offset = offset;
    node.name = "@optional";
    return add(std::move(node));
  };
  TRY_ASSIGN(const NodeId first, operand());
  TRY_ASSIGN(const NodeId second, operand());
  TRY_ASSIGN(const NodeId has_value, named_call("hasValue", {first}, true));
  TRY_ASSIGN(const NodeId value, named_call("value", {second}, true));
  TRY_ASSIGN(NodeId mapped, bind_variable(name, value, call.children[2], offset, add));
  if (call.name == "optMap") {
    TRY_ASSIGN(mapped, named_call("optional.of", {mapped}, false));
  }
  TRY_ASSIGN(const NodeId none, named_call("optional.none", {}, false));
  Node conditional;
  conditional.kind = NodeKind::kConditional;
  conditional.offset = offset;
  conditional.children = {has_value, mapped, none};
  TRY_ASSIGN(const NodeId choice, add(std::move(conditional)));
  return bind_variable("@optional", call.children[0], choice, offset, add);
}

Result<NodeId> block(Syntax& syntax, const Node& call, const Add& add) {
  const Node list = syntax[call.children[1]];
  if (list.kind != NodeKind::kList) return error(syntax, list.offset, "cel.block takes a list as it is");
  NodeId result = call.children[2];
  for (size_t i = list.children.size(); i > 0; --i) {
    const std::string_view name = syntax.texts.emplace_back(fmt::format("@index{}", i - 1));
    TRY_ASSIGN(result, bind_variable(name, list.children[i - 1], result, call.offset, add));
  }
  return result;
}

}  // namespace

Result<NodeId> expand_macro(Syntax& syntax, Node call, const Add& add) {
  if (!call.member) {
    if (call.name != "has" || call.children.size() != 1) return add(std::move(call));
    const Node& argument = syntax[call.children[0]];
    if (argument.kind != NodeKind::kSelect || argument.optional) {
      return error(syntax, argument.offset, "has() takes the field of something, like has(image.user)");
    }
    Node node;
    node.kind = NodeKind::kPresence;
    node.offset = call.offset;
    node.name = argument.name;
    node.children = argument.children;
    return add(std::move(node));
  }
  const size_t arguments = call.children.size() - 1;
  if (is_namespace(syntax, call.children[0], "cel")) {
    if (call.name == "bind" && arguments == 3) {
      TRY_ASSIGN(const std::string_view name, variable_name(syntax, call.children[1]));
      return bind_variable(name, call.children[2], call.children[3], call.offset, add);
    }
    if (call.name == "block" && arguments == 2) return block(syntax, call, add);
    TRY_ASSIGN(auto name, block_name(syntax, call));
    if (name) {
      Node node;
      node.kind = NodeKind::kIdentifier;
      node.offset = call.offset;
      node.name = syntax.texts.emplace_back(std::move(*name));
      return add(std::move(node));
    }
  }
  if ((call.name == "optMap" || call.name == "optFlatMap") && arguments == 2) return optional_map(syntax, call, add);
  const auto macro = std::ranges::find_if(
      kLoops, [&](const LoopMacro& each) { return each.name == call.name && each.arguments == arguments; });
  if (macro != kLoops.end()) return loop(syntax, std::move(call), *macro, add);
  return add(std::move(call));
}

}  // namespace bulkhead::cel
