#include "cli/signature_flags.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "cli/image_flags.h"
#include "oci/limits.h"
#include "sigstore/cosign.h"

namespace bulkhead::cli {
namespace {

constexpr std::array<std::string_view, 3> kKeyPrefixes = {"file:", "store:", "pkcs11:"};

bool has_prefix(std::string_view text) {
  return std::ranges::any_of(kKeyPrefixes, [&](std::string_view prefix) { return text.starts_with(prefix); });
}

}  // namespace

void SignatureFlags::declare(Flags& flags, std::string annotation_help) {
  flags.add({.names = "IMAGE", .help = "which image, see below", .kind = Option::Kind::kFile, .required = true},
            [this](std::string_view value) -> Status {
              TRY(check_image_name(value));
              image = value;
              return {};
            });
  flags.add({.names = "-a,--annotation", .value = "NAME=VALUE", .help = std::move(annotation_help), .repeats = true},
            [this](std::string_view value) -> Status {
              const size_t equals = value.find('=');
              if (equals == std::string_view::npos || equals == 0) {
                return fail(Code::kInvalidArgument, fmt::format("\"{}\" is not NAME=VALUE", printable(value)));
              }
              const bool added = annotations.emplace(value.substr(0, equals), value.substr(equals + 1)).second;
              if (added) return {};
              return fail(Code::kInvalidArgument, fmt::format("{} is given twice", printable(value.substr(0, equals))));
            });
  registry.declare(flags);
  add_limits(flags, limits, oci::limit_options());
}

std::string key_reference_of(std::string_view text) {
  return has_prefix(text) ? std::string(text) : fmt::format("file:{}", text);
}

std::string key_display_name(std::string_view reference) {
  if (reference.starts_with("pkcs11:")) return std::string(reference.substr(0, reference.find('?')));
  if (reference.starts_with("store:")) return std::string(reference);
  const std::string_view path = reference.substr(reference.find(':') + 1);
  return printable(path.substr(path.rfind('/') + 1));
}

Result<std::string> parse_predicate_type(std::string_view text) {
  const auto type = sigstore::predicate_type(text);
  if (type) return std::string(*type);
  return fail(Code::kInvalidArgument, fmt::format("\"{}\" is no type of attestation that is known", printable(text)),
              "write slsaprovenance, slsaprovenance1, spdx, spdxjson, cyclonedx, vuln, openvex, link, custom, or the "
              "type's URI");
}

}  // namespace bulkhead::cli
