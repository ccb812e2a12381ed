// fuzz: notary test_certificate
// A request (method, target, Content-Type, each a line, then the body) to a service that has a repository "a". Whatever
// it is, the answer is one that clients understand: a status, and on errors one JSON error of at most 1 KiB; and the
// repository is still served.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/text.h"
#include "notary/testing/test_service.h"

namespace {

using namespace bulkhead;  // NOLINT(google-build-using-namespace)

struct Server : notary::TestService {
  Server() {
    if (upload("a", publisher("a").first_files()).status != 200) std::abort();
  }
};

void check(const net::ServerResponse& answer) {
  const std::string& text = notary::TestService::text_of(answer);
  if (answer.status == 200 || answer.status == 405) return;
  const auto document = json::Document::parse(text);
  if (!document || document->root().require_array("errors")->size() != 1) std::abort();
  if (answer.status == 400 && text.size() > 1024) std::abort();
  if (answer.status >= 500) std::abort();  // nothing is wrong on the server's side
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const Server server;
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  std::string_view method;
  std::string_view target;
  std::string_view type;
  if (!next_line(rest, method) || !next_line(rest, target) || !next_line(rest, type)) return 0;
  if (method == "DELETE" && target.contains("/a/_trust")) return 0;  // the others need it
  check(server.ask(std::string(method), std::string(target), std::string(rest), std::string(type)));
  if (server.get("/v2/a/_trust/tuf/timestamp.json").status != 200) std::abort();
  return 0;
}
