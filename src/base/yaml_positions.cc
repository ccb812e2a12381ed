#include "base/yaml_positions.h"

#include <istream>
#include <vector>

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include "base/view_buffer.h"

namespace bulkhead::yaml {
namespace {

class Watcher final : public YAML::EventHandler {
 public:
  explicit Watcher(std::map<std::string, Position, std::less<>>& places) : places_(places) {}

  void OnDocumentStart(const YAML::Mark& /*mark*/) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t /*anchor*/) override { value(mark, "null"); }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t /*anchor*/) override { value(mark, {}); }
  void OnScalar(const YAML::Mark& mark, const std::string& /*tag*/, YAML::anchor_t /*anchor*/,
                const std::string& text) override {
    value(mark, text);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& /*tag*/, YAML::anchor_t /*anchor*/,
                       YAML::EmitterStyle::value /*style*/) override {
    open(mark, false);
  }
  void OnMapStart(const YAML::Mark& mark, const std::string& /*tag*/, YAML::anchor_t /*anchor*/,
                  YAML::EmitterStyle::value /*style*/) override {
    open(mark, true);
  }
  void OnSequenceEnd() override { levels_.pop_back(); }
  void OnMapEnd() override { levels_.pop_back(); }

 private:
  struct Level {
    std::string pointer;
    bool map;
    bool key_next;
    size_t next = 0;
    std::string key;
  };

  static std::string escaped(const std::string& key) {
    std::string out;
    for (const char c : key) {
      if (c == '~') {
        out += "~0";
      } else if (c == '/') {
        out += "~1";
      } else {
        out += c;
      }
    }
    return out;
  }

  // The pointer of what begins here; empty and false for a key.
  bool place(const YAML::Mark& mark, const std::string& text, std::string& pointer) {
    if (!levels_.empty()) {
      Level& level = levels_.back();
      if (level.map && level.key_next) {
        level.key = escaped(text);
        level.key_next = false;
        return false;
      }
      pointer = level.pointer + "/" + (level.map ? level.key : std::to_string(level.next++));
      level.key_next = level.map;
    }
    if (!mark.is_null()) {
      places_.try_emplace(pointer, Position{static_cast<size_t>(mark.line) + 1, static_cast<size_t>(mark.column) + 1});
    }
    return true;
  }
  void value(const YAML::Mark& mark, const std::string& text) {
    std::string pointer;
    place(mark, text, pointer);
  }
  void open(const YAML::Mark& mark, bool map) {
    std::string pointer;
    place(mark, {}, pointer);
    levels_.push_back({.pointer = std::move(pointer), .map = map, .key_next = map, .key = {}});
  }

  std::map<std::string, Position, std::less<>>& places_;
  std::vector<Level> levels_;
};

}  // namespace

Positions::Positions(std::string_view text) {
  Watcher watcher(places_);
  try {
    ViewBuffer buffer(text);
    std::istream stream(&buffer);
    YAML::Parser parser(stream);
    parser.HandleNextDocument(watcher);
  } catch (const std::exception&) {
    return;  // what it knows until there
  }
}

Position Positions::find(std::string_view pointer) const {
  while (true) {
    if (const auto it = places_.find(pointer); it != places_.end()) return it->second;
    const size_t slash = pointer.rfind('/');
    if (slash == std::string_view::npos) return {};
    pointer = pointer.substr(0, slash);
  }
}

}  // namespace bulkhead::yaml
