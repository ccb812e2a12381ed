// For tests only: timestamps, right and wrong ones, made as a test needs them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "crypto/test_certificate.h"

namespace bulkhead {

struct TimestampRecipe {
  int64_t time = kTestEpoch;
  std::string imprint_digest = "SHA256";
  std::string digest = "SHA256";  // of the signature
  uint64_t accuracy_seconds = 0;  // 0: not stated
  bool embed_certificate = false;
  bool name_certificate = true;  // in the signed attributes
  bool is_timestamp = true;      // false: a CMS signature of something else
};

// TimeStampToken; aborts when OpenSSL cannot make it.
std::string make_timestamp_token(std::string_view message, const TestIdentity& authority,
                                 const TimestampRecipe& recipe = {});
// TimeStampResp around it.
std::string make_timestamp_response(std::string_view token);

CertificateRecipe timestamping_recipe(std::string_view common_name);

}  // namespace bulkhead
