#include "advisory/cpe.h"

#include "base/bytes.h"
#include "base/text.h"

namespace bulkhead::advisory {
namespace {

constexpr std::string_view kUri = "cpe:/";
constexpr std::string_view kFormatted = "cpe:2.3:";
constexpr size_t kEdition = 5;
constexpr size_t kLanguage = 6;

std::string decoded_uri_component(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size()) {
      if (const auto byte = from_hex(text.substr(i + 1, 2))) {
        out += *byte;
        i += 2;
        continue;
      }
    }
    out.push_back(lower(text[i]));
  }
  return out;
}

// NISTIR 7695, 6.1: up to seven components; the edition may pack four more behind tildes.
std::optional<Cpe> parse_uri(std::string_view text) {
  Cpe cpe;
  size_t index = 0;
  for (const std::string_view part : split(text, ':')) {
    if (index > kLanguage) return std::nullopt;
    if (index == kEdition && part.starts_with('~')) {
      // ~edition~software edition~target software~target hardware~other
      constexpr std::array<size_t, 5> kPacked = {kEdition, 7, 8, 9, 10};
      size_t packed = 0;
      for (const std::string_view piece : split(part.substr(1), '~')) {
        if (packed >= kPacked.size()) return std::nullopt;
        cpe.attributes[kPacked[packed++]] = decoded_uri_component(piece);
      }
    } else {
      cpe.attributes[index] = decoded_uri_component(part);
    }
    ++index;
  }
  return cpe;
}

std::optional<Cpe> parse_formatted(std::string_view text) {
  Cpe cpe;
  size_t index = 0;
  std::string* attribute = &cpe.attributes[0];
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size()) {
      attribute->push_back(lower(text[++i]));
    } else if (text[i] == ':') {
      if (++index >= Cpe::kAttributes) return std::nullopt;
      attribute = &cpe.attributes[index];
    } else {
      attribute->push_back(lower(text[i]));
    }
  }
  for (std::string& each : cpe.attributes) {
    if (each == "*") each.clear();
  }
  return cpe;
}

// "8" of "8.4", "8" of "8": a beginning that ends where a part of the version ends.
bool begins(std::string_view whole, std::string_view start) {
  if (!whole.starts_with(start)) return false;
  return whole.size() == start.size() || !is_alnum(whole[start.size()]);
}

}  // namespace

std::optional<Cpe> Cpe::parse(std::string_view text) {
  if (text.size() > kMaxBytes) return std::nullopt;
  if (text.starts_with(kFormatted)) return parse_formatted(text.substr(kFormatted.size()));
  if (text.starts_with(kUri)) return parse_uri(text.substr(kUri.size()));
  return std::nullopt;
}

bool covers(const Cpe& about, const Cpe& repository) {
  size_t last = 0;  // one past the last attribute that `about` sets
  for (size_t i = 0; i < Cpe::kAttributes; ++i) {
    if (!about.attributes[i].empty()) last = i + 1;
  }
  for (size_t i = 0; i < last; ++i) {
    const std::string& wanted = about.attributes[i];
    const std::string& given = repository.attributes[i];
    if (wanted.empty() || wanted == given) continue;
    if (i + 1 == last && !given.empty() && begins(given, wanted)) continue;
    return false;
  }
  return true;
}

}  // namespace bulkhead::advisory
