#include "advisory/match_products.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "advisory/ecosystem.h"
#include "advisory/match_rules.h"

namespace bulkhead::advisory {
namespace {

constexpr size_t kMaxShown = 6;

std::vector<Cpe> products_of(std::span<const std::string> repositories, size_t ecosystem, const Database& database,
                             uint32_t repository_id) {
  std::vector<std::string_view> names;
  for (const std::string& repository : repositories) {
    const auto add = [&](std::string_view name) {
      const size_t before = names.size();
      const RecordList records = database.records(ecosystem, name);
      for (size_t i = 0; i < records.size(); ++i) {
        if (records[i].vulnerability() == repository_id) names.push_back(records[i].cpe());
      }
      return names.size() != before;
    };
    if (add(repository)) continue;
    // Some manifests write the release behind a repository that is not a minor's: "…-baseos-rpms__8".
    const size_t mark = repository.rfind("__");
    if (mark != std::string::npos && mark > 0) {
      const std::string_view release = std::string_view(repository).substr(mark + 2);
      if (!release.empty() && release.find_first_not_of("0123456789") == std::string_view::npos) {
        add(std::string_view(repository).substr(0, mark));
      }
    }
  }
  std::ranges::sort(names);
  const auto repeated = std::ranges::unique(names);
  names.erase(repeated.begin(), repeated.end());
  std::vector<Cpe> products;
  for (const std::string_view name : names) {
    if (auto product = Cpe::parse(name)) products.push_back(*std::move(product));
  }
  return products;
}

std::string listed(std::span<const std::string> names) {
  const auto shown = names.first(std::min(names.size(), kMaxShown));
  std::string text = fmt::format("{}", fmt::join(shown, ", "));
  if (shown.size() < names.size()) text += fmt::format(" and {} more", names.size() - shown.size());
  return text;
}

}  // namespace

Products::Products(std::string_view system_key, const Database& database, const MatchOptions& options)
    : release_(release_of(system_key)), sets_(1) {
  for (const std::string_view part : {"cpe:/o:redhat:enterprise_linux:", "cpe:/a:redhat:enterprise_linux:"}) {
    if (auto cpe = Cpe::parse(fmt::format("{}{}", part, release_))) {
      main_streams_.push_back(*std::move(cpe));
    }
  }
  const auto ecosystem = database.find_ecosystem(system_key);
  const auto ids = database.find_vulnerabilities(kRepositoryId);
  std::map<std::span<const std::string>, size_t,
           decltype([](const auto& a, const auto& b) { return std::ranges::lexicographical_compare(a, b); })>
      known;
  for (const std::vector<std::string>& repositories : options.layer_repositories) {
    if (repositories.empty()) {
      set_by_layer_.push_back(kMainStreams);
      continue;
    }
    const auto [place, fresh] = known.try_emplace(std::span(repositories), sets_.size());
    if (fresh) {
      Set& set = sets_.emplace_back(Set{.repositories = repositories, .products = {}});
      if (ecosystem && !ids.empty()) set.products = products_of(repositories, *ecosystem, database, ids.front());
    }
    set_by_layer_.push_back(place->second);
  }
}

bool Products::has(std::string_view cpe, uint32_t layer) {
  const size_t index = set_of(layer);
  const auto [place, fresh] = known_.try_emplace({cpe.data(), index}, false);
  if (!fresh) return place->second;
  const auto about = Cpe::parse(cpe);
  if (!about) return false;
  const std::vector<Cpe>& products = sets_[index].products;
  // Of the main streams it is unknown which ones the image uses: a record about any part of them counts.
  place->second =
      products.empty()
          ? std::ranges::any_of(main_streams_,
                                [&](const Cpe& stream) { return covers(stream, *about) || covers(*about, stream); })
          : std::ranges::any_of(products, [&](const Cpe& product) { return covers(*about, product); });
  return place->second;
}

std::string Products::source_of(uint32_t layer) const {
  const Set& set = sets_[set_of(layer)];
  if (set.repositories.empty()) {
    return fmt::format(
        "no content manifest tells which repositories its layer has packages from: the main streams of RHEL {} count",
        release_);
  }
  if (set.products.empty()) {
    return fmt::format(
        "the database does not know the repositories of its layer ({}): the main streams of RHEL {} count",
        listed(set.repositories), release_);
  }
  return fmt::format("its layer has packages from {} (content manifest)", listed(set.repositories));
}

std::string Products::why_not(std::string_view cpe, uint32_t layer) const {
  return sets_[set_of(layer)].products.empty()
             ? fmt::format("it is about {}, which is no main stream of RHEL {}", cpe, release_)
             : fmt::format("it is about {}, which none of the layer's repositories is of", cpe);
}

std::vector<std::span<const std::string>> Products::unknown_repositories() const {
  std::vector<std::span<const std::string>> unknown;
  for (const Set& set : sets_) {
    if (!set.repositories.empty() && set.products.empty()) unknown.push_back(set.repositories);
  }
  return unknown;
}

}  // namespace bulkhead::advisory
