#include "notation/trust_policy.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace bulkhead::notation {
namespace {

// A policy of statements, whose members are JSON.
std::string policy_of(const std::vector<std::string>& statements) {
  return fmt::format(R"({{"version":"1.0","trustPolicies":[{}]}})", fmt::join(statements, ","));
}

// A statement with some of its members replaced.
struct Statement {
  std::string name = "one";
  std::string scopes = R"(["*"])";
  std::string verification = R"({"level":"strict"})";
  std::string stores = R"(["ca:acme"])";
  std::string identities = R"(["x509.subject: C=US, ST=WA, O=acme"])";
  std::string more;

  std::string json() const {
    return fmt::format(
        R"({{"name":"{}","registryScopes":{},"signatureVerification":{},"trustStores":{},"trustedIdentities":{}{}}})",
        name, scopes, verification, stores, identities, more);
  }
};

std::string verdict(const std::vector<std::string>& statements, TrustPolicy::Kind kind = TrustPolicy::Kind::kOci) {
  const auto policy = TrustPolicy::parse(policy_of(statements), kind);
  return policy ? "good" : policy.error().to_string();
}
std::string verdict_on(const Statement& statement) {
  return verdict(std::vector<std::string>{statement.json()});
}

#define EXPECT_SAYS(said, what) EXPECT_TRUE(std::string(said).contains(what)) << (said)

TEST(TrustPolicy, LevelsSayWhatIsEnforcedAndWhatIsLogged) {
  using enum Action;
  const std::vector<std::pair<std::string, std::array<Action, kChecks>>> levels = {
      {"strict", {kEnforce, kEnforce, kEnforce, kEnforce, kEnforce}},
      {"permissive", {kEnforce, kEnforce, kLog, kLog, kLog}},
      {"audit", {kEnforce, kLog, kLog, kLog, kLog}}};
  for (const auto& [level, actions] : levels) {
    Statement statement;
    statement.verification = fmt::format(R"({{"level":"{}"}})", level);
    const auto policy = TrustPolicy::parse(policy_of({statement.json()}));
    ASSERT_TRUE(policy) << policy.error().to_string();
    EXPECT_EQ(policy->statements().front().actions, actions) << level;
  }
}

TEST(TrustPolicy, OverridesChangeALevelExceptForWhatMustStay) {
  Statement statement;
  statement.verification =
      R"({"level":"strict","override":{"expiry":"log","revocation":"skip","authenticity":"log","authenticTimestamp":"log"}})";
  const auto policy = TrustPolicy::parse(policy_of({statement.json()}));
  ASSERT_TRUE(policy) << policy.error().to_string();
  const TrustStatement& read = policy->statements().front();
  EXPECT_EQ(read.action(Check::kIntegrity), Action::kEnforce);
  EXPECT_EQ(read.action(Check::kExpiry), Action::kLog);
  EXPECT_EQ(read.action(Check::kRevocation), Action::kSkip);
  for (const std::string_view wrong :
       {R"("integrity":"log")", R"("integrity":"enforce")", R"("authenticity":"skip")", R"("expiry":"skip")",
        R"("authenticTimestamp":"skip")", R"("expiry":"ignore")", R"("signature":"log")", R"("expiry":1)"}) {
    statement.verification = fmt::format(R"({{"level":"permissive","override":{{{}}}}})", wrong);
    EXPECT_NE(verdict_on(statement), "good") << wrong;
  }
}

TEST(TrustPolicy, SkipTrustsNothingAndIsNeverForEverything) {
  Statement statement{
      .scopes = R"(["example.com/x"])", .verification = R"({"level":"skip"})", .stores = "[]", .identities = "[]"};
  EXPECT_EQ(verdict_on(statement), "good");
  statement.scopes = R"(["*"])";
  EXPECT_SAYS(verdict_on(statement), "cannot be that of everything");
  statement.scopes = R"(["example.com/x"])";
  statement.stores = R"(["ca:x"])";
  EXPECT_SAYS(verdict_on(statement), "has no meaning");
  statement.stores = "[]";
  statement.verification = R"({"level":"skip","override":{"expiry":"log"}})";
  EXPECT_SAYS(verdict_on(statement), "cannot be overridden");
}

TEST(TrustPolicy, TheRepositorysOwnStatementComesFirstThenTheGlobalOne) {
  const Statement global{.name = "global"};
  const Statement own{.name = "own", .scopes = R"(["registry.example:5000/team/image","example.com/other"])"};
  const auto policy = TrustPolicy::parse(policy_of({global.json(), own.json()}));
  ASSERT_TRUE(policy) << policy.error().to_string();
  EXPECT_EQ((*policy->for_repository("registry.example:5000/team/image"))->name, "own");
  EXPECT_EQ((*policy->for_repository("example.com/other"))->name, "own");
  for (const std::string_view other : {"registry.example/team/image", "registry.example:5000/team",
                                       "example.com/other/x", "registry.example:5000/team/image2"}) {
    EXPECT_EQ((*policy->for_repository(other))->name, "global") << other;
  }
  const auto without = TrustPolicy::parse(policy_of({own.json()}));
  EXPECT_EQ(without->for_repository("example.com/third").error().code(), Code::kNotFound);
  for (const std::string_view wrong : {"*", "", "alpine", "example.com/x:tag", "example.com/x@sha256:00",
                                       "https://e.com/x", "example.com/X", "example.com/../x", "example.com/"}) {
    EXPECT_EQ(policy->for_repository(wrong).error().code(), Code::kInvalidArgument) << wrong;
  }
}

TEST(TrustPolicy, ScopesAreRepositoriesInFullOrEverythingOnce) {
  for (const std::string_view good :
       {"a.b-c.example/x", "localhost:5000/a/b_c/d__e/f---g/h.i", "local/myLayout-is-not"}) {
    Statement statement{.scopes = fmt::format(R"(["{}"])", good)};
    EXPECT_EQ(verdict_on(statement) == "good", !good.contains("myLayout")) << good << verdict_on(statement);
  }
  for (const std::string_view wrong :
       {R"([])", R"(["*","example.com/x"])", R"(["example.com/*"])", R"(["example.com"])", R"(["-a/x"])", R"(["a/x_"])",
        R"(["a/x..y"])", R"(["a/x___y"])", R"(["a//x"])", R"(["a:b/x"])", R"(["a/x:1"])", R"(["a/x","a/x"])", R"("*")",
        R"([1])"}) {
    EXPECT_NE(verdict_on(Statement{.scopes = std::string(wrong)}), "good") << wrong;
  }
  EXPECT_SAYS(verdict({Statement{.name = "a"}.json(), Statement{.name = "b"}.json()}), "two statements are for");
  EXPECT_SAYS(verdict({Statement{.name = "a"}.json(), Statement{.name = "a", .scopes = R"(["a/x"])"}.json()}),
              "two statements are called");
}

TEST(TrustPolicy, StoreNamesNeverLeaveTheirFolder) {
  for (const std::string_view wrong : {"ca:", "ca:..", "ca:.", "ca:../x", "ca:a/b", "ca:a\\\\b", "ca:a b", "acme", ":x",
                                       "CA:x", "ca:\\u0000", "other:x"}) {
    EXPECT_NE(verdict_on(Statement{.stores = fmt::format(R"(["{}"])", wrong)}), "good") << wrong;
  }
  EXPECT_NE(verdict_on(Statement{.stores = "[]"}), "good");
  EXPECT_EQ(verdict_on(Statement{.stores = R"(["ca:a.b-c_D9","signingAuthority:x","tsa:y"])"}), "good");
}

TEST(TrustPolicy, IdentitiesDoNotOverlap) {
  EXPECT_EQ(verdict_on(Statement{.identities = R"(["*"])"}), "good");
  EXPECT_EQ(verdict_on(Statement{.identities = R"(["x509.subject: C=US,ST=WA,O=a","x509.subject: C=US,ST=WA,O=b"])"}),
            "good");
  for (const std::string_view wrong :
       {R"([])", R"(["*","x509.subject: C=US,ST=WA,O=a"])", R"(["C=US,ST=WA,O=a"])", R"(["x509.subject:"])",
        R"(["x509.subject: C=US,ST=WA,O=a","x509.subject: C=US,ST=WA,O=a,CN=b"])", R"(["plugin: x"])", R"([""])",
        R"(["x509.subject: C=US,O=a"])"}) {
    EXPECT_NE(verdict_on(Statement{.identities = std::string(wrong)}), "good") << wrong;
  }
}

TEST(TrustPolicy, TimestampsAreVerifiedAlwaysUnlessItSaysOtherwise) {
  const auto read = [](std::string_view verification) {
    return TrustPolicy::parse(policy_of({Statement{.verification = std::string(verification)}.json()}));
  };
  EXPECT_FALSE(read(R"({"level":"strict"})")->statements().front().timestamp_after_expiry_only);
  EXPECT_FALSE(
      read(R"({"level":"strict","verifyTimestamp":"always"})")->statements().front().timestamp_after_expiry_only);
  EXPECT_TRUE(read(R"({"level":"strict","verifyTimestamp":"afterCertExpiry"})")
                  ->statements()
                  .front()
                  .timestamp_after_expiry_only);
  EXPECT_FALSE(read(R"({"level":"strict","verifyTimestamp":"never"})"));
  EXPECT_FALSE(read(R"({"level":"strict","verifyTimestamp":1})"));
}

TEST(TrustPolicy, OfBlobsIsChosenByItsNameOrIsTheGlobalOne) {
  const Statement one{.name = "one"};
  const Statement global{.name = "everything", .more = R"(,"globalPolicy":true)"};
  const auto policy = TrustPolicy::parse(policy_of({one.json(), global.json()}), TrustPolicy::Kind::kBlob);
  ASSERT_TRUE(policy) << policy.error().to_string();
  EXPECT_EQ((*policy->for_blob("one"))->name, "one");
  EXPECT_EQ((*policy->for_blob(""))->name, "everything");
  EXPECT_EQ(policy->for_blob("two").error().code(), Code::kNotFound);
  EXPECT_SAYS(verdict({Statement{.name = "a", .more = R"(,"globalPolicy":true)"}.json(), global.json()},
                      TrustPolicy::Kind::kBlob),
              "two statements are for everything");
}

TEST(TrustPolicy, SaysWhatIsWrongAndWhere) {
  EXPECT_SAYS(verdict_on(Statement{.verification = R"({"level":"lax"})"}),
              R"(the trust policy: statement "one": there is no level "lax")");
  EXPECT_NE(verdict_on(Statement{.name = ""}), "good");
  EXPECT_NE(verdict(std::vector<std::string>{}), "good");
  EXPECT_EQ(TrustPolicy::parse(R"({"version":"2.0","trustPolicies":[]})").error().code(), Code::kUnsupported);
  EXPECT_EQ(TrustPolicy::parse(R"({"trustPolicies":[]})").error().code(), Code::kMalformed);
  EXPECT_EQ(TrustPolicy::parse("[]").error().code(), Code::kMalformed);
  EXPECT_EQ(TrustPolicy::parse(std::string((1 << 20) + 1, ' ')).error().code(), Code::kLimitExceeded);
}

TEST(TrustPolicy, RefusesWhatTwoReadersCouldUnderstandDifferently) {
  EXPECT_SAYS(verdict_on(Statement{.more = R"(,"trustStores":["ca:evil"])"}), "stands there twice");
  EXPECT_SAYS(verdict_on(Statement{.more = R"(,"TrustStores":["ca:evil"])"}), "stands there twice");
  EXPECT_SAYS(verdict_on(Statement{.verification = R"({"level":"strict","LEVEL":"audit"})"}), "stands there twice");
}

}  // namespace
}  // namespace bulkhead::notation
