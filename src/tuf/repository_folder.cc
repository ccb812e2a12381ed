#include "tuf/repository_folder.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <filesystem>
#include <set>
#include <system_error>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "base/text.h"

namespace bulkhead::tuf {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMaxFileBytes = size_t{64} << 20;
constexpr std::string_view kSuffix = ".json";

std::string metadata_of(const std::string& folder) {
  return folder + "/metadata";
}
std::string publications_of(const std::string& folder) {
  return folder + "/.publications";
}
std::string staged_of(const std::string& folder) {
  return folder + "/staged";
}
std::string next_staged_of(const std::string& folder) {
  return folder + "/.staged.next";
}
std::string old_staged_of(const std::string& folder) {
  return folder + "/.staged.old";
}
std::string file_of_role(std::string_view role) {
  return path_segment(role) + std::string(kSuffix);
}
std::string staged_file(const std::string& folder, std::string_view role) {
  return fmt::format("{}/{}", staged_of(folder), file_of_role(role));
}

std::string file_in(std::string_view folder, std::string_view name) {
  return fmt::format("{}/{}", folder, name);
}

Error io_error(const std::error_code& error, std::string_view what) {
  return errno_error(error.value(), what);
}

Status sync_folder(const std::string& folder) {
  const UniqueFd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd || ::fsync(fd.get()) != 0) return fail(errno_error(errno, folder));
  return {};
}

// The number of the publication that the link names; nothing when there is no link.
Result<std::optional<uint64_t>> present_publication(const std::string& folder) {
  std::error_code error;
  const fs::path target = fs::read_symlink(metadata_of(folder), error);
  if (error == std::errc::no_such_file_or_directory) return std::nullopt;
  if (error) return fail(io_error(error, metadata_of(folder)));
  const auto number = parse_decimal(target.filename().string());
  if (!number) {
    return fail(Code::kMalformed, fmt::format("{} leads to {}", metadata_of(folder), target.string()),
                "it must lead to a folder of .publications");
  }
  return *number;
}

Result<std::vector<std::string>> files_in(const std::string& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    names.push_back(it->path().filename().string());
  }
  if (error) return fail(io_error(error, folder));
  std::ranges::sort(names);
  return names;
}

template <typename Read>
auto read_metadata(const std::string& path, Read read) -> Result<Filed<decltype(read("")->metadata)>> {
  TRY_ASSIGN(std::string bytes, read_file(path, kMaxFileBytes));
  TRY_CONTEXT(auto content, read(std::string_view(bytes)), path);
  return Filed<decltype(read("")->metadata)>{.content = std::move(content), .bytes = std::move(bytes)};
}

Result<Published> load(const Codec& codec, const std::string& folder) {
  Published out;
  TRY_ASSIGN(const auto names, files_in(folder));
  uint64_t newest = 0;
  for (const std::string& name : names) {
    const size_t dot = name.find('.');
    if (dot == std::string::npos || name.substr(dot) != ".root.json") continue;
    newest = std::max(newest, parse_decimal(name.substr(0, dot)).value_or(0));
  }
  const auto path_of = [&](std::string_view role, int64_t version) {
    return folder + "/" + codec.file_name(role, {.version = version, .length = {}, .hashes = {}}, true);
  };
  TRY_ASSIGN(out.root, read_metadata(path_of(kRoot, static_cast<int64_t>(newest)),
                                     [&](std::string_view bytes) { return codec.root(bytes); }));
  TRY_ASSIGN(out.timestamp,
             read_metadata(path_of(kTimestamp, 0), [&](std::string_view bytes) { return codec.timestamp(bytes); }));
  TRY_ASSIGN(out.snapshot, read_metadata(path_of(kSnapshot, out.timestamp.content.metadata.snapshot.version),
                                         [&](std::string_view bytes) { return codec.snapshot(bytes); }));
  for (const auto& [role, entry] : out.snapshot.content.metadata.meta) {
    TRY_ASSIGN(auto targets, read_metadata(path_of(role, entry.version),
                                           [&](std::string_view bytes) { return codec.targets(bytes, role); }));
    out.targets.emplace(role, std::move(targets));
  }
  return out;
}

Status rename_path(const std::string& from, const std::string& to) {
  if (::rename(from.c_str(), to.c_str()) == 0) return {};
  return fail(errno_error(errno, to));
}

