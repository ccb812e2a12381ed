#include "oci/registry/upload.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "net/url.h"

namespace bulkhead::oci {
namespace {

constexpr size_t kMaxAnswerBytes = size_t{64} << 10;
constexpr std::string_view kBytesType = "application/octet-stream";

// Reads what is left of an answer, so that its connection can be used again.
void finish(net::Response& response) {
  static_cast<void>(read_all(*response.body, kMaxAnswerBytes, response.display_url));
}

// Content-addressed: sending it twice does no harm.
template <typename Send>
auto with_retries(const Repository& repository, const Send& send) -> decltype(send()) {
  for (uint32_t attempt = 1;; ++attempt) {
    auto sent = send();
    if (sent || sent.error().code() != Code::kUnavailable) return sent;
    const auto& options = repository.options();
    const auto delay = options.retry.delay_after(attempt, std::nullopt, net::random_fraction());
    if (!delay) return sent;
    TRY(net::sleep_for(*delay, options.stop));
  }
}

Status require_status(const Repository& repository, net::Response& response, int wanted) {
  if (response.status == wanted) {
    finish(response);
    return {};
  }
  if (!response.is_success()) return fail(repository.error_of(response));
  return fail(Code::kMalformed, fmt::format("{}: the registry answered {} where {} was to come", response.display_url,
                                            response.status, wanted));
}

Status require_digest(const net::Response& response, const Digest& sent) {
  const auto stored = Digest::parse(response.headers.find("Docker-Content-Digest").value_or(""));
  if (!stored || stored->algorithm() != sent.algorithm() || *stored == sent) return {};
  return fail(Code::kVerificationFailed, fmt::format("{}: the registry stored {} instead of {}", response.display_url,
                                                     stored->to_string(), sent.to_string()));
}

// One upload session: each answer says where the next request goes.
class Session {
 public:
  explicit Session(const Repository& repository) : repository_(repository) {}

  Status begin() {
    RegistryCall call;
    call.method = "POST";
    call.path = "blobs/uploads/";
    TRY_ASSIGN(net::Response response, send(std::move(call)));
    TRY(require_status(repository_, response, 202));
    return follow(response);
  }

  Status send_chunk(std::string_view chunk) {
    RegistryCall call;
    call.method = "PATCH";
    call.url = url_;
    call.headers.add("Content-Type", std::string(kBytesType));
    call.headers.add("Content-Range", fmt::format("{}-{}", sent_, sent_ + chunk.size() - 1));
    call.body = chunk;
    TRY_ASSIGN(net::Response response, send(std::move(call)));
    TRY(require_status(repository_, response, 202));
    sent_ += chunk.size();
    const auto range = response.headers.find("Range");
    if (range && *range != fmt::format("0-{}", sent_ - 1)) {
      return fail(Code::kUnavailable,
                  fmt::format("{}: the registry has the bytes {} of an upload of which {} were sent",
                              response.display_url, printable(*range), sent_));
    }
    return follow(response);
  }

  Status complete(const Digest& digest, std::string_view rest) {
    RegistryCall call;
    call.method = "PUT";
    call.url = fmt::format("{}{}digest={}", url_, url_.contains('?') ? '&' : '?', digest.to_string());
    if (!rest.empty()) call.headers.add("Content-Type", std::string(kBytesType));
    call.body = rest;
    TRY_ASSIGN(net::Response response, send(std::move(call)));
    TRY(require_status(repository_, response, 201));
    return require_digest(response, digest);
  }

 private:
  Result<net::Response> send(RegistryCall call) const {
    call.push = true;
    return repository_.ask_registry(std::move(call));
  }

  Status follow(const net::Response& response) {
    const auto location = response.headers.find("Location");
    if (!location) {
      return fail(Code::kMalformed,
                  fmt::format("{}: the registry does not say where the upload goes on", response.display_url));
    }
    TRY_ASSIGN(const net::Url here, net::Url::parse(response.url));
    TRY_CONTEXT(const net::Url next, here.resolve(*location), response.display_url);
    url_ = next.text();
    return {};
  }

  const Repository& repository_;
  std::string url_;
  uint64_t sent_ = 0;
};

Result<bool> has_blob(const Repository& repository, const Descriptor& blob) {
  RegistryCall call;
  call.method = "HEAD";
  call.path = fmt::format("blobs/{}", blob.digest.to_string());
  TRY_ASSIGN(net::Response response, repository.ask_registry(std::move(call)));
  if (response.status == 404) return false;
  if (!response.is_success()) return fail(repository.error_of(response));
  const auto length = response.content_length();
  return !length || *length == blob.size;
}

Status send_blob(const Repository& repository, const Digest& digest, std::string_view bytes) {
  Session session(repository);
  TRY(session.begin());
  const uint64_t chunk_bytes = std::max<uint64_t>(1, repository.options().upload_chunk_bytes);
  if (bytes.size() > chunk_bytes) {
    for (; !bytes.empty(); bytes.remove_prefix(std::min<uint64_t>(bytes.size(), chunk_bytes))) {
      TRY(session.send_chunk(bytes.substr(0, chunk_bytes)));
    }
  }
  return session.complete(digest, bytes);
}

// What the manifest names was there a moment ago: a registry may need another to see it everywhere, the more so when
// several write at once.
Error refusal_of(const Repository& repository, net::Response& response) {
  Error error = repository.error_of(response);
  const bool lacks_a_part = error.message().contains("BLOB_UNKNOWN") || error.message().contains("MANIFEST_UNKNOWN");
  if (!lacks_a_part) return error;
  return {Code::kUnavailable, error.to_string(), error.remedy()};
}

Result<UploadedManifest> send_manifest(const Repository& repository, const ManifestBlob& manifest,
                                       const ManifestUpload& upload) {
  RegistryCall call;
  call.method = "PUT";
  call.path = fmt::format("manifests/{}", upload.tag.empty() ? manifest.descriptor.digest.to_string() : upload.tag);
  call.headers.add("Content-Type", manifest.descriptor.media_type);
  if (!upload.if_match.empty()) call.headers.add("If-Match", upload.if_match);
  if (upload.if_nothing) call.headers.add("If-None-Match", "*");
  call.body = manifest.bytes;
  call.push = true;
  TRY_ASSIGN(net::Response response, repository.ask_registry(std::move(call)));
  if (response.status == 412) return UploadedManifest{.stored = false, .subject = {}};
  if (response.status == 400 || response.status == 404) return fail(refusal_of(repository, response));
  TRY(require_status(repository, response, 201));
  TRY(require_digest(response, manifest.descriptor.digest));
  return UploadedManifest{.stored = true, .subject = std::string(response.headers.find("OCI-Subject").value_or(""))};
}

}  // namespace

Status upload_blob(const Repository& repository, const Descriptor& blob, std::string_view bytes) {
  return with_retries(repository, [&]() -> Status {
    TRY_ASSIGN(const bool there, has_blob(repository, blob));
    return there ? Status() : send_blob(repository, blob.digest, bytes);
  });
}

Result<UploadedManifest> upload_manifest(const Repository& repository, const ManifestBlob& manifest,
                                         const ManifestUpload& upload) {
  return with_retries(repository, [&] { return send_manifest(repository, manifest, upload); });
}

}  // namespace bulkhead::oci
