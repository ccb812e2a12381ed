#include "cli/environment.h"

#include <chrono>
#include <cstdlib>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/date.h"
#include "base/fs.h"
#include "base/text.h"

namespace bulkhead::cli {
namespace {

// Nobody else has made it, can write into it or has put a link in its place.
bool is_ours_alone(const std::string& folder) {
  const UniqueFd fd(::open(folder.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  struct stat status{};
  return fd && ::fstat(fd.get(), &status) == 0 && status.st_uid == ::geteuid() &&
         (status.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

// One of the user's folders of the XDG Base Directory Specification: by its variable, else below the home.
struct UserFolder {
  const char* variable;
  std::string_view in_home;       // "/.cache"
  std::string_view without_home;  // what tells it from the others in /var/tmp
};

std::string folder_without_home(const UserFolder& wanted) {
  const passwd* const user = ::getpwuid(::geteuid());  // NOLINT(concurrency-mt-unsafe): called once
  if (user != nullptr && is_ours_alone(user->pw_dir)) return fmt::format("{}{}/bulkhead", user->pw_dir, wanted.in_home);
  return private_directory(fmt::format("/var/tmp/bulkhead{}-{}", wanted.without_home, ::geteuid()));
}

// Nothing when the user has no home by the variables.
std::optional<std::string> folder_by_variables(const UserFolder& wanted) {
  const Environment environment = process_environment();
  const auto absolute = [&](const char* name) {
    auto folder = non_empty(environment, name);
    return folder && folder->starts_with('/') ? folder : std::nullopt;
  };
  if (const auto folder = absolute(wanted.variable)) return *folder + "/bulkhead";
  if (const auto home = absolute("HOME")) return fmt::format("{}{}/bulkhead", *home, wanted.in_home);
  return std::nullopt;
}

constexpr UserFolder kCache{.variable = "XDG_CACHE_HOME", .in_home = "/.cache", .without_home = ""};
constexpr UserFolder kData{.variable = "XDG_DATA_HOME", .in_home = "/.local/share", .without_home = "-data"};

}  // namespace

Environment process_environment() {
  return [](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());  // NOLINT(concurrency-mt-unsafe): nobody sets variables
    if (value == nullptr) return std::nullopt;
    return std::string(value);
  };
}

std::string cache_directory(const std::string& chosen) {
  if (!chosen.empty()) return chosen;
  if (auto folder = folder_by_variables(kCache)) return *std::move(folder);
  static const std::string folder = folder_without_home(kCache);
  return folder;
}

std::string data_directory() {
  if (auto folder = folder_by_variables(kData)) return *std::move(folder);
  static const std::string folder = folder_without_home(kData);
  return folder;
}

std::string key_store_directory() {
  return data_directory() + "/keys";
}

std::string trust_directory() {
  return data_directory() + "/trust";
}

std::string private_directory(std::string wanted) {
  ::mkdir(wanted.c_str(), 0700);
  if (is_ours_alone(wanted)) return wanted;
  wanted += "-XXXXXX";
  return ::mkdtemp(wanted.data()) != nullptr ? wanted : "/nonexistent";
}

std::string now() {
  return rfc3339_of(std::chrono::system_clock::to_time_t(std::chrono::system_clock::now()));
}

std::string source_date() {
  const auto text = non_empty(process_environment(), "SOURCE_DATE_EPOCH");
  const auto seconds = text ? parse_decimal(*text) : std::nullopt;
  return seconds && std::in_range<int64_t>(*seconds) ? rfc3339_of(static_cast<int64_t>(*seconds)) : std::string();
}

}  // namespace bulkhead::cli
