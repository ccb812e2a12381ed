#include "cel/parser.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>

#include <fmt/format.h>

#include "cel/lexer.h"
#include "cel/macros.h"

namespace bulkhead::cel {
namespace {

class Parser {
 public:
  Parser(std::string_view text, const ParseLimits& limits) : limits_(limits), syntax_(std::make_unique<Syntax>()) {
    syntax_->source = text;
    lexer_ = Lexer(syntax_->source);
  }

  Result<std::unique_ptr<const Syntax>> run() {
    TRY(advance());
    TRY_ASSIGN(syntax_->root, expression());
    if (token_.kind != TokenKind::kEnd) return error("the expression should end here");
    return std::move(syntax_);
  }

 private:
  // ---- Tokens
  Status advance() {
    TRY_ASSIGN(token_, lexer_.next());
    return {};
  }
  bool at(std::string_view symbol) const { return token_.kind == TokenKind::kSymbol && token_.text == symbol; }
  bool at_word(std::string_view word) const { return token_.kind == TokenKind::kIdentifier && token_.text == word; }
  Result<bool> take(std::string_view symbol) {
    if (!at(symbol)) return false;
    TRY(advance());
    return true;
  }
  Status expect(std::string_view symbol) {
    if (!at(symbol)) return error(fmt::format("\"{}\" is missing", symbol));
    return advance();
  }
  std::unexpected<Error> error(std::string_view what) const { return error(token_.offset, what); }
  std::unexpected<Error> error(uint32_t offset, std::string_view what) const {
    return fail(Code::kMalformed, fmt::format("{}: {}", position_text(syntax_->source, offset), what));
  }

  // ---- Nodes
  Result<NodeId> add(Node node) {
    for (const NodeId child : node.children) node.depth = std::max(node.depth, (*syntax_)[child].depth + 1);
    if (node.depth > limits_.max_depth)
      return fail(limit_error("nested parts of an expression", limits_.max_depth, ""));
    if (syntax_->nodes.size() >= limits_.max_nodes)
      return fail(limit_error("parts of an expression", limits_.max_nodes, ""));
    syntax_->nodes.push_back(std::move(node));
    return static_cast<NodeId>(syntax_->nodes.size() - 1);
  }
  std::string_view keep(std::string text) { return syntax_->texts.emplace_back(std::move(text)); }
  static Node make(NodeKind kind, uint32_t offset, std::vector<NodeId> children = {}) {
    Node node;
    node.kind = kind;
    node.offset = offset;
    node.children = std::move(children);
    return node;
  }
  Result<NodeId> literal(uint32_t offset, Value value) {
    Node node = make(NodeKind::kLiteral, offset);
    node.literal = value;
    return add(std::move(node));
  }
  Result<NodeId> call(uint32_t offset, std::string_view name, std::vector<NodeId> arguments) {
    Node node = make(NodeKind::kCall, offset, std::move(arguments));
    node.name = name;
    return add(std::move(node));
  }

  // ---- Grammar, from the loosest operator to the tightest
  Result<NodeId> expression() {
    const Nested nested(nesting_);
    if (nesting_ > limits_.max_depth) return fail(limit_error("nested parts of an expression", limits_.max_depth, ""));
    TRY_ASSIGN(const NodeId condition, logic(NodeKind::kOr, "||"));
    const uint32_t offset = token_.offset;
    TRY_ASSIGN(const bool conditional, take("?"));
    if (!conditional) return condition;
    TRY_ASSIGN(const NodeId yes, logic(NodeKind::kOr, "||"));
    TRY(expect(":"));
    TRY_ASSIGN(const NodeId no, expression());
    return add(make(NodeKind::kConditional, offset, {condition, yes, no}));
  }

  Result<NodeId> logic(NodeKind kind, std::string_view symbol) {
    const auto operand = [&] { return kind == NodeKind::kOr ? logic(NodeKind::kAnd, "&&") : relation(); };
    TRY_ASSIGN(NodeId left, operand());
    while (at(symbol)) {
      const uint32_t offset = token_.offset;
      TRY(advance());
      TRY_ASSIGN(const NodeId right, operand());
      TRY_ASSIGN(left, add(make(kind, offset, {left, right})));
    }
    return left;
  }

