#include "version/maven.h"

#include <algorithm>
#include <array>
#include <bitset>

#include "version/digits.h"
#include "version/semver.h"

namespace bulkhead::version {
namespace {

using Item = MavenVersion::Item;
using Kind = Item::Kind;

// By rank; the empty word is the release itself.
constexpr std::array<std::string_view, 7> kQualifiers = {"alpha", "beta", "milestone", "rc", "snapshot", "", "sp"};
constexpr size_t kReleaseRank = 5;
constexpr size_t kUnknownRank = kQualifiers.size();

struct Alias {
  std::string_view name;
  size_t rank;
};
constexpr std::array<Alias, 4> kAliases = {{{.name = "ga", .rank = kReleaseRank},
                                            {.name = "final", .rank = kReleaseRank},
                                            {.name = "release", .rank = kReleaseRank},
                                            {.name = "cr", .rank = 3}}};
// Only right before a number.
constexpr std::array<Alias, 3> kLetters = {
    {{.name = "a", .rank = 0}, {.name = "b", .rank = 1}, {.name = "m", .rank = 2}}};

size_t rank_of(std::string_view word, bool before_number) {
  const auto is_word = [word](const Alias& alias) { return equals_ignoring_case(alias.name, word); };
  if (before_number) {
    if (const auto* letter = std::ranges::find_if(kLetters, is_word); letter != kLetters.end()) return letter->rank;
  }
  if (const auto* alias = std::ranges::find_if(kAliases, is_word); alias != kAliases.end()) return alias->rank;
  const auto* known = std::ranges::find_if(
      kQualifiers, [word](std::string_view qualifier) { return equals_ignoring_case(qualifier, word); });
  return static_cast<size_t>(known - kQualifiers.begin());
}

// What stands between two separators, or between letters and digits.
Item make_item(std::string_view text, bool is_combination, bool is_number) {
  if (is_combination) {  // letters, perhaps a dash, digits
    const std::string_view word = take_while(text, [](char c) { return !is_digit(c) && c != '-'; });
    take_char(text, '-');
    return {.kind = Kind::kWordAndNumber, .rank = rank_of(word, true), .word = word, .number = text};
  }
  if (is_number) return {.kind = Kind::kNumber, .rank = 0, .word = {}, .number = text};
  return {.kind = Kind::kWord, .rank = rank_of(text, false), .word = text, .number = {}};
}

bool is_null(const Item& item) {
  return item.kind == Kind::kNumber && is_zero(item.number);
}

// Reads the text into a row of lists, before normalisation.
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {
    for (; at_ < text_.size(); ++at_) step(text_[at_]);
    if (start_ < text_.size()) {
      if (!is_number_) open_list_unless_empty();  // .X counts as -X
      add();
    }
    raw_.ends.push_back(raw_.items.size());
  }

  const MavenVersion& raw() const { return raw_; }

 private:
  void step(char c) {
    if (c == '.') {
      add_or_zero();
      start_ = at_ + 1;
    } else if (c == '-') {
      dash();
    } else if (is_digit(c)) {
      if (!is_number_ && at_ > start_) {  // X1
        is_combination_ = true;
        open_list_unless_empty();
      }
      is_number_ = true;
    } else {
      if (is_number_ && at_ > start_) {  // 1X
        add();
        start_ = at_;
        open_list_unless_empty();
      }
      is_number_ = false;
    }
  }

  void dash() {
    const bool number_follows = at_ + 1 < text_.size() && is_digit(text_[at_ + 1]);
    if (at_ > start_ && !is_number_ && number_follows) {  // X-1 is X1
      is_combination_ = true;
      return;
    }
    add_or_zero();
    start_ = at_ + 1;
    open_list_unless_empty();
  }

  void add() {
    raw_.items.push_back(make_item(text_.substr(start_, at_ - start_), is_combination_, is_number_));
    is_combination_ = false;
  }

  void add_or_zero() {
    if (at_ > start_) return add();
    raw_.items.push_back({});
    is_combination_ = false;
  }

  void open_list_unless_empty() {
    const size_t begin = raw_.ends.empty() ? 0 : raw_.ends[raw_.ends.size() - 1];
    if (raw_.items.size() > begin) raw_.ends.push_back(raw_.items.size());
  }

