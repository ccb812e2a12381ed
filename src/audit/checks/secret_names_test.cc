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
