// bulkhead db export
#include "advisory/store.h"
#include "cli/command.h"
#include "cli/database_flags.h"
#include "cli/databases.h"
#include "cli/output.h"

namespace bulkhead::cli {
namespace {

class DbExportCommand final : public Command {
 public:
  void declare(Flags& flags) override {
    flags.add({.names = "FILE", .help = "the file to write", .kind = Option::Kind::kFile, .required = true}, file_);
    add_database_flag(flags, database_);
    add_cache_dir_flag(flags, cache_dir_, "where the database is kept");
    add_quiet_flag(flags, quiet_, "do not say what was written");
    add_database_limit(flags, limits_);
  }

  Result<int> run(Interrupts& interrupts) override {
    TRY_ASSIGN(const std::vector<OutputTarget> targets, find_outputs({&file_, 1}));
    TRY_ASSIGN(const advisory::OpenedDatabase opened,
               advisory::open_database(store_paths(database_, cache_dir_), limits_));
    TRY(opened.database->verify());
    TRY_ASSIGN(const std::string packed, advisory::pack_database(opened.database->bytes()));
    // Packing takes seconds, and nothing is lost with it; the file is written whole.
    TRY(write_output(targets.front(), packed, interrupts.stop_in_order()));
    if (!quiet_) TRY(write_note(targets.front(), written_line(file_, packed.size(), *opened.database)));
    return kSuccess;
  }

 private:
  std::string file_;
  std::string database_;
  std::string cache_dir_;
  bool quiet_ = false;
  advisory::StoreLimits limits_;
};

}  // namespace

CommandInfo db_export_command() {
  return {.name = "db export",
          .summary = "write the database to one compressed file, to carry it to another machine",
          .examples = "bulkhead db export advisories.db.zst",
          .make = [] -> std::unique_ptr<Command> { return std::make_unique<DbExportCommand>(); }};
}

}  // namespace bulkhead::cli
