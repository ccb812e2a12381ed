#include "base/xml.h"

#include <memory>
#include <type_traits>

#include <expat.h>
#include <fmt/format.h>

#include "base/text.h"

namespace bulkhead::xml {

// One tree in flat arrays that are reused from element to element. Index 0 is no element.
class Tree {
 public:
  struct Slice {
    uint32_t begin = 0;
    uint32_t size = 0;
  };
  struct Attribute {
    Slice name;
    Slice value;
  };
  struct Node {
    Slice name;
    Slice text;
    uint32_t first_attribute = 0;
    uint32_t attribute_count = 0;
    uint32_t first_child = 0;
    uint32_t last_child = 0;
    uint32_t next_sibling = 0;
  };

  void clear() {
    nodes_.assign(1, Node{});
    attributes_.clear();
    bytes_.clear();
  }

  size_t byte_count() const { return bytes_.size(); }
  size_t element_count() const { return nodes_.size() - 1; }

  Slice store(std::string_view text) {
    const Slice slice{.begin = static_cast<uint32_t>(bytes_.size()), .size = static_cast<uint32_t>(text.size())};
    bytes_.append(text);
    return slice;
  }

  uint32_t add(uint32_t parent, std::string_view name) {
    const auto index = static_cast<uint32_t>(nodes_.size());
    Node& node = nodes_.emplace_back();
    node.name = store(name);
    node.first_attribute = static_cast<uint32_t>(attributes_.size());
    if (parent != 0) {
      uint32_t& link =
          nodes_[parent].last_child == 0 ? nodes_[parent].first_child : nodes_[nodes_[parent].last_child].next_sibling;
      link = index;
      nodes_[parent].last_child = index;
    }
    return index;
  }

  void add_attribute(uint32_t node, std::string_view name, std::string_view value) {
    attributes_.push_back({.name = store(name), .value = store(value)});
    ++nodes_[node].attribute_count;
  }

  void set_text(uint32_t node, std::string_view text) { nodes_[node].text = store(text); }

  const Node& node(uint32_t index) const { return nodes_[index]; }
  std::span<const Attribute> attributes(const Node& node) const {
    return std::span(attributes_).subspan(node.first_attribute, node.attribute_count);
  }
  std::string_view view(Slice slice) const { return std::string_view(bytes_).substr(slice.begin, slice.size); }

  Element element(uint32_t index) const {
    Element element;
    element.tree_ = this;
    element.index_ = index;
    return element;
  }

 private:
  std::vector<Node> nodes_{1};
  std::vector<Attribute> attributes_;
  std::string bytes_;
};

namespace {

std::string_view local_name(std::string_view name) {
  return name.substr(name.rfind(':') + 1);
}

class Reader {
 public:
  Reader(size_t depth, const Limits& limits, const Visitor& visit) : depth_(depth), limits_(limits), visit_(visit) {}

  Status read(BlockSource& source) {
    const std::unique_ptr<std::remove_pointer_t<XML_Parser>, void (*)(XML_Parser)> parser(XML_ParserCreate(nullptr),
                                                                                          XML_ParserFree);
    if (parser == nullptr) return fail(Code::kInternal, "XML: no memory for a parser");
    parser_ = parser.get();
    XML_SetUserData(parser_, this);
    XML_SetElementHandler(parser_, on_start, on_end);
    XML_SetCharacterDataHandler(parser_, on_text);
    XML_SetStartDoctypeDeclHandler(parser_, on_doctype);
    size_t bytes = 0;
    for (;;) {
      TRY_ASSIGN(const ByteSpan block, source.next());
      bytes += block.size();
      if (bytes > limits_.max_bytes)
        return fail(limit_error("bytes in an XML document", limits_.max_bytes, limits_.options.bytes));
      const bool last = block.empty();
      if (XML_Parse(parser_, reinterpret_cast<const char*>(block.data()), static_cast<int>(block.size()),
                    last ? 1 : 0) != XML_STATUS_OK) {
        if (!stopped_) return stopped_;
        return fail(Code::kMalformed, fmt::format("XML, line {}: {}", XML_GetCurrentLineNumber(parser_),
                                                  XML_ErrorString(XML_GetErrorCode(parser_))));
      }
      if (last) return {};
    }
  }

 private:
  static Reader& self(void* user_data) { return *static_cast<Reader*>(user_data); }

