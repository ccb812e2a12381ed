#include "audit/checks/secret_names.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bulkhead::audit {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(SecretNames, AreKnownByTheirWords) {
  for (const std::string_view name :
       {"PASSWORD", "DB_PASSWORD", "db.password", "POSTGRESPASSWORD", "MYSQL_ROOT_PASSWORD", "REDIS_PASS", "DB_PWD",
        "GITHUB_TOKEN", "AWS_SECRET_ACCESS_KEY", "API_KEY", "STRIPE_APIKEY", "CLIENT_SECRET", "SSH_PRIVATE_KEY",
        "AZURE_CREDENTIALS", "VAULT_TOKEN"}) {
    EXPECT_TRUE(is_secret_name(name)) << name;
  }
}

TEST(SecretNames, AreNotWhatOnlySoundsLikeThem) {
  for (const std::string_view name :
       {"", "PATH", "PWD", "OLDPWD", "POSTGRES_PASSWORD_FILE", "AWS_ACCESS_KEY_ID", "GPG_KEY", "TOKENIZERS_PARALLELISM",
        "MAX_TOKENS", "TOKEN_TTL", "PASSWORD_MIN_LENGTH", "SECRET_NAME", "COMPASS_HOME", "KEYBOARD", "SSH_AUTH_SOCK"}) {
    EXPECT_FALSE(is_secret_name(name)) << name;
  }
}

TEST(SecretNames, AreToldAndValuesNever) {
  EXPECT_EQ(secret_in_assignment("DB_PASSWORD=hunter2"), "DB_PASSWORD (by its name)");
  EXPECT_EQ(secret_in_assignment("URL=redis://:hunter2@cache"), "URL (password in a URL)");
  EXPECT_EQ(secret_in_assignment("JOIN=SWMTKN-1-" + std::string(50, 'a') + "-" + std::string(25, 'a')),
            "JOIN (Swarm join token)");
}

TEST(SecretNames, OfSwitchesReferencesAndFilesAreNoSecrets) {
  for (const std::string_view text :
       {"DB_PASSWORD=", "DB_PASSWORD=\"\"", "MYSQL_RANDOM_ROOT_PASSWORD=yes", "USE_TOKEN=true", "DB_PASSWORD=$OTHER",
        "DB_PASSWORD=\"${OTHER}\"", "TOKEN=`cat /run/secrets/token`", "DB_PASSWORD_FILE=/run/secrets/db", "PATH=/bin",
        "PASSWORD"}) {
    EXPECT_EQ(secret_in_assignment(text), "") << text;
  }
}

TEST(SecretNames, AreFoundInCommands) {
  EXPECT_THAT(secrets_in_command("|2 TOKEN=abc MODE=x /bin/sh -c make"), ElementsAre("TOKEN (by its name)"));
  EXPECT_THAT(secrets_in_command("export A=b && wget --password=hunter2 https://x"),
              ElementsAre("password (by its name)"));
  EXPECT_THAT(secrets_in_command("git clone https://u:p@git.example/x.git"), ElementsAre("password in a URL"));
  EXPECT_THAT(secrets_in_command("TOKEN=$(cat /run/secrets/t) make"), IsEmpty());
  EXPECT_THAT(secrets_in_command("apt-get update && apt-get install -y curl"), IsEmpty());
  EXPECT_THAT(secrets_in_command(""), IsEmpty());
}

TEST(PlainSecrets, NeedAValueThatCanBeOne) {
  EXPECT_THAT(plain_secrets({"DB_PASSWORD=hunter2", "A=b", "API_KEY=k"}), ElementsAre("DB_PASSWORD", "API_KEY"));
  EXPECT_THAT(plain_secrets({"MYSQL_ALLOW_EMPTY_PASSWORD=yes", "PASSWORD=", "TOKEN=/run/secrets/token", "SECRET"}),
              IsEmpty());
}

TEST(PlainSecrets, AreFoundInAddresses) {
  EXPECT_THAT(plain_secrets({"DATABASE_URL=postgres://app:hunter2@db/app"}), ElementsAre("DATABASE_URL"));
  EXPECT_THAT(
      plain_secrets({"A=https://example.com/a:b@c", "B=https://user@example.com", "C=http://h:80/", "D=x://u:@h"}),
      IsEmpty());
}

}  // namespace
}  // namespace bulkhead::audit
