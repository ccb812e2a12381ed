// The only place that knows the argument parser (CLI11 is heavy to compile).
#include "cli/arguments.h"

#include <map>
#include <set>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "base/text.h"
#include "cli/describe.h"
#include "report/report.h"

#ifndef BULKHEAD_VERSION
#error "BULKHEAD_VERSION comes from the build"
#endif

namespace bulkhead::cli {
namespace {

constexpr const char* kSummary = "container security: one set of facts, one policy, one verdict";
constexpr const char* kDetails =
    "Bulkhead looks into container images and says what is in them and what is known to be wrong with it. Every answer "
    "names its "
    "evidence: the feed, the record and the rule that made it.";

constexpr const char* kImageForms =
    "An IMAGE is a registry reference (docker.io/library/alpine:3.19, localhost:5000/x@sha256:…), an OCI layout "
    "(directory or tar, "
    "path:tag), a docker save archive (- is standard input), an image of a running Docker or Podman engine, or a root "
    "file system "
    "directory. A prefix forces one: registry:, oci:, docker-archive:, docker:, podman:, rootfs:. Without a prefix it "
    "is looked for as "
    "a path first, then in the local engines, then in its registry.";

// What a value may be, kept beside CLI11's options for completion and the man page.
class Description {
 public:
  CLI::Option* choices(CLI::Option* option, std::vector<std::string> values) {
    choices_[option] = std::move(values);
    return option;
  }
  CLI::Option* file(CLI::Option* option) {
    files_.insert(option);
    return option;
  }

  std::vector<DescribedCommand> describe(const CLI::App& app) const {
    std::vector<DescribedCommand> commands;
    add(app, "", commands);
    return commands;
  }

 private:
  void add(const CLI::App& app, const std::string& name, std::vector<DescribedCommand>& commands) const {
    const auto subcommands = app.get_subcommands([](const CLI::App*) { return true; });
    if (name.empty() || subcommands.empty()) {
      DescribedCommand command{.name = name, .summary = app.get_description(), .details = app.get_footer()};
      if (name.empty()) command.summary = kSummary;
      for (const CLI::Option* option : app.get_options()) {
        if (option->get_positional()) {
          command.usage += fmt::format("{}{}", command.usage.empty() ? "" : " ", option->get_name(true));
          continue;
        }
        DescribedOption described{
            .names = option->get_name(false, true), .help = option->get_description(), .group = option->get_group()};
        if (option->get_type_size() != 0) described.value = option->get_type_name();
        if (const auto found = choices_.find(option); found != choices_.end()) described.choices = found->second;
        described.takes_file = files_.contains(option);
        command.options.push_back(std::move(described));
      }
      commands.push_back(std::move(command));
    }
    for (const CLI::App* child : subcommands)
      add(*child, name.empty() ? child->get_name() : name + " " + child->get_name(), commands);
  }

