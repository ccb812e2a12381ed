#include "audit/check.h"

#include <algorithm>
#include <iterator>
#include <numeric>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "base/glob.h"
#include "base/text.h"

namespace bulkhead::audit {
namespace {

// Of which a person sees so much in a row: enough to find it again (docker shows as much).
constexpr size_t kShortId = 12;

bool selects(std::string_view pattern, const CheckInfo& check) {
  if (matches_glob(pattern, check.id)) return true;
  for (const std::string_view numbers : check.cis) {
    for (const std::string_view number : split(numbers, ' ')) {
      if (!number.empty() && matches_glob(pattern, number)) return true;
    }
  }
  return false;
}

bool selects_any(const std::vector<std::string>& patterns, const CheckInfo& check) {
  return std::ranges::any_of(patterns, [&](const std::string& pattern) { return selects(pattern, check); });
}

std::string_view without_algorithm(std::string_view id) {
  const size_t colon = id.find(':');
  return colon == std::string_view::npos ? id : id.substr(colon + 1);
}

// An identifier or its beginning, of at least as many digits as docker prints of it.
bool begins_id(std::string_view pattern, std::string_view id) {
  const std::string_view wanted = without_algorithm(pattern);
  return wanted.size() >= kShortId && without_algorithm(id).starts_with(wanted);
}

bool is_named(std::string_view pattern, const Container& container) {
  return matches_glob(pattern, container.name) || begins_id(pattern, container.id);
}

bool is_named(std::string_view pattern, const Image& image) {
  return begins_id(pattern, image.id) ||
         std::ranges::any_of(image.tags, [&](const std::string& tag) { return matches_glob(pattern, tag); });
}

// What `patterns` select of several lists. Of no patterns everything.
class Selector {
 public:
  explicit Selector(const std::vector<std::string>& patterns) : patterns_(patterns), used_(patterns.size()) {}

  // Leaves what is selected and returns the rest.
  template <typename T>
  std::vector<T> leave_selected(std::vector<T>& all) {
    std::vector<T> left_out;
    if (patterns_.empty()) return left_out;
    std::vector<T> taken;
    for (T& object : all) {
      bool selected = false;
      for (size_t i = 0; i < patterns_.size(); ++i) {
        if (!is_named(patterns_[i], object)) continue;
        used_[i] = true;
        selected = true;
      }
      (selected ? taken : left_out).push_back(std::move(object));
    }
    all = std::move(taken);
    return left_out;
  }

  void warn_of_unused(std::string_view what, std::vector<std::string>& warnings) const {
    for (size_t i = 0; i < patterns_.size(); ++i) {
      if (!used_[i]) warnings.push_back(fmt::format("no {} is called '{}'", what, printable(patterns_[i])));
    }
  }

