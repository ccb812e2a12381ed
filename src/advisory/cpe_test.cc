#include "advisory/cpe.h"

#include <gtest/gtest.h>

namespace bulkhead::advisory {
namespace {

struct Case {
  const char* about;
  const char* repository;
  bool covered;
};

TEST(Cpe, ARecordCoversARepositoryBySupersetOrByBeginning) {
  const Case cases[] = {
      {"cpe:/a:redhat:enterprise_linux:8::appstream", "cpe:/a:redhat:enterprise_linux:8::appstream", true},
      {"cpe:/a:redhat:enterprise_linux:8", "cpe:/a:redhat:enterprise_linux:8::appstream", true},
      {"cpe:2.3:a:redhat:enterprise_linux:8:*:appstream:*:*:*:*:*", "cpe:/a:redhat:enterprise_linux:8::appstream",
       true},
      {"cpe:/a:redhat:enterprise_linux:8::appstream", "cpe:/a:redhat:enterprise_linux:8::crb", false},
      {"cpe:/a:redhat:enterprise_linux:8::appstream", "cpe:/a:redhat:enterprise_linux:8", false},
      {"cpe:/o:redhat:enterprise_linux:8", "cpe:/a:redhat:enterprise_linux:8::appstream", false},
      {"cpe:/o:redhat:enterprise_linux:8", "cpe:/o:redhat:enterprise_linux:8.4", true},
      {"cpe:/o:redhat:enterprise_linux:1", "cpe:/o:redhat:enterprise_linux:10", false},
      {"cpe:/a:redhat:openshift:4", "cpe:/a:redhat:openshift:4.12::el8", true},
      {"cpe:/a:redhat:openshift:4.12::el8", "cpe:/a:redhat:openshift:4.12::el9", false},
      {"cpe:/a:redhat:enterprise_linux::8", "cpe:/a:redhat:enterprise_linux:9:8", true},
      {"cpe:/a:redhat:rhel_eus:8.4::appstream", "cpe:/a:redhat:enterprise_linux:8::appstream", false},
      {"cpe:/a:RedHat:Enterprise_Linux:8", "cpe:/a:redhat:enterprise_linux:8::appstream", true},
  };
  for (const Case& each : cases) {
    const auto about = Cpe::parse(each.about);
    const auto repository = Cpe::parse(each.repository);
    ASSERT_TRUE(about && repository) << each.about;
    EXPECT_EQ(covers(*about, *repository), each.covered) << each.about << " of " << each.repository;
  }
}

TEST(Cpe, ReadsEscapesAndPackedEditions) {
  const auto uri = Cpe::parse("cpe:/a:hp:insight_diagnostics:7.4.0.1570:-:~en~online~win2003~x64~");
  ASSERT_TRUE(uri);
  EXPECT_EQ(uri->attributes[4], "-");
  EXPECT_EQ(uri->attributes[5], "en");
  EXPECT_EQ(uri->attributes[7], "online");
  EXPECT_EQ(uri->attributes[9], "x64");
  EXPECT_EQ(Cpe::parse("cpe:/a:foo%5cbar:big%24money")->attributes[1], "foo\\bar");
  EXPECT_EQ(Cpe::parse("cpe:2.3:a:foo\\:bar:x:*:*:*:*:*:*:*:*")->attributes[1], "foo:bar");
}

TEST(Cpe, RefusesWhatIsNone) {
  for (const char* text : {"", "cpe", "cpe:", "redhat", "cpe:/a:b:c:d:e:f:g:h", "cpe:2.3:a:b:c:d:e:f:g:h:i:j:k:l"}) {
    EXPECT_FALSE(Cpe::parse(text)) << text;
  }
  EXPECT_FALSE(Cpe::parse("cpe:/a:" + std::string(2000, 'x')));
  EXPECT_TRUE(Cpe::parse("cpe:/"));
}

}  // namespace
}  // namespace bulkhead::advisory
