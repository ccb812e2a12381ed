#include "policy/bundle.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "base/date.h"
#include "base/fs.h"
#include "base/text.h"
#include "cel/json_value.h"
#include "policy/bundle_reader.h"
#include "policy/fact_schema.h"

namespace bulkhead::policy {
namespace {

constexpr size_t kMaxFileBytes = size_t{4} << 20;
constexpr size_t kMaxFiles = 1'000;
constexpr size_t kMaxRules = 20'000;
constexpr size_t kMaxMemory = size_t{256} << 20;  // of parameters

constexpr auto kActions = std::to_array<std::string_view>({"deny", "warn", "audit"});

using Place = BundleDocument::Place;

}  // namespace

std::string_view action_name(Action action) {
  return kActions.at(static_cast<size_t>(action));
}

struct Bundle::Memory {
  cel::Arena arena{kMaxMemory};
  std::deque<cel::Environment> environments;
};

class BundleCompiler {
 public:
  Result<Bundle> run(std::vector<BundleFile> files) {
    std::ranges::sort(files, {}, &BundleFile::name);
    Hasher digest(Digest::Algorithm::kSha256);
    std::deque<BundleDocument> documents;
    for (const BundleFile& file : files) {
      const std::string name = std::filesystem::path(file.name).filename();
      digest.update(as_bytes(fmt::format("{} {}\n", name, file.text.size())));
      digest.update(as_bytes(file.text));
      TRY_ASSIGN(auto document, BundleDocument::parse(file));
      documents.push_back(std::move(document));
    }
    for (const BundleDocument& document : documents) TRY(read_head(document));
    // Rules of all files first: mappings and exceptions name them.
    for (const BundleDocument& document : documents) TRY(read_rules(document));
    for (const BundleDocument& document : documents) TRY(read_mappings(document));
    for (const BundleDocument& document : documents) TRY(read_exceptions(document));
    if (bundle_.rules.empty()) return fail(Code::kInvalidArgument, "the bundle has no rules", "write a list \"rules\"");
    if (bundle_.mappings.empty()) {
      Mapping everything{.name = "everything", .scope = {}, .rules = {}};
      for (size_t i = 0; i < bundle_.rules.size(); ++i) everything.rules.push_back(i);
      bundle_.mappings.push_back(std::move(everything));
    }
    bundle_.digest = digest.finish();
    bundle_.memory_ = std::move(memory_);
    return std::move(bundle_);
  }

 private:
  Status read_head(const BundleDocument& document) {
    const Place root = document.root();
    TRY(document.require_members(
        root, {"policy", "name", "version", "description", "unmapped", "mappings", "rules", "exceptions"}));
    const auto format = document.member(root, "policy");
    if (!format || format->value.integer() != 1) {
      return document.error(format.value_or(root), "this is no bundle of a format that is known",
                            "begin it with the line: policy: 1");
    }
    for (auto [name, target] : {std::pair("name", &bundle_.name), std::pair("version", &bundle_.version),
                                std::pair("description", &bundle_.description)}) {
      TRY_ASSIGN(std::string text, document.text(root, name));
      if (text.empty()) continue;
      if (!target->empty()) {
        return document.error(*document.member(root, name),
                              fmt::format("another file of the bundle has a {}, too", name));
      }
      *target = std::move(text);
    }
    TRY_ASSIGN(const std::string unmapped, document.text(root, "unmapped"));
    if (unmapped.empty()) return {};
    if (std::exchange(unmapped_said_, true)) {
      return document.error(*document.member(root, "unmapped"), "another file of the bundle says \"unmapped\", too");
    }
    if (unmapped != "deny" && unmapped != "allow") {
      return document.error(*document.member(root, "unmapped"), "what no mapping fits is either \"deny\" or \"allow\"");
    }
    bundle_.deny_unmapped = unmapped == "deny";
    return {};
  }

