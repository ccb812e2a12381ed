// Result<T>: a value or an Error. Every function that can fail because of its input, the environment or a third party
// returns one; exceptions are for out-of-memory and broken invariants only.
//
// Error carries a canonical code (what a program decides by), a message (what was wrong, with which input), a remedy
// (what the user can do; may be empty) and a chain of context, outermost first when rendered:
//   "alpine:3.19: layer sha256:ab…: gzip stream ends early at byte 1234"
// Error and Result are values without shared state: safe to move between threads.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace bulkhead {

enum class Code : uint8_t {
  kInvalidArgument,     // the caller (a user's flag, a reference) asked for something that makes no sense
  kNotFound,            // no such image, file, tag, package
  kPermissionDenied,    // the operating system or a server refused
  kUnauthenticated,     // a server wants credentials, or refused those it got
  kMalformed,           // input violates its format (truncated, corrupt, out of range)
  kVerificationFailed,  // input is well formed but is not what was promised (digest, signature)
  kLimitExceeded,       // a configured limit was passed; the message names the limit and its option
  kUnsupported,         // valid, but a variant that we do not handle
  kUnavailable,         // a server or device could not be reached or answered with a temporary failure
  kDeadlineExceeded,    // took too long
  kCancelled,           // stopped on request
  kIo,                  // reading or writing failed
  kInternal,            // our mistake
};

std::string_view code_name(Code code);

class [[nodiscard]] Error {
 public:
  Error(Code code, std::string message) : code_(code), message_(std::move(message)) {}
  Error(Code code, std::string message, std::string remedy)
      : code_(code), message_(std::move(message)), remedy_(std::move(remedy)) {}

  Code code() const { return code_; }
  // The innermost message, without context.
  const std::string& message() const { return message_; }
  // What the user can do about it; empty if nothing useful can be said.
  const std::string& remedy() const { return remedy_; }

  // Adds what was being done, from the inside out. Returns *this for `return std::unexpected(e.with_context(…))`.
  Error&& with_context(std::string context) &&;
  Error&& with_remedy(std::string remedy) &&;

  // Context and message, joined by ": ". The remedy is not part of it.
  std::string to_string() const;

 private:
  Code code_;
  std::string message_;
  std::string remedy_;
  std::vector<std::string> context_;  // innermost first
};

// The error of a passed limit: names what was counted, the limit and the option that raises it (empty: says none does).
//   limit_error("tar entries", 5000000, "--max-entries")
Error limit_error(std::string_view what, uint64_t limit, std::string_view option);

// The error of a failed system call: maps errno to a Code and says `what: strerror`.
Error errno_error(int error_number, std::string_view what);

template <typename T>
using Result = std::expected<T, Error>;
using Status = Result<void>;

inline std::unexpected<Error> fail(Code code, std::string message) {
  return std::unexpected(Error(code, std::move(message)));
}
inline std::unexpected<Error> fail(Code code, std::string message, std::string remedy) {
  return std::unexpected(Error(code, std::move(message), std::move(remedy)));
}
inline std::unexpected<Error> fail(Error error) {
  return std::unexpected(std::move(error));
}

}  // namespace bulkhead

#define BULKHEAD_CONCAT_INNER(a, b) a##b
#define BULKHEAD_CONCAT(a, b) BULKHEAD_CONCAT_INNER(a, b)

// Returns the error of `expression` (a Status or Result whose value is not needed) to the caller.
#define TRY(expression)                                      \
  do {                                                       \
    auto try_result = (expression);                          \
    if (!try_result) [[unlikely]]                            \
      return std::unexpected(std::move(try_result).error()); \
  } while (false)

// `TRY_ASSIGN(const auto x, f());` declares x from f()'s value, or returns f()'s error.
#define TRY_ASSIGN(declaration, expression) \
  TRY_ASSIGN_INNER(BULKHEAD_CONCAT(try_assign_, __LINE__), declaration, expression)
#define TRY_ASSIGN_INNER(temporary, declaration, expression) \
  auto temporary = (expression);                             \
  if (!temporary) [[unlikely]]                               \
    return std::unexpected(std::move(temporary).error());    \
  declaration = std::move(*temporary)

// As TRY_ASSIGN, but adds what was being done to the error: TRY_CONTEXT(auto x, f(), fmt::format("layer {}", digest)).
#define TRY_CONTEXT(declaration, expression, context) \
  TRY_CONTEXT_INNER(BULKHEAD_CONCAT(try_context_, __LINE__), declaration, expression, context)
#define TRY_CONTEXT_INNER(temporary, declaration, expression, context)          \
  auto temporary = (expression);                                                \
  if (!temporary) [[unlikely]]                                                  \
    return std::unexpected(std::move(temporary).error().with_context(context)); \
  declaration = std::move(*temporary)
