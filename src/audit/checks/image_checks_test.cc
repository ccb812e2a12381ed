#include <span>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "audit/checks/test_facts.h"

namespace bulkhead::audit {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::string_view kOfEach[] = {"image.user",         "image.trusted-base",         "image.patched",
                                        "image.health-check", "image.update-alone",         "image.add-instruction",
                                        "image.secrets",      "image.package-verification", "image.download-to-shell"};
constexpr std::string_view kOfAll[] = {"image.unneeded-packages", "image.content-trust", "image.setuid-files",
                                       "image.signatures"};
constexpr std::string_view kOfHistory[] = {"image.update-alone", "image.add-instruction", "image.package-verification",
                                           "image.download-to-shell"};

TEST(ImageChecks, SayWhatIsNotKnownAndNeverPassIt) {
  std::vector<std::string_view> all(std::begin(kOfEach), std::end(kOfEach));
  all.insert(all.end(), std::begin(kOfAll), std::end(kOfAll));
  for (const std::string_view check : all) {
    EXPECT_EQ(status_of_only_row(check, test_facts()), "not_applicable") << check;
    Facts facts = test_facts();
    facts.images = not_known("no answer");
    EXPECT_EQ(status_of_only_row(check, facts), "error") << check;
  }
  for (const std::string_view check : kOfEach) {
    Image image = test_image("app:1");
    image.config_unknown = Unknown{.reason = "it is gone"};
    EXPECT_EQ(statuses_of(check, facts_of(image)), "app:1 error") << check;
  }
}

TEST(ImageChecks, AHistoryThatIsNotKnownIsNotClean) {
  for (const std::string_view check : kOfHistory) {
    Image image = test_image("app:1");
    EXPECT_EQ(status_of_only_row(check, facts_of(image)), "error") << check;
    image.history.emplace();
    EXPECT_EQ(status_of_only_row(check, facts_of(image)), "not_applicable") << check;
    image.history->push_back({.created_by = ""});  // docker import
    EXPECT_EQ(status_of_only_row(check, facts_of(image)), "not_applicable") << check;
    image.history->push_back({.created_by = "COPY app / # buildkit"});
    EXPECT_EQ(status_of_only_row(check, facts_of(image)), "pass") << check;
  }
  EXPECT_EQ(status_of_only_row("image.secrets", facts_of(test_image("app:1"))), "error");
}

TEST(ImageChecks, RootIsRootHoweverItIsWritten) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"", "fail"},     {"0", "fail"},         {"0:0", "fail"},  {"00", "fail"},
      {"root", "fail"}, {"root:root", "fail"}, {"1000", "pass"}, {"app:app", "pass"},
  };
  for (const auto& [user, status] : cases) {
    Image image = test_image("app:1");
    image.user = user;
    EXPECT_EQ(status_of_only_row("image.user", facts_of(image)), status) << user;
  }
}

TEST(ImageChecks, NoneIsNoHealthCheck) {
  using enum Health::Kind;
  const std::pair<Health::Kind, std::string_view> cases[] = {{kNone, "fail"}, {kDisabled, "fail"}, {kSet, "pass"}};
  for (const auto& [kind, status] : cases) {
    Image image = test_image("app:1");
    image.health.kind = kind;
    EXPECT_EQ(status_of_only_row("image.health-check", facts_of(image)), status);
  }
}

TEST(ImageChecks, LeavesToAPersonWhatOnlyAPersonKnows) {
  for (const std::string_view check : kOfAll) {
    EXPECT_EQ(status_of_only_row(check, facts_of(test_image("app:1"))), "manual") << check;
    EXPECT_THAT(told_by(check, facts_of(test_image("app:1"))), HasSubstr("images: 1")) << check;
  }
  Image image = test_image("app:1");
  EXPECT_EQ(statuses_of("image.trusted-base", facts_of(image)), "app:1 manual");
  EXPECT_THAT(told_by("image.trusted-base", facts_of(image)), HasSubstr("built or loaded on this host"));
  image.digests = {"registry.example/app@sha256:1"};
  EXPECT_THAT(told_by("image.trusted-base", facts_of(image)), HasSubstr("registry.example/app@sha256:1"));
}