  // ---- Rules
  Status read_rules(const BundleDocument& document) {
    TRY_ASSIGN(const auto places, document.elements(document.root(), "rules"));
    for (const Place& place : places) {
      if (bundle_.rules.size() >= kMaxRules) return fail(limit_error("rules of a bundle", kMaxRules, ""));
      TRY_ASSIGN(Rule rule, read_rule(document, place));
      if (!by_name_.emplace(rule.name, bundle_.rules.size()).second) {
        return document.error(place, fmt::format("another rule is called \"{}\", too", printable(rule.name)));
      }
      bundle_.rules.push_back(std::move(rule));
    }
    return {};
  }

  Result<Rule> read_rule(const BundleDocument& document, const Place& place) {
    TRY(document.require_members(place, {"name", "rule", "with", "action", "title", "when", "each", "deny_if",
                                         "require", "subject", "message", "message_expression"}));
    Rule rule;
    rule.file = document.file();
    rule.line = document.line(place);
    TRY_ASSIGN(rule.id, document.text(place, "rule"));
    TRY_ASSIGN(rule.name, document.text(place, "name"));
    if (rule.name.empty()) rule.name = rule.id;
    if (rule.name.empty()) return document.error(place, "a rule has a \"name\"");
    TRY_ASSIGN(rule.title, document.text(place, "title"));
    TRY_ASSIGN(rule.action, read_action(document, place));
    TRY_ASSIGN(rule.each, document.text(place, "each"));
    TRY_ASSIGN(rule.message_text, document.text(place, "message"));

    const CatalogueRule* known = nullptr;
    if (!rule.id.empty()) {
      known = find_rule(rule.id);
      const Place id = *document.member(place, "rule");
      if (known == nullptr) {
        return document.error(id, fmt::format("there is no rule \"{}\"", printable(rule.id)),
                              "bulkhead policy explain lists them");
      }
      for (const std::string_view own : {"each", "deny_if", "require", "subject"}) {
        if (const auto given = document.member(place, own)) {
          return document.error(*given, fmt::format("\"{}\" is what the rule {} brings itself", own, rule.id));
        }
      }
      rule.each = known->each;
      if (rule.title.empty()) rule.title = known->title;
    } else if (const auto with = document.member(place, "with")) {
      return document.error(*with, "parameters are for rules of the catalogue", "name one with \"rule\"");
    }
    TRY(compile_rule(document, place, known, rule));
    return rule;
  }

  static Result<Action> read_action(const BundleDocument& document, const Place& place) {
    TRY_ASSIGN(const std::string word, document.text(place, "action"));
    if (word.empty()) return Action::kDeny;
    const auto it = std::ranges::find(kActions, word);
    if (it == kActions.end()) {
      return document.error(*document.member(place, "action"), "an action is \"deny\", \"warn\" or \"audit\"");
    }
    return static_cast<Action>(it - kActions.begin());
  }

  Status compile_rule(const BundleDocument& document, const Place& place, const CatalogueRule* known, Rule& rule) {
    cel::Environment& environment = memory_->environments.emplace_back();
    declare_facts(environment);
    environment.declare("now", cel::simple_type(cel::TypeKind::kTimestamp));
    cel::Object& parameters = environment.types().new_object("params");
    TRY_ASSIGN(rule.params, read_parameters(document, place, known, parameters, environment.types()));
    environment.declare("params", environment.types().object(&parameters));
    if (!rule.each.empty()) {
      const cel::TypeRef element = element_type(rule.each);
      if (element == nullptr) {
        return document.error(*document.member(place, "each"),
                              fmt::format("\"{}\" is no list of facts", printable(rule.each)),
                              "for example: vulnerabilities");
      }
      environment.declare("item", element);
    }
    TRY(compile_member(document, place, environment, "when", cel::TypeKind::kBool, rule.when));
    TRY(compile_member(document, place, environment, "message_expression", cel::TypeKind::kString, rule.message));
    if (known == nullptr) {
      TRY(compile_member(document, place, environment, "subject", cel::TypeKind::kString, rule.subject));
      std::optional<cel::Program> required;
      TRY(compile_member(document, place, environment, "require", cel::TypeKind::kBool, required));
      TRY(compile_member(document, place, environment, "deny_if", cel::TypeKind::kBool, rule.condition));
      if (required.has_value() == rule.condition.has_value()) {
        return document.error(place, "a rule has either \"deny_if\", \"require\" or \"rule\"");
      }
      rule.required = required.has_value();
      if (required) rule.condition = std::move(required);
      return {};
    }
    TRY(compile_own(document, place, environment, known->deny_if, rule.condition));
    if (!known->subject.empty()) TRY(compile_own(document, place, environment, known->subject, rule.subject));
    if (!rule.message && rule.message_text.empty()) {
      TRY(compile_own(document, place, environment, known->message, rule.message));
    }
    return {};
  }

