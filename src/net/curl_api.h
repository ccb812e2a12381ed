// libcurl, opened at run time. Internal to net: the only header of ours that shows libcurl.
//
// Why not linked: libcurl.so.4 brings some thirty shared libraries with it (LDAP, Kerberos, SSH, …), and loading them
// costs every start of the program 7 to 9 ms where a scan from the cache takes less than 20. Opened by the first
// request it costs only those who make one.
#pragma once

#include <curl/curl.h>

#include "base/result.h"

namespace bulkhead::net {

struct CurlApi {
  decltype(&::curl_global_init) global_init;
  decltype(&::curl_version_info) version_info;
  decltype(&::curl_easy_init) easy_init;
  decltype(&::curl_easy_cleanup) easy_cleanup;
  decltype(&::curl_easy_setopt) easy_setopt;
  decltype(&::curl_easy_getinfo) easy_getinfo;
  decltype(&::curl_easy_pause) easy_pause;
  decltype(&::curl_easy_strerror) easy_strerror;
  decltype(&::curl_multi_init) multi_init;
  decltype(&::curl_multi_cleanup) multi_cleanup;
  decltype(&::curl_multi_add_handle) multi_add_handle;
  decltype(&::curl_multi_remove_handle) multi_remove_handle;
  decltype(&::curl_multi_perform) multi_perform;
  decltype(&::curl_multi_poll) multi_poll;
  decltype(&::curl_multi_wakeup) multi_wakeup;
  decltype(&::curl_multi_info_read) multi_info_read;
  decltype(&::curl_multi_setopt) multi_setopt;
  decltype(&::curl_multi_strerror) multi_strerror;
  decltype(&::curl_slist_append) slist_append;
  decltype(&::curl_slist_free_all) slist_free_all;
  decltype(&::curl_url) url;
  decltype(&::curl_url_cleanup) url_cleanup;
  decltype(&::curl_url_get) url_get;
  decltype(&::curl_url_set) url_set;
  decltype(&::curl_url_strerror) url_strerror;
  decltype(&::curl_free) free;
};

// The functions; loaded, checked (7.85 or later, with TLS) and initialised at the first call, from any thread, and kept
// for the life of the process. kUnsupported, with what to install, when there is no usable libcurl; the same answer
// every time.
Result<const CurlApi*> curl_api();

}  // namespace bulkhead::net
