#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "audit/checks/test_facts.h"

namespace bulkhead::audit {
namespace {

using testing::HasSubstr;

TEST(ImageSprawl, NamesImagesThatNoContainerUses) {
  Facts facts = test_facts();
  EXPECT_EQ(status_of_only_row("operations.image-sprawl", facts), "not_applicable");
  facts.images->push_back(test_image("nginx:1.25"));
  facts.images->front().in_use = true;
  EXPECT_EQ(status_of_only_row("operations.image-sprawl", facts), "pass");
  facts.images->push_back(test_image("old:1"));
  EXPECT_EQ(status_of_only_row("operations.image-sprawl", facts), "manual");
  EXPECT_THAT(told_by("operations.image-sprawl", facts), HasSubstr("1 of 2 that no container uses: old:1 ("));
  for (int i = 0; i < 30; ++i) facts.images->push_back(test_image("more:" + std::to_string(i)));
  EXPECT_THAT(told_by("operations.image-sprawl", facts), HasSubstr("more:18 and 11 more"));
  facts.images = not_known("GET /images/json: 500");
  EXPECT_EQ(status_of_only_row("operations.image-sprawl", facts), "error");
}

TEST(ContainerSprawl, NamesContainersThatDoNotRun) {
  Facts facts = test_facts();
  EXPECT_EQ(status_of_only_row("operations.container-sprawl", facts), "not_applicable");
  facts.containers->push_back(test_container("web"));
  EXPECT_EQ(status_of_only_row("operations.container-sprawl", facts), "pass");
  facts.containers->push_back(test_container("job", {}, "exited"));
  EXPECT_EQ(status_of_only_row("operations.container-sprawl", facts), "manual");
  EXPECT_THAT(told_by("operations.container-sprawl", facts), HasSubstr("1 of 2 that do not run: job (exited)"));
  facts.containers = not_known("GET /containers/json: 500");
  EXPECT_EQ(status_of_only_row("operations.container-sprawl", facts), "error");
}

}  // namespace
}  // namespace bulkhead::audit
