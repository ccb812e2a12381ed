#include "oci/registry/registry_source.h"

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <map>
#include <mutex>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "net/http_fields.h"
#include "net/resume.h"
#include "net/url.h"
#include "oci/manifest.h"
#include "oci/reference.h"
#include "oci/registry/credential_store.h"
#include "oci/registry/endpoint.h"
#include "oci/resolve.h"

namespace bulkhead::oci {
namespace {

// One field with all types: some registries read only the first.
std::string accepted_manifests() {
  return fmt::format("{}, {}, {}, {}", kOciIndex, kOciManifest, kDockerManifestList, kDockerManifest);
}

// A mirror is worth one more try, not a minute: there is another place to ask.
net::RetryPolicy retry_for(const Endpoint& endpoint, const RegistryOptions& options) {
  net::RetryPolicy retry = options.retry;
  if (endpoint.is_mirror()) retry.max_attempts = std::min<uint32_t>(retry.max_attempts, 2);
  return retry;
}

// The folder's *.crt are authorities; the first *.cert, with the *.key of the same name, is ours (dockerd's certs.d).
net::TlsOptions host_certificates(const std::filesystem::path& folder, net::TlsOptions tls) {
  std::error_code error;
  std::vector<std::filesystem::path> files;
  for (std::filesystem::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    files.push_back(entry->path());
  }
  std::ranges::sort(files);
  for (const auto& file : files) {
    if (file.extension() == ".crt") tls.ca_files.push_back(file.string());
    auto key = file;
    key.replace_extension(".key");
    if (file.extension() == ".cert" && (std::ranges::find(files, key) != files.end()) &&
        tls.client_certificate.empty()) {
      tls.client_certificate = file.string();
      tls.client_key = key.string();
    }
  }
  return tls;
}

// A host as URLs have it: "REG.example:443" is reg.example.
Result<std::string> authority_of(const std::string& host) {
  auto url = net::Url::parse("https://" + host);
  if (!url || host.find_first_of("/?#@") != std::string::npos) {
    return fail(Code::kInvalidArgument, fmt::format("'{}' is no host, with or without :port", printable(host)));
  }
  return url->authority();
}

Result<RegistryOptions> normalise(RegistryOptions options) {
  for (std::string& host : options.insecure_registries) {
    TRY_CONTEXT(host, authority_of(host), "--insecure-registry");
  }
  return options;
}

net::ClientOptions client_options(const RegistryOptions& options) {
  net::ClientOptions http = options.http;
  for (const std::string& folder : options.certificate_dirs) {
    std::error_code error;
    for (std::filesystem::directory_iterator entry(folder, error), end; !error && entry != end;
         entry.increment(error)) {
      const auto host = authority_of(entry->path().filename().string());
      if (!host) continue;  // no folder of a registry
      const auto known = http.tls_by_host.find(*host);
      http.tls_by_host[*host] =
          host_certificates(entry->path(), known == http.tls_by_host.end() ? http.tls : known->second);
    }
  }
  for (const std::string& host : options.insecure_registries) {
    http.tls_by_host.try_emplace(host, http.tls).first->second.skip_verification = true;
  }
  return http;
}

// What all images of one source share. Lives as long as any of them.
struct Shared {
  explicit Shared(RegistryOptions given) : options(std::move(given)), store(options), client(client_options(options)) {}

  const RegistryOptions options;
  CredentialStore store;
  const net::Client client;
  std::mutex mutex;
  std::map<std::string, std::vector<std::shared_ptr<Endpoint>>> endpoints;  // by domain; guarded by mutex

  // Mirrors first, the registry itself last.
  std::vector<std::shared_ptr<Endpoint>> endpoints_of(const std::string& domain) {
    const std::scoped_lock lock(mutex);
    auto& list = endpoints[domain];
    if (!list.empty()) return list;
    if (const auto mirrors = options.mirrors.find(domain); mirrors != options.mirrors.end()) {
      for (const std::string& url : mirrors->second) {
        list.push_back(std::make_shared<Endpoint>(domain, url, client, options, store));
      }
    }
    list.push_back(std::make_shared<Endpoint>(domain, client, options, store));
    return list;
  }

  void notice(const std::string& text) const {
    if (options.notice) options.notice(text);
  }
};

// One repository, wherever it is served.
class Repository final : public BlobStore, public std::enable_shared_from_this<Repository> {
 public:
  Repository(std::shared_ptr<Shared> shared, const Reference& reference)
      : shared_(std::move(shared)),
        domain_(reference.domain),
        repository_(reference.repository),
        endpoints_(shared_->endpoints_of(domain_)) {}