TEST(ImageChecks, TellsTheAgeOfImages) {
  Image image = test_image("app:1");
  EXPECT_EQ(status_of_only_row("image.patched", facts_of(image)), "manual");
  EXPECT_THAT(told_by("image.patched", facts_of(image)), HasSubstr("2026-11-01T12:00:00Z, 21 days ago"));
  for (const auto* const created : {"1970-01-01T00:00:00Z", "1980-01-01T00:00:01Z", "0001-01-01T00:00:00Z",
                                    "2027-01-01T00:00:00Z", "nonsense", ""}) {
    image.created = created;
    EXPECT_THAT(told_by("image.patched", facts_of(image)), Not(HasSubstr("ago"))) << created;
  }
}

struct Case {
  std::string_view command;
  std::string_view status;
};

// Each as the last step of an image whose base came by ADD.
void expect(std::string_view check, std::span<const Case> cases) {
  for (const Case& c : cases) {
    Image image = test_image("app:1");
    image.history = std::vector<HistoryEntry>{{.created_by = "/bin/sh -c #(nop) ADD file:0a1b2c in / "},
                                              {.created_by = "/bin/sh -c #(nop)  CMD [\"bash\"]"},
                                              {.created_by = std::string(c.command)}};
    EXPECT_EQ(status_of_only_row(check, facts_of(image)), c.status) << check << ": " << c.command;
  }
}

TEST(ImageChecks, FindsUpdatesWithoutInstalls) {
  constexpr Case kCases[] = {
      {"/bin/sh -c apt-get update", "fail"},
      {"RUN /bin/sh -c apt-get update # buildkit", "fail"},
      {"RUN |1 A=b /bin/sh -c apt-get -qq update # buildkit", "fail"},
      {"/bin/sh -c apt-get -y update && rm -rf /var/lib/apt/lists/*", "fail"},
      {"/bin/sh -c set -eux; apt-get update; apt-get install -y --no-install-recommends curl; rm -rf /x", "pass"},
      {"/bin/sh -c apt-get update && apt-get -y upgrade", "pass"},
      {"/bin/sh -c apt-get update \\\n && apt-get install -y \\\n curl", "pass"},
      {"/bin/sh -c apt-get install -y curl && apt-get update", "fail"},
      {"/bin/sh -c apt-get update && ./install.sh", "pass"},
      {"/bin/sh -c if true; then apt-get update; fi", "fail"},
      {"/bin/sh -c sudo apt update", "fail"},
      {"/bin/sh -c DEBIAN_FRONTEND=noninteractive /usr/bin/apt-get update", "fail"},
      {"/bin/sh -c apk update", "fail"},
      {"/bin/sh -c apk update && apk add curl", "pass"},
      {"/bin/sh -c apk add --update curl", "pass"},
      {"/bin/sh -c dnf makecache", "fail"},
      {"/bin/sh -c zypper refresh && zypper in curl", "pass"},
      {"/bin/sh -c yum update -y", "pass"},
      {"/bin/sh -c pacman -Sy", "fail"},
      {"/bin/sh -c pacman -Sy curl", "pass"},
      {"/bin/sh -c echo 'apt-get update'", "pass"},
      {"/bin/sh -c echo apt-get update", "pass"},
      {"/bin/sh -c ./update && make", "pass"},
      {"COPY apt-get update /x # buildkit", "pass"},
  };
  expect("image.update-alone", kCases);
}

TEST(ImageChecks, ReadsTheWholeOfALongCommand) {
  const std::string filler(5000, 'x');
  Image image = test_image("app:1");
  image.history = std::vector<HistoryEntry>{{.created_by = "/bin/sh -c echo " + filler + " && apt-get update"}};
  EXPECT_EQ(status_of_only_row("image.update-alone", facts_of(image)), "fail");
  image.history->front().created_by += " && echo " + filler + " && apt-get install -y curl";
  EXPECT_EQ(status_of_only_row("image.update-alone", facts_of(image)), "pass");
}

TEST(ImageChecks, FindsAddWhereCopyIsMeant) {
  constexpr Case kCases[] = {
      {"/bin/sh -c #(nop) ADD file:4d5e6f in /app/config ", "fail"},
      {"/bin/sh -c #(nop) ADD dir:4d5e6f in /app ", "fail"},
      {"/bin/sh -c #(nop) ADD file:4d5e6f in / ", "fail"},
      {"ADD app /app # buildkit", "fail"},
      {"ADD --chown=1000:1000 app /app # buildkit", "fail"},
      {"ADD app.tar.gz /opt # buildkit", "pass"},
      {"ADD a.tar b.txt /opt # buildkit", "fail"},
      {"ADD https://example.com/x.sh /x.sh # buildkit", "fail"},
      {"ADD --checksum=sha256:0a https://example.com/x.sh /x.sh # buildkit", "pass"},
      {"/bin/sh -c #(nop) COPY file:4d5e6f in /app ", "pass"},
      {"COPY app /app # buildkit", "pass"},
      {"RUN /bin/sh -c adduser ADD x /y # buildkit", "pass"},
  };
  expect("image.add-instruction", kCases);
}

