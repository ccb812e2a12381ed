#include "cli/command_line.h"

#include <algorithm>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/finding_flags.h"
#include "cli/image_flags.h"
#include "cli/output_flags.h"

namespace bulkhead::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

Result<CommandLine> parse(const std::vector<std::string>& words) {
  return parse_command_line(words, commands());
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += word + " ";
  return text;
}

// The error of words that are refused: what was wrong and what to do, on one line.
std::string refusal(const std::vector<std::string>& words) {
  const auto line = parse(words);
  if (line) return "(taken)";
  EXPECT_EQ(line.error().code(), Code::kInvalidArgument) << joined(words);
  return line.error().to_string() + "; " + line.error().remedy();
}

TEST(CommandLine, FindsACommandByItsWords) {
  const std::vector<std::vector<std::string>> taken = {
      {"scan", "alpine"},
      {"scan", "-"},
      {"scan", "a", "b", "-j2", "-q"},
      {"scan", "--", "-strange-name"},
      {"sbom", "--format", "spdx", "alpine"},
      {"audit"},
      {"audit", "--section", "host,containers", "--level", "1", "--only-failed", "--fail-on", "high"},
      {"audit", "--check", "container.*,5.4", "--skip", "container.privileged", "--container", "web-*,db"},
      {"audit", "--host", "docker:", "--host", "tcp://db.example:2376", "-f", "json", "-o", "html=audit.html"},
      {"audit", "--list", "--section", "containers"},
      {"audit", "--explain", "container.privileged"},
      {"sign", "r.example/app:1", "--key", "cosign.key", "-a", "a=b", "-r", "-n"},
      {"sign", "oci:x", "--key", "store:1", "--attest", "p.json", "--type", "slsaprovenance1", "-f", "cosign-legacy"},
      {"sign", "oci:x", "--key", "k.pem", "-f", "notation-cose", "--certificate-chain", "c.pem", "--expiry-days", "9"},
      {"verify", "r.example/app:1", "--key", "a.pub", "--key", "b.pub", "--signers", "2"},
      {"verify", "r.example/app:1", "--map", "m", "--map-trust-first-root", "-f", "digest"},
      {"verify", "oci:x", "--notation-policy", "n", "--check-revocation", "--name", "r.example/app"},
      {"db", "update"},
      {"db", "info", "--json"},
      {"db", "build", "--from", "feeds", "-o", "new.db"},
      {"db", "export", "x.db.zst"},
      {"db", "import", "-"},
      {"trust", "keys", "generate", "--key-type", "ed25519", "--passphrase", "env:X"},
      {"trust", "keys", "import", "a", "b", "--passphrase", "root=env:X", "--passphrase", "file:/a=b"},
      {"trust", "keys", "export", "store:12345678", "--form", "public"},
      {"version-compare", "--scheme", "deb", "1", "2"},
      {"version-compare", "--scheme=deb"},
      {"completion", "zsh"},
      {"man"},
  };
  for (const auto& words : taken) {
    const auto line = parse(words);
    ASSERT_TRUE(line) << joined(words) << line.error().to_string();
    EXPECT_NE(line->command, nullptr) << joined(words);
  }
}

TEST(CommandLine, TrustsNothingThatIsNotNamed) {
  const std::vector<std::pair<std::vector<std::string>, std::string_view>> refused = {
      {{"verify", "x"}, "whose signatures count"},
      {{"verify", "x", "--map", "m"}, "without a root"},
      {{"verify", "x", "--key", "k", "--map-root", "r"}, "no freshness map"},
      {{"verify", "x", "--certificate-identity", "a"}, "who vouches"},
      {{"verify", "x", "--certificate-identity", "a", "--certificate-oidc-issuer", "b"}, "--trusted-root"},
      {{"verify", "x", "--certificate-identity-regexp", "("}, "--certificate-identity-regexp"},
      {{"verify", "x", "--certificate-identity", "a", "--certificate-identity-regexp", "b", "--certificate-oidc-issuer",
        "c", "--certificate-oidc-issuer-regexp", "d", "--trusted-root", "t"},
       "one issuer"},
      {{"verify", "x", "--map", "m", "--map-root", "r", "--trusted-root", "t"}, "--certificate-identity"},
      {{"verify", "x", "--key", "k", "--check-revocation"}, "--notation-policy"},
      {{"verify", "x", "--key", "k", "-a", "noequals"}, "NAME=VALUE"},
      {{"sign", "x"}, "--key"},
      {{"sign", "x", "--key", "k", "--attest", "p"}, "--type"},
      {{"sign", "x", "--key", "k", "--format", "notation-jws"}, "--certificate-chain"},
      {{"sign", "x", "--key", "k", "--certificate-chain", "c"}, "Notary Project"},
  };
  for (const auto& [words, text] : refused) EXPECT_THAT(refusal(words), HasSubstr(text)) << joined(words);
}

