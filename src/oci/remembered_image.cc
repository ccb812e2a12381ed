#include "oci/remembered_image.h"

#include <utility>

#include <fmt/format.h>

#include "oci/manifest.h"

namespace bulkhead::oci {
namespace {

constexpr uint8_t kVersion = 1;
enum : uint8_t { kArchiveLayer = 0, kForeignLayer = 1 };

std::unexpected<Error> malformed(std::string_view problem) {
  return fail(Code::kMalformed, fmt::format("remembered image: {}", problem));
}

Result<Digest> read_digest(ByteReader& reader) {
  TRY_ASSIGN(const std::string_view text, read_string(reader));
  if (text.empty()) return Digest();
  return Digest::parse(text);
}

Result<Layer> read_layer(ByteReader& reader) {
  Layer layer;
  TRY_ASSIGN(const uint8_t kind, reader.u8());
  if (kind > kForeignLayer) return malformed("unknown kind of layer");
  if (kind == kForeignLayer) layer.kind = Layer::Kind::kForeign;
  TRY_ASSIGN(layer.descriptor.digest, read_digest(reader));
  TRY_ASSIGN(layer.descriptor.size, reader.varint());
  TRY_ASSIGN(layer.descriptor.media_type, read_string(reader));
  return layer;
}

Result<ImageConfig> read_config(ByteReader& reader, const Digest& digest, const ImageLimits& limits) {
  TRY_ASSIGN(const std::string_view text, read_string(reader));
  Hasher hasher(digest.algorithm());
  hasher.update(as_bytes(text));
  if (hasher.finish() != digest) {
    return fail(Code::kVerificationFailed, "remembered image: the configuration has not its digest");
  }
  return parse_config(text, limits);
}

}  // namespace

std::string encode_image(const Image& image) {
  ByteWriter writer;
  writer.u8(kVersion);
  writer.string(image.manifest_digest.to_string());
  writer.string(image.index_digest.to_string());
  writer.string(image.manifest.media_type);
  writer.string(image.config_digest.to_string());
  writer.string(image.config.raw_json);
  for (const Layer& layer : image.layers) {
    writer.u8(layer.kind == Layer::Kind::kForeign ? kForeignLayer : kArchiveLayer);
    writer.string(layer.descriptor.digest.to_string());
    writer.varint(layer.descriptor.size);
    writer.string(layer.descriptor.media_type);
  }
  return std::move(writer).take();
}

Result<Image> decode_image(ByteSpan bytes, const ImageLimits& limits) {
  ByteReader reader(bytes);
  TRY_ASSIGN(const uint8_t version, reader.u8());
  if (version != kVersion) return malformed("of another version");
  Image image;
  TRY_ASSIGN(image.manifest_digest, read_digest(reader));
  TRY_ASSIGN(image.index_digest, read_digest(reader));
  TRY_ASSIGN(image.manifest.media_type, read_string(reader));
  TRY_ASSIGN(image.config_digest, read_digest(reader));
  TRY_ASSIGN(image.config, read_config(reader, image.config_digest, limits));
  std::vector<std::string> instructions = created_by_of_layers(image.config);
  for (size_t i = 0; i < image.config.diff_ids.size(); ++i) {
    TRY_ASSIGN(Layer layer, read_layer(reader));
    layer.diff_id = image.config.diff_ids[i];
    layer.created_by = std::move(instructions[i]);
    image.layers.push_back(std::move(layer));
  }
  if (!reader.at_end()) return malformed("something follows it");
  return image;
}

}  // namespace bulkhead::oci