TEST(ImageChecks, TheFileSystemOfTheBaseIsNoFault) {
  Image image = test_image("debian:12");
  image.history = std::vector<HistoryEntry>{{.created_by = "/bin/sh -c #(nop) ADD file:0a1b2c in / "},
                                            {.created_by = "/bin/sh -c #(nop)  CMD [\"bash\"]", .empty_layer = true}};
  EXPECT_EQ(status_of_only_row("image.add-instruction", facts_of(image)), "pass");
  image.history->front().created_by = "ADD rootfs.bin / # buildkit";
  EXPECT_EQ(status_of_only_row("image.add-instruction", facts_of(image)), "pass");
}

TEST(ImageChecks, FindsSecretsAndNeverShowsThem) {
  constexpr std::string_view kCheck = "image.secrets";
  Image image = test_image("app:1");
  image.env = {"PATH=/bin", "GPG_KEY=A035C8C19219BA821ECEA86B64E628F8D684696D"};
  image.history = std::vector<HistoryEntry>{{.created_by = "RUN /bin/sh -c make # buildkit"}};
  EXPECT_EQ(status_of_only_row(kCheck, facts_of(image)), "pass");
  image.env.emplace_back("DB_PASSWORD=hunter2");
  EXPECT_THAT(told_by(kCheck, facts_of(image)),
              AllOf(HasSubstr("/Config/Env/2: DB_PASSWORD"), Not(HasSubstr("hunter2"))));
  EXPECT_EQ(status_of_only_row(kCheck, facts_of(image)), "fail");
  image.history = not_known("no answer");
  EXPECT_EQ(status_of_only_row(kCheck, facts_of(image)), "fail");

  image.env.clear();
  for (const std::string& step :
       {std::string("RUN |1 NPM_TOKEN=hunter2 /bin/sh -c npm ci # buildkit"),
        std::string("/bin/sh -c #(nop)  ARG API_KEY=hunter2"),
        std::string("RUN /bin/sh -c git clone https://u:hunter2@git.example/x # buildkit"),
        "RUN /bin/sh -c docker swarm join --token SWMTKN-1-" + std::string(50, 'h') + "-" + std::string(25, 'h')}) {
    image.history = std::vector<HistoryEntry>{{.created_by = step}};
    EXPECT_EQ(status_of_only_row(kCheck, facts_of(image)), "fail") << step;
    EXPECT_THAT(told_by(kCheck, facts_of(image)),
                AllOf(HasSubstr("history, step 1"), Not(HasSubstr("hunter2")), Not(HasSubstr("hhh"))));
  }
}

TEST(ImageChecks, FindsPackagesInstalledUnverified) {
  constexpr Case kCases[] = {
      {"/bin/sh -c apt-get install -y --allow-unauthenticated curl", "fail"},
      {"/bin/sh -c apt-get update && apt-get --force-yes install curl", "fail"},
      {"/bin/sh -c apt-get -o APT::Get::AllowUnauthenticated=true install curl", "fail"},
      {"/bin/sh -c apt-get -o Acquire::AllowInsecureRepositories=true update", "fail"},
      {"/bin/sh -c curl -fsSL https://example.com/key | apt-key add -", "fail"},
      {"/bin/sh -c echo 'deb [arch=amd64 trusted=yes] https://example.com x main' > /etc/apt/sources.list", "fail"},
      {"/bin/sh -c apk add --allow-untrusted x.apk", "fail"},
      {"/bin/sh -c yum install -y --nogpgcheck curl", "fail"},
      {"/bin/sh -c dnf install -y --setopt=gpgcheck=0 curl", "fail"},
      {"/bin/sh -c printf 'gpgcheck=1\\nrepo_gpgcheck=0\\n' > /etc/yum.repos.d/x.repo", "pass"},
      {"/bin/sh -c zypper --no-gpg-checks install curl", "fail"},
      {"/bin/sh -c rpm -i --nosignature x.rpm", "fail"},
      {"/bin/sh -c pip install --trusted-host=example.com x", "fail"},
      {"/bin/sh -c apt-get install -y curl", "pass"},
      {"/bin/sh -c echo --nogpgcheck", "pass"},
      {"/bin/sh -c apk add curl", "pass"},
      {"CMD [\"yum\", \"--nogpgcheck\"]", "pass"},
  };
  expect("image.package-verification", kCases);
}

