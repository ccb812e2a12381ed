// Which of Red Hat's products an image's packages can be of, layer by layer: a record that names another product says
// nothing of them. For this folder only. Not thread-safe; views the options and database that it is given.
//
// A layer whose repositories are known (MatchOptions::layer_repositories) has the products that the database says they
// are of; repositories that the database does not know are passed over. Where that leaves none, or nothing is known of
// the layer, its packages can be of any main stream of the release.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "advisory/cpe.h"
#include "advisory/database.h"
#include "advisory/match.h"

namespace bulkhead::advisory {

class Products {
 public:
  // `system_key`: of the image's distribution ("rhel:8"), or of one that is rebuilt from Red Hat's.
  Products(std::string_view system_key, const Database& database, const MatchOptions& options);

  // Whether records about the product concern the packages of the layer. Its text must be the database's.
  bool has(std::string_view cpe, uint32_t layer);

  // Where the products of a layer are known from, as a sentence; and why a record about the product does not count.
  std::string source_of(uint32_t layer) const;
  std::string why_not(std::string_view cpe, uint32_t layer) const;
  // The repositories of each layer none of whose the database knows.
  std::vector<std::span<const std::string>> unknown_repositories() const;

 private:
  // Layers that name the same repositories have one set of products.
  struct Set {
    std::span<const std::string> repositories;
    std::vector<Cpe> products;  // empty: main streams
  };
  static constexpr size_t kMainStreams = 0;
  size_t set_of(uint32_t layer) const { return layer < set_by_layer_.size() ? set_by_layer_[layer] : kMainStreams; }

  std::string_view release_;
  std::vector<Cpe> main_streams_;
  std::vector<Set> sets_;             // the first is that of layers of which nothing is known
  std::vector<size_t> set_by_layer_;  // indices in sets_
  // Of each product met, by where its text lies in the database, and of each set.
  std::map<std::pair<const char*, size_t>, bool> known_;
};

}  // namespace bulkhead::advisory
