// What every command that looks into images sets up from its flags: sources, cache, pool, progress, limits.
#pragma once

#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "base/progress.h"
#include "base/thread_pool.h"
#include "cli/image_flags.h"
#include "layer/cache.h"
#include "oci/image_source.h"
#include "scan/scan.h"

namespace bulkhead::cli {

class ImageSession {
 public:
  static Result<std::unique_ptr<ImageSession>> create(const ImageFlags& flags, const std::stop_token& stop);

  // Opens the image as the user typed it.
  Result<oci::OpenedImage> open(const std::string& image);

  // Layers, cache, pool and progress are set; the rest is the command's. Valid as long as the session.
  const scan::Options& options() const { return options_; }

  // Ends the progress line, before anything else is printed.
  void finish_progress() {
    progress_.reset();
    options_.analyse.progress = nullptr;
  }

 private:
  ImageSession() = default;

  oci::OpenOptions open_options_;
  std::vector<std::unique_ptr<oci::ImageSource>> sources_;
  std::unique_ptr<layer::Cache> cache_;
  std::unique_ptr<ThreadPool> pool_;
  std::unique_ptr<Progress> progress_;
  scan::Options options_;
};

}  // namespace bulkhead::cli
