#include "base/secret.h"

#include <algorithm>
#include <cstring>

namespace bulkhead {

void wipe(std::string& text) noexcept {
  text.resize(text.capacity());  // no allocation: the capacity is there
  ::explicit_bzero(text.data(), text.size());
  text.clear();
}

Secret::Secret(std::string&& text) : text_(text) {
  wipe(text);
}

// Short texts live inside the object, so that a swap leaves their bytes behind: the other is wiped after each.
Secret::Secret(Secret&& other) noexcept {
  text_.swap(other.text_);
  wipe(other.text_);
}

Secret& Secret::operator=(const Secret& other) {
  if (this != &other) {
    wipe(text_);
    text_ = other.text_;
  }
  return *this;
}

Secret& Secret::operator=(Secret&& other) noexcept {
  if (this != &other) {
    wipe(text_);
    text_.swap(other.text_);
    wipe(other.text_);
  }
  return *this;
}

void SecretFilter::add(std::string_view secret) {
  const auto same = [&](const Secret& known) { return known.reveal() == secret; };
  if (secret.size() < kMinBytes || std::ranges::any_of(secrets_, same)) return;
  const auto shorter = [&](const Secret& known) { return known.reveal().size() < secret.size(); };
  secrets_.insert(std::ranges::find_if(secrets_, shorter), Secret::copy_of(secret));
}

std::string SecretFilter::filter(std::string_view text) const {
  constexpr std::string_view kMark = "[secret]";
  std::string filtered(text);
  for (const Secret& secret : secrets_) {
    for (size_t at = filtered.find(secret.reveal()); at != std::string::npos;
         at = filtered.find(secret.reveal(), at + kMark.size())) {
      filtered.replace(at, secret.reveal().size(), kMark);
    }
  }
  return filtered;
}

}  // namespace bulkhead