 private:
  const std::vector<std::string>& patterns_;
  std::vector<bool> used_;
};

// Leaves what is selected of the containers and images.
void select_objects(Facts& facts, const Selection& selection, std::vector<std::string>& warnings) {
  if (facts.containers) {
    Selector containers(selection.containers);
    facts.other_containers = containers.leave_selected(*facts.containers);
    std::ranges::move(containers.leave_selected(facts.unexamined_containers),
                      std::back_inserter(facts.other_containers));
    containers.warn_of_unused("container", warnings);
  }
  if (facts.images) {
    Selector images(selection.images);
    images.leave_selected(*facts.images);
    images.warn_of_unused("image", warnings);
  }
}

std::span<const Check> checks_of(Section section) {
  switch (section) {
    case Section::kHost:
      return host_checks();
    case Section::kDaemon:
      return daemon_checks();
    case Section::kFiles:
      return file_checks();
    case Section::kImages:
      return image_checks();
    case Section::kContainers:
      return container_checks();
    case Section::kOperations:
      return operations_checks();
    case Section::kSwarm:
      return swarm_checks();
  }
  std::unreachable();
}

// The rows from `begin` on by object; several of one object stay as its check has them. (libstdc++ 12's stable_sort
// does not compile without warnings.)
void order_by_object(std::vector<Row>& rows, size_t begin) {
  std::vector<size_t> order(rows.size() - begin);
  std::iota(order.begin(), order.end(), begin);
  std::ranges::sort(order,
                    [&](size_t a, size_t b) { return std::tie(rows[a].object, a) < std::tie(rows[b].object, b); });
  std::vector<Row> ordered;
  ordered.reserve(order.size());
  for (const size_t index : order) ordered.push_back(std::move(rows[index]));
  std::ranges::move(ordered, rows.begin() + static_cast<std::ptrdiff_t>(begin));
}

std::string describe(const Facts& facts) {
  if (!facts.engine) return {};
  const Engine& engine = *facts.engine;
  return fmt::format("{} {} on {} ({})", engine.podman ? "Podman" : "Docker Engine", engine.server_version, engine.name,
                     engine.operating_system);
}

}  // namespace

void Sink::add(RowStatus status, Object object, std::vector<Evidence> evidence, std::string reason) {
  for (SharedText* text : {&object.name, &object.id}) *text = texts_.shared(*text);
  for (Evidence& one : evidence) {
    for (SharedText* text : {&one.where, &one.found, &one.wanted}) *text = texts_.shared(*text);
  }
  evidence.shrink_to_fit();
  rows_.push_back({.check = &check_,
                   .object = std::move(object),
                   .status = status,
                   .evidence = std::move(evidence),
                   .reason = texts_.shared(std::move(reason))});
}

void Sink::pass(Object object, std::vector<Evidence> evidence, std::string reason) {
  add(RowStatus::kPass, std::move(object), std::move(evidence), std::move(reason));
}

void Sink::fail(Object object, std::vector<Evidence> evidence, std::string reason) {
  add(RowStatus::kFail, std::move(object), std::move(evidence), std::move(reason));
}

void Sink::manual(Object object, std::vector<Evidence> evidence, std::string reason) {
  add(RowStatus::kManual, std::move(object), std::move(evidence), std::move(reason));
}

void Sink::not_applicable(Object object, std::string reason) {
  add(RowStatus::kNotApplicable, std::move(object), {}, std::move(reason));
}

void Sink::error(Object object, std::string reason) {
  add(RowStatus::kError, std::move(object), {}, std::move(reason));
}

void Sink::unknown(Object object, const Unknown& unknown) {
  add(unknown.kind == Unknown::Kind::kNotApplicable ? RowStatus::kNotApplicable : RowStatus::kError, std::move(object),
      {}, unknown.reason);
}

void Sink::judge(bool good, Object object, std::vector<Evidence> evidence, std::string reason) {
  add(good ? RowStatus::kPass : RowStatus::kFail, std::move(object), std::move(evidence), std::move(reason));
}

bool Selection::takes(const CheckInfo& check) const {
  if (!sections.empty() && std::ranges::find(sections, check.section) == sections.end()) return false;
  if (check.level > max_level) return false;
  if (!checks.empty() && !selects_any(checks, check)) return false;
  return !selects_any(skipped, check);
}

bool Selection::names(const Container& container) const {
  return std::ranges::any_of(containers, [&](const std::string& pattern) { return is_named(pattern, container); });
}

AuditResult run_checks(Facts facts, const Selection& selection) {
  AuditResult result{
      .address = facts.address, .engine = describe(facts), .created = facts.now, .rows = {}, .warnings = {}};
  select_objects(facts, selection, result.warnings);
  TextPool texts;
  for (const CheckInfo& info : catalogue()) {
    if (!selection.takes(info)) continue;
    const auto table = checks_of(info.section);
    const auto check = std::ranges::find(table, info.id, &Check::id);
    const size_t before = result.rows.size();
    Sink sink(info, result.rows, texts);
    check->run(facts, sink);  // every entry of the catalogue has one: a test compares both
    order_by_object(result.rows, before);
  }
  return result;
}

Object object_of(const Container& container) {
  return {.kind = Object::Kind::kContainer, .name = container.name, .id = container.id};
}
Object object_of(const Image& image) {
  return {.kind = Object::Kind::kImage, .name = image.label(), .id = image.id};
}
Object object_of(const File& file) {
  return {.kind = Object::Kind::kFile, .name = file.path};
}
Object object_of(const Network& network) {
  return {.kind = Object::Kind::kNetwork, .name = network.name, .id = network.id};
}
Object the_host(const Facts& facts) {
  return {.kind = Object::Kind::kHost, .name = facts.engine ? facts.engine->name : facts.address};
}
Object the_daemon(const Facts& facts) {
  return {.kind = Object::Kind::kDaemon, .name = facts.address};
}

bool has_no_containers(const Facts& facts) {
  return facts.containers && facts.containers->empty() && facts.unexamined_containers.empty();
}

void each_container(const Facts& facts, Sink& sink,
                    const std::function<void(const Container&, const ContainerDetails&)>& judge) {
  if (!facts.containers) return sink.unknown(the_daemon(facts), facts.containers.error());
  if (has_no_containers(facts)) return sink.not_applicable(the_daemon(facts), "there are no containers");
  for (const Container& container : *facts.containers) {
    if (container.details) {
      judge(container, *container.details);
    } else {
      sink.unknown(object_of(container), container.details.error());
    }
  }
  if (facts.unexamined_containers.empty()) return;
  sink.error(the_daemon(facts),
             fmt::format("{} more containers were not examined: {}", facts.unexamined_containers.size(),
                         facts.unexamined_containers.front().details.error().reason));
}

void each_image(const Facts& facts, Sink& sink, const std::function<void(const Image&)>& judge) {
  if (!facts.images) return sink.unknown(the_daemon(facts), facts.images.error());
  if (facts.images->empty()) return sink.not_applicable(the_daemon(facts), "there are no images");
  for (const Image& image : *facts.images) {
    if (image.config_unknown) {
      sink.unknown(object_of(image), *image.config_unknown);
    } else {
      judge(image);
    }
  }
}

std::optional<std::map<std::string, std::string>> Engine::security_option(std::string_view wanted) const {
  for (const std::string& option : security_options) {
    std::map<std::string, std::string> members;
    for (const std::string_view member : split(option, ',')) {
      const size_t equals = member.find('=');
      if (equals == std::string_view::npos) continue;
      members.insert_or_assign(std::string(member.substr(0, equals)), std::string(member.substr(equals + 1)));
    }
    const auto found = members.find("name");
    // Podman and engines before 17.05 write the name alone.
    if (found != members.end() ? found->second == wanted : option == wanted) return members;
  }
  return std::nullopt;
}

Fact<std::optional<Setting>> DaemonProcess::in_effect(std::string_view name) const {
  if (!settings) return std::unexpected(settings.error());
  const auto found = settings->find(std::string(name));
  const std::optional<Setting> set = found == settings->end() ? std::nullopt : std::optional(found->second);
  if (config_path.empty()) return set;
  // Arguments and variables are the process's own; "argument --add-runtime of process 812, /etc/docker/daemon.json#/…"
  // is both.
  if (set && !set->where.contains(config_path + "#/")) return set;
  if (!config_file) return std::unexpected(config_file.error());
  if (*config_file == ConfigFile::kAsRead || *config_file == ConfigFile::kAbsent) return set;
  return not_known(
      fmt::format("{} was {} since the daemon started: which value is in effect is not known (restart the daemon)",
                  config_path, *config_file == ConfigFile::kDeleted ? "deleted" : "changed"));
}

std::string AccessEntry::text() const {
  const std::string_view who = kind == Kind::kUser ? "user" : "group";
  return fmt::format("{}:{}:{}{}{}", who, name, (rights & 4U) != 0 ? 'r' : '-', (rights & 2U) != 0 ? 'w' : '-',
                     (rights & 1U) != 0 ? 'x' : '-');
}

std::string Image::label() const {
  if (!tags.empty()) return tags.front();
  return digests.empty() ? id : digests.front();
}

}  // namespace bulkhead::audit
