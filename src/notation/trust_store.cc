#include "notation/trust_store.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <system_error>

#include <fmt/format.h>

#include "base/fs.h"
#include "base/text.h"

namespace bulkhead::notation {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMaxFiles = 1000;
constexpr size_t kMaxFileBytes = size_t{1} << 20;
constexpr auto kExtensions = std::to_array<std::string_view>({".pem", ".crt", ".cer"});

std::unexpected<Error> invalid(const fs::path& path, std::string_view why) {
  return fail(Code::kInvalidArgument, fmt::format("{} {}", path.string(), why),
              "put the root certificates themselves there");
}

// Below the root, which is the user's own to place, every step is a folder itself.
Status check_folder(const fs::path& path) {
  std::error_code error;
  const fs::file_status status = fs::symlink_status(path, error);
  if (status.type() == fs::file_type::not_found) {
    return fail(Code::kNotFound, fmt::format("there is no {}", path.string()),
                "make the folder, and put the root certificates there");
  }
  if (error) return fail(errno_error(error.value(), path.string()));
  if (status.type() != fs::file_type::directory) return invalid(path, "is no folder (a symbolic link is none)");
  return {};
}

Result<std::vector<fs::path>> files_of(const fs::path& folder) {
  std::vector<fs::path> files;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error); !error && entry != fs::directory_iterator();
       entry.increment(error)) {
    const fs::file_status status = entry->symlink_status(error);
    if (error) break;
    if (status.type() == fs::file_type::symlink) return invalid(entry->path(), "is a symbolic link");
    const std::string extension = to_lower(entry->path().extension().string());
    if (status.type() != fs::file_type::regular || std::ranges::find(kExtensions, extension) == kExtensions.end()) {
      continue;
    }
    files.push_back(entry->path());
    if (files.size() > kMaxFiles) return fail(limit_error("files of a trust store", kMaxFiles, ""));
  }
  if (error) return fail(errno_error(error.value(), folder.string()));
  std::ranges::sort(files);
  return files;
}

Status check_root(const Certificate& certificate, StoreType type) {
  const bool self_signed = certificate.verify_signed_by(certificate).has_value();
  const bool authority = certificate.basic_constraints() && certificate.basic_constraints()->ca;
  if (type == StoreType::kTsa ? (self_signed && authority) : (self_signed || authority)) return {};
  return fail(Code::kInvalidArgument, fmt::format("certificate \"{}\" is no root's", certificate.subject()),
              "put the root certificate there, not the signer's");
}

Result<std::vector<Certificate>> read_certificates(const fs::path& path, StoreType type) {
  TRY_ASSIGN(const std::string contents, read_file(path.string(), kMaxFileBytes));
  TRY_CONTEXT(std::vector<Certificate> certificates, Certificate::list_from(as_bytes(contents)), path.string());
  for (const Certificate& certificate : certificates) {
    if (auto checked = check_root(certificate, type); !checked) {
      return fail(std::move(checked).error().with_context(path.string()));
    }
  }
  return certificates;
}

}  // namespace

Result<std::vector<Certificate>> FolderTrustStore::certificates(const NamedStore& store) const {
  fs::path folder(root_);
  for (const std::string_view step : {std::string_view("x509"), name_of(store.type), std::string_view(store.name)}) {
    // A name comes from a policy, which was checked; whoever made one otherwise must not get out of the root.
    if (step.empty() || step == "." || step == ".." || step.contains('/')) return invalid(folder, "has no such store");
    folder /= step;
    TRY(check_folder(folder));
  }
  TRY_ASSIGN(const std::vector<fs::path> files, files_of(folder));
  std::vector<Certificate> certificates;
  for (const fs::path& file : files) {
    TRY_ASSIGN(const std::vector<Certificate> held, read_certificates(file, store.type));
    certificates.insert(certificates.end(), held.begin(), held.end());
  }
  if (certificates.empty()) {
    return fail(Code::kNotFound, fmt::format("the trust store {} holds no certificates", folder.string()),
                "files are to end in .pem, .crt or .cer");
  }
  return certificates;
}

}  // namespace bulkhead::notation