TEST(CommandLine, SaysWhichWordIsNoCommand) {
  EXPECT_THAT(refusal({}), HasSubstr("scan, sbom, audit, "));
  EXPECT_THAT(refusal({"frob"}), StartsWith("there is no command \"frob\""));
  EXPECT_THAT(refusal({"db"}), HasSubstr("update, info, build, export, import; see bulkhead db --help"));
  EXPECT_THAT(refusal({"db", "frob"}), StartsWith("there is no command \"db frob\""));
  EXPECT_THAT(refusal({"db update"}), StartsWith("there is no command \"db update\""));  // one word with a space
  EXPECT_THAT(refusal({"--quiet", "scan", "x"}), HasSubstr("options follow the command"));
}

TEST(CommandLine, AnswersHelpForTheProgramGroupsAndCommands) {
  for (const auto& [words, usage] : std::vector<std::pair<std::vector<std::string>, std::string>>{
           {{"--help"}, "Usage: bulkhead COMMAND"},
           {{"-h"}, "Usage: bulkhead COMMAND"},
           {{"db", "--help"}, "Usage: bulkhead db COMMAND"},
           {{"db", "build", "-h"}, "Usage: bulkhead db build [OPTIONS]\n"},
           {{"scan", "--fail-on", "high", "--help"}, "Usage: bulkhead scan [OPTIONS] IMAGE…\n"},
           {{"version-compare", "--help"}, "Usage: bulkhead version-compare [OPTIONS] [A B]\n"}}) {
    const auto line = parse(words);
    ASSERT_TRUE(line) << line.error().to_string();
    EXPECT_EQ(line->command, nullptr);
    EXPECT_THAT(line->text, StartsWith(usage));
  }
  EXPECT_THAT(parse({"--version"})->text, StartsWith("bulkhead "));
}

// One row a mistake: the words, and what the error must name.
struct Mistake {
  std::vector<std::string> words;
  std::vector<std::string> named;
};

