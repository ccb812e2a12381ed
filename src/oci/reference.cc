#include "oci/reference.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"

namespace bulkhead::oci {
namespace {

constexpr std::string_view kDefaultDomain = "docker.io";
constexpr std::string_view kLegacyDefaultDomain = "index.docker.io";
constexpr std::string_view kOfficialPrefix = "library/";
constexpr std::string_view kDefaultTag = "latest";
constexpr size_t kMaxRepositoryBytes = 255;
constexpr size_t kMaxTagBytes = 128;

bool is_lower_alnum(char c) {
  return is_lower(c) || is_digit(c);
}
bool is_word(char c) {
  return is_alnum(c) || c == '_';
}
bool is_hex_digit(char c) {
  return is_digit(c) || (lower(c) >= 'a' && lower(c) <= 'f');
}

bool all_digits(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, is_digit);
}

// domain-component := [a-zA-Z0-9] | [a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9]
bool is_domain_component(std::string_view text) {
  if (text.empty() || !is_alnum(text.front()) || !is_alnum(text.back())) return false;
  return std::ranges::all_of(text, [](char c) { return is_alnum(c) || c == '-'; });
}

// host [':' port], where host is a domain name, an IPv4 address or a bracketed IPv6 address without zone.
bool is_domain(std::string_view text) {
  if (text.starts_with('[')) {
    const size_t close = text.find(']');
    if (close == std::string_view::npos || close == 1) return false;
    const std::string_view address = text.substr(1, close - 1);
    if (!std::ranges::all_of(address, [](char c) { return is_hex_digit(c) || c == ':'; })) return false;
    const std::string_view rest = text.substr(close + 1);
    return rest.empty() || (rest.front() == ':' && all_digits(rest.substr(1)));
  }
  if (const size_t colon = text.find(':'); colon != std::string_view::npos) {
    if (!all_digits(text.substr(colon + 1))) return false;
    text = text.substr(0, colon);
  }
  return std::ranges::all_of(split(text, '.'), is_domain_component);
}

// alpha-numeric { separator alpha-numeric }, where a separator is one '.', one or two '_', or any number of '-'.
bool is_path_component(std::string_view text) {
  size_t i = 0;
  while (i < text.size()) {
    const size_t word = i;
    while (i < text.size() && is_lower_alnum(text[i])) ++i;
    if (i == word) return false;
    if (i == text.size()) return true;
    const size_t separator = i;
    const char c = text[i];
    while (i < text.size() && text[i] == c) ++i;
    const size_t length = i - separator;
    const bool allowed = c == '-' || (c == '.' && length == 1) || (c == '_' && length <= 2);
    if (!allowed) return false;
  }
  return false;  // empty, or ends in a separator
}

bool is_repository(std::string_view text) {
  return std::ranges::all_of(split(text, '/'), is_path_component);
}

// algorithm ":" at least 32 hexadecimal digits of either case; algorithm := component { [-_+.] component }.
bool is_digest_shaped(std::string_view text) {
  const size_t colon = text.find(':');
  if (colon == std::string_view::npos) return false;
  const std::string_view encoded = text.substr(colon + 1);
  if (encoded.size() < 32 || !std::ranges::all_of(encoded, is_hex_digit)) return false;
  bool at_component_start = true;
  for (const char c : text.substr(0, colon)) {
    const bool is_separator = c == '-' || c == '_' || c == '+' || c == '.';
    if (at_component_start ? !is_alpha(c) : !(is_alnum(c) || is_separator)) return false;
    at_component_start = is_separator;
  }
  return !at_component_start;
}

bool is_identifier(std::string_view text) {
  return text.size() == 64 && std::ranges::all_of(text, [](char c) { return is_digit(c) || (c >= 'a' && c <= 'f'); });
}

std::unexpected<Error> invalid(std::string_view text, std::string_view why) {
  return fail(Code::kInvalidArgument, fmt::format("\"{}\" is not an image reference: {}", printable(text), why));
}

struct Pieces {
  std::string_view name;
  std::string_view tag;
  std::string_view digest;
  bool has_tag = false;
  bool has_digest = false;
};

// '@' occurs in no other piece, and a tag holds neither '/' nor ':', so the cuts are unambiguous.
Pieces cut(std::string_view text) {
  Pieces pieces;
  if (const size_t at = text.find('@'); at != std::string_view::npos) {
    pieces.has_digest = true;
    pieces.digest = text.substr(at + 1);
    text = text.substr(0, at);
  }
  const size_t slash = text.rfind('/');
  const size_t colon = text.rfind(':');
  if (colon != std::string_view::npos && (slash == std::string_view::npos || colon > slash)) {
    pieces.has_tag = true;
    pieces.tag = text.substr(colon + 1);
    text = text.substr(0, colon);
  }
  pieces.name = text;
  return pieces;
}

// Why `name` matches neither [domain/]repository nor repository alone.
std::string_view name_problem(std::string_view name) {
  if (name.empty()) return "the repository name is empty";
  if (std::ranges::any_of(name, is_upper)) return "the repository name must be lower case";
  return "the repository name breaks the rules (lower-case letters and digits, separated by '.', '_', '__' or '-', in "
         "components between slashes)";
}

// The grammar, applied to `text`; errors name `shown`, which is what the user typed.
Result<Reference> parse_grammar(std::string_view text, std::string_view shown) {
  const Pieces pieces = cut(text);
  Reference reference;
  const size_t slash = pieces.name.find('/');
  if (slash != std::string_view::npos && is_domain(pieces.name.substr(0, slash)) &&
      is_repository(pieces.name.substr(slash + 1))) {
    reference.domain = pieces.name.substr(0, slash);
    reference.repository = pieces.name.substr(slash + 1);
  } else if (is_repository(pieces.name)) {
    reference.repository = pieces.name;
  } else {
    return invalid(shown, name_problem(pieces.name));
  }
  if (reference.repository.size() > kMaxRepositoryBytes) {
    return invalid(shown, fmt::format("the repository name is longer than {} characters", kMaxRepositoryBytes));
  }
  if (pieces.has_tag) {
    if (!is_valid_tag(pieces.tag)) {
      return invalid(shown, fmt::format("\"{}\" is not a tag (letters, digits, '_', '.' and '-', at most {} of them)",
                                        printable(pieces.tag), kMaxTagBytes));
    }
    reference.tag = pieces.tag;
  }
  if (pieces.has_digest) {
    if (!is_digest_shaped(pieces.digest)) {
      return invalid(
          shown, fmt::format("\"{}\" is not a digest (sha256: and 64 hexadecimal digits)", printable(pieces.digest)));
    }
    TRY_CONTEXT(reference.digest, Digest::parse(pieces.digest),
                fmt::format("image reference \"{}\"", printable(shown)));
  }
  return reference;
}

}  // namespace

