#include "sigstore/simple_signing.h"

#include <utility>

#include <fmt/format.h>

#include "base/json_writer.h"
#include "base/strict_json.h"
#include "base/text.h"
#include "sigstore/protobuf_json.h"

namespace bulkhead::sigstore {
namespace {

constexpr std::string_view kType = "cosign container image signature";

Result<SimpleSigning> read(const json::Value& root) {
  TRY_ASSIGN(const json::Value critical, root.require_object("critical"));
  TRY_ASSIGN(const std::string_view type, critical.require_string("type"));
  if (type != kType) return fail(Code::kUnsupported, fmt::format("its type is \"{}\"", printable(type)));
  SimpleSigning payload;
  TRY_ASSIGN(const json::Value image, critical.require_object("image"));
  TRY_ASSIGN(const std::string_view digest, image.require_string("docker-manifest-digest"));
  TRY_ASSIGN(payload.digest, Digest::parse(digest));
  if (const auto identity = set_member(critical, "identity")) {
    TRY_ASSIGN(payload.reference, string_or_empty(*identity, "docker-reference"));
  }
  if (const auto optional = set_member(root, "optional")) {
    for (const auto& [name, text] : optional->members()) {
      if (text.is_string()) payload.annotations.emplace(name, *text.string());
    }
  }
  return payload;
}

}  // namespace

Result<SimpleSigning> read_simple_signing(std::string_view text) {
  TRY_CONTEXT(const auto document, json::parse_strict(text, {.max_bytes = kMaxSimpleSigningBytes, .max_depth = 16}),
              "simple signing payload");
  TRY_CONTEXT(SimpleSigning payload, read(document.root()), "simple signing payload");
  return payload;
}

std::string write_simple_signing(const SimpleSigning& payload) {
  json::Writer out(json::Layout::kCompact);
  out.begin_object();
  out.key("critical");
  out.begin_object();
  out.key("identity");
  out.begin_object();
  out.member("docker-reference", payload.reference);
  out.end_object();
  out.key("image");
  out.begin_object();
  out.member("docker-manifest-digest", payload.digest.to_string());
  out.end_object();
  out.member("type", kType);
  out.end_object();
  out.key("optional");
  if (payload.annotations.empty()) {
    out.null();
  } else {
    out.begin_object();
    for (const auto& [name, text] : payload.annotations) out.member(name, text);
    out.end_object();
  }
  out.end_object();
  return std::move(out).take();
}

Result<SimpleSigning> check_simple_signing(std::string_view text, const Digest& manifest) {
  TRY_ASSIGN(SimpleSigning payload, read_simple_signing(text));
  if (payload.digest != manifest) {
    return fail(Code::kVerificationFailed,
                fmt::format("the signature is of {}, not of {}", payload.digest.to_string(), manifest.to_string()));
  }
  return payload;
}

}  // namespace bulkhead::sigstore
