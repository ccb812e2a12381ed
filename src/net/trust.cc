#include "net/trust.h"

#include <algorithm>
#include <filesystem>
#include <vector>

#include <fmt/format.h>

#include "base/fs.h"

namespace bulkhead::net {
namespace {

constexpr size_t kMaxBundleBytes = size_t{8} << 20;

// Sorted, so that the same folder gives the same text.
Result<std::vector<std::string>> certificates_in(const std::string& folder) {
  std::error_code error;
  std::vector<std::string> files;
  for (std::filesystem::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    const auto extension = entry->path().extension();
    if (extension == ".crt" || extension == ".pem") files.push_back(entry->path().string());
  }
  if (error) return fail(errno_error(error.value(), folder));
  std::ranges::sort(files);
  return files;
}

Status append_file(const std::string& path, std::string& bundle) {
  TRY_ASSIGN(const std::string text, read_file(path, kMaxBundleBytes));
  if (!text.contains("-----BEGIN CERTIFICATE-----") && !text.contains("-----BEGIN TRUSTED CERTIFICATE-----")) {
    return fail(Code::kMalformed, fmt::format("{}: holds no certificate in PEM form", path),
                "give the authority's certificate as PEM (openssl x509 -inform der converts from DER)");
  }
  bundle.append(text).push_back('\n');
  if (bundle.size() > 2 * kMaxBundleBytes) {
    return fail(Code::kLimitExceeded, fmt::format("{}: too many certificate authorities", path));
  }
  return {};
}

}  // namespace

Result<std::string> load_authorities(const TlsOptions& options, const std::string& system_bundle) {
  if (options.ca_files.empty() && options.ca_dirs.empty()) return std::string();
  std::string bundle;
  if (!system_bundle.empty() && !options.only_these_authorities) {
    auto system = read_file(system_bundle, kMaxBundleBytes);
    if (system) bundle.append(*system).push_back('\n');
    if (!system && system.error().code() != Code::kNotFound) return system;
  }
  for (const std::string& path : options.ca_files) TRY(append_file(path, bundle));
  for (const std::string& folder : options.ca_dirs) {
    TRY_ASSIGN(const auto files, certificates_in(folder));
    for (const std::string& path : files) TRY(append_file(path, bundle));
  }
  return bundle;
}

}  // namespace bulkhead::net