  // An expression of the catalogue: a mistake in it is ours, which a test finds.
  static Status compile_own(const BundleDocument& document, const Place& place, const cel::Environment& environment,
                            std::string_view text, std::optional<cel::Program>& target) {
    auto program = cel::Program::compile(text, environment);
    if (!program) return document.error(place, std::move(program).error());
    target = *std::move(program);
    return {};
  }

  static Status compile_member(const BundleDocument& document, const Place& place, const cel::Environment& environment,
                               std::string_view name, cel::TypeKind wanted, std::optional<cel::Program>& target) {
    TRY_ASSIGN(const std::string text, document.text(place, name));
    if (text.empty()) return {};
    const Place here = *document.member(place, name);
    auto program = cel::Program::compile(text, environment);
    if (!program) return document.error(here, std::move(program).error().with_context(std::string(name)));
    const cel::TypeKind kind = program->type()->kind;
    if (kind != wanted && kind != cel::TypeKind::kDyn) {
      return document.error(
          here, fmt::format("\"{}\" has to be a {}, and is a {}", name, cel::type_text(cel::simple_type(wanted)),
                            cel::type_text(program->type())));
    }
    target = *std::move(program);
    return {};
  }

  // ---- Parameters
  Result<cel::Value> read_parameters(const BundleDocument& document, const Place& place, const CatalogueRule* known,
                                     cel::Object& object, cel::TypePool& types) {
    if (known == nullptr) return cel::Value::map({}, true);
    const auto with = document.member(place, "with");
    if (with) {
      if (!with->value.is_object()) return document.error(*with, "parameters are names with values");
      for (const json::Member given : with->value.members()) {
        const auto it = std::ranges::find(known->parameters, given.key, &Parameter::name);
        if (it == known->parameters.end()) {
          return document.error({given.value, fmt::format("{}/{}", with->pointer, given.key)},
                                fmt::format("{} has no parameter \"{}\"", known->id, printable(given.key)),
                                fmt::format("bulkhead policy explain {} tells them", known->id));
        }
      }
    }
    auto* entries = memory_->arena.allocate<cel::Entry>(known->parameters.size());
    if (entries == nullptr) return fail(limit_error("bytes of parameters", kMaxMemory, ""));
    size_t size = 0;
    for (const Parameter& parameter : known->parameters) {
      object.fields[std::string(parameter.name)] = type_of(parameter.type, types);
      TRY_ASSIGN(const cel::Value value, read_parameter(document, place, with, parameter, known->id));
      std::construct_at(entries + size++, cel::Entry{cel::Value::string(parameter.name), value});
    }
    return cel::Value::map({entries, size});
  }

  static cel::TypeRef type_of(ParameterType type, cel::TypePool& types) {
    switch (type) {
      case ParameterType::kString:
        return cel::simple_type(cel::TypeKind::kString);
      case ParameterType::kInt:
      case ParameterType::kSeverity:
        return cel::simple_type(cel::TypeKind::kInt);
      case ParameterType::kDouble:
        return cel::simple_type(cel::TypeKind::kDouble);
      case ParameterType::kBool:
        return cel::simple_type(cel::TypeKind::kBool);
      case ParameterType::kDuration:
        return cel::simple_type(cel::TypeKind::kDuration);
      case ParameterType::kList:
        return types.list(cel::simple_type(cel::TypeKind::kString));
    }
    return cel::simple_type(cel::TypeKind::kDyn);
  }

