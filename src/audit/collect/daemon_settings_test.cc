#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "audit/collect/daemon_arguments.h"
#include "audit/collect/daemon_json.h"

namespace bulkhead::audit {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Values = std::vector<std::string>;

Settings arguments(std::vector<std::string> rest) {
  rest.insert(rest.begin(), "/usr/bin/dockerd");
  return parse_daemon_arguments(rest, 812);
}

Values value(const Settings& settings, const std::string& key) {
  const auto found = settings.find(key);
  return found == settings.end() ? Values{"(not set)"} : found->second.values;
}

Values in_json(std::string_view text, const std::string& key) {
  const auto settings = parse_daemon_json(text, "/etc/docker/daemon.json");
  if (!settings) return {settings.error().to_string()};
  return value(*settings, key);
}

TEST(DaemonArguments, FollowsTheSyntaxOfTheEngine) {
  const Settings settings =
      arguments({"--icc=false", "-H", "fd://", "-Htcp://0.0.0.0:2376", "-H=unix:///x", "--host", "unix:///y", "-Dl",
                 "warn", "--iptables", "--data-root", "/data", "--log-driver=journald", "--insecure-registry",
                 "10.0.0.0/8", "--insecure-registry=example.com", "-G", "ops", "-sbtrfs"});
  EXPECT_THAT(value(settings, "icc"), ElementsAre("false"));
  EXPECT_THAT(value(settings, "hosts"), ElementsAre("fd://", "tcp://0.0.0.0:2376", "unix:///x", "unix:///y"));
  EXPECT_THAT(value(settings, "debug"), ElementsAre("true"));
  EXPECT_THAT(value(settings, "log-level"), ElementsAre("warn"));
  EXPECT_THAT(value(settings, "iptables"), ElementsAre("true"));
  EXPECT_THAT(value(settings, "data-root"), ElementsAre("/data"));
  EXPECT_THAT(value(settings, "log-driver"), ElementsAre("journald"));
  EXPECT_THAT(value(settings, "insecure-registries"), ElementsAre("10.0.0.0/8", "example.com"));
  EXPECT_THAT(value(settings, "group"), ElementsAre("ops"));
  EXPECT_THAT(value(settings, "storage-driver"), ElementsAre("btrfs"));
  EXPECT_EQ(settings.at("icc").where, "argument --icc of process 812");
  EXPECT_EQ(settings.at("hosts").where, "argument --host of process 812");
}

TEST(DaemonArguments, TakesAValueForNoOptionOfItsOwn) {
  const Settings settings = arguments({"--log-opt", "--icc=false", "--label=--userns-remap=x", "--no-new-privileges",
                                       "--authorization-plugin", "gate", "--", "--live-restore"});
  EXPECT_FALSE(settings.contains("icc")) << "it is the value of --log-opt";
  EXPECT_FALSE(settings.contains("userns-remap"));
  EXPECT_FALSE(settings.contains("live-restore"));
  EXPECT_THAT(value(settings, "no-new-privileges"), ElementsAre("true"));
  EXPECT_THAT(value(settings, "authorization-plugins"), ElementsAre("gate"));
}

TEST(DaemonArguments, GuessesWhatOptionsOfLaterEnginesAre) {
  const Settings settings = arguments({"--new-switch", "--new-text", "value", "--newer=1", "--last"});
  EXPECT_THAT(value(settings, "new-switch"), ElementsAre("true"));
  EXPECT_THAT(value(settings, "new-text"), ElementsAre("value"));
  EXPECT_THAT(value(settings, "newer"), ElementsAre("1"));
  EXPECT_THAT(value(settings, "last"), ElementsAre("true"));
}

TEST(DaemonArguments, NormalisesValuesAndLeavesSecretsOut) {
  const Settings settings =
      arguments({"--icc=F", "--tlsverify=1", "--default-ulimit", "nofile=64", "--default-ulimit=nproc=1:2",
                 "--http-proxy=http://ann:s3cret@proxy:3128/x", "--log-opt=splunk-token=s3cret", "--log-opt=tag=x"});
  EXPECT_THAT(value(settings, "icc"), ElementsAre("false"));
  EXPECT_THAT(value(settings, "tlsverify"), ElementsAre("true"));
  EXPECT_THAT(value(settings, "default-ulimits"), ElementsAre("nofile=64:64", "nproc=1:2"));
  EXPECT_THAT(value(settings, "http-proxy"), ElementsAre("http://***@proxy:3128/x"));
  EXPECT_THAT(value(settings, "log-opts"), ElementsAre("splunk-token=***", "tag=x"));
}

TEST(DaemonArguments, LastOfASingleValueCounts) {
  EXPECT_THAT(value(arguments({"--icc=true", "--icc=false"}), "icc"), ElementsAre("false"));
  EXPECT_THAT(value(arguments({"-g", "/old", "--data-root=/new"}), "data-root"), ElementsAre("/new"));
  EXPECT_THAT(arguments({}), IsEmpty());
  EXPECT_THAT(parse_daemon_arguments({}, 1), IsEmpty());
  EXPECT_THAT(arguments({"-", "", "word", "-?"}), IsEmpty());
  EXPECT_THAT(value(arguments({"-H"}), "hosts"), ElementsAre(""));
}

TEST(DaemonJson, ReadsWhatTheEngineReads) {
  const auto settings = parse_daemon_json(
      "\xEF\xBB\xBF {\"icc\": false, \"hosts\": [\"fd://\", \"tcp://:2376\"], \"max-concurrent-downloads\": 7,"
      "\"default-ulimits\": {\"nofile\": {\"Name\": \"nofile\", \"hard\": 64000, \"Soft\": 1024}},"
      "\"log-opts\": {\"max-size\": \"10m\", \"gelf-password\": \"s3cret\"},"
      "\"default-address-pools\": [{\"base\": \"10.0.0.0/8\", \"size\": 24}],"
      "\"runtimes\": {\"kata\": {\"path\": \"/usr/bin/kata\"}, \"wasm\": {\"runtimeType\": \"io.x.v1\"}},"
      "\"proxies\": {\"https-proxy\": \"https://a:b@p\"}, \"graph\": \"/old\", \"tls\": null, \"labels\": []}",
      "/etc/docker/daemon.json");
  ASSERT_TRUE(settings) << settings.error().to_string();
  EXPECT_THAT(value(*settings, "icc"), ElementsAre("false"));
  EXPECT_EQ(settings->at("icc").where, "/etc/docker/daemon.json#/icc");
  EXPECT_THAT(value(*settings, "hosts"), ElementsAre("fd://", "tcp://:2376"));
  EXPECT_THAT(value(*settings, "max-concurrent-downloads"), ElementsAre("7"));
  EXPECT_THAT(value(*settings, "default-ulimits"), ElementsAre("nofile=1024:64000"));
  EXPECT_THAT(value(*settings, "log-opts"), ElementsAre("max-size=10m", "gelf-password=***"));
  EXPECT_THAT(value(*settings, "default-address-pools"), ElementsAre("base=10.0.0.0/8,size=24"));
  EXPECT_THAT(value(*settings, "runtimes"), ElementsAre("kata=/usr/bin/kata", "wasm=io.x.v1"));
  EXPECT_THAT(value(*settings, "https-proxy"), ElementsAre("https://***@p"));
  EXPECT_EQ(settings->at("https-proxy").where, "/etc/docker/daemon.json#/proxies/https-proxy");
  EXPECT_THAT(value(*settings, "data-root"), ElementsAre("/old"));
  EXPECT_FALSE(settings->contains("tls"));
  EXPECT_FALSE(settings->contains("labels"));
}

TEST(DaemonJson, TakesTheLastOfTwoAndKnowsNoOtherCase) {
  EXPECT_THAT(in_json(R"({"icc": false, "icc": true})", "icc"), ElementsAre("true"));
  EXPECT_THAT(in_json(R"({"ICC": false})", "icc"), ElementsAre("(not set)"));
  // The engine looks one object deep, whatever that is called.
  EXPECT_THAT(in_json(R"({"group of mine": {"icc": false}})", "icc"), ElementsAre("false"));
}

TEST(DaemonJson, SetsNothingWhenItIsEmpty) {
  EXPECT_TRUE(parse_daemon_json("", "f").value().empty());
  EXPECT_TRUE(parse_daemon_json(" \n", "f").value().empty());
  EXPECT_TRUE(parse_daemon_json("{}", "f").value().empty());
}

TEST(DaemonJson, SaysWhereItIsBroken) {
  const auto error = [](std::string_view text) {
    const auto settings = parse_daemon_json(text, "/etc/docker/daemon.json");
    EXPECT_FALSE(settings) << text;
    return settings ? std::string() : settings.error().to_string();
  };
  EXPECT_THAT(error(R"({"icc": false, })"), HasSubstr("/etc/docker/daemon.json: "));
  EXPECT_THAT(error(R"({"icc": false, })"), HasSubstr("byte"));
  EXPECT_THAT(error(R"({"debug": true, "icc": falsch})"), HasSubstr("\"icc\": not valid JSON"));
  EXPECT_THAT(error(R"({"icc": false)"), HasSubstr("byte"));
  EXPECT_THAT(error("[]"), HasSubstr("an object expected, found "));
  EXPECT_THAT(error("{\"x\": " + std::string(100, '[') + std::string(100, ']') + "}"), HasSubstr("\"x\""));
  EXPECT_THAT(error("{\"\\u0000\xff\": 1}"), HasSubstr("daemon.json"));
}

TEST(DaemonJson, ArgumentsComeBeforeTheFile) {
  const auto file = parse_daemon_json(R"({"icc": true, "live-restore": true, "runtimes": {"a": {"path": "/a"}}})", "f");
  const Settings merged = merge_settings(arguments({"--icc=false", "--add-runtime=b=/b"}), file.value());
  EXPECT_THAT(value(merged, "icc"), ElementsAre("false"));
  EXPECT_THAT(value(merged, "live-restore"), ElementsAre("true"));
  EXPECT_THAT(value(merged, "runtimes"), ElementsAre("b=/b", "a=/a"));
  EXPECT_EQ(merged.at("runtimes").where, "argument --add-runtime of process 812, f#/runtimes");
}

}  // namespace
}  // namespace bulkhead::audit
