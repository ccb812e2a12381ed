#include "oci/registry/repository.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "net/http_fields.h"
#include "net/resume.h"
#include "net/url.h"
#include "oci/manifest.h"

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

RegistryCall manifest_call(std::string_view tag_or_digest) {
  RegistryCall call;
  call.path = fmt::format("manifests/{}", tag_or_digest);
  call.headers.add("Accept", accepted_manifests());
  return call;
}

std::string blob_call_path(const Descriptor& blob) {
  return fmt::format("blobs/{}", blob.digest.to_string());
}

}  // namespace

Registries::Registries(RegistryOptions options)
    : options_(std::move(options)), store_(options_), client_(client_options(options_)) {}

Result<std::shared_ptr<Registries>> Registries::create(RegistryOptions options) {
  TRY_ASSIGN(RegistryOptions normal, normalise(std::move(options)));
  return std::shared_ptr<Registries>(new Registries(std::move(normal)));
}

std::vector<std::shared_ptr<Endpoint>> Registries::endpoints_of(const std::string& domain) {
  const std::scoped_lock lock(mutex_);
  auto& list = endpoints_[domain];
  if (!list.empty()) return list;
  if (const auto mirrors = options_.mirrors.find(domain); mirrors != options_.mirrors.end()) {
    for (const std::string& url : mirrors->second) {
      list.push_back(std::make_shared<Endpoint>(domain, url, client_, options_, store_));
    }
  }
  list.push_back(std::make_shared<Endpoint>(domain, client_, options_, store_));
  return list;
}

void Registries::notice(const std::string& text) const {
  if (options_.notice) options_.notice(text);
}

Repository::Repository(std::shared_ptr<Registries> registries, const Reference& reference, Places places)
    : registries_(std::move(registries)),
      domain_(reference.domain),
      repository_(reference.repository),
      endpoints_(registries_->endpoints_of(domain_)),
      preferred_(places == Places::kRegistryOnly ? endpoints_.size() - 1 : 0) {}

Result<net::Response> Repository::fetch(RegistryCall call, bool may_retry) const {
  call.repository = repository_;
  std::optional<Error> last;
  for (size_t i = preferred_; i < endpoints_.size(); ++i) {
    Endpoint& endpoint = *endpoints_[i];
    call.retry = may_retry ? retry_for(endpoint, options()) : net::RetryPolicy::never();
    auto response = endpoint.send(call);
    if (response && response->is_success()) return response;
    const bool may_pass = response && net::RetryPolicy::is_transient_status(response->status);
    if (may_pass && !may_retry && !endpoint.is_mirror()) return response;
    last = response ? endpoint.error_of(*response) : std::move(response).error();
    if (last->code() == Code::kCancelled) break;
    if (endpoint.is_mirror()) {
      registries_->notice(fmt::format("mirror {} is passed over: {}", endpoint.name(), last->to_string()));
      // One that cannot be reached would cost the same wait for each layer.
      const bool unreachable = last->code() == Code::kUnavailable || last->code() == Code::kDeadlineExceeded;
      if (unreachable) pass_over(i);
    }
  }
  return fail(*std::move(last));
}

Result<net::Response> Repository::ask_registry(RegistryCall call) const {
  call.repository = repository_;
  call.retry = options().retry;
  return endpoints_.back()->send(call);
}

Result<Repository::Document> Repository::fetch_document(RegistryCall call, uint64_t max_bytes,
                                                        const Error& too_large) const {
  call.body_time = options().document_time;
  for (uint32_t attempt = 1;; ++attempt) {
    TRY_ASSIGN(net::Response response, fetch(call));
    if (response.content_length().value_or(0) > max_bytes) return fail(too_large);
    auto bytes = read_all(*response.body, max_bytes, response.display_url);
    if (bytes) return Document{std::move(response.url), std::move(response.headers), *std::move(bytes)};
    if (bytes.error().code() == Code::kLimitExceeded) return fail(too_large);
    const bool may_pass = bytes.error().code() == Code::kUnavailable;
    const auto delay = options().retry.delay_after(attempt, std::nullopt, net::random_fraction());
    if (!may_pass || !delay) return fail(std::move(bytes).error());
    TRY(net::sleep_for(*delay, options().stop));
  }
}

