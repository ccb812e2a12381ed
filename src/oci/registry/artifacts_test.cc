// Artifacts of registries, against a registry in memory whose faults the tests choose. The real ones are in tests/e2e.
#include <algorithm>
#include <atomic>
#include <functional>
#include <map>
#include <mutex>

#include <gtest/gtest.h>

#include "base/temporary_folder.h"
#include "base/text.h"
#include "net/testing/scripted_server.h"
#include "oci/artifact_manifest.h"
#include "oci/manifest.h"
#include "oci/registry/registry_artifacts.h"

namespace bulkhead::oci {
namespace {

using net::testing::reply;
using net::testing::ScriptedReply;
using net::testing::ScriptedServer;
using net::testing::SeenRequest;

constexpr std::string_view kSignatureType = "application/vnd.example.signature";

std::string digest_of(std::string_view bytes) {
  return Digest::sha256_of(as_bytes(bytes)).to_string();
}

// A registry with one repository, team/app. Guarded by its mutex, but for the hooks, which are set before it is used.
class MemoryRegistry {
 public:
  bool has_referrers_api = false;
  bool heeds_conditions = false;
  // Answers in its place, when it answers.
  std::function<std::optional<ScriptedReply>(const SeenRequest&)> instead;
  // Runs after a tag was written.
  std::function<void(const std::string& tag)> after_tag;

  MemoryRegistry() : server_([this](const SeenRequest& request) { return answer(request); }) {}

  std::string authority() const { return server_.authority(); }
  std::vector<SeenRequest> requests() const { return server_.requests(); }
  size_t count(std::string_view method, std::string_view part) const {
    const auto seen = requests();
    return static_cast<size_t>(std::ranges::count_if(
        seen, [&](const SeenRequest& request) { return request.method == method && request.target.contains(part); }));
  }

  void put(const std::string& name, const std::string& bytes, std::string_view type) {
    const std::scoped_lock lock(mutex_);
    manifests_[name] = {bytes, std::string(type)};
    manifests_[digest_of(bytes)] = {bytes, std::string(type)};
  }
  std::string get(const std::string& name) {
    const std::scoped_lock lock(mutex_);
    return manifests_.contains(name) ? manifests_[name].bytes : "";
  }

  std::unique_ptr<ArtifactStore> open(RegistryOptions options = {}, const ImageLimits& limits = {}) const {
    options.retry = {
        .max_attempts = 3, .first_delay = std::chrono::milliseconds(1), .max_delay = std::chrono::milliseconds(2)};
    options.mirrors.clear();
    // A TLS hello is no request: the scripted server would wait for its end.
    options.timeouts.connect = std::chrono::milliseconds(200);
    const auto reference = Reference::parse_normalized(authority() + "/team/app").value();
    return open_registry_artifacts(std::move(options), reference, limits).value();
  }

 private:
  struct Stored {
    std::string bytes;
    std::string type;
  };

  ScriptedReply answer(const SeenRequest& request) {
    if (instead) {
      if (auto answered = instead(request)) return *std::move(answered);
    }
    constexpr std::string_view kBase = "/v2/team/app/";
    std::string_view rest = request.target;
    if (!rest.starts_with(kBase)) return reply(200, "{}");
    rest.remove_prefix(kBase.size());
    if (rest.starts_with("manifests/")) return manifest(request, std::string(rest.substr(10)));
    if (rest.starts_with("blobs/uploads/")) return upload(request, rest.substr(14));
    if (rest.starts_with("blobs/")) return blob(request, std::string(rest.substr(6)));
    if (rest.starts_with("referrers/") && has_referrers_api) return referrers(rest.substr(10));
    return reply(404, "404 page not found");
  }

