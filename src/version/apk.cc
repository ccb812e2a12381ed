#include "version/apk.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "version/digits.h"

namespace bulkhead::version {
namespace {

// In the order in which they may follow each other, which is also their order where two versions differ in kind: the
// one that goes on with an earlier kind is newer.
enum class Kind : uint8_t {
  kFirstNumber,
  kNumber,
  kLetter,
  kLetterNumber,
  kSuffix,
  kSuffixNumber,
  kCommit,
  kRevision,
  kEnd,
  kInvalid,
};

struct Suffix {
  std::string_view name;
  int rank;  // below 0: before the version without a suffix
};
constexpr std::array<Suffix, 9> kSuffixes = {{{.name = "alpha", .rank = -4},
                                              {.name = "beta", .rank = -3},
                                              {.name = "pre", .rank = -2},
                                              {.name = "rc", .rank = -1},
                                              {.name = "cvs", .rank = 1},
                                              {.name = "svn", .rank = 2},
                                              {.name = "git", .rank = 3},
                                              {.name = "hg", .rank = 4},
                                              {.name = "p", .rank = 5}}};

bool is_commit_char(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f');
}

// Walks a version token by token.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) { number(Kind::kFirstNumber); }

  Kind kind() const { return kind_; }
  std::string_view value() const { return value_; }
  int rank() const { return rank_; }

  void next() {
    if (rest_.empty()) {
      kind_ = Kind::kEnd;
      return;
    }
    const char c = rest_.front();
    if (is_digit(c)) {
      if (kind_ == Kind::kSuffix) return number(Kind::kSuffixNumber);
      if (kind_ == Kind::kLetter) return number(Kind::kLetterNumber);
    } else if (is_lower(c) && kind_ <= Kind::kNumber) {
      kind_ = Kind::kLetter;
      value_ = rest_.substr(0, 1);
      rest_.remove_prefix(1);
      return;
    } else if (c == '.' && kind_ <= Kind::kNumber) {
      rest_.remove_prefix(1);
      return number(Kind::kNumber);
    } else if (c == '_' && kind_ <= Kind::kSuffixNumber) {
      rest_.remove_prefix(1);
      return suffix();
    } else if (c == '~' && kind_ < Kind::kCommit) {
      rest_.remove_prefix(1);
      kind_ = Kind::kCommit;
      value_ = take_while(rest_, is_commit_char);
      if (!value_.empty()) return;
    } else if (rest_.starts_with("-r") && kind_ < Kind::kRevision) {
      rest_.remove_prefix(2);
      return number(Kind::kRevision);
    }
    kind_ = Kind::kInvalid;
  }

 private:
  void number(Kind kind) {
    value_ = take_digits(rest_);
    kind_ = value_.empty() ? Kind::kInvalid : kind;
  }

  void suffix() {
    value_ = take_while(rest_, is_lower);
    const auto* found = std::ranges::find(kSuffixes, value_, &Suffix::name);
    kind_ = found == kSuffixes.end() ? Kind::kInvalid : Kind::kSuffix;
    rank_ = found == kSuffixes.end() ? 0 : found->rank;
  }

  std::string_view rest_;
  std::string_view value_;
  Kind kind_ = Kind::kInvalid;
  int rank_ = 0;
};

// Both of the same kind.
std::strong_ordering compare_tokens(const Scanner& a, const Scanner& b) {
  switch (a.kind()) {
    case Kind::kNumber:
      // A leading zero makes a fraction of it: 1.05 < 1.1.
      if (a.value().front() == '0' || b.value().front() == '0') return a.value() <=> b.value();
      return compare_digits(a.value(), b.value());
    case Kind::kFirstNumber:
    case Kind::kLetterNumber:
    case Kind::kSuffixNumber:
    case Kind::kRevision:
      return compare_digits(a.value(), b.value());
    case Kind::kSuffix:
      return a.rank() <=> b.rank();
    case Kind::kLetter:
    case Kind::kCommit:
    case Kind::kEnd:
    case Kind::kInvalid:
      break;
  }
  return a.value() <=> b.value();
}

bool is_prerelease(const Scanner& at) {
  return at.kind() == Kind::kSuffix && at.rank() < 0;
}

}  // namespace

bool is_apk_version(std::string_view text) {
  Scanner scanner(text);
  while (scanner.kind() < Kind::kEnd) scanner.next();
  return scanner.kind() == Kind::kEnd;
}

std::optional<std::strong_ordering> compare_apk(std::string_view a, std::string_view b) {
  Scanner left(a);
  Scanner right(b);
  if (left.kind() == Kind::kInvalid || right.kind() == Kind::kInvalid) return std::nullopt;
  while (left.kind() == right.kind() && left.kind() < Kind::kEnd) {
    if (const auto by_token = compare_tokens(left, right); by_token != 0) return by_token;
    left.next();
    right.next();
  }
  if (left.kind() == Kind::kInvalid && right.kind() == Kind::kInvalid) return std::nullopt;
  if (left.kind() == right.kind()) return std::strong_ordering::equal;
  // The same up to here: whatever goes on is newer, unless it goes on with a pre-release.
  if (is_prerelease(left)) return std::strong_ordering::less;
  if (is_prerelease(right)) return std::strong_ordering::greater;
  return right.kind() <=> left.kind();
}

}  // namespace bulkhead::version
