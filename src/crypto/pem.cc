#include "crypto/pem.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/base64.h"

namespace bulkhead {
namespace {

constexpr size_t kMaxHeaders = 16;
constexpr size_t kMaxHeaderBytes = 512;  // a repository's name has at most 255
constexpr size_t kLineCharacters = 64;

std::string_view trimmed(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::string_view take_line(std::string_view& rest) {
  const size_t newline = rest.find('\n');
  std::string_view line = rest.substr(0, newline);
  rest.remove_prefix(newline == std::string_view::npos ? rest.size() : newline + 1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

Status add_header(PemBlock& block, std::string_view line) {
  const auto printable = [](char c) { return c >= ' ' && c <= '~'; };
  if (block.headers.size() == kMaxHeaders) return fail(limit_error("headers of a block in PEM", kMaxHeaders, ""));
  if (!std::ranges::all_of(line, printable)) return fail(Code::kMalformed, "a header in PEM that is not printable");
  const size_t colon = line.find(':');
  const std::string_view name = trimmed(line.substr(0, colon));
  const std::string_view value = trimmed(line.substr(colon + 1));
  if (name.size() + value.size() > kMaxHeaderBytes) {
    return fail(limit_error("bytes of a header in PEM", kMaxHeaderBytes, ""));
  }
  block.headers.emplace_back(name, value);
  return {};
}

// Headers are the lines with a colon, which base64 has none of: whether the blank line after them is there is nothing
// that readers agree upon.
Result<PemBlock> read_block(std::string_view label, std::string_view inside) {
  PemBlock block{.label = std::string(label)};
  std::string base64;
  base64.reserve(inside.size());  // grown, it would leave copies behind
  while (!inside.empty()) {
    const std::string_view line = take_line(inside);
    if (!line.contains(':')) {
      base64 += trimmed(line);
    } else if (base64.empty()) {
      TRY(add_header(block, line));
    } else {
      wipe(base64);
      return fail(Code::kMalformed, "a header after the contents in PEM");
    }
  }
  Result<std::string> decoded = base64_decode(base64);
  wipe(base64);
  if (!decoded) return fail(std::move(decoded).error().with_context(fmt::format("\"{}\" in PEM", label)));
  block.contents = Secret(*std::move(decoded));
  return block;
}

}  // namespace

std::string_view PemBlock::header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (key == name) return value;
  }
  return {};
}

Result<PemBlock> read_pem(std::string_view text, std::initializer_list<std::string_view> labels) {
  if (text.size() > kMaxPemBytes) return fail(limit_error("bytes of a key in PEM", kMaxPemBytes, ""));
  size_t first = std::string_view::npos;
  std::string_view found;
  for (const std::string_view label : labels) {
    const size_t at = text.find(fmt::format("-----BEGIN {}-----", label));
    if (at < first) {
      first = at;
      found = label;
    }
  }
  const size_t end = found.empty() ? std::string_view::npos : text.find(fmt::format("-----END {}-----", found), first);
  if (end == std::string_view::npos) {
    return fail(Code::kMalformed, fmt::format("no \"{}\" in PEM", fmt::join(labels, "\", \"")));
  }
  const size_t begin = first + fmt::format("-----BEGIN {}-----", found).size();
  return read_block(found, text.substr(begin, end - begin));
}

Secret write_pem(const PemBlock& block) {
  std::string base64 = base64_encode(as_bytes(block.contents.reveal()));
  size_t size = base64.size() + base64.size() / kLineCharacters + 2 * block.label.size() + 64;
  for (const auto& [name, value] : block.headers) size += name.size() + value.size() + 3;
  std::string out;
  out.reserve(size);  // grown, it would leave copies behind
  out += fmt::format("-----BEGIN {}-----\n", block.label);
  for (const auto& [name, value] : block.headers) out += fmt::format("{}: {}\n", name, value);
  if (!block.headers.empty()) out += '\n';
  for (size_t at = 0; at < base64.size(); at += kLineCharacters) {
    out.append(base64, at, kLineCharacters);
    out += '\n';
  }
  out += fmt::format("-----END {}-----\n", block.label);
  wipe(base64);
  return Secret(std::move(out));
}

}  // namespace bulkhead