  // The answer of the first endpoint that gives one of 2xx; else the registry's own error. Without retries also an
  // answer of the registry itself that may pass: whoever continues a download is told by it when to come again.
  Result<net::Response> fetch(RegistryCall call, bool may_retry = true) const {
    call.repository = repository_;
    std::optional<Error> last;
    for (size_t i = preferred_; i < endpoints_.size(); ++i) {
      Endpoint& endpoint = *endpoints_[i];
      call.retry = may_retry ? retry_for(endpoint, shared_->options) : net::RetryPolicy::never();
      auto response = endpoint.send(call);
      if (response && response->is_success()) return response;
      const bool may_pass = response && net::RetryPolicy::is_transient_status(response->status);
      if (may_pass && !may_retry && !endpoint.is_mirror()) return response;
      last = response ? endpoint.error_of(*response) : std::move(response).error();
      if (last->code() == Code::kCancelled) break;
      if (endpoint.is_mirror()) {
        shared_->notice(fmt::format("mirror {} is passed over: {}", endpoint.name(), last->to_string()));
        // One that cannot be reached would cost the same wait for each layer.
        const bool unreachable = last->code() == Code::kUnavailable || last->code() == Code::kDeadlineExceeded;
        if (unreachable) pass_over(i);
      }
    }
    return fail(*std::move(last));
  }

  Result<std::unique_ptr<BlockSource>> open_manifest(const Descriptor& manifest) const override {
    return open_promised(manifest_call(manifest.digest.to_string()), manifest);
  }

  Result<std::unique_ptr<BlockSource>> open_config(const Descriptor& config) const override {
    RegistryCall call;
    call.path = blob_path(config);
    return open_promised(std::move(call), config);
  }

  // The head and the whole body of a manifest, index or configuration: it comes soon or not at all. Read again from the
  // start when the connection breaks. More than max_bytes is `too_large`, told before the body when its length is.
  struct Document {
    net::Headers headers;
    std::string bytes;
  };
  Result<Document> fetch_document(RegistryCall call, uint64_t max_bytes, const Error& too_large) const {
    call.body_time = shared_->options.document_time;
    for (uint32_t attempt = 1;; ++attempt) {
      TRY_ASSIGN(net::Response response, fetch(call));
      if (response.content_length().value_or(0) > max_bytes) return fail(too_large);
      auto bytes = read_all(*response.body, max_bytes, response.display_url);
      if (bytes) return Document{std::move(response.headers), *std::move(bytes)};
      if (bytes.error().code() == Code::kLimitExceeded) return fail(too_large);
      const bool may_pass = bytes.error().code() == Code::kUnavailable;
      const auto delay = shared_->options.retry.delay_after(attempt, std::nullopt, net::random_fraction());
      if (!may_pass || !delay) return fail(std::move(bytes).error());
      TRY(net::sleep_for(*delay, shared_->options.stop));
    }
  }

  Result<std::unique_ptr<BlockSource>> open_blob(const Descriptor& blob) const override {
    auto opened =
        open_resuming(blob, [self = shared_from_this(), path = blob_path(blob)](RegistryCall call, bool first) {
          call.path = path;
          return self->fetch(std::move(call), first);
        });
    const bool is_foreign = layer_kind(blob.media_type) == Layer::Kind::kForeign;
    if (opened || !is_foreign || !shared_->options.fetch_foreign_layers) return opened;
    for (const std::string& url : blob.urls) {
      auto elsewhere = open_url(blob, url);
      if (elsewhere) return elsewhere;
      opened = std::move(elsewhere);
    }
    return opened;
  }

  Result<bool> has_layer(const Descriptor& layer, Layer::Kind kind) const override {
    if (kind != Layer::Kind::kForeign) return true;
    RegistryCall call;
    call.method = "HEAD";
    call.path = blob_path(layer);
    const auto response = fetch(std::move(call));
    if (response) return true;
    // Registries differ in how they refuse what they do not hold; being asked to stop is no refusal.
    if (response.error().code() == Code::kCancelled) return fail(response.error());
    return shared_->options.fetch_foreign_layers && !layer.urls.empty();
  }

  static RegistryCall manifest_call(std::string_view tag_or_digest) {
    RegistryCall call;
    call.path = fmt::format("manifests/{}", tag_or_digest);
    call.headers.add("Accept", accepted_manifests());
    return call;
  }

 private:
  // A document whose size a descriptor promises.
  Result<std::unique_ptr<BlockSource>> open_promised(RegistryCall call, const Descriptor& descriptor) const {
    const Error too_large(Code::kVerificationFailed,
                          fmt::format("{}/{}@{}: has more than the {} bytes that were promised", domain_, repository_,
                                      descriptor.digest.to_string(), descriptor.size));
    TRY_ASSIGN(Document document, fetch_document(std::move(call), descriptor.size, too_large));
    return std::make_unique<MemorySource>(std::move(document.bytes));
  }

  static std::string blob_path(const Descriptor& blob) { return fmt::format("blobs/{}", blob.digest.to_string()); }

