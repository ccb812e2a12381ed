#include "cel/case_file.h"

#include <charconv>
#include <cmath>
#include <cstdlib>
#include <optional>
#include <vector>

#include <fmt/format.h>

#include "base/json.h"
#include "cel/program.h"
#include "cel/utf8.h"

namespace bulkhead::cel {
namespace {

constexpr size_t kMaxArena = size_t{8} << 20;

// The message of a kUnsupported error: the case is left out.
std::unexpected<Error> message_of_protobuf(std::string_view what) {
  return fail(Code::kUnsupported, fmt::format("needs protocol buffers ({})", what));
}

class CaseReader {
 public:
  explicit CaseReader(Arena& arena) : arena_(arena) {}

  Result<Value> value(json::Value given) {
    if (given.find("enum")) return message_of_protobuf("enum");
    if (!given.is_object() || given.size() != 1) return fail(Code::kMalformed, "a value is an object with one member");
    const json::Member member = *given.members().begin();
    const std::string_view kind = member.key;
    if (kind == "null") return Value();
    if (kind == "bool" && member.value.boolean()) return Value::boolean(*member.value.boolean());
    if (kind == "list") return list(member.value);
    if (kind == "map") return map(member.value);
    if (const auto text = member.value.string()) {
      if (kind == "int64") return number<int64_t>(*text, Value::integer);
      if (kind == "uint64") return number<uint64_t>(*text, Value::unsigned_integer);
      if (kind == "double") return Value::number(std::strtod(std::string(*text).c_str(), nullptr));
      if (kind == "string") return Value::string(*text);
      if (kind == "bytes_hex") return bytes(*text);
      if (kind == "type") return Value::type(*text);
    }
    return message_of_protobuf(kind);
  }

 private:
  template <typename T>
  static Result<Value> number(std::string_view text, Value (*make)(T)) {
    T result{};
    const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), result);
    if (code != std::errc() || end != text.data() + text.size()) {
      return fail(Code::kMalformed, fmt::format("\"{}\" is no whole number", text));
    }
    return make(result);
  }

  Result<Value> bytes(std::string_view hex) {
    std::string decoded;
    for (size_t i = 0; i + 1 < hex.size(); i += 2) {
      unsigned byte = 0;
      const auto [end, code] = std::from_chars(hex.data() + i, hex.data() + i + 2, byte, 16);
      if (code != std::errc() || end != hex.data() + i + 2)
        return fail(Code::kMalformed, "bytes_hex is not hexadecimal");
      decoded += static_cast<char>(byte);
    }
    return copy_text(arena_, Kind::kBytes, decoded);
  }

  Result<Value> list(json::Value given) {
    std::vector<Value> elements;
    for (const json::Value element : given.elements()) {
      TRY_ASSIGN(const Value each, value(element));
      elements.push_back(each);
    }
    Value* kept = arena_.allocate<Value>(elements.size());
    if (kept == nullptr) return fail(Code::kLimitExceeded, "the case is too large");
    std::uninitialized_copy(elements.begin(), elements.end(), kept);
    return Value::list({kept, elements.size()});
  }

  Result<Value> map(json::Value given) {
    std::vector<Entry> entries;
    for (const json::Value pair : given.elements()) {
      std::vector<Value> both;
      for (const json::Value each : pair.elements()) {
        TRY_ASSIGN(const Value half, value(each));
        both.push_back(half);
      }
      if (both.size() != 2) return fail(Code::kMalformed, "an entry of a map is a pair");
      entries.push_back({both[0], both[1]});
    }
    Entry* kept = arena_.allocate<Entry>(entries.size());
    if (kept == nullptr) return fail(Code::kLimitExceeded, "the case is too large");
    std::uninitialized_copy(entries.begin(), entries.end(), kept);
    return Value::map({kept, entries.size()});
  }

  Arena& arena_;
};

// As `==`, but that kinds have to agree, and that NaN is itself.
bool same(const Value& a, const Value& b) {
  if (a.kind() != b.kind()) return false;
  if (a.is(Kind::kDouble) && std::isnan(a.as_double())) return std::isnan(b.as_double());
  return equal(a, b);
}

// Collections of cases are made from protocol buffers' text format, some of whose escapes (\u, \U, \?) have been left
// in the values that the public ones expect.
std::string unescaped(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size();) {
    const std::string_view rest = text.substr(i);
    const size_t digits = rest.starts_with("\\u") ? 4 : rest.starts_with("\\U") ? 8 : 0;
    uint32_t code = 0;
    if (digits != 0 && 2 + digits <= rest.size()) {
      const char* begin = rest.data() + 2;
      const auto [end, error] = std::from_chars(begin, begin + digits, code, 16);
      if (error == std::errc() && end == begin + digits && append_utf8(out, code)) {
        i += 2 + digits;
        continue;
      }
    }
    if (rest.starts_with("\\?")) ++i;
    out += text[i++];
  }
  return out;
}

