#include "oci/artifact_manifest.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/block_source.h"
#include "base/json_members.h"
#include "oci/artifact_store.h"

namespace bulkhead::oci {
namespace {

constexpr std::string_view kEmptyType = "application/vnd.oci.empty.v1+json";
constexpr std::string_view kListMember = "manifests";

void write_annotations(json::Writer& writer, const Annotations& annotations) {
  if (annotations.empty()) return;
  writer.key("annotations");
  writer.begin_object();
  for (const auto& [name, value] : annotations) writer.member(name, value);
  writer.end_object();
}

void write_platform(json::Writer& writer, const Platform& platform) {
  writer.key("platform");
  writer.begin_object();
  writer.member("architecture", platform.architecture);
  writer.member("os", platform.os);
  writer.member_if("os.version", platform.os_version);
  writer.member_if("variant", platform.variant);
  writer.end_object();
}

void write_list(json::Writer& writer, std::string_view name, const std::vector<Descriptor>& descriptors) {
  writer.key(name);
  writer.begin_array();
  for (const Descriptor& descriptor : descriptors) write_descriptor(writer, descriptor);
  writer.end_array();
}

template <typename Write>
std::string json_text(const Write& write) {
  json::Writer writer(json::Layout::kCompact);
  write(writer);
  return std::move(writer).take();
}

}  // namespace

Descriptor describe(std::string_view media_type, std::string_view bytes) {
  Descriptor descriptor;
  descriptor.media_type = media_type;
  descriptor.digest = Digest::sha256_of(as_bytes(bytes));
  descriptor.size = bytes.size();
  return descriptor;
}

Descriptor empty_config() {
  return describe(kEmptyType, kEmptyConfigBytes);
}

void write_descriptor(json::Writer& writer, const Descriptor& descriptor) {
  writer.begin_object();
  writer.member("mediaType", descriptor.media_type);
  writer.member("digest", descriptor.digest.to_string());
  writer.key("size");
  writer.unsigned_integer(descriptor.size);
  if (!descriptor.urls.empty()) {
    writer.key("urls");
    writer.begin_array();
    for (const std::string& url : descriptor.urls) writer.string(url);
    writer.end_array();
  }
  write_annotations(writer, descriptor.annotations);
  if (descriptor.platform) write_platform(writer, *descriptor.platform);
  writer.member_if("artifactType", descriptor.artifact_type);
  writer.end_object();
}

std::string write_manifest(const Manifest& manifest) {
  return json_text([&](json::Writer& writer) {
    writer.begin_object();
    writer.key("schemaVersion");
    writer.integer(2);
    writer.member("mediaType", kOciManifest);
    writer.member_if("artifactType", manifest.artifact_type);
    writer.key("config");
    write_descriptor(writer, manifest.config);
    write_list(writer, "layers", manifest.layers);
    if (manifest.subject) {
      writer.key("subject");
      write_descriptor(writer, *manifest.subject);
    }
    write_annotations(writer, manifest.annotations);
    writer.end_object();
  });
}

std::string write_index(const std::vector<Descriptor>& manifests) {
  return json_text([&](json::Writer& writer) {
    writer.begin_object();
    writer.key("schemaVersion");
    writer.integer(2);
    writer.member("mediaType", kOciIndex);
    write_list(writer, kListMember, manifests);
    writer.end_object();
  });
}

Result<std::string> edit_index(std::string_view index_json, const std::function<bool(const Descriptor&)>& drops,
                               const std::vector<Descriptor>& added, const ImageLimits& limits) {
  TRY_ASSIGN(const auto document, parse_manifest(index_json, kOciIndex, limits));
  const auto& listed = std::get<Index>(document).manifests;
  if (listed.size() + added.size() > limits.max_manifests) {
    return fail(limit_passed(limits, &ImageLimits::max_manifests));
  }
  std::vector<std::string> entries;
  std::vector<std::string> members;
  size_t position = 0;
  SpanSource source(as_bytes(index_json));
  json::MemberReader reader(source, index_json.size(), kListMember);
  for (;;) {
    TRY_ASSIGN(const json::RawMember* member, reader.next());
    if (member == nullptr) break;
    if (member->key != kListMember) {
      const std::string key = json_text([&](json::Writer& writer) { writer.string(member->key); });
      members.push_back(fmt::format("{}:{}", key, member->value));
      continue;
    }
    // Where Go's reader would take a member by another spelling of its name, ours would edit something else.
    if (position == listed.size()) return fail(Code::kMalformed, "the index lists its manifests in two places");
    if (!drops || !drops(listed[position])) entries.emplace_back(member->value);
    ++position;
  }
  if (position != listed.size()) return fail(Code::kMalformed, "the index lists its manifests under another name");
  for (const Descriptor& descriptor : added) {
    entries.push_back(json_text([&](json::Writer& writer) { write_descriptor(writer, descriptor); }));
  }
  members.push_back(fmt::format("\"{}\":[{}]", kListMember, fmt::join(entries, ",")));
  std::string edited = fmt::format("{{{}}}", fmt::join(members, ","));
  if (edited.size() > limits.max_manifest_bytes) return fail(limit_passed(limits, &ImageLimits::max_manifest_bytes));
  return edited;
}

ManifestBlob ManifestBlob::of(std::string_view media_type, std::string bytes) {
  return {describe(media_type, bytes), std::move(bytes)};
}

std::string referrers_tag(const Digest& subject) {
  constexpr size_t kMaxEncodedBytes = 64;
  const std::string_view algorithm = subject.algorithm() == Digest::Algorithm::kSha512 ? "sha512" : "sha256";
  return fmt::format("{}-{}", algorithm, subject.hex().substr(0, kMaxEncodedBytes));
}

Result<std::optional<ManifestBlob>> with_referrer(const ManifestBlob* index, const Descriptor& added,
                                                  const ImageLimits& limits) {
  if (index == nullptr) return ManifestBlob::of(kOciIndex, write_index({added}));
  TRY_CONTEXT(const auto document, parse_manifest(index->bytes, index->descriptor.media_type, limits),
              "the index of referrers");
  const auto* const parsed = std::get_if<Index>(&document);
  if (parsed == nullptr) return fail(Code::kMalformed, "the tag of referrers names a manifest, not an index");
  if (std::ranges::find(parsed->manifests, added.digest, &Descriptor::digest) != parsed->manifests.end()) {
    return std::nullopt;
  }
  TRY_ASSIGN(std::string edited, edit_index(index->bytes, {}, {added}, limits));
  return ManifestBlob::of(kOciIndex, std::move(edited));
}

}  // namespace bulkhead::oci
