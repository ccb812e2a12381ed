// One file of a bundle as a document with places: every mistake is reported with the line and column of its value.
#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/yaml_positions.h"
#include "policy/bundle.h"

namespace bulkhead::policy {

class BundleDocument {
 public:
  // kMalformed, kLimitExceeded; the file must outlive the document.
  static Result<BundleDocument> parse(const BundleFile& file);

  // A value and where it stands.
  struct Place {
    json::Value value;
    std::string pointer;
  };
  Place root() const { return {document_.root(), ""}; }
  const std::string& file() const { return file_->name; }
  size_t line(const Place& place) const { return positions_.find(place.pointer).line; }

  // "policy.yaml: line 3, column 5: what"
  std::unexpected<Error> error(const Place& place, std::string_view what, std::string remedy = {}) const;
  // The same for an error of what stands there.
  std::unexpected<Error> error(const Place& place, Error&& error) const;

  // kInvalidArgument unless it is an object with these members only, none of them twice.
  Status require_members(const Place& place, std::initializer_list<std::string_view> known) const;
  std::optional<Place> member(const Place& place, std::string_view name) const;
  // Empty when it is absent.
  Result<std::string> text(const Place& place, std::string_view name) const;
  Result<std::string> required_text(const Place& place, std::string_view name) const;
  // Of a list; empty when it is absent.
  Result<std::vector<Place>> elements(const Place& place, std::string_view name) const;
  Result<std::vector<std::string>> texts(const Place& place, std::string_view name) const;

 private:
  BundleDocument(const BundleFile& file, json::Document document, yaml::Positions positions)
      : file_(&file), document_(std::move(document)), positions_(std::move(positions)) {}

  const BundleFile* file_;
  json::Document document_;
  yaml::Positions positions_;
};

}  // namespace bulkhead::policy