  std::map<const CLI::Option*, std::vector<std::string>> choices_;
  std::set<const CLI::Option*> files_;
};

std::vector<std::string> severity_names() {
  std::vector<std::string> names;
  for (int i = static_cast<int>(advisory::Severity::kCritical); i >= 0; --i) {
    names.emplace_back(advisory::severity_name(static_cast<advisory::Severity>(i)));
  }
  return names;
}

std::vector<std::string> status_names() {
  std::vector<std::string> names;
  for (const auto status : {advisory::AdvisoryStatus::kFixed, advisory::AdvisoryStatus::kAffected,
                            advisory::AdvisoryStatus::kFixDeferred, advisory::AdvisoryStatus::kWillNotFix,
                            advisory::AdvisoryStatus::kEndOfLife, advisory::AdvisoryStatus::kUnderInvestigation}) {
    names.emplace_back(advisory::status_name(status));
  }
  return names;
}

// Values that flags take as text first, because CLI11 reads into plain types.
struct Raw {
  std::vector<std::string> formats;
  std::vector<std::string> outputs;
  std::vector<std::string> severities;
  std::vector<std::string> statuses;
  std::string fail_on;
  std::string scheme;
};

void add_image_flags(CLI::App& app, Description& description, ImageArguments& image) {
  app.add_option("IMAGE", image.images, "images, see below")->required()->type_name("IMAGE…");
  app.add_option("--platform", image.platform,
                 "platform to choose from a multi-platform image (default: this machine's)")
      ->type_name("OS/ARCH[/VARIANT]");
  app.add_option("-j,--jobs", image.jobs, "layers worked on at once (default: one for each processor)")->type_name("N");
  description.file(app.add_option("--cache-dir", image.cache_dir,
                                  "where what was learnt about layers is kept (default: ~/.cache/bulkhead)")
                       ->type_name("DIR"));
  app.add_flag("--no-cache", image.no_cache, "neither read nor write the cache of layers");
  app.add_option("--max-cache-bytes", image.max_cache_bytes,
                 "size of the cache of layers; the longest unused goes first")
      ->type_name("N");
  app.add_flag("--offline", image.offline, "no network at all: images must be local");
  app.add_flag("-q,--quiet", image.quiet, "no progress on standard error");

  app.add_flag("--fetch-foreign-layers", image.fetch_foreign_layers, "layers of other servers, too")
      ->group("Registries");
  app.add_option("--insecure-registry", image.insecure_registries,
                 "allow this registry (HOST[:PORT]) to use plain HTTP or an unverified certificate")
      ->type_name("HOST")
      ->group("Registries");
  description.file(app.add_option("--ca-file", image.ca_files, "trust these certificate authorities too (PEM)")
                       ->type_name("FILE")
                       ->group("Registries"));
  app.add_option("--mirror", image.mirrors, "ask this mirror first, as docker.io=https://mirror.example")
      ->type_name("REGISTRY=URL")
      ->group("Registries");

  for (const archive::LimitOption& limit : archive::limit_options()) {
    app.add_option(std::string(limit.option), image.archive_limits.*limit.field,
                   fmt::format("stop past so many {}", limit.what))
        ->type_name("N")
        ->capture_default_str()
        ->group("Limits");
  }
  for (const oci::LimitOption& limit : oci::limit_options()) {
    app.add_option(std::string(limit.option), image.image_limits.*limit.field,
                   fmt::format("stop past so many {}", limit.what))
        ->type_name("N")
        ->capture_default_str()
        ->group("Limits");
  }
}

void add_output_flags(CLI::App& app, Description& description, Raw& raw, const std::vector<std::string>& formats,
                      const std::string& preset) {
  description.choices(
      app.add_option("-f,--format", raw.formats, fmt::format("format on standard output (default: {})", preset))
          ->type_name("FORMAT")
          ->check(CLI::IsMember(formats)),
      formats);
  app.add_option("-o,--output", raw.outputs,
                 "a format, and the file it goes to: json=report.json; may be given several times")
      ->type_name("FORMAT[=FILE]");
}

Result<std::vector<OutputArgument>> read_outputs(const Raw& raw, const std::vector<std::string>& known,
                                                 const std::string& preset) {
  std::vector<OutputArgument> outputs;
  for (const std::string& format : raw.formats) outputs.push_back({format, ""});
  for (const std::string& text : raw.outputs) {
    const size_t equals = text.find('=');
    OutputArgument output{text.substr(0, equals), equals == std::string::npos ? "" : text.substr(equals + 1)};
    if (std::ranges::find(known, output.format) == known.end()) {
      return fail(Code::kInvalidArgument, fmt::format("--output: unknown format \"{}\"", output.format),
                  fmt::format("write FORMAT=FILE with one of {}", fmt::join(known, ", ")));
    }
    if (equals != std::string::npos && output.file.empty()) {
      return fail(Code::kInvalidArgument, fmt::format("--output: \"{}\" names no file", text));
    }
    if (output.file == "-") output.file.clear();
    outputs.push_back(std::move(output));
  }
  if (outputs.empty()) outputs.push_back({preset, ""});
  if (std::ranges::count(outputs, "", &OutputArgument::file) > 1) {
    return fail(Code::kInvalidArgument, "two formats cannot share standard output",
                "give all but one a file: --output json=report.json");
  }
  return outputs;
}

template <typename T>
Result<std::vector<T>> read_list(const std::vector<std::string>& texts, std::string_view option,
                                 std::optional<T> (*parse)(std::string_view), const std::vector<std::string>& known) {
  std::vector<T> values;
  for (const std::string& text : texts) {
    for (const std::string_view piece : split(text, ',')) {
      const auto value = parse(trim(piece));
      if (!value) {
        return fail(Code::kInvalidArgument, fmt::format("{}: \"{}\" is unknown", option, piece),
                    fmt::format("use one or more of {}, separated by commas", fmt::join(known, ", ")));
      }
      values.push_back(*value);
    }
  }
  return values;
}

// A variable that is not set (--fail-on "$LEVEL") must not read as "no threshold": an option has a value or is not
// there.
Status refuse_empty_values(const std::vector<CLI::App*>& apps) {
  for (const CLI::App* app : apps) {
    for (const CLI::Option* option : app->get_options()) {
      if (option->get_positional() || option->get_type_size() == 0) continue;
      if (std::ranges::none_of(option->results(), &std::string::empty)) continue;
      return fail(Code::kInvalidArgument, fmt::format("{}: its value is empty", option->get_name()),
                  fmt::format("give a value ({}), or leave the option out", option->get_type_name()));
    }
  }
  return {};
}

std::string database_help() {
  return "use this advisory database instead of the updated one, or the one that came with the program";
}

void add_database_limit(CLI::App& app, advisory::StoreLimits& limits) {
  app.add_option("--max-database-bytes", limits.max_database_bytes, "stop past so many bytes in an unpacked database")
      ->type_name("N")
      ->capture_default_str()
      ->group("Limits");
}

void add_database_limits(CLI::App& app, DbLimitArguments& arguments) {
  app.add_option("--max-database-bytes", arguments.store_limits.max_database_bytes,
                 "stop past so many bytes of memory for building the database")
      ->type_name("N")
      ->capture_default_str()
      ->group("Limits");
  for (const advisory::FeedLimitOption& limit : advisory::feed_limit_options()) {
    app.add_option(std::string(limit.option), arguments.limits.*limit.field,
                   fmt::format("stop past so many {}", limit.what))
        ->type_name("N")
        ->capture_default_str()
        ->group("Limits");
  }
}

constexpr const char* kUpdateHelp =
    "Fetches the feeds of the distributions and languages that were named here or met by a scan, from their own "
    "publishers, and compiles them into the database that scans use. What has not changed since the last time is not "
    "fetched again; when nothing has, nothing is rebuilt. A feed that cannot be fetched is told, and its last copy "
    "stays in force; an update that is interrupted leaves the old database whole, and the next one goes on.\n\n"
    "Proxies are taken from HTTPS_PROXY, HTTP_PROXY and NO_PROXY. Those who keep copies of feeds in their own network "
    "name them: whatever begins with the first URL is fetched from the second.\n\n"
    "Examples:\n  bulkhead db update --distribution debian:12 --distribution alpine:3.19\n"
    "  bulkhead db update\n  bulkhead db update --dry-run\n"
    "  bulkhead db update --feed-mirror https://secdb.alpinelinux.org=https://mirror.example/secdb\n\n"
    "Exit status: 0; 1 when a feed could not be fetched or the database not be built, and on any other error.";

void add_update_flags(CLI::App& app, Description& description, DbUpdateArguments& update) {
  app.footer(kUpdateHelp);
  app.add_option("--distribution,--ecosystem", update.distributions,
                 "keep this up to date from now on: debian:12, alpine:3.19, pypi; several with commas")
      ->type_name("NAME[:RELEASE]");
  app.add_option("--forget", update.forget, "keep this up to date no more")->type_name("NAME[:RELEASE]");
  std::vector<std::string> feeds;
  for (const advisory::Feed* feed : advisory::all_feeds()) {
    if (!feed->downloads.empty()) feeds.emplace_back(feed->name);
  }
  description.choices(app.add_option("--skip-feed", update.skip_feeds,
                                     "do not ask for this feed now (nvd is the largest): its last copy stays in force")
                          ->type_name("FEED"),
                      feeds);
  app.add_flag("--dry-run", update.dry_run, "list what would be fetched, and fetch nothing");
  app.add_flag("--json", update.json, "for machines");
  app.add_flag("-q,--quiet", update.quiet, "no progress on standard error");
  description.file(app.add_option("--db", update.database, "write the database to this file instead of the cache")
                       ->type_name("FILE"));
  description.file(
      app.add_option("--cache-dir", update.cache_dir, "where the database is kept (default: ~/.cache/bulkhead)")
          ->type_name("DIR"));
  description.file(
      app.add_option("--feeds-dir", update.feeds_dir, "where feed files are kept (default: feeds in the cache)")
          ->type_name("DIR"));
  app.add_option("--feed-mirror", update.feed_mirrors, "fetch what begins with the first URL from the second")
      ->type_name("URL=URL")
      ->group("Network");
  description.file(app.add_option("--ca-file", update.ca_files, "trust these certificate authorities too (PEM)")
                       ->type_name("FILE")
                       ->group("Network"));
  app.add_option("--max-download-bytes", update.max_download_bytes, "stop past so many bytes of one feed file")
      ->type_name("N")
      ->capture_default_str()
      ->group("Limits");
  add_database_limits(app, update);
}

}  // namespace

Result<Arguments> parse_arguments(int argc, const char* const* argv) {
  CLI::App app(kDetails, "bulkhead");
  Description description;
  Raw raw;
  app.set_version_flag("-V,--version", "bulkhead " BULKHEAD_VERSION);
  app.set_help_flag("-h,--help", "help, also for each command");
  app.require_subcommand(1);
  app.footer(kDetails);
  app.get_formatter()->column_width(34);

  std::vector<std::string> formats;
  for (const report::Format& format : report::formats()) formats.emplace_back(format.name);

  ScanArguments scan;
  CLI::App* scan_app =
      app.add_subcommand("scan", "look into images: packages, and what is known to be vulnerable in them");
  scan_app->footer(
      std::string(kImageForms) +
      "\n\nExamples:\n  bulkhead scan alpine:3.19\n  bulkhead scan --fail-on high --only-fixed "
      "registry.example/shop/cart:1.4\n"
      "  bulkhead scan -o json=report.json -o table oci:build/image:latest\n  docker save cart | bulkhead scan -\n"
      "  bulkhead scan --explain CVE-2023-4911 rootfs:/\n\n"
      "Exit status: 0, 1 on an error of the program or its input, 2 when --fail-on was met.");
  add_image_flags(*scan_app, description, scan.image);
  add_output_flags(*scan_app, description, raw, formats, "table");
  description.file(scan_app->add_option("--template", scan.template_file, "Mustache template for --format template")
                       ->type_name("FILE"));
  description.choices(
      scan_app->add_option("-s,--severity", raw.severities, "show only these severities, as critical,high")
          ->type_name("LIST"),
      severity_names());
  description.choices(
      scan_app->add_option("--status", raw.statuses, "show only findings of these statuses, as fixed,will_not_fix")
          ->type_name("LIST"),
      status_names());
  scan_app->add_flag("--only-fixed", scan.only_fixed, "show only findings that have a fixed version");
  description.choices(scan_app
                          ->add_option("--fail-on", raw.fail_on,
                                       "exit with 2 when a finding that is shown has this severity or a higher one; a "
                                       "finding of unknown severity is below all but --fail-on unknown")
                          ->type_name("SEVERITY"),
                      severity_names());
  description.file(
      scan_app->add_option("--ignore-file", scan.ignore_file, "YAML list of findings to ignore, with reason and expiry")
          ->type_name("FILE"));
  description.file(scan_app->add_option("--db", scan.database, database_help())->type_name("FILE"));
  add_database_limit(*scan_app, scan.database_limits);
  scan_app->add_option("--max-feed-age", scan.max_feed_age_days, "call a feed stale that is older than so many days")
      ->type_name("DAYS");
  scan_app
      ->add_option("--explain", scan.explain, "print the whole reasoning about one vulnerability instead of a report")
      ->type_name("ID");

  SbomArguments sbom;
  Raw sbom_raw;
  const std::vector<std::string> sbom_formats = {"cyclonedx", "spdx"};
  CLI::App* sbom_app = app.add_subcommand(
      "sbom", "write a bill of materials: CycloneDX 1.6 or SPDX 2.3, byte-identical for the same input");
  sbom_app->footer(kImageForms);
  add_image_flags(*sbom_app, description, sbom.image);
  add_output_flags(*sbom_app, description, sbom_raw, sbom_formats, "cyclonedx");

  CLI::App* db_app = app.add_subcommand(
      "db", "the advisory database: update, build, look at it, carry it to machines without a network");
  db_app->require_subcommand(1);
  DbUpdateArguments update;
  CLI::App* update_app =
      db_app->add_subcommand("update", "fetch advisory feeds from their publishers and compile them into the database");
  add_update_flags(*update_app, description, update);
  DbBuildArguments build;
  CLI::App* build_app = db_app->add_subcommand("build", "compile local feed files into a database");
  description.file(build_app->add_option("--from", build.from, "folder with feed files in their publishers' formats")
                       ->required()
                       ->type_name("DIR"));
  description.file(
      build_app->add_option("-o,--output", build.output, "the database to write")->required()->type_name("FILE"));
  description.file(
      build_app
          ->add_option("--manifest", build.manifest,
                       "which files, with their dates and checksums (default: DIR/feeds.json, else every file)")
          ->type_name("FILE"));
  build_app->add_flag("--only-shippable", build.only_shippable,
                      "leave out feeds whose licence does not let compiled data be passed on");
  add_database_limits(*build_app, build);
  DbInfoArguments info;
  CLI::App* info_app = db_app->add_subcommand("info", "what is in the database, and how old each feed is");
  description.file(info_app->add_option("--db", info.database, database_help())->type_name("FILE"));
  description.file(
      info_app->add_option("--cache-dir", info.cache_dir, "where the database is kept (default: ~/.cache/bulkhead)")
          ->type_name("DIR"));
  info_app->add_option("--max-feed-age", info.max_feed_age_days, "call a feed stale that is older than so many days")
      ->type_name("DAYS");
  info_app->add_flag("--json", info.json, "for machines");
  add_database_limit(*info_app, info.limits);
  DbExportArguments exported;
  CLI::App* export_app =
      db_app->add_subcommand("export", "write the database to one compressed file, to carry it to another machine");
  DbImportArguments imported;
  CLI::App* import_app = db_app->add_subcommand("import", "check and install a database that was exported elsewhere");
  for (auto& [sub, arguments] : std::initializer_list<std::pair<CLI::App*, DbTransferArguments&>>{
           {export_app, exported}, {import_app, imported}}) {
    description.file(sub->add_option("FILE", arguments.file, "the exported database")->required());
    if (sub == export_app)
      description.file(sub->add_option("--db", arguments.database, database_help())->type_name("FILE"));
    description.file(
        sub->add_option("--cache-dir", arguments.cache_dir, "where the database is kept (default: ~/.cache/bulkhead)")
            ->type_name("DIR"));
    add_database_limit(*sub, arguments.limits);
  }

  VersionCompareArguments versions;
  CLI::App* compare_app =
      app.add_subcommand("version-compare", "how two versions compare in a packaging world: <, = or >, or invalid");
  compare_app->footer("Without A and B it reads lines `A<TAB>B` from standard input and answers a line for each.");
  compare_app
      ->add_option("--scheme", raw.scheme,
                   "whose rules: deb, rpm, apk, semver, npm, pep440, maven, gem, nuget, go, composer, …")
      ->required()
      ->type_name("SCHEME");
  compare_app->add_option("VERSION", versions.versions, "A and B")->expected(0, 2)->type_name("A B");

  std::string shell;
  CLI::App* completion_app = app.add_subcommand("completion", "print a completion script for a shell");
  description.choices(completion_app->add_option("SHELL", shell, "bash, zsh or fish")
                          ->required()
                          ->check(CLI::IsMember({"bash", "zsh", "fish"})),
                      {"bash", "zsh", "fish"});
  CLI::App* man_app = app.add_subcommand("man", "print the manual page: bulkhead man | man -l -");

  // A flag takes one value; what follows is the next argument, not a second value.
  std::vector<CLI::App*> all = app.get_subcommands([](CLI::App*) { return true; });
  for (size_t i = 0; i < all.size(); ++i) {
    for (CLI::App* child : all[i]->get_subcommands([](CLI::App*) { return true; })) all.push_back(child);
    for (CLI::Option* option : all[i]->get_options()) {
      if (!option->get_positional() && option->get_type_size() == 1) option->allow_extra_args(false);
    }
  }

  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    const CLI::App* asked = &app;
    while (!asked->get_subcommands().empty()) asked = asked->get_subcommands().front();
    return PrintArguments{asked->help()};
  } catch (const CLI::CallForVersion& version) {
    return PrintArguments{std::string(version.what()) + "\n"};
  } catch (const CLI::ParseError& error) {
    std::string command = "bulkhead";
    for (const CLI::App* asked = &app; !asked->get_subcommands().empty();) {
      asked = asked->get_subcommands().front();
      command += " " + asked->get_name();
    }
    return fail(Code::kInvalidArgument, error.what(), fmt::format("see {} --help", command));
  }