  ScriptedReply manifest(const SeenRequest& request, const std::string& name) {
    std::unique_lock lock(mutex_);
    const auto found = manifests_.find(name);
    if (request.method == "GET") {
      if (found == manifests_.end()) return reply(404, R"({"errors":[{"code":"MANIFEST_UNKNOWN"}]})");
      return reply(200, found->second.bytes,
                   "Content-Type: " + found->second.type + "\r\nETag: \"" + digest_of(found->second.bytes) + "\"\r\n");
    }
    const std::string condition = request.header("if-match");
    const bool differs =
        !condition.empty() && (found == manifests_.end() || condition != '"' + digest_of(found->second.bytes) + '"');
    const bool exists = !request.header("if-none-match").empty() && found != manifests_.end();
    if (heeds_conditions && (differs || exists)) return reply(412, "");
    const Stored stored{request.body, request.header("content-type")};
    manifests_[name] = stored;
    manifests_[digest_of(stored.bytes)] = stored;
    lock.unlock();
    if (after_tag && !name.contains(':')) after_tag(name);
    std::string fields = "Docker-Content-Digest: " + digest_of(stored.bytes) + "\r\n";
    const auto document = parse_manifest(stored.bytes, stored.type, {});
    const auto* const parsed = document ? std::get_if<Manifest>(&*document) : nullptr;
    if (has_referrers_api && parsed != nullptr && parsed->subject) {
      fields += "OCI-Subject: " + parsed->subject->digest.to_string() + "\r\n";
    }
    return reply(201, "", fields);
  }

  ScriptedReply blob(const SeenRequest& request, const std::string& digest) {
    const std::scoped_lock lock(mutex_);
    const auto found = blobs_.find(digest);
    if (found == blobs_.end()) return reply(404, request.method == "HEAD" ? "" : "{}");
    if (request.method == "HEAD") {
      return {fmt::format("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", found->second.size())};
    }
    return reply(200, found->second);
  }

  ScriptedReply upload(const SeenRequest& request, std::string_view session) {
    const std::scoped_lock lock(mutex_);
    if (request.method == "POST") {
      upload_.clear();
      return reply(202, "", "Location: /v2/team/app/blobs/uploads/one?state=0\r\n");
    }
    upload_ += request.body;
    if (request.method == "PATCH") {
      return reply(202, "",
                   fmt::format("Location: one?state={0}\r\nRange: 0-{1}\r\n", upload_.size(), upload_.size() - 1));
    }
    const std::string digest(session.substr(session.find("digest=") + 7));
    if (digest != digest_of(upload_)) return reply(400, R"({"errors":[{"code":"DIGEST_INVALID"}]})");
    blobs_[digest] = upload_;
    return reply(201, "", "Docker-Content-Digest: " + digest + "\r\n");
  }

  ScriptedReply referrers(std::string_view subject) {
    const std::scoped_lock lock(mutex_);
    std::vector<Descriptor> found;
    for (const auto& [name, stored] : manifests_) {
      const auto document = parse_manifest(stored.bytes, stored.type, {});
      const auto* const parsed = document ? std::get_if<Manifest>(&*document) : nullptr;
      if (!name.contains(':') || parsed == nullptr || !parsed->subject) continue;
      if (parsed->subject->digest.to_string() == subject) found.push_back(describe(stored.type, stored.bytes));
    }
    return reply(200, write_index(found), "Content-Type: " + std::string(kOciIndex) + "\r\n");
  }

