#include "inventory/purl.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "base/bytes.h"
#include "base/text.h"
#include "inventory/purl_type.h"

namespace bulkhead::inventory {
namespace {

std::unexpected<Error> invalid(std::string_view why) {
  return fail(Code::kInvalidArgument, fmt::format("not a package URL: {}", why));
}

std::optional<int> hex_digit(char c) {
  if (is_digit(c)) return c - '0';
  const char low = lower(c);
  return low >= 'a' && low <= 'f' ? std::optional(low - 'a' + 10) : std::nullopt;
}

bool is_text(std::string_view text) {
  while (!text.empty()) {
    const size_t length = utf8_sequence_length(text);
    if (length == 0 || text.front() == '\0') return false;
    text.remove_prefix(length);
  }
  return true;
}

Result<std::string> percent_decode(std::string_view text) {
  std::string decoded;
  decoded.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += text[i];
      continue;
    }
    const auto high = i + 1 < text.size() ? hex_digit(text[i + 1]) : std::nullopt;
    const auto low = i + 2 < text.size() ? hex_digit(text[i + 2]) : std::nullopt;
    if (!high || !low) return invalid("a percent sign without two hexadecimal digits");
    decoded += static_cast<char>(*high * 16 + *low);
    i += 2;
  }
  if (!is_text(decoded)) return invalid("a component is not UTF-8 text");
  return decoded;
}

// Everything but letters, digits, ".-_~" and ':' is escaped (ECMA-427, character encoding).
void percent_encode(std::string_view text, std::string& out) {
  constexpr std::string_view kKept = ".-_~:";
  for (const char c : text) {
    if (is_alnum(c) || kKept.find(c) != std::string_view::npos)
      out += c;
    else
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
}

void percent_encode_segments(std::string_view path, std::string& out) {
  bool first = true;
  for (const std::string_view segment : split(path, '/')) {
    if (!first) out += '/';
    first = false;
    percent_encode(segment, out);
  }
}

// Letters, digits, '.', '+', '-', beginning with a letter.
bool is_type(std::string_view type) {
  return !type.empty() && is_alpha(type.front()) &&
         std::all_of(type.begin(), type.end(), [](char c) { return is_alnum(c) || c == '.' || c == '+' || c == '-'; });
}

bool is_qualifier_key(std::string_view key) {
  return !key.empty() && is_lower(key.front()) && std::all_of(key.begin(), key.end(), [](char c) {
    return is_lower(c) || is_digit(c) || c == '.' || c == '-' || c == '_';
  });
}

Result<std::string> decode_segments(std::string_view text) {
  std::string path;
  for (const std::string_view piece : split(text, '/')) {
    TRY_ASSIGN(const std::string segment, percent_decode(piece));
    if (segment.find('/') != std::string::npos) return invalid("a segment with an escaped slash");
    if (!path.empty()) path += '/';
    path += segment;
  }
  return path;
}

// Without empty segments and, in a subpath, without "." and "..".
std::string clean_segments(std::string_view path, bool is_subpath) {
  std::string cleaned;
  for (const std::string_view segment : split(path, '/')) {
    if (segment.empty() || (is_subpath && (segment == "." || segment == ".."))) continue;
    if (!cleaned.empty()) cleaned += '/';
    cleaned += segment;
  }
  return cleaned;
}

Status decode_qualifiers(std::string_view text, PurlCheck check, PackageUrl& purl) {
  for (const std::string_view pair : split(text, '&')) {
    if (pair.empty()) continue;
    const size_t equals = pair.find('=');
    if (equals == std::string_view::npos) return invalid("a qualifier without a value");
    std::string key(pair.substr(0, equals));
    if (check == PurlCheck::kSyntax) key = to_lower(key);
    TRY_ASSIGN(std::string value, percent_decode(pair.substr(equals + 1)));
    purl.qualifiers.emplace_back(std::move(key), std::move(value));
  }
  return {};
}

// Brings the components into their canonical form and checks them: the last step of parsing and the first of building.
Status normalise(PackageUrl& purl, PurlCheck check) {
  if (!is_type(purl.type)) return invalid("no valid type");
  purl.type = to_lower(purl.type);
  if (purl.name.empty()) return invalid("no name");
  for (const std::string* component : {&purl.name_space, &purl.name, &purl.version, &purl.subpath}) {
    if (!is_text(*component)) return invalid("a component is not UTF-8 text");
  }
  auto& qualifiers = purl.qualifiers;
  for (const auto& [key, value] : qualifiers) {
    if (!is_qualifier_key(key))
      return invalid("a qualifier key that is not of lower-case letters, digits, '.', '-' and '_'");
    if (!is_text(value)) return invalid("a component is not UTF-8 text");
  }
  std::erase_if(qualifiers, [](const auto& qualifier) { return qualifier.second.empty(); });
  std::sort(qualifiers.begin(), qualifiers.end());
  const auto same_key = [](const auto& a, const auto& b) { return a.first == b.first; };
  if (std::adjacent_find(qualifiers.begin(), qualifiers.end(), same_key) != qualifiers.end()) {
    return invalid("the same qualifier twice");
  }
  purl.name_space = clean_segments(purl.name_space, false);
  purl.subpath = clean_segments(purl.subpath, true);
  if (const std::string_view why = apply_type_rules(purl); !why.empty() && check == PurlCheck::kTypeRules)
    return invalid(why);
  return {};
}

// SUSE and Red Hat name their purls after themselves, not after their products.
std::string namespace_of(std::string_view os_id) {
  if (os_id == "rhel") return "redhat";
  if (os_id == "sles" || os_id == "sled" || os_id == "sles_sap" || os_id == "sle-micro" || os_id == "sl-micro")
    return "suse";
  if (os_id.starts_with("opensuse")) return "opensuse";
  return std::string(os_id);
}

std::string distro_of(const OperatingSystem& os) {
  const std::string& release = os.version_id.empty() ? os.codename : os.version_id;
  return release.empty() ? os.id : fmt::format("{}-{}", os.id, release);
}

std::string upstream_of(const Package& package) {
  if (package.source_name.empty()) return {};
  if (package.type == PackageType::kRpm) {
    if (package.source_epoch_known) return {};  // no source rpm is named
    if (package.source_version.empty()) return package.source_name;
    return fmt::format("{}-{}.src.rpm", package.source_name, package.source_version);
  }
  const bool same_version = package.source_version.empty() || package.source_version == package.version;
  if (package.source_name == package.name && same_version) return {};
  return same_version ? package.source_name : fmt::format("{}@{}", package.source_name, package.source_version);
}

bool is_from_distribution(PackageType type) {
  return type == PackageType::kDeb || type == PackageType::kApk || type == PackageType::kRpm ||
         type == PackageType::kAlpm;
}

// Splits what Package::name joins: maven "group:artifact"; npm, golang, composer and the like at the last slash.
void set_name(const Package& package, PackageUrl& purl) {
  const char separator = package.type == PackageType::kMaven ? ':' : '/';
  const size_t cut = is_from_distribution(package.type) ? std::string::npos : package.name.rfind(separator);
  if (cut == std::string::npos) {
    purl.name = package.name;
    return;
  }
  purl.name_space = package.name.substr(0, cut);
  purl.name = package.name.substr(cut + 1);
}

}  // namespace