// All that is staged, instead of what was (invariant 3). Files that stay the same are links to the old ones.
Status replace_staged(const std::string& folder, const std::map<std::string, std::string>& files) {
  const std::string next = next_staged_of(folder);
  std::error_code ignored;  // what cannot be removed fails below
  fs::remove_all(next, ignored);
  fs::remove_all(old_staged_of(folder), ignored);
  TRY(make_directories(next));
  for (const auto& [role, bytes] : files) {
    const std::string place = file_in(next, file_of_role(role));
    const auto present = read_file(staged_file(folder, role), kMaxFileBytes);
    if (present && *present == bytes && ::link(staged_file(folder, role).c_str(), place.c_str()) == 0) continue;
    TRY(write_file_atomically(place, bytes));
  }
  TRY(sync_folder(next));
  if (fs::exists(staged_of(folder))) TRY(rename_path(staged_of(folder), old_staged_of(folder)));
  TRY(rename_path(next, staged_of(folder)));
  TRY(sync_folder(folder));
  fs::remove_all(old_staged_of(folder), ignored);
  return {};
}

// Of a writer that died between the two renames: the new folder was whole.
Status finish_replacement(const std::string& folder) {
  if (fs::exists(staged_of(folder)) || !fs::exists(old_staged_of(folder))) return {};
  return rename_path(next_staged_of(folder), staged_of(folder));
}

// By role.
Result<std::map<std::string, std::string>> load_staged(const std::string& folder) {
  std::map<std::string, std::string> out;
  if (!fs::exists(staged_of(folder))) return out;
  TRY_ASSIGN(const auto names, files_in(staged_of(folder)));
  for (const std::string& name : names) {
    // Anything else is a file that was being written when its writer died.
    if (!name.ends_with(kSuffix)) continue;
    const auto role = text_of_segment(std::string_view(name).substr(0, name.size() - kSuffix.size()));
    if (!role) continue;
    TRY_ASSIGN(std::string bytes, read_file(staged_of(folder) + "/" + name, kMaxFileBytes));
    out.emplace(*role, std::move(bytes));
  }
  return out;
}

Status remove_file(const std::string& path) {
  if (::unlink(path.c_str()) == 0 || errno == ENOENT) return {};
  return fail(errno_error(errno, path));
}

// A file that was published while its writer died before it removed the staged one.
bool is_published(const Repository& repository, std::string_view role, std::string_view bytes) {
  const Published* published = repository.published();
  if (published == nullptr) return false;
  if (role == kRoot) return published->root.bytes == bytes;
  const auto found = published->targets.find(role);
  return found != published->targets.end() && found->second.bytes == bytes;
}

Status point_at(const std::string& folder, uint64_t publication) {
  const std::string next = publications_of(folder) + "/next";
  TRY(remove_file(next));
  if (::symlink(fmt::format(".publications/{}", publication).c_str(), next.c_str()) != 0 ||
      ::rename(next.c_str(), metadata_of(folder).c_str()) != 0) {
    return fail(errno_error(errno, metadata_of(folder)));
  }
  return sync_folder(folder);
}

Status write_publication(const std::string& folder, std::optional<uint64_t> present, uint64_t number,
                         const std::vector<std::pair<std::string, std::string>>& files) {
  const std::string place = fmt::format("{}/{}", publications_of(folder), number);
  std::error_code error;
  fs::remove_all(place, error);  // of a publication that was interrupted
  TRY(make_directories(place));
  if (present) {
    const std::string before = fmt::format("{}/{}", publications_of(folder), *present);
    TRY_ASSIGN(const auto names, files_in(before));
    for (const std::string& name : names) {
      if (std::ranges::find(files, name, &std::pair<std::string, std::string>::first) != files.end()) continue;
      const std::string copy = file_in(place, name);
      if (::link(file_in(before, name).c_str(), copy.c_str()) != 0) return fail(errno_error(errno, copy));
    }
  }
  for (const auto& [name, bytes] : files) TRY(write_file_atomically(file_in(place, name), bytes));
  TRY(sync_folder(place));
  TRY(sync_folder(publications_of(folder)));
  return point_at(folder, number);
}

void remove_old_publications(const std::string& folder, uint64_t number) {
  const auto names = files_in(publications_of(folder));
  if (!names) return;
  for (const std::string& name : *names) {
    const auto other = parse_decimal(name);
    std::error_code ignored;  // it is looked at again after the next publication
    if (other && *other + 1 < number) fs::remove_all(publications_of(folder) + "/" + name, ignored);
  }
}

}  // namespace

Result<UniqueFd> RepositoryFolder::claim(const std::string& folder) {
  TRY_ASSIGN(UniqueFd lock, lock_file(folder + "/.lock"));
  TRY(finish_replacement(folder));
  TRY_ASSIGN(const auto present, present_publication(folder));
  if (present || fs::exists(staged_file(folder, kRoot))) {
    return fail(Code::kInvalidArgument, fmt::format("{} has a repository already", folder));
  }
  return lock;
}

