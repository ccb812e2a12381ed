#include "audit/checks/version_checks.h"

#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "audit/checks/engine_data.h"
#include "audit/checks/test_facts.h"

namespace bulkhead::audit {
namespace {

using testing::HasSubstr;
using testing::Not;

Facts engine_of(std::string version, std::string platform, std::vector<Engine::Component> components = {}) {
  Facts facts = test_facts();
  facts.engine->server_version = std::move(version);
  facts.engine->platform = std::move(platform);
  facts.engine->components = std::move(components);
  return facts;
}

Facts docker(std::string version, std::vector<Engine::Component> components = {}) {
  return engine_of(std::move(version), "Docker Engine - Community", std::move(components));
}

TEST(EngineVersion, IsJudgedByTheEndOfItsLine) {
  EXPECT_EQ(status_of_only_row("host.engine-version", docker("29.9.0")), "pass");
  EXPECT_EQ(status_of_only_row("host.engine-version", docker("29.0.0")), "manual");
  EXPECT_EQ(status_of_only_row("host.engine-version", docker("28.5.2")), "fail");
  EXPECT_EQ(status_of_only_row("host.engine-version", docker("19.03.15")), "fail");
  EXPECT_EQ(status_of_only_row("host.engine-version", docker("1.13.1")), "fail");
  EXPECT_EQ(status_of_only_row("host.engine-version", docker("30.0.0")), "manual");
  EXPECT_EQ(status_of_only_row("host.engine-version", docker("dev")), "error");
  // The end itself is announced, and still ahead.
  Facts facts = docker("25.0.17");
  EXPECT_EQ(status_of_only_row("host.engine-version", facts), "pass");
  facts.now = "2026-12-05T00:00:00Z";
  EXPECT_EQ(status_of_only_row("host.engine-version", facts), "fail");
}

TEST(EngineVersion, NamesADistributionsBuildAsItIsAndLeavesItToAPerson) {
  const Facts facts = engine_of("20.10.24+dfsg1", "");
  EXPECT_EQ(status_of_only_row("host.engine-version", facts), "manual");
  const std::string told = told_by("host.engine-version", facts);
  EXPECT_THAT(told, HasSubstr(": 20.10.24+dfsg1 ("));
  EXPECT_THAT(told, HasSubstr("end of life upstream: 20.10 since 2023-12-10; built, and perhaps maintained, by a "
                              "distribution"));
  // Ubuntu's build has a plain number, and no name of its builder.
  EXPECT_EQ(status_of_only_row("host.engine-version", engine_of("24.0.7", "")), "manual");
  // Before 18.03 nobody said who built it.
  EXPECT_EQ(status_of_only_row("host.engine-version", engine_of("17.12.1-ce", "")), "fail");
}

TEST(EngineVersion, KnowsPodman) {
  Facts facts = engine_of("4.9.4", "linux/amd64/debian-12");
  facts.engine->podman = true;
  EXPECT_EQ(status_of_only_row("host.engine-version", facts), "manual");
  EXPECT_THAT(told_by("host.engine-version", facts), HasSubstr("4.9 since 2024-05-30"));
}

TEST(KnownEscapes, AreFoundByComponentAndVersion) {
  const Facts old = docker("29.9.0", {{.name = "Engine", .version = "29.9.0"}, {.name = "runc", .version = "1.1.11"}});
  EXPECT_EQ(status_of_only_row("host.known-escapes", old), "fail");
  EXPECT_THAT(told_by("host.known-escapes", old),
              HasSubstr("/version: runc: 1.1.11 (a version with the fix of CVE-2024-21626"));
  const Facts good = docker("29.9.0", {{.name = "Engine", .version = "29.9.0"},
                                       {.name = "containerd", .version = "v2.2.5"},
                                       {.name = "runc", .version = "1.4.3"},
                                       {.name = "docker-init", .version = "0.19.0"}});
  EXPECT_EQ(status_of_only_row("host.known-escapes", good), "pass");
}

TEST(KnownEscapes, OfADistributionsBuildAreForAPersonToLookUp) {
  const Facts facts =
      engine_of("20.10.24+dfsg1", "",
                {{.name = "Engine", .version = "20.10.24+dfsg1"}, {.name = "runc", .version = "1.1.5+ds1"}});
  EXPECT_EQ(status_of_only_row("host.known-escapes", facts), "manual");
  EXPECT_THAT(told_by("host.known-escapes", facts), HasSubstr("runc: 1.1.5+ds1"));
  EXPECT_THAT(told_by("host.known-escapes", facts),
              HasSubstr("a distribution's build may have the fixes under its old number"));
  // Docker's own hot fix of CVE-2019-5736 was such a build too.
  const Facts patched =
      docker("18.09.7", {{.name = "Engine", .version = "18.09.7"}, {.name = "runc", .version = "1.0.0-rc6+dev"}});
  EXPECT_THAT(told_by("host.known-escapes", patched), HasSubstr("a distribution's build may have the fixes"));
}

TEST(KnownEscapes, ThatNeedKubernetesAreForAPersonOfADockerHost) {
  const Facts facts =
      docker("29.9.0", {{.name = "Engine", .version = "29.9.0"}, {.name = "containerd", .version = "v1.7.29"}});
  EXPECT_EQ(status_of_only_row("host.known-escapes", facts), "manual");
  EXPECT_THAT(told_by("host.known-escapes", facts), HasSubstr("CVE-2026-53488"));
  EXPECT_THAT(told_by("host.known-escapes", facts), HasSubstr("some of it matters only where Kubernetes uses this"));
}

// No engine's /version names the BuildKit that it is built with.
TEST(KnownEscapes, OfBuildkitAreThoseOfTheEnginesThatAreBuiltWithIt) {
  const auto told = [](const std::string& version) {
    return told_by("host.known-escapes", docker(version, {{.name = "Engine", .version = version}}));
  };
  for (const char* version : {"20.10.27", "24.0.9", "25.0.15", "28.5.2", "29.3.0"}) {
    EXPECT_THAT(told(version), HasSubstr("CVE-2026-33747")) << version;
  }
  for (const char* version : {"18.06.3", "25.0.16", "29.3.1", "29.9.0"}) {
    EXPECT_THAT(told(version), Not(HasSubstr("CVE-2026-33747"))) << version;
  }
  EXPECT_THAT(told("24.0.9"), HasSubstr("CVE-2024-23651"));
  EXPECT_THAT(told("25.0.2"), Not(HasSubstr("CVE-2024-23651")));
}

TEST(KnownEscapes, OfRemappedUsersCountWhereUsersAreRemapped) {
  Facts facts = docker("20.10.2", {{.name = "Engine", .version = "20.10.2"}});
  EXPECT_THAT(told_by("host.known-escapes", facts), Not(HasSubstr("CVE-2021-21284")));
  facts.engine->security_options = {"name=userns"};
  EXPECT_THAT(told_by("host.known-escapes", facts), HasSubstr("CVE-2021-21284"));
  for (const char* version : {"19.03.15", "20.10.3"}) {
    facts.engine->components[0].version = facts.engine->server_version = version;
    EXPECT_THAT(told_by("host.known-escapes", facts), Not(HasSubstr("CVE-2021-21284"))) << version;
  }
  facts.engine->components[0].version = facts.engine->server_version = "19.03.14";
  EXPECT_THAT(told_by("host.known-escapes", facts), HasSubstr("CVE-2021-21284"));
}

TEST(KnownEscapes, OfPodmansBuildsAreKnown) {
  const auto told = [](const std::string& version) {
    Facts facts = docker(version, {{.name = "Podman Engine", .version = version}});
    facts.engine->podman = true;
    return told_by("host.known-escapes", facts);
  };
  for (const char* version : {"4.3.1", "4.9.3", "5.0.0-rc7"}) EXPECT_THAT(told(version), HasSubstr("CVE-2024-1753"));
  for (const char* version : {"4.9.4", "5.0.0", "5.8.7"}) EXPECT_THAT(told(version), Not(HasSubstr("CVE-2024-1753")));
}

// A row about a component that no engine names is never told.
TEST(KnownEscapes, AreOfComponentsThatEnginesName) {
  for (const KnownEscape& known : known_escapes()) {
    EXPECT_THAT(known.component, testing::AnyOf("Engine", "containerd", "runc", "Podman Engine")) << known.cve;
  }
}

TEST(KnownEscapes, OfAnEngineWithoutListOfComponentsAreThoseOfItsVersion) {
  EXPECT_THAT(told_by("host.known-escapes", docker("17.09.1-ce")), HasSubstr("CVE-2019-5736"));
  EXPECT_EQ(status_of_only_row("host.known-escapes", docker("17.09.1-ce")), "fail");
}

TEST(KnownEscapes, AreNoPassWhereNothingCouldBeCompared) {
  EXPECT_EQ(status_of_only_row("host.known-escapes", docker("29.9.0", {{.name = "Engine", .version = "29.9.0"},
                                                                       {.name = "runc", .version = "N/A"}})),
            "error");
  Facts podman = docker("5.8.7", {{.name = "Conmon", .version = "2.1.0"}});
  podman.engine->podman = true;
  EXPECT_EQ(status_of_only_row("host.known-escapes", podman), "not_applicable");
  podman.engine->components.push_back({.name = "OCI Runtime (runc)", .version = "runc version 1.1.11\nspec: 1.0.2"});
  EXPECT_EQ(status_of_only_row("host.known-escapes", podman), "manual");
  EXPECT_THAT(told_by("host.known-escapes", podman), HasSubstr("CVE-2024-21626"));
}

TEST(AuthorizationBypass, IsJudgedWhereThereAreSuchPlugins) {
  Facts facts = docker("28.5.2", {{.name = "Engine", .version = "28.5.2"}});
  EXPECT_EQ(status_of_only_row("daemon.authorization-bypass", facts), "not_applicable");
  facts.engine->authorization_plugins = {"bulkhead"};
  EXPECT_EQ(status_of_only_row("daemon.authorization-bypass", facts), "fail");
  EXPECT_THAT(told_by("daemon.authorization-bypass", facts), HasSubstr("CVE-2026-34040"));
  EXPECT_THAT(told_by("daemon.authorization-bypass", facts), Not(HasSubstr("CVE-2026-41567")));
  facts.engine->components[0].version = "29.3.1";
  facts.engine->server_version = "29.3.1";
  EXPECT_EQ(status_of_only_row("daemon.authorization-bypass", facts), "pass");
  facts.engine->components[0].version = facts.engine->server_version = "25.0.16";
  EXPECT_EQ(status_of_only_row("daemon.authorization-bypass", facts), "pass");
  facts.engine->components[0].version = facts.engine->server_version = "20.10.24+dfsg1";
  EXPECT_EQ(status_of_only_row("daemon.authorization-bypass", facts), "manual");
}

}  // namespace
}  // namespace bulkhead::audit
