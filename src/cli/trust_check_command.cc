// bulkhead trust check
#include <optional>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/date.h"
#include "base/json_writer.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/database_flags.h"
#include "cli/environment.h"
#include "cli/output.h"
#include "cli/trust_publisher.h"
#include "net/http_client.h"
#include "oci/reference.h"
#include "trust/freshness_map.h"

namespace bulkhead::cli {
namespace {

class TrustCheckCommand final : public Command {
 public:
  void declare(Flags& flags) override {
    flags.add({.names = "MAP", .help = "the map: http(s)://… of its metadata, or a folder", .required = true},
              options_.location);
    flags.add({.names = "IMAGE", .help = "NAME[:TAG]@sha256:…", .required = true},
              [this](std::string_view value) -> Status {
                TRY_ASSIGN(image_, oci::Reference::parse_normalized(value));
                if (!image_.digest.empty()) return {};
                return fail(Code::kInvalidArgument, "it names no digest",
                            "write NAME:TAG@sha256:…, with the digest that was found under the tag");
              });
    flags.add({.names = "--root",
               .value = "FILE",
               .help = "the root to begin with: a root.json of the publisher's",
               .kind = Option::Kind::kFile},
              options_.root_file);
    flags.add_switch({.names = "--trust-first-root", .help = "without one: believe the first root that the map shows"},
                     options_.first_use);
    flags.add_switch({.names = "--offline", .help = "fetch nothing: what is kept decides, as long as it is fresh"},
                     options_.offline);
    flags.add_switch({.names = "--json", .help = "for machines"}, json_);
    add_ca_file_flag(flags, ca_files_, {});
    flags.check([this]() -> Status {
      if (!options_.root_file.empty() || options_.first_use) return {};
      return fail(Code::kInvalidArgument, "no root is named", "name one with --root, or use --trust-first-root");
    });
  }

  Result<int> run(Interrupts& interrupts) override {
    net::ClientOptions client_options{.user_agent = "bulkhead/" BULKHEAD_VERSION};
    client_options.proxies = net::ProxyOptions::from_environment(process_environment());
    client_options.tls.ca_files = ca_files_;
    const net::Client client(client_options);
    options_.state_folder = trust_directory();
    options_.now = unix_now();
    options_.stop = interrupts.stop_in_order();
    TRY_ASSIGN(auto map, trust::FreshnessMap::open(options_, &client));
    TRY_ASSIGN(const trust::FreshnessAnswer answer, map.check(image_, image_.digest));
    const bool first_use = options_.root_file.empty();
    TRY(write_standard_output(json_ ? json_of(answer, first_use) : text_of(answer, first_use)));
    return answer.accepted() ? kSuccess : kThresholdMet;
  }

 private:
  static std::string text_of(const trust::FreshnessAnswer& answer, bool first_use) {
    return fmt::format("{}: {}{}\n", trust::freshness_name(answer.verdict), printable(answer.detail),
                       first_use ? " (trust rests on the first root that was shown)" : "");
  }
  static std::string json_of(const trust::FreshnessAnswer& answer, bool first_use) {
    json::Writer w;
    w.begin_object();
    w.member("accepted", answer.accepted());
    w.member("verdict", trust::freshness_name(answer.verdict));
    w.member("detail", answer.detail);
    w.member_if("present", answer.present.to_string());
    w.member_if("role", answer.role);
    w.member_if("reason", answer.reason);
    w.member_if("since", answer.since > 0 ? rfc3339_of(answer.since) : "");
    w.member("first_use", first_use);
    w.end_object();
    return std::move(w).take();
  }

  trust::MapOptions options_;
  oci::Reference image_;
  std::vector<std::string> ca_files_;
  bool json_ = false;
};

}  // namespace

CommandInfo trust_check_command() {
  return {
      .name = "trust check",
      .summary = "ask a freshness map whether a digest is what its tag means today",
      .details = "What was seen of a map is kept, so that an older one is refused. Nothing is believed without a root.",
      .examples =
          "bulkhead trust check https://trust.example/metadata registry.example/app:1.2@sha256:… --root root.json",
      .exit_status =
          "0; 2 when the map refuses the image; 1 on an error of the program or its input; 130 when stopped by a "
          "signal.",
      .make = [] -> std::unique_ptr<Command> { return std::make_unique<TrustCheckCommand>(); }};
}

}  // namespace bulkhead::cli
