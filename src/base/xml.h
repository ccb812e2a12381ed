// XML in, as a stream of small trees: the document is read block by block, and each element at a given depth is handed
// over as a tree when it is complete; nothing else of the document is kept. For feeds of any size whose records are
// such elements (OVAL: depth 3, updateinfo: depth 2). Over expat, which stays out of our headers.
//
// Names are local names: prefixes are cut off, name spaces are not looked up. Refused as kMalformed: document type
// declarations (and with them every entity but XML's five), ill-formed XML, invalid characters. kLimitExceeded names
// the limit. Trust of the input: none. Stateless; a tree belongs to its visit. Source: W3C, Extensible Markup Language
// (XML) 1.0, fifth edition.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/block_source.h"
#include "base/document_options.h"
#include "base/result.h"

namespace bulkhead::xml {

struct Limits {
  size_t max_bytes = size_t{512} << 20;  // of the document
  size_t max_depth = 64;                 // of open elements
  // No option raises these two, which their errors say.
  size_t max_tree_bytes = size_t{64} << 20;  // of the names, attributes and text of one tree
  size_t max_tree_elements = 1'000'000;
  DocumentOptions options{};
};

class Tree;

// A small handle into a tree; valid during the visit.
class Element {
 public:
  std::string_view name() const;
  // The character data directly inside this element, without white space at both ends.
  std::string_view text() const;
  // Empty when there is none.
  std::string_view attribute(std::string_view name) const;

  // The first child of that name.
  std::optional<Element> child(std::string_view name) const;
  // The text of the first child of that name; empty when there is none.
  std::string_view child_text(std::string_view name) const;

  class Iterator {
   public:
    Element operator*() const;
    Iterator& operator++();
    bool operator==(const Iterator& other) const { return index_ == other.index_; }

   private:
    friend class Element;
    const Tree* tree_ = nullptr;
    uint32_t index_ = 0;
  };
  struct Children {
    Iterator first;
    Iterator begin() const { return first; }
    Iterator end() const { return {}; }
  };
  Children children() const;  // in document order

 private:
  friend class Tree;
  const Tree* tree_ = nullptr;
  uint32_t index_ = 0;
};

// Called with each element at the depth and the names of the elements around it, the root's first.
using Visitor = std::function<Status(const Element& element, std::span<const std::string> ancestors)>;

// `depth` is 1 for the root. An error of the visitor ends the reading and is returned. A document that ends before its
// root element is closed, or holds none, is kMalformed.
Status for_each_element(BlockSource& source, size_t depth, const Limits& limits, const Visitor& visit);

}  // namespace bulkhead::xml
