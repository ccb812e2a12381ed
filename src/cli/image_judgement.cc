#include "cli/image_judgement.h"

#include "cli/database_flags.h"
#include "cli/databases.h"
#include "cli/image_session.h"
#include "facts/image_facts.h"

namespace bulkhead::cli {

void JudgementFlags::declare(Flags& flags) {
  image.declare(flags);
  add_database_flag(flags, database);
  add_database_limit(flags, database_limits);
}

Status judge_images(const JudgementFlags& flags, const std::stop_token& stop, const TakeFacts& take) {
  TRY_ASSIGN(const advisory::OpenedDatabase database,
             advisory::open_database(store_paths(flags.database, flags.image.cache_dir), flags.database_limits));
  TRY_ASSIGN(const auto session, ImageSession::create(flags.image, stop));
  scan::Options options = session->options();
  options.database = database.database.get();
  options.database_is_snapshot = database.origin == advisory::Origin::kSnapshot;
  std::vector<std::pair<std::string, std::string>> all;
  for (const std::string& image : flags.image.images) {
    const ProgressStep step(options.analyse.progress, image, 0);
    TRY_ASSIGN(scan::ScanResult result, session->take_facts(image, options));
    if (!flags.image.offline && !flags.image.no_cache) remember_what_was_met(result, flags.image.cache_dir);
    TRY(scan::assess(result, options));
    all.emplace_back(image, facts::image_facts(result, true, options.match.now));
  }
  session->finish_progress();
  for (const auto& [image, facts] : all) TRY(take(image, facts));
  return {};
}

}  // namespace bulkhead::cli
