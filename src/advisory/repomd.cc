#include "advisory/repomd.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "base/block_source.h"
#include "base/text.h"
#include "base/xml.h"

namespace bulkhead::advisory {
namespace {

// A path of its own repository: not absolute, no URL, no way up.
bool stays_inside(std::string_view location) {
  if (location.empty() || location.size() > 1024 || location.starts_with('/')) return false;
  const bool plain = std::ranges::all_of(location, [](char c) {
    return is_alnum(c) || c == '/' || c == '.' || c == '-' || c == '_' || c == '+' || c == '~' || c == '%';
  });
  return plain && std::ranges::none_of(split(location, '/'), [](std::string_view part) {
           return part.empty() || part == "." || part == ".." || part.contains("%2");
         });
}

Result<RepomdEntry> read_entry(const xml::Element& data) {
  RepomdEntry entry;
  if (const auto location = data.child("location")) entry.location = location->attribute("href");
  if (!stays_inside(entry.location)) {
    return fail(Code::kMalformed, fmt::format("the location \"{}\" leaves the repository", printable(entry.location)));
  }
  const auto checksum = data.child("checksum");
  if (!checksum) return fail(Code::kMalformed, "updateinfo has no checksum");
  const std::string text = fmt::format("{}:{}", checksum->attribute("type"), to_lower(checksum->text()));
  auto digest = Digest::parse(text);
  if (!digest) {
    const Code code = digest.error().code() == Code::kUnsupported ? Code::kUnsupported : Code::kMalformed;
    return fail(code, fmt::format("the checksum \"{}\" of updateinfo is none that is known", printable(text)));
  }
  entry.digest = *digest;
  entry.size = parse_decimal(data.child_text("size")).value_or(0);
  return entry;
}

}  // namespace

Result<RepomdEntry> parse_repomd(std::string_view text) {
  SpanSource source(as_bytes(text));
  std::optional<RepomdEntry> found;
  TRY(xml::for_each_element(source, 2, {.max_bytes = kMaxRepomdBytes},
                            [&](const xml::Element& element, std::span<const std::string> ancestors) -> Status {
                              const bool wanted = !found && ancestors.size() == 1 && ancestors[0] == "repomd" &&
                                                  element.name() == "data" && element.attribute("type") == "updateinfo";
                              if (!wanted) return {};
                              TRY_ASSIGN(found, read_entry(element));
                              return {};
                            }));
  if (!found) return fail(Code::kNotFound, "the repository has no updateinfo");
  return *std::move(found);
}

}  // namespace bulkhead::advisory
