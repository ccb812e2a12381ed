// Mustache templates over a JSON document. Source: mustache(5), specification 1.1: variables, unescaped variables,
// dotted names, sections, inverted sections, comments, standalone lines. No partials, lambdas or delimiter changes: a
// template is one text and can read nothing but its document.
//
// Escaping is for HTML and XML alike: & < > " ' become references, and characters that XML 1.0 does not allow become
// U+FFFD. Trust: the document's text is untrusted, the template is the user's. Limits: nesting 64, output 1 GiB. Pure.
#pragma once

#include <string>
#include <string_view>

#include "base/json.h"
#include "base/result.h"

namespace bulkhead::report {

// kInvalidArgument names the line of a template that is malformed (unclosed tag or section).
Result<std::string> render_mustache(std::string_view text, const json::Value& document);

}  // namespace bulkhead::report
