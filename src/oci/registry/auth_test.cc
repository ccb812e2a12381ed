// Credentials: the files, the helpers, and the answers of token servers.
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "oci/registry/auth_file.h"
#include "oci/registry/authorizer.h"
#include "oci/registry/credential_helper.h"
#include "oci/registry/credential_store.h"
#include "oci/registry/registry_error.h"

namespace bulkhead::oci {
namespace {

using Keys = std::vector<std::string>;

TEST(CredentialKeys, GoFromTheMostSpecificToTheHost) {
  EXPECT_EQ(credential_keys("quay.io", "team/app/x"),
            (Keys{"quay.io/team/app/x", "quay.io/team/app", "quay.io/team", "quay.io"}));
  EXPECT_EQ(credential_keys("docker.io", "library/alpine"),
            (Keys{"docker.io/library/alpine", "docker.io/library", "docker.io", "https://index.docker.io/v1/",
                  "index.docker.io", "registry-1.docker.io"}));
}

// user:password, or the tokens, of the entry that is found for a repository; "-" for none.
std::string found_in(std::string_view json, std::string_view domain, std::string_view repository) {
  const auto file = AuthFile::parse(json, "config.json");
  if (!file) return file.error().to_string();
  const auto found = file->find(credential_keys(domain, repository));
  if (!found) return "-";
  std::string out = found->username + ":" + std::string(found->password.reveal());
  if (!found->identity_token.empty()) out += " identity=" + std::string(found->identity_token.reveal());
  if (!found->registry_token.empty()) out += " registry=" + std::string(found->registry_token.reveal());
  return out;
}

TEST(AuthFile, FindsEntriesByHostUrlAndNamespace) {
  // Ym9iOnB3 is bob:pw, YW5uOmE6Yg== is ann:a:b.
  constexpr std::string_view kFile = R"({"auths": {
      "https://index.docker.io/v1/": {"auth": "Ym9iOnB3"},
      "https://old.example/v2/": {"auth": "Ym9iOnB3"},
      "quay.io": {"auth": "Ym9iOnB3"},
      "quay.io/team": {"auth": "YW5uOmE6Yg=="},
      "localhost:5000": {"username": "u", "password": "p"},
      "token.example": {"auth": "Ym9iOnB3", "identitytoken": "it"},
      "bearer.example": {"registrytoken": "rt"},
      "helped.example": {}
    }, "HttpHeaders": {"User-Agent": "x"}})";
  struct {
    std::string_view domain, repository, expected;
  } const cases[] = {
      {"docker.io", "library/alpine", "bob:pw"},
      {"old.example", "a", "bob:pw"},
      {"quay.io", "other/app", "bob:pw"},
      {"quay.io", "team/app", "ann:a:b"},
      {"quay.io", "teams/app", "bob:pw"},
      {"localhost:5000", "a", "u:p"},
      {"localhost:5001", "a", "-"},
      {"localhost", "a", "-"},
      {"token.example", "a", "bob:pw identity=it"},
      {"bearer.example", "a", ": registry=rt"},
      {"helped.example", "a", "-"},
      {"other.example", "a", "-"},
  };
  for (const auto& c : cases)
    EXPECT_EQ(found_in(kFile, c.domain, c.repository), c.expected) << c.domain << "/" << c.repository;
}

TEST(AuthFile, SaysWhatIsWrongWithoutShowingSecrets) {
  for (const std::string_view json :
       {"[", "[]", "\"x\"", R"({"auths":{"h":{"auth":"###s3cret###"}}})", R"({"auths":{"h":{"auth":"czNjcmV0"}}})",
        R"({"credHelpers":{"h":"../../bin/s3cret"}})", R"({"credHelpers":{"h":5}})", R"({"credsStore":"a b"})"}) {
    const auto file = AuthFile::parse(json, "config.json");
    ASSERT_FALSE(file) << json;
    EXPECT_EQ(file.error().code(), Code::kMalformed);
    EXPECT_NE(file.error().to_string().find("config.json"), std::string::npos);
    EXPECT_EQ(file.error().to_string().find("s3cret"), std::string::npos) << file.error().to_string();
  }
  EXPECT_TRUE(AuthFile::parse("", "config.json"));
  EXPECT_TRUE(AuthFile::parse("{}", "config.json"));
}

Keys helpers_of(std::string_view json, std::string_view domain) {
  Keys asked;
  for (const auto& helper : AuthFile::parse(json, "config.json")->helpers(credential_keys(domain, "a/b"))) {
    asked.push_back(helper.name + " " + helper.key);
  }
  return asked;
}

