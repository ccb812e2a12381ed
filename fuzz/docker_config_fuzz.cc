// fuzz: oci
// What decides which credentials go where: configuration files, and the answers of helpers, token servers and
// registries.
#include <cstdint>

#include "oci/registry/auth_file.h"
#include "oci/registry/authorizer.h"
#include "oci/registry/credential_helper.h"
#include "oci/registry/registry_error.h"

using namespace bulkhead;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto file = oci::AuthFile::parse(text, "config.json")) {
    for (const std::string_view domain : {"docker.io", "localhost:5000", "quay.io"}) {
      const auto keys = oci::credential_keys(domain, "team/app");
      if (const auto found = file->find(keys); found && found->empty()) __builtin_trap();
      for (const auto& helper : file->helpers(keys)) {
        // The name becomes part of a program's name.
        if (helper.name.empty() || helper.name.find_first_of("/ \n") != std::string::npos) __builtin_trap();
      }
    }
  }
  if (const auto answer = oci::parse_helper_answer(text); answer && answer->empty()) __builtin_trap();
  if (const auto token = oci::parse_token(text)) {
    if (!net::is_valid_field("Authorization", token->value.reveal()) || token->lifetime.count() < 60) __builtin_trap();
  }
  for (const char c : oci::registry_error_text(text)) {
    if (static_cast<unsigned char>(c) < ' ') __builtin_trap();
  }
  return 0;
}
