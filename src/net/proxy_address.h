// Whether a proxy's address is one that libcurl will understand. Asked before libcurl sees it: its messages quote what
// it does not understand, password and all. Pure.
#pragma once

#include <string_view>

#include "base/result.h"
#include "net/url.h"

namespace bulkhead::net {

// `proxy` as ProxyOptions has it, for requests to `url`; empty: none. kInvalidArgument when it is not
// [scheme://][user[:password]@]host[:port]; the message shows nothing of it, because a password with an unescaped '#'
// or
// '/' may be anywhere in it.
Status check_proxy_address(std::string_view proxy, const Url& url);

}  // namespace bulkhead::net
