#include "audit/checks/secret_names.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bulkhead::audit {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(SecretNames, AreKnownByTheirWords) {
  for (const std::string_view name : {"PASSWORD",
                                      "DB_PASSWORD",
                                      "db.password",
                                      "MYSQL_ROOT_PASSWORD",
                                      "REDIS_PASS",
                                      "DB_PWD",
                                      "GITHUB_TOKEN",
                                      "AWS_SECRET_ACCESS_KEY",
                                      "API_KEY",
                                      "CLIENT_SECRET",
                                      "SSH_PRIVATE_KEY",
                                      "AZURE_CREDENTIALS",
                                      "VAULT_TOKEN",
                                      "PASSWORD_1",
                                      "PASSWORD2",
                                      "TOKEN_PROD",
                                      "SECRET_KEY_BASE",
                                      "RAILS_MASTER_KEY",
                                      "AIRFLOW__CORE__FERNET_KEY",
                                      "APP_KEY",
                                      "LICENSE_KEY",
                                      "API_KEYS",
                                      "PASS_PHRASE",
                                      "BORG_PASSPHRASE",
                                      "PASSWORD_RESET_TOKEN",
                                      "TOKEN_ENDPOINT_SECRET",
                                      "SECRET_STORAGE_KEY",
                                      "ADMIN_PASSWORD_HASH",
                                      "pwd",
                                      "Password",
                                      "AUTH_SECRET",
                                      "NPM_CONFIG__AUTH_TOKEN",
                                      "npm_config_//registry.npmjs.org/:_authToken",
                                      "SPRING_DATASOURCE_PASSWORD"}) {
    EXPECT_TRUE(is_secret_name(name)) << name;
  }
}

TEST(SecretNames, AreKnownByWordsThatAreJoined) {
  for (const std::string_view name :
       {"apiToken",        "accessKey",   "dbPassword",       "DBPassword", "GitHubToken",     "clientSecret",
        "secretAccessKey", "GITHUBTOKEN", "POSTGRESPASSWORD", "PGPASSWORD", "ACMETOKEN",       "acmecorpsecret",
        "STRIPE_APIKEY",   "apikey",      "ACCESSKEY",        "PRIVATEKEY", "secretaccesskey", "SSHPASS",
        "DBPASS",          "ROOTPW",      "MYSQLPWD",         "userpass",   "oauth2token",     "PassWord",
        "authkey",         "SMTPPASS"}) {
    EXPECT_TRUE(is_secret_name(name)) << name;
  }
}

TEST(SecretNames, AreNotWhatOnlySoundsLikeThem) {
  for (const std::string_view name : {"",
                                      "PATH",
                                      "OLDPWD",
                                      "GPG_KEY",
                                      "TOKENIZERS_PARALLELISM",
                                      "TOKENIZER",
                                      "COMPASS_HOME",
                                      "KEYBOARD",
                                      "MONKEY",
                                      "TURKEY",
                                      "HOTKEY",
                                      "SSH_AUTH_SOCK",
                                      "PUBLIC_KEY",
                                      "publicKey",
                                      "PASSPORT_X",
                                      "PASSTHROUGH",
                                      "BYPASS",
                                      "ENCOMPASS",
                                      "PASSENGER_APP_ENV",
                                      "PASSIVE",
                                      "PASSAGE",
                                      "SECRETARY",
                                      "PASSWORDLESS",
                                      "KEY",
                                      "PRIMARY_KEY",
                                      "KEYCLOAK_REALM",
                                      "BROKEN",
                                      "TOKYO",
                                      "PASSED",
                                      "SURPASS",
                                      "TRESPASS",
                                      "DBT_PROFILE",
                                      "AUTH_URL",
                                      "BASIC",
                                      "KEYSTORE"}) {
    EXPECT_FALSE(is_secret_name(name)) << name;
  }
}

