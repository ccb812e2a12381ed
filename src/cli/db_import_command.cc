// bulkhead db import
#include "advisory/store.h"
#include "cli/command.h"
#include "cli/database_flags.h"
#include "cli/databases.h"
#include "cli/environment.h"
#include "cli/output.h"

namespace bulkhead::cli {
namespace {

class DbImportCommand final : public Command {
 public:
  void declare(Flags& flags) override {
    flags.add({.names = "FILE",
               .help = "the exported database; - is standard input",
               .kind = Option::Kind::kFile,
               .required = true},
              file_);
    add_cache_dir_flag(flags, cache_dir_, "where the database is kept");
    add_quiet_flag(flags, quiet_, "do not say what was written");
    add_database_limit(flags, limits_);
  }

  Result<int> run(Interrupts& interrupts) override {
    const std::string cache = cache_directory(cache_dir_);
    TRY_ASSIGN(const auto database, advisory::import_database(file_, cache, limits_, interrupts.stop_in_order()));
    if (quiet_) return kSuccess;
    TRY(write_standard_output(
        written_line(advisory::cached_database_path(cache), database->bytes().size(), *database)));
    return kSuccess;
  }

 private:
  std::string file_;
  std::string cache_dir_;
  bool quiet_ = false;
  advisory::StoreLimits limits_;
};

}  // namespace

CommandInfo db_import_command() {
  return {.name = "db import",
          .summary = "check and install a database that was exported elsewhere",
          .examples = "bulkhead db import advisories.db.zst",
          .make = [] -> std::unique_ptr<Command> { return std::make_unique<DbImportCommand>(); }};
}

}  // namespace bulkhead::cli