  // `send` makes the request, with the Range that it finds in the call; `first` is false when it continues.
  template <typename Send>
  Result<std::unique_ptr<BlockSource>> open_resuming(const Descriptor& blob, const Send& send) const {
    net::ResumeOptions options{.retry = shared_->options.retry,
                               .expected_bytes = blob.size,
                               .content_addressed = true,
                               .what = fmt::format("{}/{}@{}", domain_, repository_, blob.digest.to_string()),
                               .stop = shared_->options.stop};
    bool first = true;
    return net::open_resuming(std::move(options),
                              [shared = shared_, send, first](const std::string& range, const std::string&) mutable {
                                RegistryCall call;
                                if (!range.empty()) call.headers.add("Range", range);
                                return send(std::move(call), std::exchange(first, false));
                              });
  }

  // Not the registry: no credentials, and HTTPS only. The digest is checked as for any layer.
  Result<std::unique_ptr<BlockSource>> open_url(const Descriptor& blob, const std::string& url) const {
    TRY_CONTEXT(const net::Url parsed, net::Url::parse(url), "URL of a foreign layer");
    if (!parsed.is_tls()) {
      return fail(Code::kUnsupported, fmt::format("URL of a foreign layer: {}: not HTTPS", parsed.for_display()));
    }
    return open_resuming(blob, [shared = shared_, url](RegistryCall call, bool first) {
      net::Request request;
      request.url = url;
      request.headers = std::move(call.headers);
      request.timeouts = shared->options.timeouts;
      request.retry = first ? shared->options.retry : net::RetryPolicy::never();
      request.stop = shared->options.stop;
      return shared->client.send(request);
    });
  }

  void pass_over(size_t index) const {
    size_t expected = index;
    preferred_.compare_exchange_strong(expected, index + 1);
  }

  const std::shared_ptr<Shared> shared_;
  const std::string domain_;
  const std::string repository_;
  const std::vector<std::shared_ptr<Endpoint>> endpoints_;
  mutable std::atomic<size_t> preferred_ = 0;  // endpoints before it were found unreachable
};

// The manifest or index that the reference names, as a root of the search.
Result<Root> fetch_root(const Repository& repository, const Reference& reference, const ImageLimits& limits) {
  const std::string wanted = reference.digest.empty() ? reference.tag : reference.digest.to_string();
  TRY_ASSIGN(Repository::Document document,
             repository.fetch_document(Repository::manifest_call(wanted), limits.max_manifest_bytes,
                                       limit_passed(limits, &ImageLimits::max_manifest_bytes)));
  Root root;
  root.descriptor.media_type = net::media_type_of(document.headers.find("Content-Type").value_or(""));
  root.descriptor.size = document.bytes.size();
  Hasher hasher(reference.digest.empty() ? Digest::Algorithm::kSha256 : reference.digest.algorithm());
  hasher.update(as_bytes(document.bytes));
  root.descriptor.digest = hasher.finish();
  root.bytes = std::move(document.bytes);

  const auto check = [&](const Digest& promised, std::string_view by) -> Status {
    if (promised == root.descriptor.digest) return {};
    return fail(Code::kVerificationFailed, fmt::format("the manifest has digest {}, not the {} that {} says",
                                                       root.descriptor.digest.to_string(), promised.to_string(), by));
  };
  if (!reference.digest.empty()) TRY(check(reference.digest, "the reference"));
  const auto header = Digest::parse(document.headers.find("Docker-Content-Digest").value_or(""));
  if (header && header->algorithm() == root.descriptor.digest.algorithm())
    TRY(check(*header, "the registry's own header"));
  return root;
}

class RegistrySource final : public ImageSource {
 public:
  explicit RegistrySource(RegistryOptions options) : options_(std::move(options)) {}

  std::string_view scheme() const override { return "registry"; }
  std::string description() const override { return "container registries"; }

  Result<OpenedImage> open(std::string_view text, const OpenOptions& options) override {
    TRY_ASSIGN(const Reference parsed, Reference::parse_normalized(text));
    const Reference reference = parsed.with_default_tag();
    TRY_ASSIGN(auto shared, this->shared());
    const auto repository = std::make_shared<const Repository>(std::move(shared), reference);
    TRY_CONTEXT(Root root, fetch_root(*repository, reference, options.limits), reference.to_string());
    std::vector<Root> roots;
    roots.push_back(std::move(root));
    TRY_CONTEXT(Image image, resolve_image(repository, std::move(roots), options), reference.to_string());
    image.reference = text;
    if (!reference.tag.empty()) image.repo_tags = {fmt::format("{}:{}", reference.name(), reference.tag)};
    return image;
  }

 private:
  Result<std::shared_ptr<Shared>> shared() {
    const std::scoped_lock lock(mutex_);
    if (shared_ == nullptr) {
      TRY_ASSIGN(RegistryOptions options, normalise(options_));
      shared_ = std::make_shared<Shared>(std::move(options));
    }
    return shared_;
  }

  const RegistryOptions options_;
  std::mutex mutex_;
  std::shared_ptr<Shared> shared_;  // guarded by mutex_
};

}  // namespace

std::unique_ptr<ImageSource> make_registry_source(RegistryOptions options) {
  return std::make_unique<RegistrySource>(std::move(options));
}

}  // namespace bulkhead::oci
