#include "oci/selector.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/stat.h>

#include "base/text.h"
#include "oci/reference.h"

namespace bulkhead::oci {
namespace {

bool exists(const std::string& path) {
  struct stat status{};
  return ::stat(path.c_str(), &status) == 0;
}

// More names than anyone reads help nobody.
constexpr size_t kMaxListed = 20;

}  // namespace

std::string Selector::to_string() const {
  std::string text;
  if (!name.empty()) text += ':' + name;
  if (!digest.empty()) text += '@' + digest.to_string();
  if (position) text += fmt::format("@{}", *position);
  return text;
}

Result<Selector> Selector::parse(std::string_view text) {
  Selector selector;
  if (text.empty()) return selector;
  if (text.front() == ':') {
    const size_t at = text.find('@');
    selector.name = text.substr(1, at == std::string_view::npos ? at : at - 1);
    text = at == std::string_view::npos ? std::string_view() : text.substr(at);
    if (selector.name.empty() && text.empty()) return fail(Code::kInvalidArgument, "the tag after ':' is empty");
  }
  if (text.empty()) return selector;
  text.remove_prefix(1);
  if (const auto position = parse_decimal(text)) {
    selector.position = *position;
    return selector;
  }
  TRY_CONTEXT(selector.digest, Digest::parse(text), fmt::format("\"@{}\"", printable(text)));
  return selector;
}

bool Selector::names(std::string_view known) const {
  if (known.empty()) return false;
  if (known == name) return true;
  const auto there = Reference::parse_normalized(known);
  if (!there) return false;
  if (there->tag == name) return true;
  const auto wanted = Reference::parse_normalized(name);
  return wanted && wanted->with_default_tag() == there->with_default_tag();
}

Result<PathAndSelector> split_path(std::string_view text) {
  size_t end = text.size();
  while (!exists(std::string(text.substr(0, end)))) {
    const size_t cut = end == 0 ? std::string_view::npos : text.find_last_of(":@", end - 1);
    if (cut == std::string_view::npos || cut == 0) {
      end = std::string_view::npos;
      break;
    }
    end = cut;
  }
  if (end == std::string_view::npos) {
    const size_t slash = text.rfind('/');
    end = std::min(text.find_first_of(":@", slash == std::string_view::npos ? 0 : slash), text.size());
  }
  PathAndSelector result{std::string(text.substr(0, end)), {}};
  TRY_CONTEXT(result.selector, Selector::parse(text.substr(end)), printable(text));
  return result;
}

Error choose_one(std::string_view where, std::string_view scheme, const Selector& selector,
                 const std::vector<std::string>& known) {
  std::vector<std::string> listed;
  for (const std::string& name : known) {
    if (listed.size() == kMaxListed) {
      listed.push_back(fmt::format("and {} more", known.size() - kMaxListed));
      break;
    }
    listed.push_back(printable(name));
  }
  const std::string list = listed.empty() ? "none at all" : fmt::format("{}", fmt::join(listed, ", "));
  if (selector.empty()) {
    return {Code::kInvalidArgument, fmt::format("holds several images: {}", list),
            fmt::format("choose one by writing its name behind the path, for example {}:{}:{}", scheme, where,
                        known.empty() ? "latest" : printable(known.front()))};
  }
  return {Code::kNotFound, fmt::format("holds no image {}; there is {}", printable(selector.to_string()), list)};
}

}  // namespace bulkhead::oci