  Result<cel::Value> read_parameter(const BundleDocument& document, const Place& place,
                                    const std::optional<Place>& with, const Parameter& parameter, std::string_view id) {
    const auto given = with ? document.member(*with, parameter.name) : std::nullopt;
    if (!given) {
      if (!parameter.preset) {
        return document.error(place, fmt::format("{} needs the parameter \"{}\"", id, parameter.name),
                              fmt::format("bulkhead policy explain {} tells what it is for", id));
      }
      const auto preset = from_text(parameter, *parameter.preset);
      if (preset) return *preset;
      return document.error(place, fmt::format("the catalogue's {} of {} is no {}", parameter.name, id,
                                               parameter_type_name(parameter.type)));
    }
    std::optional<cel::Value> value;
    if (parameter.type == ParameterType::kList && given->value.is_array()) {
      TRY_ASSIGN(const auto texts, document.texts(*with, parameter.name));
      value = list_of(texts);
    } else if (const auto text = given->value.string()) {
      value = from_text(parameter, *text);
    } else if (const auto whole = given->value.integer(); whole && parameter.type == ParameterType::kInt) {
      value = cel::Value::integer(*whole);
    } else if (const auto number = given->value.number(); number && parameter.type == ParameterType::kDouble) {
      value = cel::Value::number(*number);
    } else if (const auto yes = given->value.boolean(); yes && parameter.type == ParameterType::kBool) {
      value = cel::Value::boolean(*yes);
    }
    if (!value || value->is_error()) {
      return document.error(*given,
                            fmt::format("\"{}\" has to be a {}", parameter.name, parameter_type_name(parameter.type)),
                            parameter.type == ParameterType::kDuration ? "for example: 90d, 36h" : "");
    }
    return *value;
  }

  std::optional<cel::Value> from_text(const Parameter& parameter, std::string_view text) {
    switch (parameter.type) {
      case ParameterType::kString:
        return cel::copy_text(memory_->arena, cel::Kind::kString, text);
      case ParameterType::kList:
        return list_of({std::string(text)});
      case ParameterType::kBool:
        if (text != "true" && text != "false") return std::nullopt;
        return cel::Value::boolean(text == "true");
      case ParameterType::kSeverity: {
        const auto rank = severity_rank(text);
        return rank ? std::optional(cel::Value::integer(*rank)) : std::nullopt;
      }
      case ParameterType::kDuration: {
        const auto age = parse_age(text);
        return age ? std::optional(cel::Value::duration({*age, 0})) : std::nullopt;
      }
      case ParameterType::kInt:
      case ParameterType::kDouble: {
        const auto document = json::Document::parse(text);
        if (!document) return std::nullopt;
        if (parameter.type == ParameterType::kDouble && document->root().number()) {
          return cel::Value::number(*document->root().number());
        }
        if (parameter.type == ParameterType::kInt && document->root().integer()) {
          return cel::Value::integer(*document->root().integer());
        }
        return std::nullopt;
      }
    }
    return std::nullopt;
  }

  std::optional<cel::Value> list_of(const std::vector<std::string>& texts) {
    auto* elements = memory_->arena.allocate<cel::Value>(texts.size());
    if (elements == nullptr) return std::nullopt;
    size_t size = 0;
    for (const std::string& text : texts) {
      std::construct_at(elements + size++, cel::copy_text(memory_->arena, cel::Kind::kString, text));
    }
    return cel::Value::list({elements, size});
  }

  // ---- Mappings and exceptions
  // A list that is there and holds nothing was meant to hold something: leaving it out is what means any.
  static Status require_full_lists(const BundleDocument& document, const Place& place) {
    for (const std::string_view name : {"images", "users", "subjects"}) {
      const auto given = place.value.find(name);
      if (!given || (!given->is_null() && !(given->is_array() && given->size() == 0))) continue;
      return document.error({*given, fmt::format("{}/{}", place.pointer, name)}, fmt::format("\"{}\" is empty", name),
                            "leave it out for any");
    }
    return {};
  }

  static Result<Scope> read_scope(const BundleDocument& document, const Place& place) {
    TRY(require_full_lists(document, place));
    Scope scope;
    TRY_ASSIGN(scope.images, document.texts(place, "images"));
    TRY_ASSIGN(scope.users, document.texts(place, "users"));
    return scope;
  }

