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

  // What is in the image that the user named so. Its errors name it, once.
  Result<scan::ScanResult> take_facts(const std::string& image, const scan::Options& options);

  // Layers, cache, pool and progress are set; the rest is the command's. Valid as long as the session.
  const scan::Options& options() const { return options_; }

  // Ends the progress line, before anything else is printed.
  void finish_progress() {
    progress_.reset();
    options_.analyse.progress = nullptr;
  }

 private:
  ImageSession() = default;
  Result<oci::OpenedImage> open(const std::string& image);

  oci::OpenOptions open_options_;
  std::vector<std::unique_ptr<oci::ImageSource>> sources_;
  std::unique_ptr<layer::Cache> cache_;
  std::unique_ptr<ThreadPool> pool_;
  std::unique_ptr<Progress> progress_;
  scan::Options options_;
};

}  // namespace bulkhead::cli
