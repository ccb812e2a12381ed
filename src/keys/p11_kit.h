// p11-kit, opened at run time: PKCS#11 modules loaded so that several users in one process do not disturb one another,
// and the URIs of RFC 7512. Internal to keys: shows p11-kit's types.
//
// Why not linked: few commands need it, and none of the others should ask for the library to be installed, or load it.
#pragma once

#include <p11-kit/p11-kit.h>
#include <p11-kit/uri.h>

#include "base/result.h"

namespace bulkhead::keys {

struct P11Kit {
  decltype(&::p11_kit_modules_load) modules_load;
  decltype(&::p11_kit_modules_release) modules_release;
  decltype(&::p11_kit_module_load) module_load;
  decltype(&::p11_kit_module_initialize) module_initialize;
  decltype(&::p11_kit_module_finalize) module_finalize;
  decltype(&::p11_kit_module_release) module_release;
  decltype(&::p11_kit_module_get_flags) module_get_flags;
  decltype(&::p11_kit_module_get_name) module_get_name;
  decltype(&::p11_kit_module_get_filename) module_get_filename;
  decltype(&::p11_kit_message) message;
  decltype(&::p11_kit_strerror) strerror;
  decltype(&::p11_kit_space_strlen) space_strlen;
  decltype(&::p11_kit_uri_new) uri_new;
  decltype(&::p11_kit_uri_free) uri_free;
  decltype(&::p11_kit_uri_parse) uri_parse;
  decltype(&::p11_kit_uri_format) uri_format;
  decltype(&::p11_kit_uri_message) uri_message;
  decltype(&::p11_kit_uri_any_unrecognized) uri_any_unrecognized;
  decltype(&::p11_kit_uri_match_module_info) uri_match_module_info;
  decltype(&::p11_kit_uri_match_slot_info) uri_match_slot_info;
  decltype(&::p11_kit_uri_match_token_info) uri_match_token_info;
  decltype(&::p11_kit_uri_get_token_info) uri_get_token_info;
  decltype(&::p11_kit_uri_get_slot_id) uri_get_slot_id;
  decltype(&::p11_kit_uri_get_attribute) uri_get_attribute;
  decltype(&::p11_kit_uri_set_attribute) uri_set_attribute;
  decltype(&::p11_kit_uri_get_pin_value) uri_get_pin_value;
  decltype(&::p11_kit_uri_get_pin_source) uri_get_pin_source;
  decltype(&::p11_kit_uri_get_module_name) uri_get_module_name;
  decltype(&::p11_kit_uri_get_module_path) uri_get_module_path;
};

// The functions; loaded at the first call, from any thread, and kept for the life of the process. kUnsupported, with
// what to install, when the library is not there; the same answer every time.
Result<const P11Kit*> p11_kit();

}  // namespace bulkhead::keys
