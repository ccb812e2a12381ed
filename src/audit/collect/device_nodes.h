// What the devices that containers are given are on the host: by the files' own numbers, not by their names.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "audit/collect/rooted_folder.h"
#include "audit/facts.h"

namespace bulkhead::audit {

// Drivers by the kind (block or not) and major number of their devices, /proc/devices (proc(5)). Pure; lines that are
// not understood are passed over.
using Drivers = std::map<std::pair<bool, uint32_t>, std::string>;
Drivers parse_drivers(std::string_view text);

// Fills Device::nodes: of a folder, those of the devices in it, as engines hand them out.
void look_at_devices(const RootedFolder& root, const std::string& proc, std::vector<Container>& containers);

// The same, unknown for one reason.
void set_devices_unknown(const Unknown& reason, std::vector<Container>& containers);

}  // namespace bulkhead::audit
