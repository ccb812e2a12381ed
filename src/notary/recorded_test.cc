// What docker and notary said to a real notary-server, and what it answered: shared/data/trust/wire.jsonl.
#include <fstream>
#include <set>

#include <gtest/gtest.h>

#include "base/bytes.h"
#include "base/test_data.h"
#include "notary/answers.h"
#include "notary/multipart.h"
#include "notary/testing/test_service.h"

namespace bulkhead::notary {
namespace {

constexpr int64_t kRecorded = 1'795'329'171;  // 2026-11-22T06:32:51Z

struct Exchange {
  std::string method, target, content_type, body;
  int status = 0;
  std::map<std::string, std::string> headers;  // of the answer
  std::string answer;
  Route route;
};

std::vector<Exchange> recorded_exchanges() {
  std::vector<Exchange> out;
  std::ifstream file(*test_data_dir() + "/trust/wire.jsonl");
  for (std::string line; std::getline(file, line);) {
    const auto document = json::Document::parse(line);
    const json::Value root = document->root();
    Exchange exchange{.method = std::string(root.string_or("m", "")),
                      .target = std::string(root.string_or("p", "")),
                      .content_type = std::string(root.find("h")->string_or("Content-Type", "")),
                      .body = std::string(root.string_or("body", "")),
                      .status = static_cast<int>(*root.require_integer("st")),
                      .answer = std::string(root.string_or("rbody", ""))};
    for (const auto& [name, value] : root.find("rh")->members()) exchange.headers.emplace(name, *value.string());
    exchange.route = route_of(exchange.method, exchange.target);
    out.push_back(std::move(exchange));
  }
  return out;
}

// Holds the keys that the recorded server gave away; what it signs is not what that one signed.
class RecordedKeys final : public ServerKeys {
 public:
  void learn(const std::string& answer) {
    const auto document = json::Document::parse(answer);
    const auto raw = base64_decode(document->root().find("keyval")->string_or("public", ""));
    ids_.insert(tuf::notary_codec().list(*PublicKey::from_ed25519(as_bytes(*raw))).first);
  }
  void learn_all(const tuf::RoleKeys& role) { ids_.insert(role.key_ids.begin(), role.key_ids.end()); }
  Result<bool> holds(std::string_view, std::string_view key_id) const override {
    return ids_.contains(std::string(key_id));
  }
  Result<std::string> sign(std::string_view, std::string_view, SignatureScheme, std::string_view) const override {
    return std::string(64, 'x');
  }

 private:
  std::set<std::string> ids_;
};

class StoredState final : public RepositoryState {
 public:
  StoredState(Store& store, std::string gun) : store_(store), gun_(std::move(gun)) {}
  // Whatever the recorded server served last is its latest.
  Result<std::optional<StoredFile>> current(std::string_view role) const override { return store_.latest(gun_, role); }
  Result<std::optional<tuf::Root>> root() const override {
    TRY_ASSIGN(const auto stored, store_.latest(gun_, tuf::kRoot));
    if (!stored) return std::nullopt;
    TRY_ASSIGN(auto read, tuf::notary_codec().root(stored->bytes));
    return std::move(read.metadata);
  }
  Result<std::optional<StoredFile>> latest(std::string_view role) const override { return store_.latest(gun_, role); }
  Result<int64_t> floor(std::string_view role) const override { return store_.floor(gun_, role); }
  Result<bool> is_buried(std::string_view id) const override { return store_.is_buried(gun_, id); }

 private:
  Store& store_;
  std::string gun_;
};

NewFile new_file(std::string_view role, const std::string& bytes) {
  const auto document = json::Document::parse(bytes);
  return {.role = std::string(role),
          .version = *document->root().find("signed")->require_integer("version"),
          .bytes = bytes};
}

struct Replay {
  std::vector<Exchange> exchanges = recorded_exchanges();
  TestService server;
  RecordedKeys keys;
  std::map<std::string, std::string> by_hash;  // recorded snapshots
  std::set<std::string> known;
  int compared = 0;
  int published = 0;

  Replay() {
    server.now = kRecorded + 60;
    for (const Exchange& exchange : exchanges) {
      if (exchange.route.role == tuf::kSnapshot && exchange.status == 200) {
        by_hash.emplace(Digest::sha256_of(as_bytes(exchange.answer)).hex(), exchange.answer);
      }
    }
  }

  // The timestamp that the recorded server served after this exchange.
  const std::string* timestamp_after(size_t i) const {
    for (const size_t first = i + 1; ++i < exchanges.size();) {
      const Exchange& next = exchanges[i];
      if (next.route.gun != exchanges[first - 1].route.gun) continue;
      if (next.route.operation == Operation::kUpdate || next.route.operation == Operation::kDelete) return nullptr;
      if (next.route.role == tuf::kTimestamp && next.route.operation == Operation::kGet) return &next.answer;
    }
    return nullptr;
  }

