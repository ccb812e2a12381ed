// One repository of a registry, wherever it is served: by the registry itself, or first by its mirrors. What every
// reader and writer of registries is made of.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "net/http_client.h"
#include "oci/limits.h"
#include "oci/reference.h"
#include "oci/registry/credential_store.h"
#include "oci/registry/endpoint.h"
#include "oci/registry/options.h"
#include "oci/resolve.h"

namespace bulkhead::oci {

// What all repositories share: connections, credentials, and which host speaks what. Thread-safe; lives as long as any
// of its repositories.
class Registries {
 public:
  // kInvalidArgument for an insecure registry that is no host. Makes no request and reads no credentials.
  static Result<std::shared_ptr<Registries>> create(RegistryOptions options);

  const RegistryOptions& options() const { return options_; }
  const net::Client& client() const { return client_; }
  // Mirrors first, the registry itself last.
  std::vector<std::shared_ptr<Endpoint>> endpoints_of(const std::string& domain);
  void notice(const std::string& text) const;

 private:
  explicit Registries(RegistryOptions options);

  const RegistryOptions options_;
  CredentialStore store_;
  const net::Client client_;
  std::mutex mutex_;
  std::map<std::string, std::vector<std::shared_ptr<Endpoint>>> endpoints_;  // by domain; guarded by mutex_
};

// Thread-safe.
class Repository final : public BlobStore, public std::enable_shared_from_this<Repository> {
 public:
  // Without mirrors: the registry itself only, for who writes and must see what is there.
  enum class Places : uint8_t { kMirrorsFirst, kRegistryOnly };
  Repository(std::shared_ptr<Registries> registries, const Reference& reference, Places places = Places::kMirrorsFirst);

  const RegistryOptions& options() const { return registries_->options(); }
  std::string name() const { return domain_ + '/' + repository_; }

  // The answer of the first endpoint that gives one of 2xx; else the registry's own error. Without retries also an
  // answer of the registry itself that may pass: whoever continues a download is told by it when to come again.
  Result<net::Response> fetch(RegistryCall call, bool may_retry = true) const;

  // The registry's own answer, whatever its status but 401 (Endpoint::send).
  Result<net::Response> ask_registry(RegistryCall call) const;
  Error error_of(net::Response& response) const { return endpoints_.back()->error_of(response); }

  // The head and the whole body of a manifest, index or configuration: it comes soon or not at all. Read again from the
  // start when the connection breaks. More than max_bytes is `too_large`, told before the body when its length is.
  struct Document {
    std::string url;  // where it was found
    net::Headers headers;
    std::string bytes;
  };
  Result<Document> fetch_document(RegistryCall call, uint64_t max_bytes, const Error& too_large) const;

  // The manifest or index that the reference's digest, else its tag, names: verified against the digest, and against
  // the one that the registry's header says (kVerificationFailed).
  struct Fetched {
    Root root;
    net::Headers headers;
  };
  Result<Fetched> fetch_manifest(const std::string& tag, const Digest& digest, const ImageLimits& limits) const;

  Result<std::unique_ptr<BlockSource>> open_manifest(const Descriptor& manifest) const override;
  Result<std::unique_ptr<BlockSource>> open_config(const Descriptor& config) const override;
  Result<std::unique_ptr<BlockSource>> open_blob(const Descriptor& blob) const override;
  Result<bool> has_layer(const Descriptor& layer, Layer::Kind kind) const override;

 private:
  Result<std::unique_ptr<BlockSource>> open_promised(RegistryCall call, const Descriptor& descriptor) const;
  template <typename Send>
  Result<std::unique_ptr<BlockSource>> open_resuming(const Descriptor& blob, const Send& send) const;
  Result<std::unique_ptr<BlockSource>> open_url(const Descriptor& blob, const std::string& url) const;
  void pass_over(size_t index) const;

  const std::shared_ptr<Registries> registries_;
  const std::string domain_;
  const std::string repository_;
  const std::vector<std::shared_ptr<Endpoint>> endpoints_;
  mutable std::atomic<size_t> preferred_ = 0;  // endpoints before it were found unreachable
};

}  // namespace bulkhead::oci