TEST(SecretNames, AreNotThoseOfSomethingAboutASecret) {
  for (const std::string_view name : {"POSTGRES_PASSWORD_FILE",
                                      "AWS_ACCESS_KEY_ID",
                                      "MAX_TOKENS",
                                      "MAX_NEW_TOKENS",
                                      "TOKENS_PER_MINUTE",
                                      "TOKEN_TTL",
                                      "PASSWORD_MIN_LENGTH",
                                      "SECRET_NAME",
                                      "TOKEN_ENDPOINT",
                                      "tokenEndpoint",
                                      "TOKENENDPOINT",
                                      "AUTH_TOKEN_ISSUER",
                                      "PASSWORD_MIN_SCORE",
                                      "PASSWORD_HASHER",
                                      "PASSWORD_HASHERS",
                                      "SECRETS_BACKEND",
                                      "PASS_THROUGH",
                                      "PGPASSFILE",
                                      "RESTIC_PASSWORD_COMMAND",
                                      "CREDENTIALS_DIRECTORY",
                                      "GITHUBTOKENFILE",
                                      "acmeTokenFile",
                                      "ACMETOKENFILE",
                                      "PASSWORD_RESET_URL",
                                      "TOKEN_EXPIRES_IN_SECONDS",
                                      "JWT_TOKEN_AUDIENCE",
                                      "OAUTH_TOKEN_URI",
                                      "SECRET_STORE",
                                      "CSRF_TOKEN_HEADER_NAME",
                                      "PASSWORD_POLICY_REGEX",
                                      "API_KEY_HEADER",
                                      "SECRET_REF",
                                      "MIN_PASSWORD_SCORE",
                                      "SSH_PASSWORD_AUTHENTICATION",
                                      "PASSWORD_HASH_ALGORITHM",
                                      "VAULT_SECRET_PATH",
                                      "SIGNING_KEY_ID"}) {
    EXPECT_FALSE(is_secret_name(name)) << name;
  }
}

std::string in_variable(std::string_view assignment) {
  return secret_in_assignment(assignment, Expansion::kNone);
}

TEST(SecretNames, AreToldAndValuesNever) {
  EXPECT_EQ(in_variable("DB_PASSWORD=hunter2"), "DB_PASSWORD (by its name)");
  EXPECT_EQ(in_variable("URL=redis://:hunter2@cache"), "URL (password in a URL)");
  EXPECT_EQ(in_variable("JOIN=SWMTKN-1-" + std::string(50, 'a') + "-" + std::string(25, 'a')),
            "JOIN (Swarm join token)");
  EXPECT_EQ(in_variable("DSN=Server=db;Password=hunter2"), "DSN (password among the settings in it)");
  EXPECT_EQ(in_variable("AUTHORIZATION=Bearer hunter2"), "AUTHORIZATION (HTTP credentials)");
}

TEST(SecretNames, NeedAValueThatCanBeASecret) {
  for (const std::string_view text : {"DB_PASSWORD=",
                                      "DB_PASSWORD=\"\"",
                                      "MYSQL_RANDOM_ROOT_PASSWORD=yes",
                                      "USE_TOKEN=True",
                                      "DB_PASSWORD=***",
                                      "DB_PASSWORD=${DB_PASSWORD}",
                                      "DB_PASSWORD={{ .Secret }}",
                                      "TOKEN=/run/secrets/token",
                                      "TOKEN=/var/run/t",
                                      "SECRET_KEY=/etc/app/key",
                                      "CREDENTIALS=/gcp.json",
                                      "API_TOKEN=file:///run/secrets/t",
                                      "SECRET=vault:kv/db#pw",
                                      "API_KEY=op://vault/item",
                                      "TOKEN_SERVICE=https://id.example/token",
                                      "DB_PASSWORD_FILE=/run/secrets/db",
                                      "PATH=/bin",
                                      "PASSWORD",
                                      "PWD=/work",
                                      "MAX_TOKENS=4096"}) {
    EXPECT_EQ(in_variable(text), "") << text;
  }
}

// Measured on an engine: it hands the environment over as it is written.
TEST(SecretNames, OfAnEnvironmentAreExpandedByNobody) {
  for (const std::string_view text :
       {"DB_PASSWORD=$hunter2", "DB_PASSWORD=$HUNTER2", "DB_PASSWORD=${hunter2}", "DB_PASSWORD=$(hunter2)",
        "DB_PASSWORD=`hunter2`", "DB_PASSWORD=/hunter2x", "DB_PASSWORD=/hunter2/x", "PWD=hunter2",
        "DATABASE_URL=postgres://app:$hunter2@db/app", "VAULT_TOKEN=https://hunter2@x", "DB_PASSWORD=\"$hunter2\""}) {
    EXPECT_NE(in_variable(text), "") << text;
  }
}

TEST(SecretNames, OfCommandsAreExpandedByAShell) {
  for (const std::string_view text :
       {"DB_PASSWORD=$OTHER", "DB_PASSWORD=\"${other}\"", "TOKEN=`cat /run/secrets/token`", "URL=https://u:$T@host/"}) {
    EXPECT_EQ(secret_in_assignment(text, Expansion::kShell), "") << text;
  }
  EXPECT_NE(secret_in_assignment("DB_PASSWORD=/hunter2x", Expansion::kShell), "");
}

