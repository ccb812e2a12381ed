#include "base/yaml.h"

#include <charconv>
#include <exception>
#include <istream>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include "base/json_writer.h"
#include "base/text.h"
#include "base/view_buffer.h"

namespace bulkhead::yaml {
namespace {

enum class EventKind : uint8_t { kNull, kPlain, kQuoted, kBeginSequence, kEndSequence, kBeginMap, kEndMap };

struct Event {
  EventKind kind;
  size_t offset = 0;  // of a scalar's text in Recorder::text_
  size_t length = 0;
};

// Leaves yaml-cpp's parser from inside a call-back; never leaves this file.
struct Stop {
  Error error;
};

std::string place(const YAML::Mark& mark) {
  return mark.is_null() ? std::string() : fmt::format("line {}, column {}: ", mark.line + 1, mark.column + 1);
}

Error depth_error(const Limits& limits) {
  return limit_error("levels of nesting in a YAML document", limits.max_depth, limits.options.depth);
}

// Writes down what the parser reports. An alias is the copy of the events between the beginning and end of its anchor.
class Recorder final : public YAML::EventHandler {
 public:
  explicit Recorder(const Limits& limits) : limits_(limits) {}

  const std::vector<Event>& events() const { return events_; }
  std::string_view text(const Event& event) const { return std::string_view(text_).substr(event.offset, event.length); }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (documents_++ > 0) throw Stop{{Code::kMalformed, place(mark) + "a second document follows the first"}};
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t anchor) override {
    const size_t begin = events_.size();
    add({EventKind::kNull});
    finish(anchor, begin);
  }
  void OnScalar(const YAML::Mark&, const std::string& tag, YAML::anchor_t anchor, const std::string& value) override {
    const size_t begin = events_.size();
    const bool plain = tag == "?" || (tag.starts_with("tag:yaml.org,2002:") && !tag.ends_with(":str"));
    add({plain ? EventKind::kPlain : EventKind::kQuoted, text_.size(), value.size()});
    text_ += value;
    finish(anchor, begin);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    begin(EventKind::kBeginSequence, mark, anchor);
  }
  void OnSequenceEnd() override { end(EventKind::kEndSequence); }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    begin(EventKind::kBeginMap, mark, anchor);
  }
  void OnMapEnd() override { end(EventKind::kEndMap); }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) {
      throw Stop{{Code::kMalformed, place(mark) + "an alias inside of what it stands for"}};
    }
    const auto [first, last] = found->second;
    for (size_t i = first; i < last; ++i) add(Event(events_[i]));
  }

 private:
  struct Open {
    size_t begin;
    YAML::anchor_t anchor;
  };

  void add(Event event) {
    if (events_.size() >= limits_.max_nodes) throw Stop{limit_error("nodes in a YAML document", limits_.max_nodes, {})};
    events_.push_back(event);
  }
  void begin(EventKind kind, const YAML::Mark& mark, YAML::anchor_t anchor) {
    if (open_.size() >= limits_.max_depth) {
      throw Stop{depth_error(limits_).with_context(fmt::format("line {}, column {}", mark.line + 1, mark.column + 1))};
    }
    open_.push_back({events_.size(), anchor});
    add({kind});
  }
  void end(EventKind kind) {
    add({kind});
    const Open open = open_.back();
    open_.pop_back();
    finish(open.anchor, open.begin);
  }
  void finish(YAML::anchor_t anchor, size_t begin) {
    if (anchor != YAML::NullAnchor) anchors_[anchor] = {begin, events_.size()};
  }

  const Limits limits_;
  int documents_ = 0;
  std::string text_;
  std::vector<Event> events_;
  std::vector<Open> open_;
  std::unordered_map<YAML::anchor_t, std::pair<size_t, size_t>> anchors_;
};

