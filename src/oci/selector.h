// Which of the images in an archive or layout is meant: what follows its path in "oci:images/app:1.2" or
// "docker-archive:save.tar:@1".
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/digest.h"

namespace bulkhead::oci {

struct Selector {
  std::string name;  // a tag ("1.2") or a whole reference ("alpine:3.19"); may be empty
  Digest digest;     // of the manifest or index (OCI) or of the configuration (docker-archive); may be empty
  std::optional<uint64_t> position;  // "@1": counted from 0, in the archive's order

  bool empty() const { return name.empty() && digest.empty() && !position; }
  std::string to_string() const;  // as it is typed: ":1.2", "@sha256:…"

  // `text` begins with ':' or '@', or is empty. kInvalidArgument.
  static Result<Selector> parse(std::string_view text);

  // Whether an image that goes by `known` (a tag or a whole reference) is one that `name` means: they are the same
  // text, or the same reference once normalised, or `name` is known's tag.
  bool names(std::string_view known) const;
};

struct PathAndSelector {
  std::string path;
  Selector selector;
};

// Cuts "path[:name][@digest]" where the path ends: paths may hold ':' and '@', so the longest leading part that exists
// on this machine is the path. When none does, the cut is at the first ':' or '@' after the last '/', for the error
// that will follow. kInvalidArgument as Selector::parse.
Result<PathAndSelector> split_path(std::string_view text);

// The error of a choice that must be made (the selector is empty: kInvalidArgument) or that matches nothing
// (kNotFound). `known` lists what there is; `where` and `scheme` make the example of how to choose. Callers name the
// place.
Error choose_one(std::string_view where, std::string_view scheme, const Selector& selector,
                 const std::vector<std::string>& known);

}  // namespace bulkhead::oci
