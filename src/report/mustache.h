// Mustache templates over a JSON document. Source: mustache(5), specification 1.1: variables, unescaped variables,
// dotted names, sections, inverted sections, comments, standalone lines. No partials, lambdas or delimiter changes: a
// template is one text and can read nothing but its document. What the specification leaves open: false are null,
// false, 0, "" and [], so that {{#count}} asks whether there are any.
//
// Escaping is for HTML and XML alike: & < > " ' become references, and characters that XML 1.0 does not allow become
// U+FFFD. Trust: the document's text is untrusted, the template is the user's. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/result.h"

namespace bulkhead::report {

struct MustacheLimits {
  size_t max_depth = 64;  // of open sections
  size_t max_output_bytes = size_t{1} << 30;
  size_t max_tags = 100'000'000;  // come by, each time that a section is repeated
};

// `text` as it stands in an element or a quoted attribute of HTML or XML.
std::string markup_escaped(std::string_view text);

// kInvalidArgument names the line of a template that is malformed (unclosed tag or section, sections nested too
// deeply), whatever the document. kLimitExceeded names the limit.
Result<std::string> render_mustache(std::string_view text, const json::Value& document,
                                    const MustacheLimits& limits = {});

}  // namespace bulkhead::report
