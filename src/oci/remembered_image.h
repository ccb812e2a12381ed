// An image that was read once, in few bytes, so that it need not be read again: what SequentialImage::read() answered,
// save the names of the archive's entries, the reference it was asked for by and the source's names for it.
// Format: docs/formats/layer-cache.md, Images. Pure functions.
#pragma once

#include <string>

#include "base/bytes.h"
#include "oci/image_source.h"

namespace bulkhead::oci {

std::string encode_image(const Image& image);

// The bytes need not be trusted: kMalformed for what encode_image() did not write, kVerificationFailed when the
// configuration has not its digest, and the errors of parse_config(). Layers have no open().
Result<Image> decode_image(ByteSpan bytes, const ImageLimits& limits);

}  // namespace bulkhead::oci
