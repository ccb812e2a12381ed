#include "advisory/feeds/testing.h"

namespace bulkhead::advisory::feeds {
namespace {

constexpr std::string_view kMapping =
    R"({"data": {"rhel-8-for-x86_64-baseos-rpms": {"cpes": ["cpe:/o:redhat:enterprise_linux:8::baseos",)"
    R"( "cpe:/o:redhat:rhel:8.3::baseos"], "repo_relative_urls": ["content/dist/rhel8/8/x86_64/baseos/os"]},)"
    R"( "jb-eap-8-for-two-releases": {"cpes": ["cpe:/a:redhat:jboss_enterprise_application_platform:8.0::el8",)"
    R"( "cpe:/a:redhat:jboss_enterprise_application_platform:8.0::el9", "cpe:/a:redhat:jboss_amq", 1]},)"
    R"( "none": {"cpes": []}}, "last_updated": "2023-10-25T00:44:58.035Z"})";

TEST(RedHatRepositories, EachProductOfARepositoryIsARecordOfItsRelease) {
  Parsed parsed;
  parse_into(parsed, "redhat-repositories", "repository-to-cpe.json", kMapping);
  EXPECT_EQ(parsed.error, "");
  EXPECT_EQ(parsed.date, "2023-10-25");
  std::vector<std::string> lines;
  for (const AdvisoryRecord& record : parsed.sink.records) {
    EXPECT_EQ(record.id, "redhat-repositories");
    EXPECT_EQ(record.status, AdvisoryStatus::kNotAffected);
    lines.push_back(fmt::format("{} {} {}", record.ecosystem, record.package, record.cpe));
  }
  EXPECT_EQ(lines,
            (std::vector<std::string>{
                "rhel:8 rhel-8-for-x86_64-baseos-rpms cpe:/o:redhat:enterprise_linux:8::baseos",
                "rhel:8 rhel-8-for-x86_64-baseos-rpms cpe:/o:redhat:rhel:8.3::baseos",
                "rhel:8 jb-eap-8-for-two-releases cpe:/a:redhat:jboss_enterprise_application_platform:8.0::el8",
                "rhel:9 jb-eap-8-for-two-releases cpe:/a:redhat:jboss_enterprise_application_platform:8.0::el9"}));
}

TEST(RedHatRepositories, AreRecognised) {
  EXPECT_EQ(recognised("repository-to-cpe.json", kMapping), "redhat-repositories");
  EXPECT_EQ(recognised("x.json", R"({"data":{"a":{"cpes":["x"]}}})"), "");
}

TEST(RedHatRepositories, SaysWhatIsWrong) {
  const struct {
    const char* text;
    const char* error;
  } cases[] = {{R"({"date":1})", "data"},
               {R"({"data":[]})", "data"},
               {R"({"data":{"a-rpms":{"cpes":"cpe:/a:x"}}})", "a-rpms: "},
               {R"({"data":{"a-rpms":1}})", "a-rpms: "},
               {R"({"data":{"":{"cpes":["cpe:/o:redhat:enterprise_linux:8"]}}})", "a repository has no name"}};
  for (const auto& each : cases) {
    Parsed parsed;
    parse_into(parsed, "redhat-repositories", "repository-to-cpe.json", each.text);
    EXPECT_EQ(parsed.code, Code::kMalformed) << each.text;
    EXPECT_TRUE(parsed.error.contains(each.error)) << parsed.error;
  }
}

}  // namespace
}  // namespace bulkhead::advisory::feeds
