#include "oci/locate.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "oci/local_sources.h"
#include "oci/reference.h"

namespace bulkhead::oci {
namespace {

// Gives the image that it reads the name under which it was asked for.
class NamedSequentialImage final : public SequentialImage {
 public:
  NamedSequentialImage(std::unique_ptr<SequentialImage> inner, std::string reference, bool from_repository)
      : inner_(std::move(inner)), reference_(std::move(reference)), from_repository_(from_repository) {}

  Result<Image> read(LayerVisitor& visitor) override {
    TRY_ASSIGN(Image image, inner_->read(visitor));
    image.reference = reference_;
    image.from_repository = from_repository_;
    return image;
  }

  std::optional<ImagePreview> preview() const override {
    auto preview = inner_->preview();
    if (!preview) return preview;
    preview->reference = reference_;
    preview->from_repository = from_repository_;
    return preview;
  }

 private:
  std::unique_ptr<SequentialImage> inner_;
  std::string reference_;
  bool from_repository_;
};

OpenedImage with_reference(OpenedImage opened, std::string_view reference, bool from_repository) {
  if (auto* const image = std::get_if<Image>(&opened)) {
    image->reference = reference;
    image->from_repository = from_repository;
    return opened;
  }
  return std::make_unique<NamedSequentialImage>(std::move(std::get<std::unique_ptr<SequentialImage>>(opened)),
                                                std::string(reference), from_repository);
}

// The source is not the place, or cannot be asked: others may be.
bool leaves_it_to_others(Code code) {
  return code == Code::kNotFound || code == Code::kUnavailable || code == Code::kPermissionDenied ||
         code == Code::kUnauthenticated;
}

// registry:2 and docker:24 are also images of Docker Hub with a tag; the prefix wins, and the error says how to say it.
Error explain_ambiguity(Error error, std::string_view scheme, std::string_view rest) {
  const bool missing = error.code() == Code::kNotFound || error.code() == Code::kUnauthenticated;
  if (!missing || !is_valid_tag(rest) || !(is_digit(rest.front()) || rest == "latest")) return error;
  return std::move(error).with_remedy(
      fmt::format("if the image {0} with the tag {1} is meant, write docker.io/library/{0}:{1}", scheme, rest));
}

class Search {
 public:
  explicit Search(std::string_view text) : text_(text) {}

  void note(std::string_view where, const Error& error) {
    unavailable_ = unavailable_ || error.code() == Code::kUnavailable;
    // Made printable here: the lines of the list are ours, and no source's answer may add one.
    tried_ += fmt::format("\n  {}. {}: {}", ++count_, where, printable(error.to_string()));
    if (!error.remedy().empty()) tried_ += fmt::format(" ({})", printable(error.remedy()));
  }

  Error result() const {
    return {
        unavailable_ ? Code::kUnavailable : Code::kNotFound,
        fmt::format("{}: no such image was found; tried in this order:{}", printable(text_), tried_),
        "check the name, or say where the image is with a prefix: registry:NAME, docker:NAME, podman:NAME, oci:PATH, "
        "docker-archive:FILE or rootfs:FOLDER"};
  }

 private:
  std::string_view text_;
  std::string tried_;
  int count_ = 0;
  bool unavailable_ = false;
};

}  // namespace

Result<OpenedImage> open_image(std::string_view text, std::span<ImageSource* const> sources,
                               const OpenOptions& options) {
  if (text.empty()) return fail(Code::kInvalidArgument, "the name of the image is empty");
  const std::array<std::unique_ptr<ImageSource>, 3> local = {make_layout_source(), make_docker_archive_source(),
                                                             make_rootfs_source()};
  std::vector<ImageSource*> by_prefix(sources.begin(), sources.end());
  for (const auto& source : local) by_prefix.push_back(source.get());
  const size_t colon = text.find(':');
  for (ImageSource* const source : by_prefix) {
    if (colon == std::string_view::npos || text.substr(0, colon) != source->scheme()) continue;
    const std::string_view rest = text.substr(colon + 1);
    const bool is_local = std::ranges::find(local, source, &std::unique_ptr<ImageSource>::get) != local.end();
    if (rest.empty()) {
      return fail(Code::kInvalidArgument, fmt::format("\"{}\": nothing follows the prefix", printable(text)),
                  fmt::format("write {}:{}", source->scheme(), is_local ? "PATH" : "NAME"));
    }
    auto opened = source->open(rest, options);
    if (opened) return with_reference(std::move(*opened), text, !is_local);
    return fail(explain_ambiguity(std::move(opened).error(), source->scheme(), rest));
  }

  Search search(text);
  TRY_ASSIGN(AtPath at_path, open_path(text, options));
  if (at_path.image) return with_reference(std::move(*at_path.image), text, false);
  search.note("a file or folder", {Code::kNotFound, std::move(at_path.why_not)});
  if (const auto reference = Reference::parse_any(text); !reference && !sources.empty()) {
    search.note("an engine or a registry", reference.error());
    return fail(search.result());
  }
  for (ImageSource* const source : sources) {
    auto opened = source->open(text, options);
    if (opened) return with_reference(std::move(*opened), text, true);
    if (!leaves_it_to_others(opened.error().code())) return opened;
    search.note(source->description(), opened.error());
  }
  return fail(search.result());
}

}  // namespace bulkhead::oci
