// Which proxy a request goes through. Source: the conventions of http_proxy and no_proxy as Go's x/net/http/httpproxy
// documents them, which docker, podman and skopeo follow.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/environment.h"
#include "base/secret.h"
#include "net/url.h"

namespace bulkhead::net {

// Filled at the edge. Values; thread-safe to read.
struct ProxyOptions {
  // "http://[user:password@]host[:port]"; also https, socks5 and socks5h; http when there is no scheme. Empty: none.
  Secret http_proxy;   // for http:// URLs
  Secret https_proxy;  // for https:// URLs
  // Hosts that are reached directly, separated by commas: "*"; a host name ("example.com" also covers its subdomains,
  // ".example.com" only those); an address; a CIDR range; each with an optional ":port". Loopback hosts always are.
  std::string no_proxy;

  // From HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY or their lower-case forms, which win. HTTP_PROXY in capitals
  // is ignored where REQUEST_METHOD is set: a CGI server would take it from a request's header ("httpoxy").
  static ProxyOptions from_environment(const Environment& environment);

  // The proxy for this URL; empty when it is reached directly. Lives as long as these options.
  const Secret& proxy_for(const Url& url) const;
};

}  // namespace bulkhead::net
