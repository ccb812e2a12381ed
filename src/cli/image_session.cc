#include "cli/image_session.h"

#include <cstdio>

#include <fmt/format.h>

#include "cli/environment.h"
#include "cli/sources.h"
#include "cli/terminal.h"
#include "oci/locate.h"

namespace bulkhead::cli {

Result<std::unique_ptr<ImageSession>> ImageSession::create(const ImageFlags& flags, const std::stop_token& stop) {
  auto session = std::unique_ptr<ImageSession>(new ImageSession());
  session->open_options_.platform = flags.platform;
  session->open_options_.limits = flags.image_limits;
  session->open_options_.archive_limits = flags.archive_limits;
  session->open_options_.stop = stop;
  TRY_ASSIGN(session->sources_, make_sources(flags, stop));
  if (!flags.no_cache) {
    auto cache = layer::Cache::open(cache_directory(flags.cache_dir) + "/layers", flags.max_cache_bytes);
    if (cache) {
      session->cache_ = std::make_unique<layer::Cache>(std::move(*cache));
    } else if (!flags.cache_dir.empty()) {
      return fail(std::move(cache).error().with_context("--cache-dir"));
    }
    // The default folder may not be writable (a read-only container): a scan does not need it.
  }
  session->pool_ = std::make_unique<ThreadPool>(static_cast<unsigned>(flags.jobs));
  if (!flags.quiet) session->progress_ = make_terminal_progress();
  layer::AnalyseOptions& analyse = session->options_.analyse;
  analyse.limits = flags.archive_limits;
  analyse.pool = session->pool_.get();
  analyse.cache = session->cache_.get();
  analyse.progress = session->progress_.get();
  analyse.stop = stop;
  session->options_.match.now = now();
  return session;
}

Result<oci::OpenedImage> ImageSession::open(const std::string& image) {
  std::vector<oci::ImageSource*> sources;
  for (const auto& source : sources_) sources.push_back(source.get());
  return oci::open_image(image, sources, open_options_);
}

Result<scan::ScanResult> ImageSession::take_facts(const std::string& image, const scan::Options& options) {
  TRY_ASSIGN(oci::OpenedImage opened, open(image));
  auto result = scan::take_facts(std::move(opened), options);
  if (result) return result;
  Error error = std::move(result).error();
  // An archive that is read as it goes by names itself.
  const std::string text = error.to_string();
  const bool named = text.starts_with(image + ": ") || (image.starts_with('-') && text.starts_with("standard input: "));
  return fail(named ? std::move(error) : std::move(error).with_context(image));
}

}  // namespace bulkhead::cli
