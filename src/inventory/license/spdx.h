// SPDX licence identifiers and expressions.
// Sources: SPDX licence list (its version and date stand in data/spdx-licenses.tsv); SPDX 2.3, annex D.
//
// All functions are pure and thread-safe; the input is untrusted. Expressions longer than kMaxExpressionBytes or nested
// deeper than kMaxExpressionDepth are taken for no expression.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace bulkhead::inventory {

inline constexpr size_t kMaxExpressionBytes = 4096;
inline constexpr size_t kMaxExpressionDepth = 32;

// The identifier in the list's own spelling ("apache-2.0" gives "Apache-2.0"); nothing when the list has no such
// licence.
std::optional<std::string_view> spdx_license_id(std::string_view id);
// The same for exceptions ("classpath-exception-2.0").
std::optional<std::string_view> spdx_exception_id(std::string_view id);

// The expression in canonical spelling: identifiers as the list has them, operators upper case, single spaces, no
// needless parentheses. Nothing when `text` is no expression over listed identifiers, LicenseRef- and DocumentRef-
// names.
std::optional<std::string> spdx_expression(std::string_view text);

}  // namespace bulkhead::inventory