  // A repository whose first upload is not in the recording is known by what was served of it.
  void seed(size_t i) {
    const std::string gun = exchanges[i].route.gun;
    Store::Update update;
    for (; i < exchanges.size() && exchanges[i].route.operation != Operation::kUpdate; ++i) {
      const Exchange& exchange = exchanges[i];
      if (exchange.route.gun != gun || exchange.status != 200 || exchange.route.role.empty()) continue;
      update.files.push_back(new_file(exchange.route.role, exchange.answer));
      if (exchange.route.role == tuf::kRoot) {
        update.root = tuf::notary_codec().root(exchange.answer)->metadata;
        for (const auto& [role, listed] : update.root->roles) keys.learn_all(listed);
      }
    }
    ASSERT_EQ(*server.store->update(gun, update, kRecorded * 1'000'000), Store::Outcome::kDone);
  }

  void publish(size_t i) {
    const Exchange& exchange = exchanges[i];
    const std::string& gun = exchange.route.gun;
    Upload upload;
    for (const Part& part : *read_multipart(exchange.body, *multipart_boundary(exchange.content_type))) {
      const NewFile file = new_file(*part.filename, std::string(part.contents));
      upload.emplace(file.role, UploadedFile{.version = file.version, .bytes = file.bytes});
    }
    const auto accepted = validate(gun, upload, StoredState(*server.store, gun), keys, {}, server.now);
    ASSERT_TRUE(accepted) << i << ": " << accepted.error().message;
    Store::Update update{.files = accepted->files, .root = accepted->root};
    const auto current = *server.store->latest(gun, tuf::kTimestamp);
    update.base = current ? current->version : 0;
    if (const std::string* served = timestamp_after(i)) adopt(*served, i, update.files);
    ASSERT_EQ(*server.store->update(gun, update, kRecorded * 1'000'000), Store::Outcome::kDone) << i;
    server.restart();  // it did not see that
    ++published;
  }

  // What we made says what the recorded server's says, but for dates and signatures; then that one's is kept.
  void adopt(const std::string& served, size_t i, std::vector<NewFile>& files) const {
    const tuf::Codec& codec = tuf::notary_codec();
    NewFile& timestamp = files.back();
    ASSERT_EQ(codec.timestamp(served)->metadata.version, timestamp.version) << i;
    timestamp.bytes = served;
    const auto hash = codec.timestamp(served)->metadata.snapshot.hashes.find("sha256")->second;
    const auto recorded = by_hash.find(to_hex(as_bytes(hash)));
    for (NewFile& file : files) {
      if (file.role != tuf::kSnapshot || file.bytes == (recorded == by_hash.end() ? file.bytes : recorded->second)) {
        continue;
      }
      tuf::Snapshot theirs = codec.snapshot(recorded->second)->metadata;
      tuf::Snapshot ours = codec.snapshot(file.bytes)->metadata;
      theirs.expires = ours.expires = 0;
      EXPECT_EQ(codec.write(theirs), codec.write(ours)) << i;
      file.bytes = recorded->second;
    }
  }

  void compare(size_t i) {
    const Exchange& exchange = exchanges[i];
    const auto answer = server.ask(exchange.method, exchange.target);
    EXPECT_EQ(answer.status, exchange.status) << i << " " << exchange.target;
    if (exchange.target.ends_with(".key")) {
      keys.learn(exchange.answer);
      EXPECT_EQ(TestService::text_of(answer).size(), exchange.answer.size());
    } else {
      EXPECT_EQ(TestService::text_of(answer), exchange.answer) << i << " " << exchange.target;
    }
    for (const std::string_view name : {"Content-Type", "Cache-Control"}) {
      const auto recorded = exchange.headers.find(std::string(name));
      EXPECT_EQ(answer.headers.find(name).value_or(""), recorded == exchange.headers.end() ? "" : recorded->second)
          << i << " " << exchange.target;
    }
    ++compared;
  }
};

TEST(RecordedExchanges, AreAnsweredAsTheRealServerDid) {
  BULKHEAD_NEED_TEST_DATA();
  BULKHEAD_NEED_DATA(std::ifstream(*test_data_dir() + "/trust/wire.jsonl").good(), "no recorded exchanges");
  Replay replay;
  ASSERT_EQ(replay.exchanges.size(), 172);
  for (size_t i = 0; i < replay.exchanges.size(); ++i) {
    const Exchange& exchange = replay.exchanges[i];
    if (exchange.route.operation == Operation::kUpdate) {
      replay.publish(i);
    } else {
      const bool first = !exchange.route.gun.empty() && replay.known.insert(exchange.route.gun).second;
      if (first && exchange.status == 200 && !exchange.target.ends_with(".key")) replay.seed(i);
      replay.compare(i);
    }
    if (testing::Test::HasFatalFailure()) return;
  }
  EXPECT_EQ(replay.published, 16);
  EXPECT_EQ(replay.compared, 156);
}

}  // namespace
}  // namespace bulkhead::notary
