// Versions and ranges made up from the pieces of a world's grammar, lawful and not, the same at every run. For tests
// only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace bulkhead::version {

// Starts with one of `heads`, then up to `max_pieces` of `pieces`.
struct Grammar {
  std::vector<std::string_view> heads;
  std::vector<std::string_view> pieces;
  size_t max_pieces = 6;
};

class Generator {
 public:
  explicit Generator(uint32_t seed) : engine_(seed) {}

  size_t below(size_t bound) { return engine_() % bound; }

  std::string make(const Grammar& grammar) {
    std::string text(pick(grammar.heads));
    for (size_t left = below(grammar.max_pieces + 1); left > 0; --left) text += pick(grammar.pieces);
    return text;
  }

  // Something near `text`: one or two pieces put in, cut out or put in the place of others.
  std::string mutate(std::string text, const Grammar& grammar) {
    for (size_t left = 1 + below(2); left > 0; --left) {
      const size_t at = below(text.size() + 1);
      const size_t cut = below(2) == 0 ? 0 : below(3);
      text.replace(at, cut, below(4) == 0 ? std::string_view() : pick(grammar.pieces));
    }
    return text;
  }

 private:
  std::string_view pick(const std::vector<std::string_view>& from) { return from[below(from.size())]; }

  std::mt19937 engine_;
};

}  // namespace bulkhead::version