TEST(AuthFile, AsksTheRegistrysHelperElseTheGeneralStore) {
  constexpr std::string_view kFile =
      R"({"credsStore": "pass", "credHelpers": {"gcr.io": "gcloud", "https://index.docker.io/v1/": "desktop", "off.example": ""}})";
  EXPECT_EQ(helpers_of(kFile, "gcr.io"), Keys{"gcloud gcr.io"});
  EXPECT_EQ(helpers_of(kFile, "docker.io"), Keys{"desktop https://index.docker.io/v1/"});
  EXPECT_EQ(helpers_of(kFile, "off.example"), Keys{});
  EXPECT_EQ(helpers_of(kFile, "quay.io"), Keys{"pass quay.io"});
  EXPECT_EQ(helpers_of(R"({"credsStore":"pass"})", "docker.io").front(), "pass https://index.docker.io/v1/");
  EXPECT_EQ(helpers_of("{}", "docker.io"), Keys{});
}

// A folder of programs, put in front of $PATH for the life of the object.
class HelperFolder {
 public:
  HelperFolder()
      : folder_(::testing::TempDir() + "/bulkhead_helpers"),
        path_(std::getenv("PATH")) {  // NOLINT(concurrency-mt-unsafe)
    std::filesystem::create_directories(folder_);
    ::setenv("PATH", (folder_ + ":" + path_).c_str(), 1);  // NOLINT(concurrency-mt-unsafe)
  }
  ~HelperFolder() {
    ::setenv("PATH", path_.c_str(), 1);  // NOLINT(concurrency-mt-unsafe)
    std::filesystem::remove_all(folder_);
  }
  HelperFolder(const HelperFolder&) = delete;
  HelperFolder& operator=(const HelperFolder&) = delete;
  std::string write(const std::string& name, const std::string& text) const {
    const std::string path = folder_ + "/" + name;
    std::ofstream(path) << text;
    std::filesystem::permissions(path, std::filesystem::perms::owner_all);
    return path;
  }

 private:
  std::string folder_;
  std::string path_;
};

constexpr std::string_view kHelperScript = R"(#!/bin/sh
[ "$1" = get ] || exit 9
read -r server
case "$server" in
  good.example) echo '{"ServerURL":"good.example","Username":"bob","Secret":"pw"}' ;;
  token.example) echo '{"Username":"<token>","Secret":"refresh"}' ;;
  garbage.example) echo 'no json s3cret' ;;
  slow.example) sleep 60 ;;
  locked.example) echo 's3cret'; echo 'the keychain is locked' >&2; exit 1 ;;
  *) echo 'credentials not found in native keychain'; exit 1 ;;
esac
)";

TEST(CredentialHelper, SpeaksTheProtocol) {
  const HelperFolder folder;
  folder.write("docker-credential-test", std::string(kHelperScript));
  const auto ask = [](const std::string& key, const std::string& name = "test") {
    return ask_credential_helper({name, key}, std::chrono::milliseconds(2000), {});
  };
  const auto good = ask("good.example");
  ASSERT_TRUE(good && *good) << good.error().to_string();
  EXPECT_EQ((*good)->username, "bob");
  EXPECT_EQ((*good)->password.reveal(), "pw");
  EXPECT_EQ((*ask("token.example"))->identity_token.reveal(), "refresh");
  EXPECT_FALSE(ask("unknown.example").value());
  EXPECT_EQ(ask("slow.example").error().code(), Code::kDeadlineExceeded);
  EXPECT_EQ(ask("good.example", "missing").error().code(), Code::kNotFound);
  EXPECT_EQ(ask("garbage.example").error().to_string().find("s3cret"), std::string::npos);
  const auto locked = ask("locked.example");
  ASSERT_FALSE(locked);
  EXPECT_EQ(locked.error().to_string().find("s3cret"), std::string::npos);
  EXPECT_NE(locked.error().to_string().find("the keychain is locked"), std::string::npos);
}

TEST(CredentialStore, TakesTheFirstFileThatKnowsAndRemembersProblems) {
  const HelperFolder folder;
  folder.write("docker-credential-test", std::string(kHelperScript));
  RegistryOptions options;
  options.helper_timeout = std::chrono::milliseconds(2000);
  options.auth_files = {
      folder.write("broken.json", "{"), "/nonexistent/auth.json",
      folder.write("a.json", R"({"credHelpers":{"missing.example":"missing","good.example":"test"}})"),
      folder.write("b.json", R"({"auths":{"missing.example":{"auth":"Ym9iOnB3"},"good.example":{"auth":"eDp5"}}})")};
  CredentialStore store(options);
  const auto good = store.find("good.example", "a");
  ASSERT_TRUE(good.credentials);
  EXPECT_EQ(good.credentials->username, "bob");
  EXPECT_EQ(good.credentials->origin, "docker-credential-test");
  const auto missing = store.find("missing.example", "a");
  ASSERT_TRUE(missing.credentials);
  EXPECT_EQ(missing.credentials->username, "bob");
  ASSERT_EQ(missing.problems.size(), 2U);
  EXPECT_NE(missing.problems[0].find("broken.json"), std::string::npos);
  EXPECT_NE(missing.problems[1].find("docker-credential-missing"), std::string::npos);
  EXPECT_FALSE(store.find("other.example", "a").credentials);
}

