#include "oci/remembered_image.h"

#include <gtest/gtest.h>

#include "oci/manifest.h"
#include "oci/test_images.h"

namespace bulkhead::oci {
namespace {

Image image_of_two_layers() {
  Image image;
  image.config = *parse_config(testing::make_config({"lower", "upper"}), {});
  image.config_digest = Digest::sha256_of(as_bytes(image.config.raw_json));
  for (const Digest& diff_id : image.config.diff_ids) {
    Layer layer;
    layer.diff_id = diff_id;
    layer.descriptor.size = 10 + image.layers.size();
    image.layers.push_back(layer);
  }
  image.layers[0].descriptor.digest = Digest::sha256_of(as_bytes("stored"));
  image.layers[0].descriptor.media_type = "application/vnd.oci.image.layer.v1.tar+gzip";
  image.layers[1].kind = Layer::Kind::kForeign;
  return image;
}

TEST(RememberedImage, IsWhatWasRead) {
  const Image image = image_of_two_layers();
  const auto decoded = decode_image(as_bytes(encode_image(image)), {});
  ASSERT_TRUE(decoded) << decoded.error().to_string();
  EXPECT_EQ(decoded->config_digest, image.config_digest);
  EXPECT_EQ(decoded->config.raw_json, image.config.raw_json);
  EXPECT_EQ(decoded->config.platform.to_string(), image.config.platform.to_string());
  ASSERT_EQ(decoded->layers.size(), 2U);
  EXPECT_EQ(decoded->layers[0].descriptor.digest, image.layers[0].descriptor.digest);
  EXPECT_EQ(decoded->layers[0].descriptor.size, 10U);
  EXPECT_EQ(decoded->layers[0].descriptor.media_type, image.layers[0].descriptor.media_type);
  EXPECT_EQ(decoded->layers[0].diff_id, image.config.diff_ids[0]);
  EXPECT_EQ(decoded->layers[1].kind, Layer::Kind::kForeign);
  EXPECT_EQ(decoded->layers[1].diff_id, image.config.diff_ids[1]);
  EXPECT_EQ(encode_image(*decoded), encode_image(image));
}

TEST(RememberedImage, IsRefusedWhenItIsCutOrGoesOn) {
  const std::string encoded = encode_image(image_of_two_layers());
  for (size_t size = 0; size < encoded.size(); ++size) {
    EXPECT_FALSE(decode_image(as_bytes(std::string_view(encoded).substr(0, size)), {})) << size;
  }
  EXPECT_FALSE(decode_image(as_bytes(encoded + '\0'), {}));
}

TEST(RememberedImage, IsRefusedWhenItsConfigurationWasChanged) {
  std::string encoded = encode_image(image_of_two_layers());
  const size_t at = encoded.find("amd64");
  ASSERT_NE(at, std::string::npos);
  encoded.replace(at, 5, "arm64");
  const auto decoded = decode_image(as_bytes(encoded), {});
  ASSERT_FALSE(decoded);
  EXPECT_EQ(decoded.error().code(), Code::kVerificationFailed);
}

}  // namespace
}  // namespace bulkhead::oci
