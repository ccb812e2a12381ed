// fuzz: audit
#include <cstdint>

#include "audit/collect/engine_answers.h"

using namespace bulkhead;

namespace {

// The only error is kMalformed, and its message is for a terminal.
template <typename T>
bool read(const Result<T>& result) {
  if (result) return true;
  if (result.error().code() != Code::kMalformed) __builtin_trap();
  const std::string text = result.error().to_string();
  if (text.size() > 1000) __builtin_trap();
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < ' ') __builtin_trap();
  }
  return false;
}

void read_engine(const json::Value& root) {
  const auto info = root.find("info");
  const auto version = root.find("version");
  if (!info || !version) return;
  const auto engine = audit::parse_engine(*info, *version);
  if (read(engine) && (engine->server_version.empty() || engine->api_version.empty())) __builtin_trap();
}

void read_container(const json::Value& root) {
  const auto details = audit::parse_container(root);
  if (!read(details)) return;
  if (details->restart_policy.empty() || details->pid < 0) __builtin_trap();
  for (const audit::Mount& mount : details->mounts) {
    if (mount.type.empty()) __builtin_trap();
  }
}

void read_image(const json::Value& root) {
  audit::Image image{.id = "before"};
  const bool good = read(audit::parse_image(root, image));
  if (good && image.id == "before") {
    const auto id = root.find("Id");
    if (!id || id->string() != "before") __builtin_trap();
  }
  if (!good && image.id != "before") __builtin_trap();
}

}  // namespace

// The first byte says whose answer the rest is.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const auto document = json::Document::parse({reinterpret_cast<const char*>(data) + 1, size - 1});
  if (!document) return 0;
  const json::Value root = document->root();
  switch (data[0]) {
    case 'e':
      read_engine(root);
      break;
    case 'l':
      read(audit::parse_container_list(root));
      break;
    case 'c':
      read_container(root);
      break;
    case 'L':
      read(audit::parse_image_list(root));
      break;
    case 'i':
      read_image(root);
      break;
    case 'h':
      if (const auto history = audit::parse_history(root); read(history) && history->size() != root.size()) {
        __builtin_trap();
      }
      break;
    case 'n':
      read(audit::parse_networks(root));
      break;
    case 'v':
      read(audit::parse_volumes(root));
      break;
    case 's':
      read(audit::parse_swarm(root));
      break;
    case 'N':
      read(audit::parse_nodes(root));
      break;
    case 'S':
      read(audit::parse_services(root));
      break;
    case 'k':
      read(audit::parse_secret_count(root));
      break;
    default:
      break;
  }
  return 0;
}
