#include "base/secret.h"

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

}  // namespace bulkhead
