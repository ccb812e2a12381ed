#include "notation/payload.h"

#include <array>

#include <fmt/format.h>

#include "base/json_writer.h"
#include "base/text.h"
#include "notation/json_document.h"

namespace bulkhead::notation {
namespace {

constexpr size_t kMaxPayloadBytes = size_t{1} << 20;

struct HashName {
  std::string_view name;
  size_t digits;
};
constexpr auto kHashes = std::to_array<HashName>({{"sha256", 64}, {"sha384", 96}, {"sha512", 128}});

bool is_digest(std::string_view text) {
  const size_t colon = text.find(':');
  if (colon == std::string_view::npos) return false;
  const std::string_view hex = text.substr(colon + 1);
  for (const HashName& hash : kHashes) {
    if (text.substr(0, colon) == hash.name) {
      return hex.size() == hash.digits && hex.find_first_not_of("0123456789abcdef") == std::string_view::npos;
    }
  }
  return false;
}

Result<Metadata> annotations_of(const json::Value& target) {
  Metadata annotations;
  const auto object = target.find("annotations");
  if (!object || object->is_null()) return annotations;
  if (!object->is_object()) return fail(Code::kMalformed, "\"annotations\" is no object");
  for (const auto& [name, value] : object->members()) {
    if (!value.is_string()) return fail(Code::kMalformed, "an annotation is no string");
    annotations.emplace(name, *value.string());
  }
  return annotations;
}

Result<Artifact> artifact_of(const json::Value& payload) {
  TRY_ASSIGN(const json::Value target, payload.require_object("targetArtifact"));
  Artifact artifact;
  TRY_ASSIGN(artifact.media_type, target.require_string("mediaType"));
  TRY_ASSIGN(artifact.digest, target.require_string("digest"));
  if (!is_digest(artifact.digest)) return fail(Code::kMalformed, "\"digest\" is none");
  TRY_ASSIGN(const int64_t size, target.require_integer("size"));
  if (size < 0) return fail(Code::kMalformed, "\"size\" is negative");
  artifact.size = static_cast<uint64_t>(size);
  artifact.artifact_type = target.string_or("artifactType", "");
  TRY_ASSIGN(artifact.annotations, annotations_of(target));
  return artifact;
}

}  // namespace

Result<Artifact> parse_payload(std::string_view text) {
  TRY_ASSIGN(const json::Document document, parse_unambiguous(text, "the signed payload", kMaxPayloadBytes));
  TRY_CONTEXT(Artifact artifact, artifact_of(document.root()), "the signed payload");
  return artifact;
}

Result<std::string> write_payload(const Artifact& artifact) {
  if (!is_digest(artifact.digest)) return fail(Code::kInvalidArgument, "what is to be signed has no digest");
  if (artifact.media_type.empty()) return fail(Code::kInvalidArgument, "what is to be signed has no media type");
  if (artifact.size > static_cast<uint64_t>(INT64_MAX)) return fail(Code::kInvalidArgument, "the size is no size");
  for (const auto& [name, value] : artifact.annotations) {
    if (name.starts_with(kReservedPrefix)) {
      return fail(Code::kInvalidArgument, fmt::format("the annotation \"{}\" is reserved", printable(name)),
                  fmt::format("choose a name that does not begin with \"{}\"", kReservedPrefix));
    }
  }
  json::Writer out(json::Layout::kCompact);
  out.begin_object();
  out.key("targetArtifact");
  out.begin_object();
  out.member("mediaType", artifact.media_type);
  out.member("digest", artifact.digest);
  out.key("size");
  out.unsigned_integer(artifact.size);
  if (!artifact.annotations.empty()) {
    out.key("annotations");
    out.begin_object();
    for (const auto& [name, value] : artifact.annotations) out.member(name, value);
    out.end_object();
  }
  out.member_if("artifactType", artifact.artifact_type);
  out.end_object();
  out.end_object();
  return std::move(out).take();
}

}  // namespace bulkhead::notation
