// The syntax tree of an expression, macros already expanded. Nodes stand in one vector and name each other by index.
// Source: cel-spec, langdef.md, "Syntax" and "Macros"; extensions: two-variable comprehensions, optionals, bindings and
// blocks of cel-go's `ext`.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "cel/value.h"

namespace bulkhead::cel {

using NodeId = uint32_t;

enum class NodeKind : uint8_t {
  kLiteral,
  kIdentifier,  // name
  kSelect,      // children[0].name; `optional`: .?name
  kPresence,    // has(children[0].name)
  kIndex,       // children[0][children[1]]; `optional`: [?
  kCall,        // name(children…); `member`: children[0].name(children[1]…)
  kAnd,
  kOr,
  kConditional,    // children[0] ? children[1] : children[2]
  kList,           // children
  kMap,            // children: key, value, key, value …
  kMessage,        // name{…}: has no meaning here, and says so when it is checked or compiled
  kBind,           // children[1] with variables[0] standing for children[0]
  kComprehension,  // see below
};

// What becomes of the elements of children[0], of which variables[0] (and [1]) are the names.
enum class Loop : uint8_t {
  kAll,  // children[1]: predicate
  kExists,
  kExistsOne,
  kList,        // children.back(): element; children[1], if there are three: predicate
  kFilter,      // children[1]: predicate; the elements that meet it
  kMapValues,   // as kList, values of a map with the same keys
  kMapEntries,  // as kList, of maps with one entry each
};

struct Node {
  NodeKind kind = NodeKind::kLiteral;
  bool optional = false;
  bool member = false;
  bool absolute = false;  // kIdentifier, kCall: written with a leading dot
  Loop loop = Loop::kAll;
  uint32_t offset = 0;  // in the source
  uint32_t depth = 1;   // of the tree below
  std::string_view name{};
  Value literal{};
  std::vector<NodeId> children{};
  std::vector<std::string_view> variables{};
  std::vector<bool> optional_entries{};  // kList: by child, kMap: by entry; empty: none is
};

struct Syntax {
  std::string source;
  std::vector<Node> nodes;
  std::deque<std::string> texts;  // what names and literals point at
  NodeId root = 0;

  const Node& operator[](NodeId id) const { return nodes[id]; }
};

// "line 2, column 7"; columns count bytes, both from 1.
std::string position_text(std::string_view source, uint32_t offset);

}  // namespace bulkhead::cel
