// URLs of the two schemes that we speak, taken apart by libcurl's own parser: what we decide by (scheme, host, port) is
// exactly what the transfer will use. Source: RFC 3986; RFC 9110 section 4.2.
//
// Values, thread-safe to read. parse() and resolve() load libcurl on first use.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace bulkhead::net {

class Url {
 public:
  static constexpr size_t kMaxBytes = 16 << 10;

  // An absolute http or https URL. kInvalidArgument when it is none, holds control characters or names a user
  // (credentials do not belong into URLs, and messages would show them); kUnsupported for another scheme.
  static Result<Url> parse(std::string_view text);
  // A reference (Location of a redirect) relative to this URL, RFC 3986 section 5. Errors as parse().
  Result<Url> resolve(std::string_view reference) const;

  const std::string& text() const { return text_; }  // without fragment
  const std::string& scheme() const { return scheme_; }
  const std::string& host() const { return host_; }  // lower case; IPv6 without brackets and zone
  uint16_t port() const { return port_; }
  const std::string& path() const { return path_; }
  bool is_tls() const { return scheme_ == "https"; }

  std::string authority() const;  // host[:port], the port only when it is not the scheme's own; IPv6 in brackets
  std::string origin() const;     // "https://host:port"
  // For messages: no query, which may carry a signature or a token.
  std::string for_display() const;

 private:
  Url() = default;
  std::string text_;
  std::string scheme_;
  std::string host_;
  std::string path_;
  uint16_t port_ = 0;
};

// "localhost", *.localhost, 127.0.0.0/8 and ::1 (RFC 6761 section 6.3, RFC 1122 section 3.2.1.3, RFC 4291
// section 2.5.3).
bool is_loopback_host(std::string_view host);

// RFC 3986 section 2.1: everything but unreserved characters as %XX.
std::string percent_encode(std::string_view text);

}  // namespace bulkhead::net
