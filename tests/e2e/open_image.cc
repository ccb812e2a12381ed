// For end-to-end tests: opens an image through the real sources, reads every layer to its end, and prints what it found
// as JSON. Exit code 1 and the error, with its code and remedy, on standard error otherwise.
//
//   open_image [--platform P] [--ca FILE] [--insecure HOST] [--mirror DOMAIN=URL] [--certs DIR] [--foreign]
//   registry:REFERENCE
//   open_image [--platform P] docker:NAME | podman:NAME
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "base/json_writer.h"
#include "engine/engine_source.h"
#include "oci/registry/registry_source.h"

using namespace bulkhead;

namespace {

std::optional<std::string> environment(const std::string& name) {
  const char* value = std::getenv(name.c_str());  // NOLINT(concurrency-mt-unsafe): before any thread
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

struct ReadLayer {
  std::string name;
  Digest digest;
  uint64_t bytes = 0;
};

Result<ReadLayer> read_layer(std::string name, BlockSource& source) {
  ReadLayer layer{.name = std::move(name), .digest = {}, .bytes = 0};
  Hasher hasher;
  for (;;) {
    TRY_ASSIGN(const ByteSpan block, source.next());
    if (block.empty()) break;
    hasher.update(block);
    layer.bytes += block.size();
  }
  layer.digest = hasher.finish();
  return layer;
}

// Reads what comes by of an image that can be read only once.
class Reader final : public oci::LayerVisitor {
 public:
  Status visit(const std::string& entry_name, const Digest&, BlockSource& bytes) override {
    TRY_ASSIGN(ReadLayer layer, read_layer(entry_name, bytes));
    layers.push_back(std::move(layer));
    return {};
  }
  std::vector<ReadLayer> layers;
};

void print(const oci::Image& image, const std::vector<ReadLayer>& layers) {
  json::Writer writer;
  writer.begin_object();
  writer.member("reference", image.reference);
  writer.member("manifest", image.manifest_digest.to_string());
  writer.member("index", image.index_digest.to_string());
  writer.member("config", image.config_digest.to_string());
  writer.member("platform", image.config.platform.to_string());
  writer.key("tags");
  writer.begin_array();
  for (const std::string& tag : image.repo_tags) writer.string(tag);
  writer.end_array();
  writer.key("diff_ids");
  writer.begin_array();
  for (const Digest& diff_id : image.config.diff_ids) writer.string(diff_id.to_string());
  writer.end_array();
  writer.key("layers");
  writer.begin_array();
  for (const ReadLayer& layer : layers) {
    writer.begin_object();
    writer.member("name", layer.name);
    writer.member("sha256", layer.digest.to_string());
    writer.key("bytes");
    writer.unsigned_integer(layer.bytes);
    writer.end_object();
  }
  writer.end_array();
  writer.end_object();
  fmt::print("{}", std::move(writer).take());
}

Status run(const std::vector<std::string>& arguments) {
  oci::RegistryOptions registry = oci::RegistryOptions::from_environment(environment);
  registry.http.user_agent = "bulkhead-test";
  registry.notice = [](const std::string& text) { fmt::print(stderr, "notice: {}\n", text); };
  oci::OpenOptions options;
  std::string text;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const std::string& flag = arguments[i];
    const auto value = [&]() -> std::string { return i + 1 < arguments.size() ? arguments[++i] : ""; };
    if (flag == "--platform") {
      TRY_ASSIGN(options.platform, oci::Platform::parse(value()));
    } else if (flag == "--ca") {
      registry.http.tls.ca_files.push_back(value());
    } else if (flag == "--certs") {
      registry.certificate_dirs.push_back(value());
    } else if (flag == "--insecure") {
      registry.insecure_registries.push_back(value());
    } else if (flag == "--mirror") {
      const std::string mirror = value();
      const size_t equals = mirror.find('=');
      registry.mirrors[mirror.substr(0, equals)].push_back(mirror.substr(equals + 1));
    } else if (flag == "--foreign") {
      registry.fetch_foreign_layers = true;
    } else {
      text = flag;
    }
  }
  const size_t colon = text.find(':');
  const std::string scheme = text.substr(0, colon);
  std::unique_ptr<oci::ImageSource> source;
  if (scheme == "registry") source = oci::make_registry_source(std::move(registry));
  if (scheme == "docker") source = engine::make_docker_source(engine::EngineOptions::docker(environment));
  if (scheme == "podman") source = engine::make_podman_source(engine::EngineOptions::podman(environment));
  if (!source) return fail(Code::kInvalidArgument, fmt::format("no such source: '{}'", scheme));

  TRY_ASSIGN(auto opened, source->open(std::string_view(text).substr(colon + 1), options));
  if (auto* const once = std::get_if<std::unique_ptr<oci::SequentialImage>>(&opened)) {
    const auto preview = (*once)->preview();
    Reader reader;
    TRY_ASSIGN(const oci::Image image, (*once)->read(reader));
    if (preview && preview->diff_ids != image.config.diff_ids) return fail(Code::kInternal, "the preview was wrong");
    print(image, reader.layers);
    return {};
  }
  std::vector<ReadLayer> layers;
  const auto& image = std::get<oci::Image>(opened);
  for (const oci::Layer& layer : image.layers) {
    if (layer.kind == oci::Layer::Kind::kForeign) continue;
    TRY_ASSIGN(auto bytes, layer.open());
    TRY_ASSIGN(ReadLayer read, read_layer(layer.descriptor.digest.to_string(), *bytes));
    layers.push_back(std::move(read));
  }
  print(image, layers);
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  const auto done = run(std::vector<std::string>(argv + 1, argv + argc));
  if (done) return 0;
  fmt::print(stderr, "error: {}: {}\n", code_name(done.error().code()), done.error().to_string());
  if (!done.error().remedy().empty()) fmt::print(stderr, "remedy: {}\n", done.error().remedy());
  return 1;
}