bool meets(const Value& result, const Value& expected) {
  if (same(result, expected)) return true;
  const bool texts = result.is(Kind::kString) || result.is(Kind::kBytes);
  return texts && result.kind() == expected.kind() && unescaped(expected.as_text()) == result.as_text();
}

TypeRef declared_type(const Value& value, TypePool& pool) {
  switch (value.kind()) {
    case Kind::kBool:
      return simple_type(TypeKind::kBool);
    case Kind::kInt:
      return simple_type(TypeKind::kInt);
    case Kind::kUint:
      return simple_type(TypeKind::kUint);
    case Kind::kDouble:
      return simple_type(TypeKind::kDouble);
    case Kind::kString:
      return simple_type(TypeKind::kString);
    case Kind::kBytes:
      return simple_type(TypeKind::kBytes);
    case Kind::kList:
      return pool.list(simple_type(TypeKind::kDyn));
    case Kind::kMap:
      return pool.map(simple_type(TypeKind::kDyn), simple_type(TypeKind::kDyn));
    default:
      return simple_type(TypeKind::kDyn);
  }
}

struct Expected {
  bool error = false;
  bool only_types = false;
  Value value;
};

Result<Expected> expected_of(json::Value given, CaseReader& reader) {
  Expected expected;
  if (given.find("error")) {
    expected.error = true;
    return expected;
  }
  const auto value = given.find("value");
  if (!value) return fail(Code::kMalformed, "a case has a value or an error");
  if (value->find("unset")) {
    expected.only_types = true;
    return expected;
  }
  TRY_ASSIGN(expected.value, reader.value(*value));
  return expected;
}

// Empty: it passed. kUnsupported: it is left out.
Result<std::string> judge(json::Value given) {
  Arena inputs(kMaxArena);
  CaseReader reader(inputs);
  TRY_ASSIGN(const std::string_view expression, given.require_string("expr"));
  TRY_ASSIGN(const Expected expected, expected_of(given, reader));

  const std::string_view container = given.string_or("container", "");
  if (container.starts_with("cel.expr.conformance")) return message_of_protobuf(container);
  Environment environment{std::string(container)};
  std::vector<Value> variables;
  if (const auto bindings = given.find("bindings")) {
    for (const json::Member binding : bindings->members()) {
      TRY_ASSIGN(const Value value, reader.value(binding.value));
      environment.declare(std::string(binding.key), declared_type(value, environment.types()));
      variables.push_back(value);
    }
  }
  const auto no_check = given.find("disable_check");
  const bool check = !no_check || !no_check->boolean().value_or(false);
  auto program = Program::compile(expression, environment, {.check = check});
  if (!program) {
    if (program.error().code() == Code::kUnsupported) return message_of_protobuf("it makes messages");
    if (expected.only_types) {
      return fail(Code::kUnsupported, "declares names of its own, which the line does not carry");
    }
    return expected.error ? std::string() : program.error().to_string();
  }
  if (expected.only_types) return std::string();
  Arena arena(kMaxArena);
  TRY_ASSIGN(const Value result, program->evaluate(variables, arena));
  if (expected.error) return result.is_error() ? std::string() : fmt::format("is {}, not an error", describe(result));
  if (meets(result, expected.value)) return std::string();
  return fmt::format("is {}, not {}", describe(result), describe(expected.value));
}

}  // namespace

Result<CaseResult> run_case(std::string_view line) {
  TRY_ASSIGN(const json::Document document, json::Document::parse(line, {.max_bytes = size_t{1} << 20}));
  const json::Value given = document.root();
  CaseResult result;
  for (const std::string_view part : {"file", "section", "name"}) {
    const std::string_view text = given.string_or(part, "");
    if (!text.empty()) result.name += (result.name.empty() ? "" : "/") + std::string(text);
  }
  auto reason = judge(given);
  if (!reason) {
    if (reason.error().code() == Code::kMalformed && !given.find("expr")) return fail(std::move(reason).error());
    const bool unsupported = reason.error().code() == Code::kUnsupported;
    result.outcome = unsupported ? CaseOutcome::kLeftOut : CaseOutcome::kFailed;
    result.reason = reason.error().to_string();
  } else if (!reason->empty()) {
    result.outcome = CaseOutcome::kFailed;
    result.reason = std::move(*reason);
  }
  return result;
}

}  // namespace bulkhead::cel