std::optional<int64_t> integer_of(std::string_view text) {
  int base = 10;
  if (text.starts_with("0o") || text.starts_with("0x")) {
    base = text[1] == 'o' ? 8 : 16;
    text.remove_prefix(2);
    if (text.starts_with('-')) return std::nullopt;
  } else if (text.starts_with('+')) {
    text.remove_prefix(1);
    if (text.starts_with('-')) return std::nullopt;
  }
  int64_t value = 0;
  const auto [stopped, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc() || stopped != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<double> number_of(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  // from_chars also takes "inf" and "nan", which the core schema writes otherwise.
  if (text.find_first_not_of("0123456789.eE+-") != std::string_view::npos) return std::nullopt;
  if (text.find_first_of("0123456789") == std::string_view::npos) return std::nullopt;
  double value = 0;
  const auto [stopped, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || stopped != text.data() + text.size()) return std::nullopt;
  return value;
}

void write_plain(json::Writer& writer, std::string_view text, Scalars scalars) {
  if (scalars == Scalars::kText) return writer.string(text);
  if (text == "true" || text == "True" || text == "TRUE") return writer.boolean(true);
  if (text == "false" || text == "False" || text == "FALSE") return writer.boolean(false);
  if (const auto integer = integer_of(text)) return writer.integer(*integer);
  if (const auto number = number_of(text)) return writer.number(*number);
  writer.string(text);
}

Result<std::string> to_json(const Recorder& recorder, Scalars scalars, const Limits& limits) {
  struct Level {
    bool map;
    bool key_next;
  };
  json::Writer writer(json::Layout::kCompact);
  std::vector<Level> levels;
  for (const Event& event : recorder.events()) {
    if (event.kind == EventKind::kEndSequence || event.kind == EventKind::kEndMap) {
      event.kind == EventKind::kEndMap ? writer.end_object() : writer.end_array();
      levels.pop_back();
      continue;
    }
    if (!levels.empty() && levels.back().map) {
      const bool key = levels.back().key_next;
      levels.back().key_next = !key;
      if (key) {
        if (event.kind == EventKind::kBeginMap || event.kind == EventKind::kBeginSequence) {
          return fail(Code::kMalformed, "a mapping key that is no scalar");
        }
        writer.key(event.kind == EventKind::kNull ? "null" : recorder.text(event));
        continue;
      }
    }
    switch (event.kind) {
      case EventKind::kNull:
        writer.null();
        break;
      case EventKind::kPlain:
        write_plain(writer, recorder.text(event), scalars);
        break;
      case EventKind::kQuoted:
        writer.string(recorder.text(event));
        break;
      default: {
        // Copies of anchors can nest deeper than the text does.
        if (levels.size() >= limits.max_depth) {
          return fail(depth_error(limits).with_context("with its aliases"));
        }
        const bool map = event.kind == EventKind::kBeginMap;
        map ? writer.begin_object() : writer.begin_array();
        levels.push_back({.map = map, .key_next = map});
      }
    }
  }
  if (recorder.events().empty()) writer.null();
  return std::move(writer).take();
}

}  // namespace

Result<json::Document> parse(std::string_view text, Scalars scalars, const Limits& limits) {
  if (text.size() > limits.max_bytes) {
    return fail(limit_error("bytes in a YAML document", limits.max_bytes, limits.options.bytes));
  }
  Recorder recorder(limits);
  try {
    ViewBuffer buffer(text);
    std::istream stream(&buffer);
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(recorder)) {
    }
  } catch (Stop& stop) {
    return fail(std::move(stop.error));
  } catch (const YAML::Exception& exception) {
    return fail(Code::kMalformed, fmt::format("not valid YAML: {}{}", place(exception.mark), exception.msg));
  } catch (const std::exception& exception) {
    return fail(Code::kMalformed, fmt::format("not valid YAML: {}", exception.what()));
  }
  TRY_ASSIGN(const std::string json, to_json(recorder, scalars, limits));
  return json::Document::parse(json, {.max_bytes = json.size(), .max_depth = limits.max_depth + 1});
}

}  // namespace bulkhead::yaml
