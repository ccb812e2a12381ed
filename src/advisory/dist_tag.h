// What the dist tag in an rpm's release says of where it was built: "5.el8_4", "1.module+el8.8.0+19353+1",
// "9.module_el8.5.0+911+f19012f9", "2.module_f36+14485+0f1c8a6b". Pure; any text is accepted.
// Sources: Fedora Packaging Guidelines, "DistTag"; Module Build Service, "disttag_marking"; the versions in the
// publishers' own errata.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace bulkhead::advisory {

// The minor release: 4 of "1.1.1k-5.el8_4", "…module+el8.4.0+…", "…module_el8.4.0+…".
std::optional<uint32_t> minor_of(std::string_view version);

// Whether it was built as part of a module.
bool is_modular(std::string_view version);

}  // namespace bulkhead::advisory
