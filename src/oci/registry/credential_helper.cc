#include "oci/registry/credential_helper.h"

#include <utility>

#include <fmt/format.h>

#include "base/json.h"
#include "base/process.h"
#include "base/text.h"

namespace bulkhead::oci {
namespace {

constexpr std::string_view kNotStored = "credentials not found";  // "… in native keychain": the helpers' agreed words

}  // namespace

Result<Credentials> parse_helper_answer(std::string_view text) {
  TRY_ASSIGN(const json::Document document,
             json::Document::parse(text, {.max_bytes = size_t{1} << 20, .max_depth = 8}));
  Credentials credentials;
  credentials.username = document.root().string_or("Username", "");
  const std::string_view secret = document.root().string_or("Secret", "");
  if (credentials.username == "<token>") {
    credentials.username.clear();
    credentials.identity_token = Secret::copy_of(secret);
  } else {
    credentials.password = Secret::copy_of(secret);
  }
  if (credentials.empty()) return fail(Code::kMalformed, "the answer holds no user");
  return credentials;
}

Result<std::optional<Credentials>> ask_credential_helper(const AuthFile::Helper& helper,
                                                         std::chrono::milliseconds timeout, std::stop_token stop) {
  const std::string program = "docker-credential-" + helper.name;
  ProcessOptions options;
  options.arguments = {program, "get"};
  options.input = helper.key;
  options.timeout = timeout;
  options.stop = std::move(stop);
  TRY_ASSIGN(ProcessResult result, run_process(options));
  Secret output(std::move(result.output));
  if (result.exit_code != 0) {
    // Helpers print this on standard output; some on standard error.
    if (output.reveal().contains(kNotStored) || result.error_output.contains(kNotStored)) return std::nullopt;
    return fail(Code::kUnauthenticated,
                fmt::format("{}: exit code {}: {}", program, result.exit_code,
                            printable(trim(std::string_view(result.error_output).substr(0, 200)))));
  }
  auto credentials = parse_helper_answer(output.reveal());
  if (!credentials) return fail(std::move(credentials).error().with_context(program));
  credentials->origin = program;
  return *std::move(credentials);
}

}  // namespace bulkhead::oci
