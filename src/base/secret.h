// Secret: text that must not leak (a password, a token, an Authorization value). It overwrites its bytes when it dies
// and has no formatter, no comparison and no implicit conversion, so that it cannot slip into a message by accident;
// whoever needs the text says reveal(). Copies that a third party makes (a TLS library, the kernel) are beyond its
// reach. A value; not thread-safe for writing.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace bulkhead {

// Overwrites every byte of the buffer, the unused capacity included, and empties it. Not removed by the optimiser.
void wipe(std::string& text) noexcept;

class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string&& text);  // the argument is wiped
  static Secret copy_of(std::string_view text) { return Secret(std::string(text)); }

  Secret(const Secret& other) = default;
  Secret& operator=(const Secret& other);
  Secret(Secret&& other) noexcept;
  Secret& operator=(Secret&& other) noexcept;
  ~Secret() { wipe(text_); }

  bool empty() const { return text_.empty(); }
  // Valid as long as this object is unchanged.
  std::string_view reveal() const { return text_; }

 private:
  std::string text_;
};

// Secrets that somebody else knows, too, and may repeat to us: what comes from there passes through this before it is
// shown. A value; not thread-safe for writing.
class SecretFilter {
 public:
  // Shorter ones are not looked for: they would be found in any text.
  static constexpr size_t kMinBytes = 4;

  void add(std::string_view secret);
  // `text` with a mark in the place of every secret.
  std::string filter(std::string_view text) const;

 private:
  std::vector<Secret> secrets_;  // the longest first, since one may be part of another
};

}  // namespace bulkhead