Result<Repository::Fetched> Repository::fetch_manifest(const std::string& tag, const Digest& digest,
                                                       const ImageLimits& limits) const {
  const std::string wanted = digest.empty() ? tag : digest.to_string();
  TRY_ASSIGN(Document document, fetch_document(manifest_call(wanted), limits.max_manifest_bytes,
                                               limit_passed(limits, &ImageLimits::max_manifest_bytes)));
  Root root;
  root.descriptor.media_type = net::media_type_of(document.headers.find("Content-Type").value_or(""));
  root.descriptor.size = document.bytes.size();
  Hasher hasher(digest.empty() ? Digest::Algorithm::kSha256 : digest.algorithm());
  hasher.update(as_bytes(document.bytes));
  root.descriptor.digest = hasher.finish();
  root.bytes = std::move(document.bytes);

  const auto check = [&](const Digest& promised, std::string_view by) -> Status {
    if (promised == root.descriptor.digest) return {};
    return fail(Code::kVerificationFailed, fmt::format("the manifest has digest {}, not the {} that {} says",
                                                       root.descriptor.digest.to_string(), promised.to_string(), by));
  };
  if (!digest.empty()) TRY(check(digest, "the reference"));
  const auto header = Digest::parse(document.headers.find("Docker-Content-Digest").value_or(""));
  if (header && header->algorithm() == root.descriptor.digest.algorithm())
    TRY(check(*header, "the registry's own header"));
  return Fetched{std::move(root), std::move(document.headers)};
}

Result<std::unique_ptr<BlockSource>> Repository::open_manifest(const Descriptor& manifest) const {
  return open_promised(manifest_call(manifest.digest.to_string()), manifest);
}

Result<std::unique_ptr<BlockSource>> Repository::open_config(const Descriptor& config) const {
  RegistryCall call;
  call.path = blob_call_path(config);
  return open_promised(std::move(call), config);
}

// A document whose size a descriptor promises.
Result<std::unique_ptr<BlockSource>> Repository::open_promised(RegistryCall call, const Descriptor& descriptor) const {
  const Error too_large(Code::kVerificationFailed,
                        fmt::format("{}/{}@{}: has more than the {} bytes that were promised", domain_, repository_,
                                    descriptor.digest.to_string(), descriptor.size));
  TRY_ASSIGN(Document document, fetch_document(std::move(call), descriptor.size, too_large));
  return std::make_unique<MemorySource>(std::move(document.bytes));
}

// `send` makes the request, with the Range that it finds in the call; `first` is false when it continues.
template <typename Send>
Result<std::unique_ptr<BlockSource>> Repository::open_resuming(const Descriptor& blob, const Send& send) const {
  net::ResumeOptions resume{.retry = options().retry,
                            .expected_bytes = blob.size,
                            .content_addressed = true,
                            .what = fmt::format("{}/{}@{}", domain_, repository_, blob.digest.to_string()),
                            .stop = options().stop};
  bool first = true;
  return net::open_resuming(
      std::move(resume), [registries = registries_, send, first](const std::string& range, const std::string&) mutable {
        RegistryCall call;
        if (!range.empty()) call.headers.add("Range", range);
        return send(std::move(call), std::exchange(first, false));
      });
}

Result<std::unique_ptr<BlockSource>> Repository::open_blob(const Descriptor& blob) const {
  auto opened =
      open_resuming(blob, [self = shared_from_this(), path = blob_call_path(blob)](RegistryCall call, bool first) {
        call.path = path;
        return self->fetch(std::move(call), first);
      });
  const bool is_foreign = layer_kind(blob.media_type) == Layer::Kind::kForeign;
  if (opened || !is_foreign || !options().fetch_foreign_layers) return opened;
  for (const std::string& url : blob.urls) {
    auto elsewhere = open_url(blob, url);
    if (elsewhere) return elsewhere;
    opened = std::move(elsewhere);
  }
  return opened;
}

// Not the registry: no credentials, and HTTPS only. The digest is checked as for any layer.
Result<std::unique_ptr<BlockSource>> Repository::open_url(const Descriptor& blob, const std::string& url) const {
  TRY_CONTEXT(const net::Url parsed, net::Url::parse(url), "URL of a foreign layer");
  if (!parsed.is_tls()) {
    return fail(Code::kUnsupported, fmt::format("URL of a foreign layer: {}: not HTTPS", parsed.for_display()));
  }
  return open_resuming(blob, [registries = registries_, url](RegistryCall call, bool first) {
    net::Request request;
    request.url = url;
    request.headers = std::move(call.headers);
    request.timeouts = registries->options().timeouts;
    request.retry = first ? registries->options().retry : net::RetryPolicy::never();
    request.stop = registries->options().stop;
    return registries->client().send(request);
  });
}

Result<bool> Repository::has_layer(const Descriptor& layer, Layer::Kind kind) const {
  if (kind != Layer::Kind::kForeign) return true;
  RegistryCall call;
  call.method = "HEAD";
  call.path = blob_call_path(layer);
  const auto response = fetch(std::move(call));
  if (response) return true;
  // Registries differ in how they refuse what they do not hold; being asked to stop is no refusal.
  if (response.error().code() == Code::kCancelled) return fail(response.error());
  return options().fetch_foreign_layers && !layer.urls.empty();
}

void Repository::pass_over(size_t index) const {
  size_t expected = index;
  preferred_.compare_exchange_strong(expected, index + 1);
}

}  // namespace bulkhead::oci