Result<UniqueFd> RepositoryFolder::lock(const std::string& folder) {
  if (!fs::is_directory(folder)) return fail(Code::kNotFound, fmt::format("there is no repository at {}", folder));
  return lock_file(folder + "/.lock");
}

Result<RepositoryFolder> RepositoryFolder::create(const Codec& codec, const std::string& folder, UniqueFd claimed,
                                                  const Setup& setup, const Lifetimes& lifetimes, int64_t now) {
  TRY_ASSIGN(Repository repository, Repository::create(codec, setup, lifetimes, now));
  RepositoryFolder out(folder, std::move(claimed), std::move(repository));
  TRY(out.save());
  return out;
}

Result<RepositoryFolder> RepositoryFolder::create(const Codec& codec, const std::string& folder, const Setup& setup,
                                                  const Lifetimes& lifetimes, int64_t now) {
  TRY_ASSIGN(UniqueFd claimed, claim(folder));
  return create(codec, folder, std::move(claimed), setup, lifetimes, now);
}

Result<RepositoryFolder> RepositoryFolder::open(const Codec& codec, const std::string& folder,
                                                const Lifetimes& lifetimes, int64_t now) {
  TRY_ASSIGN(UniqueFd locked, lock(folder));
  return open(codec, folder, std::move(locked), lifetimes, now);
}

Result<RepositoryFolder> RepositoryFolder::open(const Codec& codec, const std::string& folder, UniqueFd locked,
                                                const Lifetimes& lifetimes, int64_t now) {
  TRY(finish_replacement(folder));
  TRY_ASSIGN(const auto present, present_publication(folder));
  TRY_ASSIGN(const auto staged, load_staged(folder));
  const auto root = staged.find(std::string(kRoot));
  if (!present && root == staged.end()) {
    return fail(Code::kNotFound, fmt::format("there is no repository at {}", folder));
  }
  auto repository = [&]() -> Result<Repository> {
    if (!present) return Repository::resume(codec, root->second, lifetimes, now);
    TRY_ASSIGN(Published published, load(codec, metadata_of(folder)));
    return Repository(codec, std::move(published), lifetimes, now);
  }();
  if (!repository) return std::unexpected(std::move(repository).error());
  for (const auto& [role, bytes] : staged) {
    if (is_published(*repository, role, bytes)) {
      TRY(remove_file(staged_file(folder, role)));
      continue;
    }
    if (auto taken = repository->stage(role, bytes); !taken) {
      return std::unexpected(std::move(taken).error().with_context(staged_file(folder, role)));
    }
  }
  return RepositoryFolder(folder, std::move(locked), *std::move(repository));
}

Status RepositoryFolder::write(const std::string& folder, const std::map<std::string, std::string>& published,
                               const std::map<std::string, std::string>& staged) {
  TRY(replace_staged(folder, staged));
  if (published.empty()) return {};
  return write_publication(folder, std::nullopt, 1, {published.begin(), published.end()});
}

Result<std::map<std::string, std::string>> RepositoryFolder::published_files() const {
  std::map<std::string, std::string> files;
  if (repository_.published() == nullptr) return files;
  TRY_ASSIGN(const auto names, files_in(metadata_of(folder_)));
  for (const std::string& name : names) {
    TRY_ASSIGN(std::string bytes, read_file(file_in(metadata_of(folder_), name), kMaxFileBytes));
    files.emplace(name, std::move(bytes));
  }
  return files;
}

Status RepositoryFolder::save() {
  return replace_staged(folder_, repository_.staged_files());
}

Status RepositoryFolder::publish(const std::vector<RoleSigner>& online) {
  Repository next = repository_;
  TRY_ASSIGN(const auto files, next.publish(online));
  return keep(std::move(next), files);
}

Status RepositoryFolder::refresh(const std::vector<RoleSigner>& online) {
  Repository next = repository_;
  TRY_ASSIGN(const auto files, next.refresh(online));
  return keep(std::move(next), files);
}

Status RepositoryFolder::keep(Repository next, const std::vector<std::pair<std::string, std::string>>& files) {
  TRY(save());
  TRY_ASSIGN(const auto present, present_publication(folder_));
  const uint64_t number = present.value_or(0) + 1;
  TRY(write_publication(folder_, present, number, files));
  repository_ = std::move(next);
  remove_old_publications(folder_, number);
  return save();
}

}  // namespace bulkhead::tuf