  TRY(refuse_empty_values(all));
  if (scan_app->parsed()) {
    TRY_ASSIGN(scan.outputs, read_outputs(raw, formats, "table"));
    TRY_ASSIGN(scan.severities, read_list(raw.severities, "--severity", advisory::severity_of, severity_names()));
    TRY_ASSIGN(scan.statuses, read_list(raw.statuses, "--status", advisory::status_of, status_names()));
    if (!raw.fail_on.empty()) {
      TRY_ASSIGN(const auto fail_on, read_list({raw.fail_on}, "--fail-on", advisory::severity_of, severity_names()));
      if (fail_on.size() != 1) {
        return fail(Code::kInvalidArgument, fmt::format("--fail-on: \"{}\" is more than one severity", raw.fail_on),
                    "name the lowest that is to fail: those above it fail too");
      }
      scan.fail_on = fail_on.front();
    }
    return scan;
  }
  if (sbom_app->parsed()) {
    TRY_ASSIGN(sbom.outputs, read_outputs(sbom_raw, sbom_formats, "cyclonedx"));
    return sbom;
  }
  if (update_app->parsed()) return update;
  if (build_app->parsed()) return build;
  if (info_app->parsed()) return info;
  if (export_app->parsed()) return exported;
  if (import_app->parsed()) return imported;
  if (compare_app->parsed()) {
    const auto scheme = version::scheme_of(raw.scheme);
    if (!scheme) {
      return fail(Code::kInvalidArgument, fmt::format("unknown version scheme \"{}\"", raw.scheme),
                  "see bulkhead version-compare --help");
    }
    if (versions.versions.size() == 1) {
      return fail(Code::kInvalidArgument, "one version compares with nothing",
                  "give two versions, or none and lines on standard input");
    }
    versions.scheme = *scheme;
    return versions;
  }
  const std::vector<DescribedCommand> commands = description.describe(app);
  if (man_app->parsed()) return PrintArguments{man_page(commands, BULKHEAD_VERSION)};
  if (shell == "bash") return PrintArguments{bash_completion(commands)};
  if (shell == "zsh") return PrintArguments{zsh_completion(commands)};
  return PrintArguments{fish_completion(commands)};
}

}  // namespace bulkhead::cli