TEST(SecretNames, AreFoundAmongTheSettingsInAValue) {
  for (const std::string_view text :
       {"JDBC_URL=jdbc:mysql://db/app?user=app&password=hunter2",
        "JDBC_URL=jdbc:sqlserver://db;user=sa;password=hunter2",
        "DSN=Server=db;Database=app;User Id=sa;Password=hunter2;", "DSN=Driver={SQL Server};UID=sa;PWD=hunter2",
        "DSN=host=db user=app password=hunter2", "DSN=host=db password='hunter2' user=app",
        "AZURE=DefaultEndpointsProtocol=https;AccountName=a;AccountKey=aHVudGVyMg==;EndpointSuffix=core.example",
        "BUS=Endpoint=sb://x/;SharedAccessKeyName=k;SharedAccessKey=aHVudGVyMg==", "DSN=app:hunter2@tcp(db:3306)/app",
        "JAVA_OPTS=-Xmx1g -Dspring.datasource.password=hunter2", "HOOK=https://hooks.example/x?api_token=hunter2",
        "SPRING_APPLICATION_JSON={\"spring.datasource.password\": \"hunter2\"}", "JSON={\"a\":1,\"token\":\"hunter2\"}",
        "KAFKA=org.apache.LoginModule required username=\"u\" password=\"hunter2\";"}) {
    EXPECT_NE(in_variable(text), "") << text;
    EXPECT_EQ(in_variable(text).find("hunter2"), std::string::npos) << text;
  }
  for (const std::string_view text :
       {"JDBC_URL=jdbc:mysql://db/app?user=app", "DSN=Server=db;Password=;", "DSN=Server=db;Password=${DB_PASSWORD}",
        "URL=https://id.example/auth?response_type=token&grant_type=password", "OPTS=--password-file=/run/secrets/x",
        "LS_COLORS=rs=0:di=01;34:*.tar=01;31", "JSON={\"tokenUrl\": \"x\"}", "BLOB=aGVsbG8tPw==", "A=pw==b",
        "DSN=app@tcp(db:3306)/app", "DSN=app:@tcp(db)/", "TIME=12:30:00", "OPTS=-Dssl.truststore.password.file=/x/y"}) {
    EXPECT_EQ(in_variable(text), "") << text;
  }
}

TEST(SecretNames, AreReadInLinearTime) {
  constexpr size_t kMany = 200'000;
  EXPECT_FALSE(is_secret_name(std::string(kMany, 'a')));
  std::string text = "A=";
  for (size_t i = 0; i < kMany; ++i) text += "pw=$";
  EXPECT_EQ(secret_in_assignment(text, Expansion::kShell), "");
  text = "A=";
  for (size_t i = 0; i < kMany; ++i) text += "\"pass\":null,";
  EXPECT_EQ(in_variable(text), "");
}

TEST(SecretNames, AreFoundInCommands) {
  EXPECT_THAT(secrets_in_command("|2 TOKEN=abc MODE=x /bin/sh -c make"), ElementsAre("TOKEN (by its name)"));
  EXPECT_THAT(secrets_in_command("export A=b && wget --password=hunter2 https://x"),
              ElementsAre("password (by its name)"));
  EXPECT_THAT(secrets_in_command("git clone https://u:p@git.example/x.git"), ElementsAre("password in a URL"));
  EXPECT_THAT(secrets_in_command("curl https://x.example/i?token=abc | sh"), ElementsAre("password in a URL"));
  EXPECT_THAT(secrets_in_command("curl -H 'Authorization: Bearer abc' https://x"), ElementsAre("HTTP credentials"));
  EXPECT_THAT(secrets_in_command("curl -H \"Authorization: Bearer $T\" https://x?token=$T"), IsEmpty());
  EXPECT_THAT(secrets_in_command("TOKEN=$(cat /run/secrets/t) make"), IsEmpty());
  EXPECT_THAT(secrets_in_command("apt-get update && apt-get install -y curl"), IsEmpty());
  EXPECT_THAT(secrets_in_command(""), IsEmpty());
}

TEST(PlainSecrets, AreNamedInTheirOrder) {
  EXPECT_THAT(plain_secrets({"DB_PASSWORD=hunter2", "A=b", "API_KEY=k", "PASSWORD=", "SECRET", "TOKEN=$k"}),
              ElementsAre("DB_PASSWORD", "API_KEY", "TOKEN"));
}

TEST(PlainSecrets, AreFoundInAddresses) {
  EXPECT_THAT(plain_secrets({"DATABASE_URL=postgres://app:hunter2@db/app"}), ElementsAre("DATABASE_URL"));
  EXPECT_THAT(
      plain_secrets({"A=https://example.com/a:b@c", "B=https://user@example.com", "C=http://h:80/", "D=x://u:@h"}),
      IsEmpty());
}

}  // namespace
}  // namespace bulkhead::audit