TEST(CommandLine, FindsWrongValuesBeforeAnythingIsOpenedAndNamesTheOption) {
  const std::string not_pem = testing::TempDir() + "/not.pem";
  std::ofstream(not_pem) << "no certificate\n";
  const std::vector<Mistake> mistakes = {
      {{"scan"}, {"IMAGE", "missing", "bulkhead scan --help"}},
      {{"scan", "--frob", "x"}, {"--frob", "bulkhead scan --help"}},
      {{"scan", ""}, {"IMAGE", "empty"}},
      {{"scan", "https://registry.example/app"}, {"https://", "registry:"}},
      {{"scan", "oci-archive:app.tar"}, {"IMAGE", "oci-archive:", "write oci:app.tar"}},
      {{"scan", "docker-daemon:app:1"}, {"IMAGE", "write docker:app:1"}},
      {{"scan", "registry:Upper"}, {"IMAGE", "lower case"}},
      {{"scan", "x", "--jobs", "0"}, {"--jobs", "1 to 256"}},
      {{"scan", "x", "--jobs", "-1"}, {"--jobs", "-1"}},
      {{"scan", "x", "-j", "257"}, {"--jobs", "1 to 256"}},
      {{"scan", "x", "--jobs", "two"}, {"--jobs", "two"}},
      {{"scan", "x", "--platform", "linux"}, {"--platform", "linux"}},
      {{"scan", "x", "--platform", "linux/amd64", "--platform", "linux/arm64"}, {"--platform", "2 times"}},
      {{"scan", "x", "--max-entries", "0"}, {"--max-entries", "from 1"}},
      {{"scan", "x", "--max-entries", "99999999999999999999"}, {"--max-entries", "18446744073709551615"}},
      {{"scan", "x", "--max-cache-bytes", "1G"}, {"--max-cache-bytes", "without a unit"}},
      {{"scan", "x", "--insecure-registry", "host/path"}, {"--insecure-registry", "HOST:PORT"}},
      {{"scan", "x", "--mirror", "docker.io"}, {"--mirror", "docker.io=https://"}},
      {{"scan", "x", "--mirror", "docker.io="}, {"--mirror", "docker.io=https://"}},
      {{"scan", "x", "--mirror", "a/b=https://mirror.example"}, {"--mirror", "a/b"}},
      {{"scan", "x", "--format", "pdf"}, {"--format", "pdf", "cyclonedx"}},
      {{"scan", "x", "--output", "pdf=x"}, {"--output", "pdf", "sarif"}},
      {{"scan", "x", "--output", "json="}, {"--output", "names no file"}},
      {{"scan", "x", "-f", "json", "-f", "table"}, {"--output", "standard output"}},
      {{"scan", "x", "-f", "json", "-o", "sarif=-"}, {"--output", "standard output"}},
      {{"scan", "x", "-f", "template"}, {"--template"}},
      {{"scan", "x", "--template", "t.mustache"}, {"--template", "--format template"}},
      {{"scan", "x", "--severity", "high,,low"}, {"--severity", "negligible"}},
      {{"scan", "x", "--severity", "severe"}, {"--severity", "severe", "critical"}},
      {{"scan", "x", "--status", "open"}, {"--status", "open", "will_not_fix"}},
      {{"scan", "x", "--fail-on", "high,low"}, {"--fail-on", "high,low"}},
      {{"scan", "x", "--max-feed-age", "-1"}, {"--max-feed-age", "-1"}},
      {{"scan", "x", "--offline", "registry:alpine"}, {"registry:alpine", "--offline"}},
      {{"scan", "x", "--explain", "CVE-1", "--format", "json"}, {"--explain", "format"}},
      {{"scan", "x", "--explain", "CVE-1", "--output", "json=f"}, {"--explain", "format"}},
      {{"scan", "x", "--explain", "CVE-1", "--fail-on", "high"}, {"--explain", "--fail-on"}},
      {{"scan", "x", "--explain", "CVE-1", "--only-fixed"}, {"--explain", "filter"}},
      {{"scan", "x", "--quiet=no"}, {"--quiet", "no value"}},
      {{"sbom", "a", "b"}, {"one image"}},
      {{"sbom", "a", "--format", "json"}, {"--format", "json", "spdx"}},
      {{"sbom", "a", "--output", "spdx="}, {"--output", "write it as cyclonedx=report.json"}},
      {{"sbom", "a", "-f", "spdx", "-f", "cyclonedx"}, {"--output cyclonedx=report.json"}},
      {{"audit", "x"}, {"\"x\"", "too many"}},
      {{"audit", "--host", "unix:///a", "--host", "unix:///a"}, {"--host", "given twice"}},
      {{"audit", "--section", "host,network"}, {"--section", "network", "containers"}},
      {{"audit", "--level", "3"}, {"--level", "3", "1, 2"}},
      {{"audit", "--level", "1", "--level", "2"}, {"--level", "2 times"}},
      {{"audit", "--check", "container.priviledged"}, {"--check", "container.priviledged", "--list"}},
      {{"audit", "--check", "container.privileged,5.99"}, {"--check", "5.99", "--list"}},
      {{"audit", "--check", "container.privileged,"}, {"--check", "empty"}},
      {{"audit", "--skip", "kontainer.*"}, {"--skip", "kontainer.*"}},
      {{"audit", "--check", "container.*", "--skip", "*"}, {"no check is left"}},
      {{"audit", "--section", "swarm", "--check", "container.*"}, {"no check is left"}},
      {{"audit", "--fail-on", "severe"}, {"--fail-on", "severe", "critical"}},
      {{"audit", "--timeout", "0"}, {"--timeout", "1 to 3600"}},
      {{"audit", "--deadline", "0"}, {"--deadline", "1 to 86400"}},
      {{"audit", "--max-containers", "200000"}, {"--max-containers", "1 to 100000"}},
      {{"audit", "--format", "cyclonedx"}, {"--format", "cyclonedx", "junit"}},
      {{"audit", "--list", "--fail-on", "high"}, {"--list", "audits nothing"}},
      {{"audit", "--list", "--format", "json"}, {"--list", "audits nothing"}},
      {{"audit", "--list", "--explain", "container.privileged"}, {"--list"}},
      {{"audit", "--explain", "5.4"}, {"--explain", "5.4", "--list"}},
      {{"audit", "--explain", "container.privileged", "--section", "host"}, {"--explain", "alone"}},
      {{"db", "build", "--from", "x"}, {"--output", "missing"}},
      {{"db", "build", "-o", "x"}, {"--from", "missing"}},
      {{"db", "build", "--from", "a", "-o", "b", "--max-documents", "x"}, {"--max-documents"}},
      {{"db", "info", "--db", ""}, {"--db", "empty"}},
      {{"db", "info", "x"}, {"\"x\"", "too many"}},
      {{"db", "export"}, {"FILE", "missing"}},
      {{"trust", "keys", "export", "store:12345678"}, {"--output"}},
      {{"trust", "keys", "import", "a", "--passphrase", "pass:secret"}, {"--passphrase", "file:PATH"}},
      {{"trust", "keys", "import", "a", "--passphrase", "prompt", "--passphrase", "env:X"}, {"--passphrase", "two"}},
      {{"trust", "keys", "generate", "--on", "pkcs11:token=a?pin-value=1"}, {"PIN"}},
      {{"db", "import", "a", "b"}, {"\"b\"", "too many"}},
      {{"db", "import", "a", "--max-database-bytes", "0"}, {"--max-database-bytes"}},
      {{"db", "update", "--distribution", "debian"}, {"--distribution", "debian:RELEASE"}},
      {{"db", "update", "--ecosystem", "nixos:24.05"}, {"--distribution", "nixos:24.05", "alpine"}},
      {{"db", "update", "--forget", "debian:12,nosuch"}, {"--forget", "nosuch"}},
      {{"db", "update", "--skip-feed", "nvd,nosuch"}, {"--skip-feed", "nosuch", "epss"}},
      {{"db", "update", "--feed-mirror", "x"}, {"--feed-mirror", "https://"}},
      {{"db", "update", "--max-download-bytes", "-"}, {"--max-download-bytes"}},
      {{"version-compare", "1", "2"}, {"--scheme", "missing"}},
      {{"version-compare", "--scheme", "dpkg", "1", "2"}, {"--scheme", "dpkg", "deb"}},
      {{"version-compare", "--scheme", "deb", "1"}, {"one version"}},
      {{"version-compare", "--scheme", "deb", "1", "2", "3"}, {"more than two"}},
      {{"completion"}, {"SHELL", "missing"}},
      {{"completion", "tcsh"}, {"SHELL", "tcsh", "fish"}},
      {{"man", "x"}, {"\"x\""}},
      {{"man", "[x,y]"}, {"\"[x,y]\""}},
  };
  for (const Mistake& mistake : mistakes) {
    const std::string said = refusal(mistake.words);
    for (const std::string& name : mistake.named) EXPECT_THAT(said, HasSubstr(name)) << joined(mistake.words);
  }
  for (const char* command : {"scan", "sbom"}) {
    const auto missing = parse({command, "x", "--ca-file", "/no/such/file.pem"});
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().code(), Code::kNotFound);
    EXPECT_THAT(missing.error().to_string(), StartsWith("--ca-file: /no/such/file.pem"));
    const auto malformed = parse({command, "x", "--ca-file", not_pem});
    ASSERT_FALSE(malformed);
    EXPECT_THAT(malformed.error().to_string(), StartsWith("--ca-file: " + not_pem));
  }
}

