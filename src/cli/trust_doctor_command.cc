// bulkhead trust doctor
#include <filesystem>
#include <optional>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/date.h"
#include "base/fs.h"
#include "base/json_writer.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/database_flags.h"
#include "cli/environment.h"
#include "cli/output.h"
#include "cli/trust_publisher.h"
#include "net/http_client.h"
#include "trust/doctor.h"
#include "trust/folder_repository.h"
#include "trust/http_repository.h"

namespace bulkhead::cli {
namespace {

constexpr size_t kMaxRootBytes = size_t{512} << 10;
constexpr size_t kListedBins = 8;

std::string text_of(const trust::Examination& found) {
  std::string text;
  for (const trust::ExaminedRole& role : found.roles) {
    // Bins by the hundred say nothing that the first few do not.
    if (&role - found.roles.data() >= static_cast<ptrdiff_t>(4 + kListedBins)) {
      text += fmt::format("and {} more roles\n", found.roles.size() - 4 - kListedBins);
      break;
    }
    text += role.version == 0 ? fmt::format("{}: never published, {} of {} keys\n", printable(role.role),
                                            role.threshold, role.keys.size())
                              : fmt::format("{}: version {}, fresh until {}, {} of {} keys\n", printable(role.role),
                                            role.version, rfc3339_of(role.expires), role.threshold, role.keys.size());
    for (const trust::ExaminedKey& key : role.keys) {
      text += fmt::format("  {}{}{}\n", key_text(key.key), key.has_signed ? ", has signed" : "",
                          key.is_here ? ", is here" : "");
    }
  }
  if (found.problems.empty()) return text + "Nothing is the matter.\n";
  for (const trust::Problem& problem : found.problems) {
    text += fmt::format("{}: {}{}\n  {}\n", trust::severity_name(problem.severity),
                        problem.role.empty() ? "" : fmt::format("\"{}\": ", printable(problem.role)),
                        printable(problem.what), problem.repair);
  }
  return text;
}

std::string json_of(const trust::Examination& found) {
  json::Writer w;
  w.begin_object();
  w.member("wrong", found.is_wrong());
  w.key("roles");
  w.begin_array();
  for (const trust::ExaminedRole& role : found.roles) {
    w.begin_object();
    w.member("role", role.role);
    w.key("version");
    w.integer(role.version);
    w.member_if("expires", role.version > 0 ? rfc3339_of(role.expires) : "");
    w.key("threshold");
    w.unsigned_integer(role.threshold);
    w.key("keys");
    w.begin_array();
    for (const trust::ExaminedKey& key : role.keys) {
      w.begin_object();
      w.member("id", key.key.id);
      w.member("tuf_id", key.key.tuf_id);
      w.member_if("type", key.key.key ? key_type_name(key.key.key->type()) : "");
      w.member_if("reference", key.key.reference);
      w.member("has_signed", key.has_signed);
      w.member("is_here", key.is_here);
      w.end_object();
    }
    w.end_array();
    w.end_object();
  }
  w.end_array();
  w.key("problems");
  w.begin_array();
  for (const trust::Problem& problem : found.problems) {
    w.begin_object();
    w.member("severity", trust::severity_name(problem.severity));
    w.member_if("role", problem.role);
    w.member("problem", problem.what);
    w.member("repair", problem.repair);
    w.end_object();
  }
  w.end_array();
  w.end_object();
  return std::move(w).take();
}

class TrustDoctorCommand final : public Command {
 public:
  void declare(Flags& flags) override {
    flags.add({.names = "MAP", .help = "the map's folder, or the URL of its metadata", .required = true}, map_);
    flags.add({.names = "--root",
               .value = "FILE",
               .help = "of a URL: the root to begin with",
               .preset = "the first one there",
               .kind = Option::Kind::kFile},
              root_file_);
    flags.add_switch({.names = "--json", .help = "for machines"}, json_);
    add_ca_file_flag(flags, ca_files_, {});
  }

  Result<int> run(Interrupts& interrupts) override {
    TRY_ASSIGN(const trust::Examination found, examine(interrupts));
    TRY(write_standard_output(json_ ? json_of(found) : text_of(found)));
    return found.is_wrong() ? kThresholdMet : kSuccess;
  }

 private:
  Result<trust::Examination> examine(Interrupts& interrupts) const {
    const bool is_url = map_.starts_with("https://") || map_.starts_with("http://");
    if (!is_url && std::filesystem::is_directory(map_ + "/staged")) {
      TRY_ASSIGN(const auto publisher, trust::Publisher::open(map_, unix_now()));
      TrustKeys keys;
      return trust::examine(
          publisher, [&](const std::string& reference) { return keys.is_here(reference); }, unix_now());
    }
    net::ClientOptions options{.user_agent = "bulkhead/" BULKHEAD_VERSION};
    options.proxies = net::ProxyOptions::from_environment(process_environment());
    options.tls.ca_files = ca_files_;
    const net::Client client(options);
    std::unique_ptr<tuf::MetadataSource> source;
    if (is_url) {
      source = std::make_unique<trust::HttpRepository>(client, map_, interrupts.stop_in_order());
    } else {
      source = std::make_unique<trust::FolderRepository>(map_);
    }
    TRY_ASSIGN(const std::string root,
               root_file_.empty() ? source->fetch("1.root.json", kMaxRootBytes) : read_file(root_file_, kMaxRootBytes));
    return trust::examine_published(*source, root, unix_now());
  }

  std::string map_;
  std::string root_file_;
  std::vector<std::string> ca_files_;
  bool json_ = false;
};

}  // namespace

CommandInfo trust_doctor_command() {
  return {.name = "trust doctor",
          .summary = "what is the matter with a freshness map, and the command that mends it",
          .details =
              "Of a publisher's folder it tells which role is signed by whom, until when it is fresh, which keys are "
              "here and which are not where they should be. Of a URL, or of metadata that was carried here, it tells "
              "what a client sees. Nothing is changed and no passphrase is asked for.",
          .examples =
              "bulkhead trust doctor map\n"
              "bulkhead trust doctor https://trust.example/metadata --root root.json --json",
          .exit_status =
              "0; 2 when something is wrong; 1 on an error of the program or its input; 130 when stopped by a signal.",
          .make = [] -> std::unique_ptr<Command> { return std::make_unique<TrustDoctorCommand>(); }};
}

}  // namespace bulkhead::cli
