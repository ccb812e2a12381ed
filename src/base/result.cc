#include "base/result.h"

#include <cerrno>
#include <system_error>

#include <fmt/format.h>

namespace bulkhead {

std::string_view code_name(Code code) {
  switch (code) {
    case Code::kInvalidArgument:
      return "invalid_argument";
    case Code::kNotFound:
      return "not_found";
    case Code::kPermissionDenied:
      return "permission_denied";
    case Code::kUnauthenticated:
      return "unauthenticated";
    case Code::kMalformed:
      return "malformed";
    case Code::kVerificationFailed:
      return "verification_failed";
    case Code::kLimitExceeded:
      return "limit_exceeded";
    case Code::kUnsupported:
      return "unsupported";
    case Code::kUnavailable:
      return "unavailable";
    case Code::kDeadlineExceeded:
      return "deadline_exceeded";
    case Code::kCancelled:
      return "cancelled";
    case Code::kIo:
      return "io";
    case Code::kInternal:
      return "internal";
  }
  return "unknown";
}

Error&& Error::with_context(std::string context) && {
  context_.push_back(std::move(context));
  return std::move(*this);
}

Error&& Error::with_remedy(std::string remedy) && {
  remedy_ = std::move(remedy);
  return std::move(*this);
}

std::string Error::to_string() const {
  std::string text;
  for (auto it = context_.rbegin(); it != context_.rend(); ++it) {
    text += *it;
    text += ": ";
  }
  return text + message_;
}

Error limit_error(std::string_view what, uint64_t limit, std::string_view option) {
  Error error(Code::kLimitExceeded, fmt::format("more than {} {}", limit, what));
  if (option.empty()) return std::move(error).with_remedy("no option raises this limit");
  return std::move(error).with_remedy(fmt::format("if the input is to be trusted, raise the limit with {}", option));
}

Error errno_error(int error_number, std::string_view what) {
  Code code = Code::kIo;
  switch (error_number) {
    case ENOENT:
    case ENOTDIR:
      code = Code::kNotFound;
      break;
    case EACCES:
    case EPERM:
      code = Code::kPermissionDenied;
      break;
    case ETIMEDOUT:
      code = Code::kDeadlineExceeded;
      break;
    case ECONNREFUSED:
    case ECONNRESET:
    case EHOSTUNREACH:
    case ENETUNREACH:
      code = Code::kUnavailable;
      break;
    default:
      break;
  }
  return {code, fmt::format("{}: {}", what, std::generic_category().message(error_number))};
}

}  // namespace bulkhead
