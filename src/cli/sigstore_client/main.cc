// bulkhead-sigstore-client: the verifier of `sigstore` behind the command protocol of the public Sigstore conformance
// suite (docs/cli_protocol.md of sigstore/sigstore-conformance), as far as it needs no network: bundles are verified,
// nothing is signed. Where the suite means the public-good instance and names no trusted root, the file of
// $BULKHEAD_TRUSTED_ROOT counts. 0: verified; 1: not, with the reason on standard error.
#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "base/fs.h"
#include "sigstore/bundle.h"
#include "sigstore/verifier.h"

namespace bulkhead::cli {
namespace {

constexpr std::string_view kUsage =
    "usage: bulkhead-sigstore-client verify-bundle --bundle FILE --certificate-identity NAME\n"
    "           --certificate-oidc-issuer URL [--trusted-root FILE] FILE_OR_DIGEST\n"
    "       bulkhead-sigstore-client verify-bundle --bundle FILE --key FILE [--trusted-root FILE] FILE_OR_DIGEST\n";
constexpr size_t kMaxKeyBytes = size_t{64} << 10;
constexpr size_t kMaxArtifactBytes = size_t{256} << 20;

struct Arguments {
  std::string bundle;
  std::string identity;
  std::string issuer;
  std::string key;
  std::string trusted_root;
  std::string artifact;  // a file or a digest
};

struct Option {
  std::string_view name;
  std::string Arguments::* field;
};
constexpr auto kOptions = std::to_array<Option>({
    {"--bundle", &Arguments::bundle},
    {"--certificate-identity", &Arguments::identity},
    {"--certificate-oidc-issuer", &Arguments::issuer},
    {"--key", &Arguments::key},
    {"--trusted-root", &Arguments::trusted_root},
});

Result<Arguments> parse(std::span<const std::string> words) {
  if (words.empty() || words[0] != "verify-bundle") {
    return fail(Code::kInvalidArgument, "verify-bundle is all that is done here");
  }
  Arguments out;
  for (size_t i = 1; i < words.size(); ++i) {
    const auto option = std::ranges::find(kOptions, words[i], &Option::name);
    if (option == kOptions.end()) {
      if (words[i].starts_with("--")) return fail(Code::kInvalidArgument, fmt::format("{} is unknown", words[i]));
      out.artifact = words[i];
    } else if (++i == words.size()) {
      return fail(Code::kInvalidArgument, fmt::format("{} needs a value", option->name));
    } else {
      out.*(option->field) = words[i];
    }
  }
  const char* root = std::getenv("BULKHEAD_TRUSTED_ROOT");  // NOLINT(concurrency-mt-unsafe): one thread
  if (root != nullptr && out.trusted_root.empty()) out.trusted_root = root;
  const bool by_identity = !out.identity.empty() && !out.issuer.empty();
  if (out.bundle.empty() || out.artifact.empty() || out.key.empty() != by_identity) {
    return fail(Code::kInvalidArgument, "an argument is missing");
  }
  if (out.trusted_root.empty()) {
    return fail(Code::kInvalidArgument, "no trusted root: neither by --trusted-root nor by BULKHEAD_TRUSTED_ROOT");
  }
  return out;
}

Result<sigstore::Policy> policy_of(const Arguments& arguments, const sigstore::TrustedRoot& root) {
  sigstore::Policy policy{.root = &root};
  if (arguments.key.empty()) {
    policy.identities.push_back({.name = sigstore::TextPattern::exactly(arguments.identity),
                                 .issuer = sigstore::TextPattern::exactly(arguments.issuer)});
    return policy;
  }
  TRY_ASSIGN(const std::string pem, read_file(arguments.key, kMaxKeyBytes));
  TRY_CONTEXT(policy.key, PublicKey::from_pem(pem), arguments.key);
  return policy;
}

Status verify(const Arguments& arguments) {
  TRY_ASSIGN(const std::string root_text, read_file(arguments.trusted_root, sigstore::kMaxTrustedRootBytes));
  TRY_CONTEXT(const sigstore::TrustedRoot root, sigstore::read_trusted_root(root_text), arguments.trusted_root);
  TRY_ASSIGN(const sigstore::Policy policy, policy_of(arguments, root));
  TRY_ASSIGN(const std::string bundle_text, read_file(arguments.bundle, sigstore::kMaxBundleBytes));
  TRY_CONTEXT(const sigstore::Bundle bundle, sigstore::read_bundle(bundle_text), arguments.bundle);
  std::string bytes;
  sigstore::Artifact artifact;
  if (auto digest = Digest::parse(arguments.artifact)) {
    artifact.digest = *std::move(digest);
  } else {
    TRY_ASSIGN(bytes, read_file(arguments.artifact, kMaxArtifactBytes));
    artifact = {.digest = Digest::sha256_of(as_bytes(bytes)), .bytes = bytes};
  }
  TRY_CONTEXT(const auto verified, sigstore::verify(bundle, artifact, policy), arguments.bundle);
  for (const sigstore::LogPosition& entry : verified.log_entries) {
    fmt::print("verified; entry {} of {}\n", entry.index, entry.log);
  }
  return {};
}

int report(const Error& error) {
  fmt::print(stderr, "bulkhead-sigstore-client: {}\n", error.to_string());
  if (!error.remedy().empty()) fmt::print(stderr, "  {}\n", error.remedy());
  return 1;
}

}  // namespace
}  // namespace bulkhead::cli

int main(int argc, char** argv) {
  try {
    const std::vector<std::string> words(argv + (argc > 0 ? 1 : 0), argv + argc);
    const auto arguments = bulkhead::cli::parse(words);
    if (!arguments) {
      bulkhead::cli::report(arguments.error());
      fmt::print(stderr, "{}", bulkhead::cli::kUsage);
      return 1;
    }
    const auto done = bulkhead::cli::verify(*arguments);
    return done ? 0 : bulkhead::cli::report(done.error());
  } catch (const std::exception& error) {
    std::fputs(error.what(), stderr);
    return 1;
  }
}