TEST(ImageChecks, FindsDownloadsThatAreRun) {
  constexpr Case kCases[] = {
      {"/bin/sh -c curl -fsSL https://example.com/x | sh", "fail"},
      {"/bin/sh -c wget -qO- https://example.com/x | sudo -E bash -", "fail"},
      {"/bin/sh -c curl https://example.com/x | bash -s -- --yes", "fail"},
      {"/bin/sh -c curl https://example.com/x | gunzip | sh -x", "fail"},
      {"/bin/sh -c curl https://example.com/x | python3", "fail"},
      {"/bin/sh -c curl https://example.com/x | python3 -", "fail"},
      {"/bin/sh -c sh -c \"$(curl -fsSL https://example.com/x)\"", "fail"},
      {"/bin/sh -c bash <(curl -s https://example.com/x)", "fail"},
      {"/bin/sh -c eval \"$(wget -qO- https://example.com/x)\"", "fail"},
      {"/bin/sh -c curl https://example.com/x | python3 -m json.tool", "pass"},
      {"/bin/sh -c curl https://example.com/x | sh ./unpack.sh", "pass"},
      {"/bin/sh -c curl https://example.com/x | bash -c 'cat > y'", "pass"},
      {"/bin/sh -c curl https://example.com/x | tar xz", "pass"},
      {"/bin/sh -c curl -o x https://example.com/x && sha256sum -c sums && sh x", "pass"},
      {"/bin/sh -c curl https://example.com/x > y; cat z | sh", "pass"},
      {"/bin/sh -c VERSION=$(curl https://example.com/version) make", "pass"},
  };
  expect("image.download-to-shell", kCases);
}

TEST(ImageChecks, ShowsCommandsWithoutTheirSecretsAndNotWhole) {
  Image image = test_image("app:1");
  image.history = std::vector<HistoryEntry>{
      {.created_by = "/bin/sh -c curl -u me:hunter2 --data token=hunter3 https://a:hunter4@example.com/x | sh"}};
  EXPECT_THAT(told_by("image.download-to-shell", facts_of(image)),
              AllOf(HasSubstr("curl -u … --data … https://example.com/x | sh"), Not(HasSubstr("hunter"))));
  // In whatever form a program takes one.
  for (const auto* const command :
       {"curl -H 'Authorization: Bearer hunter2' https://example.com | sh",
        "wget -qO- --http-password hunter2 https://x/ | sh", "curl https://x.example/i?token=hunter2 | sh",
        "curl https://x.example/i#hunter2 | sh", "curl -uu:hunter2 https://x/ | sh",
        "curl --header X-Api-Key:hunter2 https://x/ | sh", "curl --user=a:hunter2 https://x/ | sh",
        "curl https://hunter2:x@example.com/ | sh", "curl https://x/ | sh -s hunter2"}) {
    image.history->front().created_by = fmt::format("/bin/sh -c {}", command);
    EXPECT_EQ(status_of_only_row("image.download-to-shell", facts_of(image)), "fail") << command;
    EXPECT_THAT(told_by("image.download-to-shell", facts_of(image)), Not(HasSubstr("hunter"))) << command;
  }
  for (size_t length = 60; length < 112; ++length) {
    image.history->front().created_by =
        "/bin/sh -c curl https://example.com/" + std::string(length, 'x') + "\u00fc\u00fc\u00fc | sh";
    const auto rows = rows_of("image.download-to-shell", facts_of(image));
    ASSERT_EQ(rows.size(), 1U);
    ASSERT_EQ(rows[0].evidence.size(), 1U);
    const std::string found(rows[0].evidence[0].found);
    EXPECT_LE(found.size(), 123U + std::string_view(" | sh").size());
    // No half of a character is left behind.
    EXPECT_EQ(found.find("\xc3\xe2"), std::string::npos) << length;
  }
}

}  // namespace
}  // namespace bulkhead::audit