  void stop(Error error) {
    if (!stopped_) return;  // the first reason counts
    stopped_ = fail(std::move(error).with_context(fmt::format("XML, line {}", XML_GetCurrentLineNumber(parser_))));
    XML_StopParser(parser_, XML_FALSE);
  }

  static void on_doctype(void* user_data, const XML_Char*, const XML_Char*, const XML_Char*, int) {
    self(user_data).stop({Code::kMalformed, "document type declarations are not accepted"});
  }

  static void on_start(void* user_data, const XML_Char* name, const XML_Char** attributes) {
    self(user_data).start(name, attributes);
  }
  static void on_end(void* user_data, const XML_Char*) { self(user_data).end(); }
  static void on_text(void* user_data, const XML_Char* text, int size) {
    self(user_data).text({text, static_cast<size_t>(size)});
  }

  void start(const XML_Char* name, const XML_Char** attributes) {
    if (!stopped_) return;
    ++open_;
    if (open_ > limits_.max_depth) {
      stop(limit_error("levels of nesting in an XML document", limits_.max_depth, limits_.options.depth));
      return;
    }
    if (open_ < depth_) {
      ancestors_.emplace_back(local_name(name));
      return;
    }
    if (open_ == depth_) tree_.clear();
    if (tree_.element_count() >= limits_.max_tree_elements) {
      stop(limit_error("elements of one XML record", limits_.max_tree_elements, {}));
      return;
    }
    const uint32_t node = tree_.add(path_.empty() ? 0 : path_.back(), local_name(name));
    for (; *attributes != nullptr && within_limit(); attributes += 2) {
      tree_.add_attribute(node, local_name(attributes[0]), attributes[1]);
    }
    path_.push_back(node);
    if (texts_.size() < path_.size()) texts_.emplace_back();
    texts_[path_.size() - 1].clear();
  }

  void text(std::string_view text) {
    if (!stopped_ || path_.empty()) return;
    pending_text_bytes_ += text.size();
    if (!within_limit()) return;
    texts_[path_.size() - 1].append(text);
  }

  void end() {
    if (!stopped_) return;
    --open_;
    if (open_ + 1 < depth_) {
      ancestors_.pop_back();
      return;
    }
    std::string& text = texts_[path_.size() - 1];
    pending_text_bytes_ -= text.size();
    const uint32_t node = path_.back();
    tree_.set_text(node, trim(text));
    path_.pop_back();
    if (!path_.empty()) return;
    if (auto visited = visit_(tree_.element(node), ancestors_); !visited) stop(std::move(visited).error());
  }

  bool within_limit() {
    if (tree_.byte_count() + pending_text_bytes_ <= limits_.max_tree_bytes) return true;
    stop(limit_error("bytes of one XML record", limits_.max_tree_bytes, {}));
    return false;
  }

  const size_t depth_;
  const Limits& limits_;
  const Visitor& visit_;
  XML_Parser parser_ = nullptr;
  Status stopped_;
  size_t open_ = 0;                     // elements
  std::vector<std::string> ancestors_;  // above the tree
  Tree tree_;
  std::vector<uint32_t> path_;      // open elements of the tree
  std::vector<std::string> texts_;  // of each of them, so far; kept for their memory
  size_t pending_text_bytes_ = 0;   // in texts_, not yet in the tree
};

}  // namespace

std::string_view Element::name() const {
  return tree_->view(tree_->node(index_).name);
}

std::string_view Element::text() const {
  return tree_->view(tree_->node(index_).text);
}

std::string_view Element::attribute(std::string_view name) const {
  for (const Tree::Attribute& attribute : tree_->attributes(tree_->node(index_))) {
    if (tree_->view(attribute.name) == name) return tree_->view(attribute.value);
  }
  return {};
}

std::optional<Element> Element::child(std::string_view name) const {
  for (const Element element : children()) {
    if (element.name() == name) return element;
  }
  return std::nullopt;
}

std::string_view Element::child_text(std::string_view name) const {
  const auto found = child(name);
  return found ? found->text() : std::string_view();
}

Element::Children Element::children() const {
  Children children;
  children.first.tree_ = tree_;
  children.first.index_ = tree_->node(index_).first_child;
  return children;
}

Element Element::Iterator::operator*() const {
  return tree_->element(index_);
}

Element::Iterator& Element::Iterator::operator++() {
  index_ = tree_->node(index_).next_sibling;
  return *this;
}

Status for_each_element(BlockSource& source, size_t depth, const Limits& limits, const Visitor& visit) {
  return Reader(depth, limits, visit).read(source);
}

}  // namespace bulkhead::xml