// As in --fail-on "$LEVEL", with LEVEL not set: a gate must not open by itself. Every option of every command.
TEST(CommandLine, RefusesAnOptionWithAnEmptyValue) {
  size_t tried = 0;
  for (const CommandInfo& info : commands()) {
    if (info.make == nullptr) continue;
    const auto command = info.make();
    Flags flags;
    command->declare(flags);
    for (const Flags::Entry& entry : flags.entries()) {
      if (entry.option.is_switch() || entry.option.is_argument()) continue;
      for (const std::string_view name : entry.option.all_names()) {
        std::vector<std::string> words;
        for (const std::string_view word : split(info.name, ' ')) words.emplace_back(word);
        words.emplace_back(name);
        words.emplace_back("");
        const std::string said = refusal(words);
        EXPECT_THAT(said, HasSubstr(entry.option.long_name())) << joined(words);
        ++tried;
      }
    }
  }
  EXPECT_GT(tried, 100U);
  EXPECT_FALSE(parse({"scan", "--fail-on=", "image"}));
  EXPECT_TRUE(parse({"version-compare", "--scheme", "deb", "", "1"}));  // an empty version is an answer's matter
}

// A command whose flags are the shared groups, to look at what they take.
struct Taken {
  ImageFlags image;
  OutputFlags output;
  FindingFlags finding;
};