TEST(Token, ReadsBothNamesAndBoundsTheLifetime) {
  const auto token = parse_token(R"({"token":"a.b-c","expires_in":300})");
  ASSERT_TRUE(token);
  EXPECT_EQ(token->value.reveal(), "a.b-c");
  EXPECT_EQ(token->lifetime, std::chrono::seconds(300));
  EXPECT_EQ(parse_token(R"({"access_token":"x"})")->lifetime, std::chrono::seconds(60));
  EXPECT_EQ(parse_token(R"({"token":"x","expires_in":-5})")->lifetime, std::chrono::seconds(60));
  EXPECT_EQ(parse_token(R"({"token":"x","expires_in":99999999})")->lifetime, std::chrono::hours(24));
  for (const std::string_view text :
       {"", "{}", "[]", R"({"token":5})", R"({"token":"a\r\nX: y"})", R"({"token":""})"}) {
    EXPECT_FALSE(parse_token(text)) << text;
  }
}

TEST(Token, QuotesNothingOfAnAnswerThatItRefuses) {
  const std::string secret = "s3cret-t0ken";
  for (const std::string& text :
       {secret, "<html>" + secret + "</html>", R"({"token":")" + secret,
        R"({"token":")" + secret + R"(\r\nX-Evil: 1"})", R"({"token":")" + secret + R"(\u0000"})",
        R"({"tokens":")" + secret + R"("})", R"({"token":[")" + secret + R"("]})",
        R"({"token":")" + secret + std::string(kMaxTokenBytes, 'x') + R"("})"}) {
    const auto token = parse_token(text);
    ASSERT_FALSE(token) << text.substr(0, 100);
    EXPECT_EQ(token.error().to_string().find("s3cret"), std::string::npos) << token.error().to_string();
    EXPECT_LT(token.error().to_string().size(), 200U);
  }
  EXPECT_TRUE(parse_token(R"({"token":")" + std::string(kMaxTokenBytes, 'x') + R"("})"));
  const auto large = parse_token(R"({"token":")" + std::string(kMaxTokenBytes + 1, 'x') + R"("})");
  EXPECT_EQ(large.error().code(), Code::kLimitExceeded);
  EXPECT_EQ(large.error().to_string(),
            "the token server's answer holds a token of 65537 bytes; at most 65536 are sent");
}

TEST(RegistryErrorText, ShowsNoSecretThatTheServerRepeats) {
  SecretFilter sent;
  sent.add("s3cret");
  sent.add("s3cret-and-more");
  sent.add("abc");
  EXPECT_EQ(registry_error_text(R"({"errors":[{"code":"s3cret","message":"no s3cret-and-more, abc"}]})", sent),
            "[secret]: no [secret], abc");
  // Cut after the secrets are gone, not through one of them.
  const std::string text =
      registry_error_text(R"({"errors":[{"message":")" + std::string(297, '.') + R"(s3cret"}]})", sent);
  EXPECT_EQ(text.find("s3"), std::string::npos) << text;
}

TEST(RegistryErrorText, ShowsCodesAndMessagesOnly) {
  EXPECT_EQ(registry_error_text(
                R"({"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown","detail":{"Tag":"x"}}]})"),
            "MANIFEST_UNKNOWN: manifest unknown");
  EXPECT_EQ(registry_error_text(R"({"errors":[{"code":"A"},{"message":"b"},{},5]})"), "A; b");
  EXPECT_EQ(registry_error_text("{\"errors\":[{\"message\":\"\\u001b[31mred\"}]}"), "\\x1b[31mred");
  for (const std::string_view body : {"", "<html>", "{}", R"({"errors":5})"}) EXPECT_EQ(registry_error_text(body), "");
}

TEST(RegistryOptions, FindsTheConventionalPlaces) {
  const auto files = [](std::vector<std::pair<std::string, std::string>> variables) {
    return RegistryOptions::from_environment([variables](const std::string& name) -> std::optional<std::string> {
             for (const auto& [key, value] : variables) {
               if (key == name) return value;
             }
             return std::nullopt;
           })
        .auth_files;
  };
  EXPECT_EQ(files({{"HOME", "/h"}}), (Keys{"/h/.config/containers/auth.json", "/h/.docker/config.json"}));
  EXPECT_EQ(files({{"HOME", "/h"}, {"XDG_RUNTIME_DIR", "/r"}, {"XDG_CONFIG_HOME", "/c"}, {"DOCKER_CONFIG", "/d"}}),
            (Keys{"/r/containers/auth.json", "/c/containers/auth.json", "/d/config.json"}));
  EXPECT_EQ(files({{"HOME", "/h"}, {"REGISTRY_AUTH_FILE", "/a"}}), Keys{"/a"});
  EXPECT_EQ(files({}), Keys{});
}

}  // namespace
}  // namespace bulkhead::oci
