// Reads members of a JSON object the way Go's encoding/json fills a struct, because that is how the tools read that
// will run what we judge: names are compared without regard to case (including its two foldings outside ASCII, U+017F
// and U+212A), and null is the same as absent. Where encoding/json would silently let the last of several such members
// win, the document is refused: it could mean one thing to us and another to them. Errors: kMalformed naming the
// member. Values are views into the document and must not outlive it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"

namespace bulkhead::oci {

class Fields {
 public:
  // `what` names the object in errors ("config.rootfs"); kMalformed when the value is no object.
  static Result<Fields> of(json::Value value, std::string what);

  // The member, or nothing when it is absent or null.
  Result<std::optional<json::Value>> find(std::string_view name) const;
  bool has(std::string_view name) const;  // also when given twice; not when null

  // Empty, false, nothing when absent; kMalformed when of another kind.
  Result<std::string> string(std::string_view name) const;
  Result<bool> boolean(std::string_view name) const;
  Result<std::optional<Fields>> object(std::string_view name) const;
  Result<std::vector<json::Value>> array(std::string_view name) const;
  Result<std::vector<std::string>> strings(std::string_view name) const;
  // The same, but one string stands for an array of one.
  Result<std::vector<std::string>> string_or_strings(std::string_view name) const;
  // Sorted by key; the keys compare exactly, and none may come twice.
  Result<std::vector<std::pair<std::string, std::string>>> string_map(std::string_view name) const;
  // The keys of an object whose values do not matter, sorted.
  Result<std::vector<std::string>> keys(std::string_view name) const;

  // kMalformed when absent or empty.
  Result<std::string> required_string(std::string_view name) const;
  Result<uint64_t> required_size(std::string_view name) const;  // not negative

  // An error about the member of that name.
  std::unexpected<Error> malformed(std::string_view name, std::string_view problem) const;

 private:
  Fields(json::Value value, std::string what) : value_(value), what_(std::move(what)) {}

  json::Value value_;
  std::string what_;
};

}  // namespace bulkhead::oci