  struct Operator {
    std::string_view symbol;
    std::string_view function;
  };
  template <size_t N>
  const Operator* operator_here(const std::array<Operator, N>& operators) const {
    const auto it = std::ranges::find_if(operators, [&](const Operator& each) { return at(each.symbol); });
    return it == operators.end() ? nullptr : &*it;
  }

  Result<NodeId> relation() {
    static constexpr std::array<Operator, 6> kOperators = {
        {{"<", "_<_"}, {"<=", "_<=_"}, {">=", "_>=_"}, {">", "_>_"}, {"==", "_==_"}, {"!=", "_!=_"}}};
    TRY_ASSIGN(NodeId left, addition());
    for (;;) {
      const uint32_t offset = token_.offset;
      const Operator* op = operator_here(kOperators);
      if (op == nullptr && !at_word("in")) return left;
      TRY(advance());
      TRY_ASSIGN(const NodeId right, addition());
      TRY_ASSIGN(left, call(offset, op != nullptr ? op->function : "@in", {left, right}));
    }
  }

  Result<NodeId> addition() {
    static constexpr std::array<Operator, 2> kOperators = {{{"+", "_+_"}, {"-", "_-_"}}};
    TRY_ASSIGN(NodeId left, multiplication());
    for (;;) {
      const uint32_t offset = token_.offset;
      const Operator* op = operator_here(kOperators);
      if (op == nullptr) return left;
      TRY(advance());
      TRY_ASSIGN(const NodeId right, multiplication());
      TRY_ASSIGN(left, call(offset, op->function, {left, right}));
    }
  }

  Result<NodeId> multiplication() {
    static constexpr std::array<Operator, 3> kOperators = {{{"*", "_*_"}, {"/", "_/_"}, {"%", "_%_"}}};
    TRY_ASSIGN(NodeId left, unary());
    for (;;) {
      const uint32_t offset = token_.offset;
      const Operator* op = operator_here(kOperators);
      if (op == nullptr) return left;
      TRY(advance());
      TRY_ASSIGN(const NodeId right, unary());
      TRY_ASSIGN(left, call(offset, op->function, {left, right}));
    }
  }

  Result<NodeId> unary() {
    const uint32_t offset = token_.offset;
    size_t nots = 0;
    size_t minuses = 0;
    while (at("!")) {
      TRY(advance());
      ++nots;
    }
    if (nots == 0) {
      while (at("-")) {
        TRY(advance());
        ++minuses;
      }
    }
    // The sign of a number belongs to it: -9223372036854775808 is a number, its positive half is none.
    const bool number = token_.kind == TokenKind::kInt || token_.kind == TokenKind::kDouble;
    const bool signed_number = minuses > 0 && number;
    TRY_ASSIGN(NodeId node, member(signed_number));
    for (size_t i = signed_number ? 1 : 0; i < minuses; ++i) {
      TRY_ASSIGN(node, call(offset, "-_", {node}));
    }
    for (size_t i = 0; i < nots; ++i) {
      TRY_ASSIGN(node, call(offset, "!_", {node}));
    }
    return node;
  }

  Result<NodeId> member(bool negative) {
    TRY_ASSIGN(NodeId node, primary(negative));
    for (;;) {
      const uint32_t offset = token_.offset;
      if (at(".")) {
        TRY(advance());
        TRY_ASSIGN(node, selection(node, offset));
      } else if (at("[")) {
        TRY(advance());
        TRY_ASSIGN(const bool optional, take("?"));
        TRY_ASSIGN(const NodeId index, expression());
        TRY(expect("]"));
        Node indexed = make(NodeKind::kIndex, offset, {node, index});
        indexed.optional = optional;
        TRY_ASSIGN(node, add(std::move(indexed)));
      } else if (at("{")) {
        TRY_ASSIGN(node, message(node));
      } else {
        return node;
      }
    }
  }