  std::mutex mutex_;
  std::map<std::string, Stored> manifests_;
  std::map<std::string, std::string> blobs_;
  std::string upload_;
  ScriptedServer server_;  // the last: it answers as soon as it is there
};

const Descriptor& subject() {
  static const Descriptor descriptor = describe(kOciManifest, "the image");
  return descriptor;
}

ManifestBlob artifact(std::string_view content, const Descriptor& about = subject()) {
  Manifest manifest;
  manifest.artifact_type = kSignatureType;
  manifest.config = empty_config();
  manifest.layers = {describe("text/plain", content)};
  manifest.subject = about;
  return ManifestBlob::of(kOciManifest, write_manifest(manifest));
}

std::vector<std::string> digests_of(const Result<std::vector<Descriptor>>& descriptors) {
  std::vector<std::string> digests;
  if (!descriptors) return {descriptors.error().to_string()};
  for (const auto& descriptor : *descriptors) digests.push_back(descriptor.digest.to_string());
  std::ranges::sort(digests);
  return digests;
}

std::vector<std::string> digests_of(std::initializer_list<ManifestBlob> blobs) {
  std::vector<std::string> digests;
  for (const auto& blob : blobs) digests.push_back(blob.descriptor.digest.to_string());
  std::ranges::sort(digests);
  return digests;
}

TEST(RegistryArtifacts, SendsABlobOnceAndWhole) {
  const MemoryRegistry registry;
  const auto store = registry.open();
  const Descriptor blob = describe("text/plain", "content");
  ASSERT_TRUE(store->put_blob(blob, "content"));
  ASSERT_TRUE(store->put_blob(blob, "content"));
  EXPECT_EQ(registry.count("POST", "uploads"), 1U);
  EXPECT_EQ(registry.count("PATCH", "uploads"), 0U);
  EXPECT_EQ(store->blob(blob, 100).value(), "content");
  EXPECT_EQ(store->blob(blob, 3).error().code(), Code::kLimitExceeded);
}

TEST(RegistryArtifacts, SendsALargeBlobInChunks) {
  const MemoryRegistry registry;
  RegistryOptions options;
  options.upload_chunk_bytes = 1000;
  const auto store = registry.open(options);
  const std::string content(2500, 'x');
  const Descriptor blob = describe("text/plain", content);
  const Status sent = store->put_blob(blob, content);
  ASSERT_TRUE(sent) << sent.error().to_string();
  std::vector<std::string> ranges;
  for (const auto& request : registry.requests()) {
    if (request.method == "PATCH") ranges.push_back(request.header("content-range"));
  }
  EXPECT_EQ(ranges, (std::vector<std::string>{"0-999", "1000-1999", "2000-2499"}));
  EXPECT_EQ(store->blob(blob, 5000).value(), content);
}

TEST(RegistryArtifacts, RefusesAStoreThatSaysItStoredSomethingElse) {
  MemoryRegistry registry;
  registry.instead = [](const SeenRequest& request) -> std::optional<ScriptedReply> {
    if (request.method != "PUT") return std::nullopt;
    return reply(201, "", "Docker-Content-Digest: " + digest_of("something else") + "\r\n");
  };
  const auto store = registry.open();
  EXPECT_EQ(store->put_blob(describe("text/plain", "content"), "content").error().code(), Code::kVerificationFailed);
  EXPECT_EQ(store->put_manifest(artifact("a")).error().code(), Code::kVerificationFailed);
}

TEST(RegistryArtifacts, TriesAnUploadAgainThatAPassingFailureEnded) {
  MemoryRegistry registry;
  std::atomic<int> failures = 0;
  registry.instead = [&](const SeenRequest& request) -> std::optional<ScriptedReply> {
    if (request.method != "PUT" || failures++ > 0) return std::nullopt;
    return reply(503, "");
  };
  EXPECT_TRUE(registry.open()->put_blob(describe("text/plain", "content"), "content"));
}

TEST(RegistryArtifacts, TriesAManifestAgainWhosePartsAreNotSeenYet) {
  MemoryRegistry registry;
  std::atomic<int> refusals = 0;
  registry.instead = [&](const SeenRequest& request) -> std::optional<ScriptedReply> {
    if (request.method != "PUT" || !request.target.contains("/manifests/") || refusals++ > 0) return std::nullopt;
    return reply(400, R"({"errors":[{"code":"MANIFEST_BLOB_UNKNOWN"}]})");
  };
  EXPECT_TRUE(registry.open()->put_manifest(artifact("a")));
}

TEST(RegistryArtifacts, SendsNoCredentialsWhereAnUploadIsLedAway) {
  // The registry wants a password, and leads the upload to another host.
  std::atomic<bool> leaked = false;
  const ScriptedServer elsewhere([&](const SeenRequest& request) {
    leaked = leaked || !request.header("authorization").empty();
    return reply(401, "", "WWW-Authenticate: Basic realm=\"x\"\r\n");
  });
  MemoryRegistry registry;
  registry.instead = [&](const SeenRequest& request) -> std::optional<ScriptedReply> {
    if (!request.target.starts_with("/v2/team")) return std::nullopt;
    if (request.header("authorization").empty()) return reply(401, "", "WWW-Authenticate: Basic realm=\"x\"\r\n");
    if (request.method == "POST") return reply(202, "", "Location: " + elsewhere.url("/upload") + "\r\n");
    return std::nullopt;
  };
  const TemporaryFolder folder;
  RegistryOptions options;
  options.auth_files = {
      folder.write("auth.json", R"({"auths":{")" + registry.authority() + R"(":{"auth":"Ym9iOnB3"}}})")};
  const Status sent = registry.open(options)->put_blob(describe("text/plain", "content"), "content");
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().code(), Code::kUnauthenticated);
  EXPECT_EQ(elsewhere.requests().size(), 1U);
  EXPECT_FALSE(leaked);
}

TEST(RegistryArtifacts, AsksForTheRightToPushOnlyWhereItPushes) {
  MemoryRegistry registry;
  std::mutex mutex;
  std::vector<std::string> scopes;
  const ScriptedServer tokens([&](const SeenRequest& request) {
    const std::scoped_lock lock(mutex);
    scopes.push_back(request.target.substr(request.target.find("scope=") + 6));
    return reply(200, R"({"token":")" + std::to_string(scopes.size()) + R"("})");
  });
  registry.instead = [&](const SeenRequest& request) -> std::optional<ScriptedReply> {
    if (!request.target.starts_with("/v2/team") || !request.header("authorization").empty()) return std::nullopt;
    // No scope in the challenge: what is asked for is ours to say.
    return reply(401, "", "WWW-Authenticate: Bearer realm=\"" + tokens.url("/token") + "\",service=\"s\"\r\n");
  };
  const auto store = registry.open();
  EXPECT_EQ(store->tagged("1").error().code(), Code::kNotFound);
  ASSERT_TRUE(store->put_blob(describe("text/plain", "content"), "content"));
  EXPECT_EQ(scopes,
            (std::vector<std::string>{"repository%3Ateam%2Fapp%3Apull", "repository%3Ateam%2Fapp%3Apull%2Cpush"}));
}

TEST(RegistryArtifacts, AttachesByTheApiWhereThereIsOne) {
  MemoryRegistry registry;
  registry.has_referrers_api = true;
  const auto store = registry.open();
  const auto a = artifact("a");
  ASSERT_TRUE(store->attach(a, subject().digest));
  EXPECT_EQ(digests_of(store->referrers(subject().digest)), digests_of({a}));
  EXPECT_EQ(registry.get(referrers_tag(subject().digest)), "") << "no tag where the API lists it";
}

TEST(RegistryArtifacts, AttachesByTheTagWhereThereIsNoApi) {
  const MemoryRegistry registry;
  const auto store = registry.open();
  EXPECT_TRUE(store->referrers(subject().digest)->empty());
  const auto a = artifact("a");
  const auto b = artifact("b");
  for (const auto* one : {&a, &b, &a}) {
    const Status attached = store->attach(*one, subject().digest);
    ASSERT_TRUE(attached) << attached.error().to_string();
  }
  EXPECT_EQ(digests_of(store->referrers(subject().digest)), digests_of({a, b}));
}

TEST(RegistryArtifacts, ReadsTheTagWhereTheApiListsNothing) {
  MemoryRegistry registry;
  ASSERT_TRUE(registry.open()->attach(artifact("a"), subject().digest));
  registry.instead = [](const SeenRequest& request) -> std::optional<ScriptedReply> {
    if (!request.target.contains("/referrers/")) return std::nullopt;
    return reply(200, write_index({}), "Content-Type: " + std::string(kOciIndex) + "\r\n");
  };
  EXPECT_EQ(digests_of(registry.open()->referrers(subject().digest)), digests_of({artifact("a")}));
}

TEST(RegistryArtifacts, TakesAPageForPeopleForNoApi) {
  MemoryRegistry registry;
  registry.instead = [](const SeenRequest& request) -> std::optional<ScriptedReply> {
    if (!request.target.contains("/referrers/")) return std::nullopt;
    return reply(200, "<html>", "Content-Type: text/html\r\n");
  };
  EXPECT_TRUE(registry.open()->referrers(subject().digest)->empty());
}

TEST(RegistryArtifacts, AnApiThatFailsIsNoEmptyList) {
  MemoryRegistry registry;
  registry.instead = [](const SeenRequest& request) -> std::optional<ScriptedReply> {
    if (!request.target.contains("/referrers/")) return std::nullopt;
    return reply(500, "");
  };
  EXPECT_EQ(registry.open()->referrers(subject().digest).error().code(), Code::kUnavailable);
}

TEST(RegistryArtifacts, FollowsPagesToTheirEnd) {
  MemoryRegistry registry;
  registry.instead = [](const SeenRequest& request) -> std::optional<ScriptedReply> {
    if (!request.target.contains("/referrers/")) return std::nullopt;
    const size_t at = request.target.find("page=");
    const int page = at == std::string::npos ? 0 : std::stoi(request.target.substr(at + 5));
    const std::string next = page == 2 ? "" : fmt::format("Link: <?page={}>; rel=\"next\"\r\n", page + 1);
    const std::string body = write_index({artifact(std::to_string(page)).descriptor, artifact("all").descriptor});
    return reply(200, body, "Content-Type: " + std::string(kOciIndex) + "\r\n" + next);
  };
  EXPECT_EQ(digests_of(registry.open()->referrers(subject().digest)),
            digests_of({artifact("0"), artifact("1"), artifact("2"), artifact("all")}));
}

TEST(RegistryArtifacts, GivesUpOnPagesThatNeverEnd) {
  MemoryRegistry registry;
  registry.instead = [](const SeenRequest& request) -> std::optional<ScriptedReply> {
    if (!request.target.contains("/referrers/")) return std::nullopt;
    return reply(200, write_index({}), "Content-Type: " + std::string(kOciIndex) + "\r\nLink: <?again>; rel=next\r\n");
  };
  EXPECT_EQ(registry.open()->referrers(subject().digest).error().code(), Code::kLimitExceeded);
  EXPECT_LE(registry.requests().size(), 110U);
}

TEST(RegistryArtifacts, BoundsWhatAListMayHold) {
  MemoryRegistry registry;
  registry.has_referrers_api = true;
  for (const char* const content : {"a", "b", "c"}) {
    ASSERT_TRUE(registry.open()->attach(artifact(content), subject().digest));
  }
  ImageLimits limits;
  limits.max_manifests = 2;
  EXPECT_EQ(registry.open({}, limits)->referrers(subject().digest).error().code(), Code::kLimitExceeded);
  limits = {};
  limits.max_manifest_bytes = 300;
  EXPECT_EQ(registry.open({}, limits)->referrers(subject().digest).error().code(), Code::kLimitExceeded);
}

TEST(RegistryArtifacts, BelievesNoManifestThatIsNotTheDigests) {
  MemoryRegistry registry;
  const auto a = artifact("a");
  registry.put(a.descriptor.digest.to_string(), artifact("b").bytes, kOciManifest);
  EXPECT_EQ(registry.open()->manifest(a.descriptor.digest).error().code(), Code::kVerificationFailed);
}

TEST(RegistryArtifacts, WritesItsEntryAgainWhenAnotherWriterUndidIt) {
  // Another writer, who read before we wrote, writes its own index over ours.
  MemoryRegistry registry;
  const auto ours = artifact("ours");
  const auto theirs = artifact("theirs");
  std::atomic<int> writes = 0;
  registry.after_tag = [&](const std::string& tag) {
    if (writes++ == 0) registry.put(tag, write_index({theirs.descriptor}), kOciIndex);
  };
  const auto store = registry.open();
  ASSERT_TRUE(store->attach(ours, subject().digest));
  EXPECT_EQ(digests_of(store->referrers(subject().digest)), digests_of({ours, theirs}));
}

TEST(RegistryArtifacts, OverwritesNothingWhereConditionsAreHeeded) {
  MemoryRegistry registry;
  registry.heeds_conditions = true;
  const std::string tag = referrers_tag(subject().digest);
  const auto theirs = artifact("theirs");
  std::atomic<int> reads = 0;
  // It is written between our read and our write.
  registry.instead = [&](const SeenRequest& request) -> std::optional<ScriptedReply> {
    if (request.method != "GET" || !request.target.contains(tag) || reads++ > 0) return std::nullopt;
    registry.put(tag, write_index({theirs.descriptor}), kOciIndex);
    return reply(404, "{}");
  };
  const auto store = registry.open();
  const auto ours = artifact("ours");
  ASSERT_TRUE(store->attach(ours, subject().digest));
  EXPECT_EQ(digests_of(store->referrers(subject().digest)), digests_of({ours, theirs}));
}

TEST(RegistryArtifacts, GivesUpWhenOthersNeverRest) {
  MemoryRegistry registry;
  registry.after_tag = [&](const std::string& tag) {
    registry.put(tag, write_index({artifact("theirs").descriptor}), kOciIndex);
  };
  EXPECT_EQ(registry.open()->attach(artifact("ours"), subject().digest).error().code(), Code::kUnavailable);
}

}  // namespace
}  // namespace bulkhead::oci
