#include "oci/registry/credential_store.h"

#include "base/fs.h"
#include "oci/registry/credential_helper.h"

namespace bulkhead::oci {

void CredentialStore::load_files() {
  loaded_ = true;
  for (const std::string& path : options_.auth_files) {
    auto text = read_file(path, AuthFile::kMaxBytes);
    if (!text) {
      if (text.error().code() != Code::kNotFound) problems_.push_back(text.error().to_string());
      continue;
    }
    const Secret contents(*std::move(text));
    auto file = AuthFile::parse(contents.reveal(), path);
    if (file) {
      files_.push_back(*std::move(file));
    } else {
      problems_.push_back(file.error().to_string());
    }
  }
}

// The lock is held while a helper runs, so that two layers do not make it ask its user twice at once.
CredentialStore::Found CredentialStore::find(const std::string& domain, const std::string& repository) {
  const std::scoped_lock lock(mutex_);
  if (!loaded_) load_files();
  Found found{.credentials = std::nullopt, .problems = problems_};
  const auto keys = credential_keys(domain, repository);
  for (const AuthFile& file : files_) {
    for (const AuthFile::Helper& helper : file.helpers(keys)) {
      auto answer = ask_credential_helper(helper, options_.helper_timeout, options_.stop);
      if (!answer) {
        found.problems.push_back(answer.error().to_string());
        break;  // the same program would fail for the next key too
      }
      if (*answer) {
        found.credentials = *std::move(answer);
        return found;
      }
    }
    found.credentials = file.find(keys);
    if (found.credentials) return found;
  }
  return found;
}

}  // namespace bulkhead::oci
