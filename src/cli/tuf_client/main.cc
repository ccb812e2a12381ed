// bulkhead-tuf-client: the client of `trust` behind the command protocol of the public TUF conformance suite
// (CLIENT-CLI.md of theupdateframework/tuf-conformance). 0: done; 1: not, with the reason on standard error.
#include <cstdio>
#include <ctime>
#include <exception>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "base/fs.h"
#include "net/http_client.h"
#include "trust/http_repository.h"
#include "tuf/updater.h"

namespace bulkhead::cli {
namespace {

constexpr std::string_view kUsage =
    "usage: bulkhead-tuf-client --metadata-dir DIR init ROOT\n"
    "       bulkhead-tuf-client --metadata-dir DIR --metadata-url URL refresh\n"
    "       bulkhead-tuf-client --metadata-dir DIR --metadata-url URL --target-name PATH... --target-base-url URL\n"
    "                           --target-dir DIR download\n";
constexpr size_t kMaxFileBytes = size_t{64} << 20;

struct Arguments {
  std::string metadata_dir;
  std::string metadata_url;
  std::vector<std::string> target_names;
  std::string target_base_url;
  std::string target_dir;
  std::string command;
  std::string root;  // of init
};

Result<Arguments> parse(std::span<const std::string> words) {
  Arguments out;
  for (size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (!word.starts_with("--")) {
      (out.command.empty() ? out.command : out.root) = word;
      continue;
    }
    if (++i == words.size()) return fail(Code::kInvalidArgument, fmt::format("{} needs a value", word));
    const std::string& value = words[i];
    if (word == "--metadata-dir") {
      out.metadata_dir = value;
    } else if (word == "--metadata-url") {
      out.metadata_url = value;
    } else if (word == "--target-name") {
      out.target_names.push_back(value);
    } else if (word == "--target-base-url") {
      out.target_base_url = value;
    } else if (word == "--target-dir") {
      out.target_dir = value;
    } else {
      return fail(Code::kInvalidArgument, fmt::format("{} is unknown", word));
    }
  }
  const bool complete = !out.metadata_dir.empty() &&
                        (out.command == "init"       ? !out.root.empty()
                         : out.command == "refresh"  ? !out.metadata_url.empty()
                         : out.command == "download" ? !out.metadata_url.empty() && !out.target_names.empty() &&
                                                           !out.target_base_url.empty() && !out.target_dir.empty()
                                                     : false);
  if (!complete) return fail(Code::kInvalidArgument, "an argument is missing");
  return out;
}

// Where a target is kept: one name whatever its version, with nothing of its path.
std::string kept_at(const Arguments& arguments, std::string_view target) {
  return fmt::format("{}/{}", arguments.target_dir, tuf::path_segment(target));
}

Status download(const Arguments& arguments, const std::string& target, tuf::Updater& updater,
                trust::HttpRepository& targets) {
  TRY_ASSIGN(const auto found, updater.find(target));
  if (!found) return fail(Code::kNotFound, fmt::format("the repository has no target \"{}\"", target));
  const std::string path = kept_at(arguments, target);
  const tuf::TargetFile& file = found->file;
  if (const auto kept = read_file(path, kMaxFileBytes);
      kept && tuf::verify_content(file.length, file.hashes, *kept, target)) {
    return {};
  }
  if (file.length > kMaxFileBytes) return fail(limit_error("bytes of a target", kMaxFileBytes, ""));
  const bool consistent = updater.trusted().root().consistent_snapshot;
  TRY_ASSIGN(const std::string bytes, targets.fetch(tuf::target_file_name(target, file, consistent), file.length));
  TRY(tuf::verify_content(file.length, file.hashes, bytes, target));
  return write_file_atomically(path, bytes);
}

Status run(const Arguments& arguments) {
  tuf::FolderStore store(arguments.metadata_dir);
  if (arguments.command == "init") {
    TRY_ASSIGN(const std::string root, read_file(arguments.root, kMaxFileBytes));
    return store.save(tuf::kRoot, root);
  }
  const net::Client client({.user_agent = "bulkhead-tuf-client"});
  trust::HttpRepository metadata(client, arguments.metadata_url);
  trust::HttpRepository targets(client, arguments.target_base_url);
  TRY_ASSIGN(auto updater, tuf::Updater::create(tuf::tuf1_codec(), metadata, store, std::time(nullptr)));
  TRY(updater.refresh());
  for (const std::string& target : arguments.target_names) TRY(download(arguments, target, updater, targets));
  return {};
}

int report(const Error& error) {
  fmt::print(stderr, "bulkhead-tuf-client: {}\n", error.to_string());
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
    const auto done = bulkhead::cli::run(*arguments);
    return done ? 0 : bulkhead::cli::report(done.error());
  } catch (const std::exception& error) {
    std::fputs(error.what(), stderr);
    return 1;
  }
}
