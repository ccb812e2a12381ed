#include "sigstore/identity.h"

#include <utility>

#include <fmt/format.h>
#include <re2/re2.h>

#include "base/text.h"
#include "crypto/der.h"

namespace bulkhead::sigstore {
namespace {

constexpr std::string_view kIssuerOid = "1.3.6.1.4.1.57264.1.8";       // UTF8String in DER
constexpr std::string_view kFirstIssuerOid = "1.3.6.1.4.1.57264.1.1";  // the bytes alone
constexpr std::string_view kUserNameOid = "1.3.6.1.4.1.57264.1.7";
constexpr int64_t kMaxRegexBytes = int64_t{1} << 20;  // of the compiled program
constexpr size_t kMaxExpressionBytes = 4096;

std::unexpected<Error> refused(std::string_view what) {
  return fail(Code::kVerificationFailed, fmt::format("the certificate {}", what));
}

Result<std::string> name_of(const Certificate& certificate) {
  const std::vector<AlternativeName>& names = certificate.alternative_names();
  if (names.size() != 1) return refused("has not one subject alternative name");
  const AlternativeName& name = names[0];
  const bool is_text = name.kind == AlternativeName::Kind::kEmail || name.kind == AlternativeName::Kind::kUri ||
                       name.kind == AlternativeName::Kind::kDns ||
                       (name.kind == AlternativeName::Kind::kOther && name.oid == kUserNameOid);
  if (!is_text || name.value.empty()) return refused("has a subject alternative name that is none of Fulcio's");
  return name.value;
}

Result<std::string> issuer_of(const Certificate& certificate) {
  const CertificateExtension* first = certificate.extension(kFirstIssuerOid);
  const CertificateExtension* second = certificate.extension(kIssuerOid);
  if (first == nullptr && second == nullptr) return refused("does not say who vouched for its name");
  if (second == nullptr) return first->value;
  TRY_CONTEXT(const ByteSpan text, der_content(as_bytes(second->value), der::kUtf8String), "issuer of a certificate");
  if (first != nullptr && first->value != as_text(text)) return refused("names two issuers");
  return std::string(as_text(text));
}

}  // namespace

struct TextPattern::Compiled {
  explicit Compiled(std::string_view expression, const RE2::Options& options)
      : regex(re2::StringPiece(expression.data(), expression.size()), options) {}
  RE2 regex;
};

TextPattern TextPattern::exactly(std::string text) {
  TextPattern pattern;
  pattern.text_ = std::move(text);
  return pattern;
}

Result<TextPattern> TextPattern::regex(std::string_view expression) {
  const auto refuse = [&](std::string_view why) {
    return fail(Code::kInvalidArgument, fmt::format("regular expression \"{}\": {}", printable(expression), why),
                "expressions are RE2's, and must match the whole text");
  };
  if (expression.size() > kMaxExpressionBytes) return refuse("it is too long");
  RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(kMaxRegexBytes);
  auto compiled = std::make_shared<const Compiled>(expression, options);
  if (!compiled->regex.ok()) return refuse(compiled->regex.error());
  TextPattern pattern;
  pattern.text_ = expression;
  pattern.compiled_ = std::move(compiled);
  return pattern;
}

bool TextPattern::matches(std::string_view text) const {
  if (!compiled_) return text == text_;
  return RE2::FullMatch(re2::StringPiece(text.data(), text.size()), compiled_->regex);
}

std::string TextPattern::describe() const {
  const char quote = compiled_ ? '/' : '"';
  return fmt::format("{}{}{}", quote, printable(text_), quote);
}

Result<CertificateIdentity> identity_of(const Certificate& certificate) {
  CertificateIdentity identity;
  TRY_ASSIGN(identity.name, name_of(certificate));
  TRY_ASSIGN(identity.issuer, issuer_of(certificate));
  return identity;
}

Status check_identity(const CertificateIdentity& identity, const std::vector<IdentityPattern>& expected) {
  for (const IdentityPattern& pattern : expected) {
    if (pattern.name.matches(identity.name) && pattern.issuer.matches(identity.issuer)) return {};
  }
  std::string wanted;
  for (const IdentityPattern& pattern : expected) {
    if (!wanted.empty()) wanted += ", or ";
    wanted += fmt::format("{} of {}", pattern.name.describe(), pattern.issuer.describe());
  }
  return fail(Code::kVerificationFailed, fmt::format("it was signed by \"{}\" of \"{}\", not by {}",
                                                     printable(identity.name), printable(identity.issuer), wanted));
}

}  // namespace bulkhead::sigstore