  std::string_view text_;
  size_t at_ = 0;
  size_t start_ = 0;
  bool is_number_ = false;
  bool is_combination_ = false;
  MavenVersion raw_;
};

// Drops zeros at the end of a list and before words, from the innermost list outwards, and then the lists left empty.
MavenVersion normalise(const MavenVersion& raw) {
  std::bitset<MavenVersion::kMaxBytes + 1>
      dropped;                      // an item takes at least one byte, or stands for the last separator
  const Item* next_list = nullptr;  // the first item of the list inside the current one
  for (size_t list = raw.ends.size(); list-- > 0;) {
    const size_t begin = list == 0 ? 0 : raw.ends[list - 1];
    const Item* next = nullptr;  // the item after the current one in the same list
    for (size_t i = raw.ends[list]; i-- > begin;) {
      const Item& item = raw.items[i];
      const bool before_word = next != nullptr        ? next->kind == Kind::kWord
                               : next_list != nullptr ? next_list->kind != Kind::kNumber
                                                      : true;
      if (before_word && is_null(item)) {
        dropped.set(i);
      } else {
        next = &item;
      }
    }
    if (next != nullptr) next_list = next;
  }
  MavenVersion version;
  for (size_t list = 0, i = 0; list < raw.ends.size(); ++list) {
    const size_t size_before = version.items.size();
    for (; i < raw.ends[list]; ++i) {
      if (!dropped.test(i)) version.items.push_back(raw.items[i]);
    }
    if (version.items.size() > size_before) version.ends.push_back(version.items.size());
  }
  return version;
}

std::strong_ordering compare_qualifiers(const Item& a, const Item& b) {
  if (a.rank != b.rank || a.rank != kUnknownRank) return a.rank <=> b.rank;
  return compare_ignoring_case(a.word, b.word);
}

// With the end of the other version.
std::strong_ordering compare_with_end(const Item& item) {
  if (item.kind != Kind::kNumber && item.rank != kReleaseRank) return item.rank <=> kReleaseRank;
  return compare_digits(item.number, {});
}

std::strong_ordering compare_items(const Item& a, const Item& b) {
  if (a.kind == Kind::kNumber || b.kind == Kind::kNumber) {
    if (a.kind == b.kind) return compare_digits(a.number, b.number);
    return a.kind == Kind::kNumber ? std::strong_ordering::greater : std::strong_ordering::less;
  }
  if (const auto by_qualifier = compare_qualifiers(a, b); by_qualifier != 0) return by_qualifier;
  if (a.kind == b.kind) return compare_digits(a.number, b.number);
  // X1 > X, but release0 = release
  if (a.rank == kReleaseRank) return compare_digits(a.number, b.number);
  return a.kind == Kind::kWordAndNumber ? std::strong_ordering::greater : std::strong_ordering::less;
}

// A place in a version: an item, the list that ends a list, or the end of all.
class Cursor {
 public:
  explicit Cursor(const MavenVersion& version) : version_(version) {}

  bool at_item() const { return list_ < version_.ends.size() && item_ < version_.ends[list_]; }
  bool at_list() const { return list_ + 1 < version_.ends.size() && item_ == version_.ends[list_]; }
  bool at_end() const { return !at_item() && !at_list(); }
  const Item& item() const { return version_.items[item_]; }
  void next() { ++item_; }
  void enter_list() { ++list_; }

  // The items from here to the end of all, lists and all, against the end of the other version.
  std::strong_ordering compare_rest_with_end() const {
    for (size_t i = item_; i < version_.items.size(); ++i) {
      if (const auto by_item = compare_with_end(version_.items[i]); by_item != 0) return by_item;
    }
    return std::strong_ordering::equal;
  }

  // The list here against the item at `other`, and then what follows that.
  std::strong_ordering compare_list(Cursor other) const {
    if (other.item().kind == Kind::kNumber) return std::strong_ordering::less;
    if (const auto by_first = compare_items(item(), other.item()); by_first != 0) return by_first;
    Cursor rest = *this;
    rest.next();
    if (const auto by_rest = rest.compare_rest_with_end(); by_rest != 0) return by_rest;
    other.next();
    return 0 <=> other.compare_rest_with_end();
  }

 private:
  const MavenVersion& version_;
  size_t list_ = 0;
  size_t item_ = 0;
};

}  // namespace

std::optional<MavenVersion> MavenVersion::parse(std::string_view text) {
  if (text.empty() || text.size() > kMaxBytes) return std::nullopt;
  return normalise(Reader(text).raw());
}

std::strong_ordering order(const MavenVersion& a, const MavenVersion& b) {
  Cursor left(a);
  Cursor right(b);
  while (true) {
    if (left.at_list() && right.at_list()) {
      left.enter_list();
      right.enter_list();
      continue;
    }
    if (left.at_end()) return 0 <=> right.compare_rest_with_end();
    if (right.at_end()) return left.compare_rest_with_end();
    if (left.at_list()) return left.compare_list(right);
    if (right.at_list()) return 0 <=> right.compare_list(left);
    if (const auto by_item = compare_items(left.item(), right.item()); by_item != 0) return by_item;
    left.next();
    right.next();
  }
}

}  // namespace bulkhead::version