  // What follows the dot.
  Result<NodeId> selection(NodeId operand, uint32_t offset) {
    TRY_ASSIGN(const bool optional, take("?"));
    if (token_.kind != TokenKind::kIdentifier && token_.kind != TokenKind::kQuoted) {
      return error("the name of a field is missing after the dot");
    }
    if (at_word("in") || at_word("true") || at_word("false") || at_word("null")) {
      return error(fmt::format("\"{}\" is no name", token_.text));
    }
    const bool quoted = token_.kind == TokenKind::kQuoted;
    const std::string_view name = token_.text;
    TRY(advance());
    if (!optional && !quoted && at("(")) {
      TRY(advance());
      Node node = make(NodeKind::kCall, offset);
      node.name = name;
      node.member = true;
      node.children.push_back(operand);
      TRY(list_until(")", node.children));
      return finish_call(std::move(node));
    }
    Node node = make(NodeKind::kSelect, offset, {operand});
    node.name = name;
    node.optional = optional;
    return add(std::move(node));
  }

  Result<NodeId> finish_call(Node node) {
    return expand_macro(*syntax_, std::move(node), [this](Node each) { return add(std::move(each)); });
  }

  // Messages of protocol buffers: their fields are read, and mean nothing.
  Result<NodeId> message(NodeId type) {
    Node node = make(NodeKind::kMessage, token_.offset, {type});
    const NodeKind kind = (*syntax_)[type].kind;
    if (kind != NodeKind::kIdentifier && kind != NodeKind::kSelect) return error("\"{\" is not expected here");
    node.name = (*syntax_)[type].name;
    TRY(advance());
    while (!at("}")) {
      TRY(take("?"));
      if (token_.kind != TokenKind::kIdentifier && token_.kind != TokenKind::kQuoted)
        return error("a field's name is missing");
      TRY(advance());
      TRY(expect(":"));
      TRY_ASSIGN(const NodeId value, expression());
      node.children.push_back(value);
      TRY_ASSIGN(const bool more, take(","));
      if (!more) break;
    }
    TRY(expect("}"));
    return add(std::move(node));
  }

  // Expressions separated by commas, and the closing symbol.
  Status list_until(std::string_view close, std::vector<NodeId>& into) {
    while (!at(close)) {
      TRY_ASSIGN(const NodeId element, expression());
      into.push_back(element);
      TRY_ASSIGN(const bool more, take(","));
      if (!more) break;
      if (at(close) && close == ")") return error("an argument is missing after the comma");
    }
    return expect(close);
  }

  Result<NodeId> primary(bool negative) {
    const uint32_t offset = token_.offset;
    switch (token_.kind) {
      case TokenKind::kInt:
      case TokenKind::kUint:
      case TokenKind::kDouble:
        return number(negative);
      case TokenKind::kString:
      case TokenKind::kBytes: {
        const bool bytes = token_.kind == TokenKind::kBytes;
        const std::string_view text = keep(std::move(token_.value));
        TRY(advance());
        return literal(offset, bytes ? Value::bytes(text) : Value::string(text));
      }
      case TokenKind::kIdentifier:
        return identifier(false);
      case TokenKind::kEnd:
        return error("the expression ends too early");
      default:
        break;
    }
    TRY_ASSIGN(const bool open, take("("));
    if (open) {
      TRY_ASSIGN(const NodeId inner, expression());
      TRY(expect(")"));
      return inner;
    }
    if (at("[")) return list();
    if (at("{")) return map();
    TRY_ASSIGN(const bool dot, take("."));
    if (dot && token_.kind == TokenKind::kIdentifier) return identifier(true);
    return error("a value is missing here");
  }

