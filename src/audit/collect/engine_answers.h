// The engine's answers as facts. Pure. Sources: Docker Engine API v1.24 to v1.52
// (docs.docker.com/reference/api/engine), Podman's compatibility API where it differs. What is absent keeps its
// default; a member of the wrong type is kMalformed naming it: an answer that is not understood must not read as a safe
// one. Go's null for an empty list or map counts as empty. Lists longer than kMaxListed (collect.h) are kLimitExceeded.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "audit/facts.h"
#include "base/json.h"
#include "base/result.h"

namespace bulkhead::audit {

Result<Engine> parse_engine(const json::Value& info, const json::Value& version);
Result<std::vector<Container>> parse_container_list(const json::Value& answer);  // without details
Result<ContainerDetails> parse_container(const json::Value& answer);
Result<std::vector<Image>> parse_image_list(const json::Value& answer);  // their configuration unknown
// What is told of one image takes the place of what the list told. Unchanged on failure. Also of Podman's own
// /libpod/images/{id}/json: its compatible answer says nothing of health checks.
Status parse_image(const json::Value& answer, Image& image);
Result<std::vector<HistoryEntry>> parse_history(const json::Value& answer);
Result<std::vector<Network>> parse_networks(const json::Value& answer);
// Local volumes by name, as Facts::volumes has them.
Result<std::map<std::string, Mount>> parse_volumes(const json::Value& answer);
// The folder of the host that a local volume with these options binds ({"type": "none", "o": "bind", "device":
// "/etc"}); empty: it binds none.
std::string bound_folder(const std::map<std::string, std::string>& options);
Result<Swarm> parse_swarm(const json::Value& answer);
Result<std::vector<SwarmNode>> parse_nodes(const json::Value& answer);
Result<std::vector<SwarmService>> parse_services(const json::Value& answer);
Result<size_t> parse_secret_count(const json::Value& answer);

}  // namespace bulkhead::audit