bool is_valid_tag(std::string_view tag) {
  return !tag.empty() && tag.size() <= kMaxTagBytes && is_word(tag.front()) &&
         std::ranges::all_of(tag, [](char c) { return is_word(c) || c == '.' || c == '-'; });
}

Result<Reference> Reference::parse(std::string_view text) {
  if (text.empty()) return fail(Code::kInvalidArgument, "the image reference is empty");
  return parse_grammar(text, text);
}

Result<Reference> Reference::parse_normalized(std::string_view text) {
  if (text.empty()) return fail(Code::kInvalidArgument, "the image reference is empty");
  if (is_identifier(text)) {
    return invalid(text, "64 hexadecimal digits are an image's identifier, not a repository name");
  }
  const size_t slash = text.find('/');
  const std::string_view first = text.substr(0, slash);
  std::string_view domain = kDefaultDomain;
  std::string_view rest = text;
  if (slash != std::string_view::npos) {
    if (first == kLegacyDefaultDomain) {
      rest = text.substr(slash + 1);
    } else if (first == "localhost" || first.find_first_of(".:") != std::string_view::npos ||
               std::ranges::any_of(first, is_upper)) {
      domain = first;
      rest = text.substr(slash + 1);
    }
  }
  const bool official = domain == kDefaultDomain && rest.find('/') == std::string_view::npos;
  const std::string full = fmt::format("{}/{}{}", domain, official ? kOfficialPrefix : "", rest);
  auto parsed = parse_grammar(full, text);
  if (!parsed) return parsed;
  if (parsed->domain != domain) {
    return invalid(text, fmt::format("\"{}\" stands where a registry's host name is expected", printable(domain)));
  }
  return parsed;
}

Result<Reference> Reference::parse_any(std::string_view text) {
  Reference reference;
  if (is_identifier(text)) {
    TRY_ASSIGN(reference.digest, Digest::parse(fmt::format("sha256:{}", text)));
    return reference;
  }
  if (auto digest = Digest::parse(text)) {
    reference.digest = *digest;
    return reference;
  }
  return parse_normalized(text);
}

std::string Reference::name() const {
  return domain.empty() ? repository : domain + '/' + repository;
}

std::string Reference::familiar_name() const {
  if (domain != kDefaultDomain) return name();
  std::string_view short_name = repository;
  if (short_name.starts_with(kOfficialPrefix)) {
    const std::string_view official = short_name.substr(kOfficialPrefix.size());
    if (official.find('/') == std::string_view::npos) short_name = official;
  }
  return std::string(short_name);
}

std::string Reference::to_string() const {
  std::string text = name();
  if (!tag.empty()) text += ':' + tag;
  if (!digest.empty()) {
    if (!text.empty()) text += '@';
    text += digest.to_string();
  }
  return text;
}

Reference Reference::with_default_tag() const {
  Reference result = *this;
  if (result.tag.empty() && result.digest.empty()) result.tag = kDefaultTag;
  return result;
}

}  // namespace bulkhead::oci