  Result<NodeId> identifier(bool absolute) {
    const uint32_t offset = token_.offset;
    const std::string_view name = token_.text;
    if (!absolute) {
      if (name == "true" || name == "false") {
        TRY(advance());
        return literal(offset, Value::boolean(name == "true"));
      }
      if (name == "null") {
        TRY(advance());
        return literal(offset, Value());
      }
    }
    if (is_reserved(name) || name == "in") return error(fmt::format("\"{}\" is a reserved word", name));
    TRY(advance());
    Node node = make(at("(") ? NodeKind::kCall : NodeKind::kIdentifier, offset);
    node.name = name;
    node.absolute = absolute;
    if (node.kind == NodeKind::kIdentifier) return add(std::move(node));
    TRY(advance());
    TRY(list_until(")", node.children));
    return finish_call(std::move(node));
  }

  Result<NodeId> number(bool negative) {
    const uint32_t offset = token_.offset;
    const TokenKind kind = token_.kind;
    const std::string text = (negative ? "-" : "") + std::string(token_.text);
    TRY(advance());
    if (kind == TokenKind::kDouble) return literal(offset, Value::number(std::strtod(text.c_str(), nullptr)));
    std::string_view digits = token_digits(text, negative);
    const int base = digits.size() != text.size() - (negative ? 1 : 0) ? 16 : 10;
    uint64_t magnitude = 0;
    const auto [end, code] = std::from_chars(digits.data(), digits.data() + digits.size(), magnitude, base);
    const uint64_t bound =
        kind == TokenKind::kUint ? UINT64_MAX : static_cast<uint64_t>(INT64_MAX) + (negative ? 1 : 0);
    if (code != std::errc() || magnitude > bound) return error(offset, "a number is out of range");
    if (kind == TokenKind::kUint) return literal(offset, Value::unsigned_integer(magnitude));
    return literal(offset, Value::integer(static_cast<int64_t>(negative ? 0 - magnitude : magnitude)));
  }

  // Without sign and 0x.
  static std::string_view token_digits(std::string_view text, bool negative) {
    if (negative) text.remove_prefix(1);
    if (text.starts_with("0x") || text.starts_with("0X")) text.remove_prefix(2);
    return text;
  }

  Result<NodeId> list() {
    Node node = make(NodeKind::kList, token_.offset);
    TRY(advance());
    bool any_optional = false;
    while (!at("]")) {
      TRY_ASSIGN(const bool optional, take("?"));
      any_optional = any_optional || optional;
      TRY_ASSIGN(const NodeId element, expression());
      node.children.push_back(element);
      node.optional_entries.push_back(optional);
      TRY_ASSIGN(const bool more, take(","));
      if (!more) break;
    }
    TRY(expect("]"));
    if (!any_optional) node.optional_entries.clear();
    return add(std::move(node));
  }

  Result<NodeId> map() {
    Node node = make(NodeKind::kMap, token_.offset);
    TRY(advance());
    bool any_optional = false;
    while (!at("}")) {
      TRY_ASSIGN(const bool optional, take("?"));
      any_optional = any_optional || optional;
      TRY_ASSIGN(const NodeId key, expression());
      TRY(expect(":"));
      TRY_ASSIGN(const NodeId value, expression());
      node.children.push_back(key);
      node.children.push_back(value);
      node.optional_entries.push_back(optional);
      TRY_ASSIGN(const bool more, take(","));
      if (!more) break;
    }
    TRY(expect("}"));
    if (!any_optional) node.optional_entries.clear();
    return add(std::move(node));
  }

  struct Nested {
    explicit Nested(uint32_t& depth) : depth_(depth) { ++depth_; }
    ~Nested() { --depth_; }
    Nested(const Nested&) = delete;
    Nested& operator=(const Nested&) = delete;
    uint32_t& depth_;
  };

  const ParseLimits& limits_;
  std::unique_ptr<Syntax> syntax_;
  Lexer lexer_{{}};
  Token token_;
  uint32_t nesting_ = 0;
};

}  // namespace

Result<std::unique_ptr<const Syntax>> parse(std::string_view text, const ParseLimits& limits) {
  if (text.size() > limits.max_bytes) return fail(limit_error("bytes of an expression", limits.max_bytes, ""));
  return Parser(text, limits).run();
}

}  // namespace bulkhead::cel