std::string_view PackageUrl::qualifier(std::string_view key) const {
  for (const auto& [found, value] : qualifiers) {
    if (found == key) return value;
  }
  return {};
}

Result<PackageUrl> parse_purl(std::string_view text, PurlCheck check) {
  constexpr std::string_view kScheme = "pkg:";
  if (text.size() > kMaxPurlBytes) return invalid("too long");
  if (!equals_ignoring_case(text.substr(0, kScheme.size()), kScheme)) return invalid("it does not begin with \"pkg:\"");
  std::string_view rest = text.substr(kScheme.size());
  while (rest.starts_with('/')) rest.remove_prefix(1);

  PackageUrl purl;
  if (const size_t hash = rest.rfind('#'); hash != std::string_view::npos) {
    TRY_ASSIGN(purl.subpath, decode_segments(rest.substr(hash + 1)));
    rest = rest.substr(0, hash);
  }
  if (const size_t question = rest.rfind('?'); question != std::string_view::npos) {
    TRY(decode_qualifiers(rest.substr(question + 1), check, purl));
    rest = rest.substr(0, question);
  }
  const size_t slash = rest.find('/');
  if (slash == std::string_view::npos) return invalid("no name after the type");
  purl.type = rest.substr(0, slash);
  rest.remove_prefix(slash + 1);
  while (rest.ends_with('/')) rest.remove_suffix(1);

  // An unescaped '@' before a slash begins an npm scope, not a version.
  const size_t at = rest.rfind('@');
  if (at != std::string_view::npos && rest.find('/', at) == std::string_view::npos) {
    TRY_ASSIGN(purl.version, percent_decode(rest.substr(at + 1)));
    rest = rest.substr(0, at);
    while (rest.ends_with('/')) rest.remove_suffix(1);
  }
  const size_t last_slash = rest.rfind('/');
  TRY_ASSIGN(purl.name, percent_decode(rest.substr(last_slash == std::string_view::npos ? 0 : last_slash + 1)));
  if (last_slash != std::string_view::npos) {
    TRY_ASSIGN(purl.name_space, decode_segments(rest.substr(0, last_slash)));
  }
  TRY(normalise(purl, check));
  return purl;
}

Result<std::string> build_purl(PackageUrl purl, PurlCheck check) {
  TRY(normalise(purl, check));
  std::string text = fmt::format("pkg:{}/", purl.type);
  if (!purl.name_space.empty()) {
    percent_encode_segments(purl.name_space, text);
    text += '/';
  }
  percent_encode(purl.name, text);
  if (!purl.version.empty()) {
    text += '@';
    percent_encode(purl.version, text);
  }
  char separator = '?';
  for (const auto& [key, value] : purl.qualifiers) {
    text += separator;
    text += key;
    text += '=';
    percent_encode(value, text);
    separator = '&';
  }
  if (!purl.subpath.empty()) {
    text += '#';
    percent_encode_segments(purl.subpath, text);
  }
  return text;
}

std::string package_purl(const Package& package, const OperatingSystem& os) {
  PackageUrl purl;
  purl.type = purl_type(package.type);
  purl.version = package.version;
  set_name(package, purl);
  if (is_from_distribution(package.type)) {
    purl.name_space = namespace_of(os.id);
    purl.qualifiers = {{"arch", package.architecture}, {"distro", distro_of(os)}, {"upstream", upstream_of(package)}};
  }
  if (package.type == PackageType::kRpm) {
    if (const size_t colon = package.version.find(':'); colon != std::string::npos) {
      purl.qualifiers.emplace_back("epoch", package.version.substr(0, colon));
      purl.version = package.version.substr(colon + 1);
    }
  }
  auto text = build_purl(purl, PurlCheck::kSyntax);
  if (text) return std::move(*text);
  // Names that are no text come only out of hostile databases; they still need a stable, valid URL.
  const std::string name = package.name.empty() ? "unnamed" : to_hex(as_bytes(package.name));
  return fmt::format("pkg:{}/{}", purl_type(package.type), name);
}

}  // namespace bulkhead::inventory
