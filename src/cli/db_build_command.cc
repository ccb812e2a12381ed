// bulkhead db build
#include <algorithm>
#include <cstdio>

#include <fmt/format.h>

#include "advisory/build.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/database_flags.h"
#include "cli/databases.h"
#include "cli/output.h"

namespace bulkhead::cli {
namespace {

class DbBuildCommand final : public Command {
 public:
  void declare(Flags& flags) override {
    flags.add({.names = "--from",
               .value = "DIR",
               .help = "folder with feed files in their publishers' formats",
               .kind = Option::Kind::kFolder,
               .required = true},
              from_);
    flags.add({.names = "-o,--output",
               .value = "FILE",
               .help = "the database to write",
               .kind = Option::Kind::kFile,
               .required = true},
              output_);
    flags.add({.names = "--manifest",
               .value = "FILE",
               .help = "which files, with their dates and checksums",
               .preset = "DIR/feeds.json, else every file",
               .kind = Option::Kind::kFile},
              manifest_);
    flags.add_switch(
        {.names = "--only-shippable", .help = "leave out feeds whose licence does not let compiled data be passed on"},
        only_shippable_);
    flags.add_switch({.names = "--list-unrecognised", .help = "name every file and document that no feed recognises"},
                     list_unrecognised_);
    add_quiet_flag(flags, quiet_, "do not say what was written");
    add_build_limits(flags, limits_);
  }

  Result<int> run(Interrupts& interrupts) override {
    TRY_ASSIGN(const std::vector<OutputTarget> targets, find_outputs({&output_, 1}));
    advisory::BuildOptions options;
    options.from = from_;
    options.manifest = manifest_;
    options.only_shippable = only_shippable_;
    options.limits = limits_.feeds;
    options.database.max_bytes = limits_.store.max_database_bytes;
    if (list_unrecognised_) {
      options.on_unrecognised = [](std::string_view path) {
        fmt::print(stderr, "warning: {}: no feed recognises it\n", printable(path));
      };
    }
    TRY_ASSIGN(advisory::BuildResult built, advisory::build_database(options));
    print_left_out(built.failed, built.failures);
    print_unrecognised(built);
    // The file is written whole.
    TRY(write_output(targets.front(), built.database, interrupts.stop_in_order()));
    for (const std::string& path : built.unreadable) {
      fmt::print(stderr,
                 "bulkhead: {}: nothing of this file could be read: its feed is missing from the database; fetch the "
                 "file again, or take its entry out of the manifest\n",
                 printable(path));
    }
    const int exit_code = built.unreadable.empty() ? kSuccess : kFailure;
    if (quiet_) return exit_code;
    TRY_ASSIGN(const auto database, advisory::Database::from_bytes(std::move(built.database), output_));
    TRY(write_note(targets.front(), written_line(output_, database.bytes().size(), database)));
    return exit_code;
  }

 private:
  // One line, for a README in an archive is nothing to worry about, and a feed in a new format is.
  void print_unrecognised(const advisory::BuildResult& built) const {
    const uint64_t count = built.unrecognised_documents;
    if (count == 0) return;
    constexpr size_t kNamed = 3;
    std::string names;
    for (size_t i = 0; i < std::min(kNamed, built.unrecognised.size()); ++i) {
      names += fmt::format("{}{}", names.empty() ? "" : ", ", printable(built.unrecognised[i]));
    }
    if (count > kNamed) names += fmt::format(" and {} more", count - kNamed);
    fmt::print(stderr, "warning: {} recognised by no feed, and nothing of {} is in the database: {}{}\n",
               count == 1 ? "1 file or document is" : fmt::format("{} files or documents are", count),
               count == 1 ? "it" : "them", names,
               count > kNamed && !list_unrecognised_ ? "; --list-unrecognised names them all" : "");
  }

  std::string from_;
  std::string output_;
  std::string manifest_;
  bool only_shippable_ = false;
  bool list_unrecognised_ = false;
  bool quiet_ = false;
  BuildLimits limits_;
};

}  // namespace

CommandInfo db_build_command() {
  return {.name = "db build",
          .summary = "compile local feed files into a database",
          .details =
              "Each file is recognised by its contents. A document that cannot be read is left out whole, with "
              "a warning, and does not stop the others; files and members of archives that no feed recognises are "
              "counted in one line. A file that the manifest lists and of which nothing can be "
              "read makes its feed missing, and the command exit with 1.",
          .examples = "bulkhead db build --from feeds --output new.db",
          .make = [] -> std::unique_ptr<Command> { return std::make_unique<DbBuildCommand>(); }};
}

}  // namespace bulkhead::cli