class GroupCommand final : public Command {
 public:
  void declare(Flags& flags) override {
    taken = {};
    taken.image.declare(flags);
    taken.output.declare(flags, {{"table", {}}, {"json", {}}}, "table");
    taken.finding.declare(flags);
  }
  Result<int> run(Interrupts& /*interrupts*/) override { return kSuccess; }
  static Taken taken;
};
Taken GroupCommand::taken;

Taken take(std::vector<std::string> words) {
  const CommandInfo table[] = {{.name = "groups", .summary = "for the test", .make = [] -> std::unique_ptr<Command> {
                                  return std::make_unique<GroupCommand>();
                                }}};
  words.insert(words.begin(), "groups");
  const auto line = parse_command_line(words, table);
  EXPECT_TRUE(line) << line.error().to_string();
  return GroupCommand::taken;
}

TEST(ImageFlags, TakeWhatIsWritten) {
  const Taken preset = take({"a"});
  EXPECT_EQ(preset.image.jobs, 0U);
  EXPECT_FALSE(preset.image.platform || preset.image.offline || preset.image.no_cache || preset.image.quiet);
  const ImageFlags image =
      take({"a", "oci:b:1", "--platform", "linux/arm64/v8", "-j", "3", "--cache-dir=/c", "--no-cache", "-q",
            "--offline", "--insecure-registry", "localhost:5000", "--insecure-registry=r.example", "--mirror",
            "docker.io=https://m.example/path?a=b", "--max-layers", "5", "--max-entries=6", "--fetch-foreign-layers"})
          .image;
  EXPECT_THAT(image.images, ElementsAre("a", "oci:b:1"));
  EXPECT_THAT(take({"[a,b]", "[]"}).image.images, ElementsAre("[a,b]", "[]"));
  EXPECT_EQ(take({"a", "--cache-dir", "[c]"}).image.cache_dir, "[c]");
  ASSERT_TRUE(image.platform);
  EXPECT_EQ(image.platform->architecture, "arm64");
  EXPECT_EQ(image.jobs, 3U);
  EXPECT_EQ(image.cache_dir, "/c");
  EXPECT_TRUE(image.no_cache && image.quiet && image.offline && image.fetch_foreign_layers);
  EXPECT_THAT(image.registry.insecure_registries, ElementsAre("localhost:5000", "r.example"));
  EXPECT_THAT(image.registry.mirrors, ElementsAre(std::pair("docker.io", "https://m.example/path?a=b")));
  EXPECT_EQ(image.image_limits.max_layers, 5U);
  EXPECT_EQ(image.archive_limits.max_entries, 6U);
}

TEST(OutputFlags, TakeFormatsAndFilesInOrder) {
  EXPECT_THAT(take({"a"}).output.outputs, ElementsAre(OutputArgument{"table", ""}));
  EXPECT_FALSE(take({"a"}).output.given);
  const OutputFlags output = take({"a", "-f", "table", "-o", "json=a=b.json", "--output=json=c"}).output;
  EXPECT_TRUE(output.given);
  EXPECT_TRUE(output.writes("json"));
  EXPECT_FALSE(output.writes("html"));
  EXPECT_THAT(output.outputs, ElementsAre(OutputArgument{"table", ""}, OutputArgument{"json", "a=b.json"},
                                          OutputArgument{"json", "c"}));
  EXPECT_THAT(take({"a", "-o", "json=-"}).output.outputs, ElementsAre(OutputArgument{"json", ""}));
}

TEST(FindingFlags, TakeListsAndOneThreshold) {
  using advisory::AdvisoryStatus;
  using advisory::Severity;
  const FindingFlags finding = take({"a", "--severity", "critical, high", "-s", "low", "--status", "fixed,will_not_fix",
                                     "--only-fixed", "--fail-on", "high", "--ignore-file", "i.yaml"})
                                   .finding;
  EXPECT_THAT(finding.severities, ElementsAre(Severity::kCritical, Severity::kHigh, Severity::kLow));
  EXPECT_THAT(finding.statuses, ElementsAre(AdvisoryStatus::kFixed, AdvisoryStatus::kWillNotFix));
  EXPECT_TRUE(finding.only_fixed);
  EXPECT_EQ(finding.fail_on, Severity::kHigh);
  EXPECT_EQ(finding.ignore_file, "i.yaml");
}

}  // namespace
}  // namespace bulkhead::cli