  Status read_mappings(const BundleDocument& document) {
    TRY_ASSIGN(const auto places, document.elements(document.root(), "mappings"));
    for (const Place& place : places) {
      TRY(document.require_members(place, {"name", "images", "users", "rules"}));
      Mapping mapping;
      TRY_ASSIGN(mapping.name, document.required_text(place, "name"));
      TRY_ASSIGN(mapping.scope, read_scope(document, place));
      if (!document.member(place, "rules")) {
        return document.error(place, "a mapping names its \"rules\"", "\"*\" for all, [] for none");
      }
      TRY_ASSIGN(const auto names, document.elements(place, "rules"));
      for (const Place& name : names) {
        const std::string_view wanted = name.value.string().value_or("");
        if (wanted == "*") {
          for (size_t i = 0; i < bundle_.rules.size(); ++i) mapping.rules.push_back(i);
          continue;
        }
        const auto it = by_name_.find(wanted);
        if (it == by_name_.end()) {
          return document.error(name, fmt::format("no rule is called \"{}\"", printable(wanted)),
                                "name one of \"rules\", or \"*\" for all");
        }
        mapping.rules.push_back(it->second);
      }
      std::ranges::sort(mapping.rules);
      const auto rest = std::ranges::unique(mapping.rules);
      mapping.rules.erase(rest.begin(), rest.end());
      bundle_.mappings.push_back(std::move(mapping));
    }
    return {};
  }

  Status read_exceptions(const BundleDocument& document) {
    TRY_ASSIGN(const auto places, document.elements(document.root(), "exceptions"));
    for (const Place& place : places) {
      TRY(document.require_members(place, {"rule", "subjects", "images", "users", "reason", "owner", "expires"}));
      Exception exception;
      exception.file = document.file();
      exception.line = document.line(place);
      TRY_ASSIGN(exception.rule, document.required_text(place, "rule"));
      if (!by_name_.contains(exception.rule)) {
        return document.error(*document.member(place, "rule"),
                              fmt::format("no rule is called \"{}\"", printable(exception.rule)));
      }
      TRY_ASSIGN(exception.subjects, document.texts(place, "subjects"));
      TRY_ASSIGN(exception.scope, read_scope(document, place));
      TRY_ASSIGN(exception.reason, document.required_text(place, "reason"));
      TRY_ASSIGN(exception.owner, document.required_text(place, "owner"));
      TRY_ASSIGN(exception.expires, document.required_text(place, "expires"));
      if (!is_date(exception.expires)) {
        return document.error(*document.member(place, "expires"), "\"expires\" is a day, like 2027-01-31");
      }
      bundle_.exceptions.push_back(std::move(exception));
    }
    return {};
  }

  Bundle bundle_;
  bool unmapped_said_ = false;
  std::shared_ptr<Bundle::Memory> memory_ = std::make_shared<Bundle::Memory>();
  std::map<std::string, size_t, std::less<>> by_name_;
};

Result<Bundle> compile_bundle(std::vector<BundleFile> files) {
  if (files.empty()) return fail(Code::kInvalidArgument, "the bundle has no files");
  return BundleCompiler().run(std::move(files));
}

Result<Bundle> load_bundle(const std::string& path) {
  std::vector<std::string> names;
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) {
    for (std::filesystem::directory_iterator it(path, error), end; !error && it != end; it.increment(error)) {
      const std::string extension = it->path().extension();
      if (extension != ".yaml" && extension != ".yml" && extension != ".json") continue;
      names.push_back(it->path().string());
      if (names.size() > kMaxFiles) return fail(limit_error("files of a bundle", kMaxFiles, ""));
    }
    if (error) return fail(errno_error(error.value(), path));
    if (names.empty()) {
      return fail(Code::kNotFound, fmt::format("{}: no *.yaml, *.yml or *.json is in it", path),
                  "bulkhead policy init writes a bundle to begin with");
    }
  } else {
    names.push_back(path);
  }
  std::vector<BundleFile> files;
  for (const std::string& name : names) {
    TRY_ASSIGN(std::string text, read_file(name, kMaxFileBytes));
    files.push_back({.name = name, .text = std::move(text)});
  }
  return compile_bundle(std::move(files));
}

}  // namespace bulkhead::policy
