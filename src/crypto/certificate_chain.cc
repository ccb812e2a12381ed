#include "crypto/certificate_chain.h"

#include <memory>

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>

#include "base/date.h"

namespace bulkhead {
namespace {

constexpr size_t kMaxRoots = 1000;
constexpr size_t kMaxIntermediates = 100;
constexpr int kMaxBetween = 8;  // certificates between the leaf and the root

struct Free {
  void operator()(X509* certificate) const { ::X509_free(certificate); }
  void operator()(X509_STORE* store) const { ::X509_STORE_free(store); }
  void operator()(X509_STORE_CTX* context) const { ::X509_STORE_CTX_free(context); }
  void operator()(STACK_OF(X509) * stack) const { sk_X509_pop_free(stack, ::X509_free); }
};
template <typename T>
using Owned = std::unique_ptr<T, Free>;

Owned<X509> openssl_of(const Certificate& certificate) {
  const auto* in = reinterpret_cast<const unsigned char*>(certificate.der().data());
  return Owned<X509>(::d2i_X509(nullptr, &in, static_cast<long>(certificate.der().size())));
}

std::unexpected<Error> refused(const Certificate& certificate, std::string_view why) {
  return fail(Code::kVerificationFailed, fmt::format("certificate \"{}\" {}", certificate.subject(), why));
}

Status check_time(const Certificate& certificate, int64_t at) {
  if (certificate.is_valid_at(at)) return {};
  return refused(certificate, fmt::format("is valid from {} to {}, not at {}", rfc3339_of(certificate.not_before()),
                                          rfc3339_of(certificate.not_after()), rfc3339_of(at)));
}

Status check_leaf(const Certificate& leaf, const ChainRules& rules) {
  TRY(check_time(leaf, rules.at));
  if (!rules.extended_key_usage.empty() && !leaf.has_extended_key_usage(rules.extended_key_usage)) {
    return refused(leaf, fmt::format("is not for this use (extended key usage {})", rules.extended_key_usage));
  }
  return {};
}

Status check_issuer(const Certificate& issuer, const ChainRules& rules) {
  if (!issuer.basic_constraints() || !issuer.basic_constraints()->ca) return refused(issuer, "is no authority's");
  if (issuer.key_usage() && !issuer.key_usage()->certificate_signing) {
    return refused(issuer, "may not sign certificates");
  }
  if (!rules.extended_key_usage.empty() && !issuer.extended_key_usages().empty() &&
      !issuer.has_extended_key_usage(rules.extended_key_usage) &&
      !issuer.has_extended_key_usage(oid::kAnyExtendedKeyUsage)) {
    return refused(issuer,
                   fmt::format("does not issue for this use (extended key usage {})", rules.extended_key_usage));
  }
  return {};
}

// What OpenSSL's own verification leaves open.
Status check_chain(const std::vector<Certificate>& chain, const ChainRules& rules) {
  for (size_t i = 0; i < chain.size(); ++i) {
    if (i > 0) TRY(check_issuer(chain[i], rules));
    if (const auto key = chain[i].public_key(); !key) return refused(chain[i], "has " + key.error().message());
    if (i + 1 == chain.size()) break;  // the root's signature proves nothing
    if (!chain[i].signature_scheme()) return refused(chain[i], "is signed by an algorithm that is not used here");
  }
  return {};
}

// Valid ones only: of two issuers of one name and key, OpenSSL would otherwise take the first it finds.
template <typename Add>
size_t add_valid(std::span<const Certificate> certificates, int64_t at, Add add) {
  size_t left_out = 0;
  for (const Certificate& certificate : certificates) {
    if (certificate.is_valid_at(at)) {
      add(openssl_of(certificate));
    } else {
      ++left_out;
    }
  }
  return left_out;
}

Result<std::vector<Certificate>> chain_of(X509_STORE_CTX* context) {
  std::vector<Certificate> chain;
  STACK_OF(X509)* found = ::X509_STORE_CTX_get0_chain(context);
  for (int i = 0; i < sk_X509_num(found); ++i) {
    std::string der(static_cast<size_t>(::i2d_X509(sk_X509_value(found, i), nullptr)), '\0');
    auto* out = reinterpret_cast<unsigned char*>(der.data());
    ::i2d_X509(sk_X509_value(found, i), &out);
    TRY_ASSIGN(Certificate certificate, Certificate::from_der(as_bytes(der)));
    chain.push_back(std::move(certificate));
  }
  return chain;
}

}  // namespace

Result<std::vector<Certificate>> verify_chain(const Certificate& leaf, const ChainRules& rules) {
  if (rules.roots.size() > kMaxRoots) return fail(limit_error("roots to trust", kMaxRoots, ""));
  if (rules.intermediates.size() > kMaxIntermediates) {
    return fail(limit_error("intermediate certificates", kMaxIntermediates, ""));
  }
  TRY(check_leaf(leaf, rules));

  const Owned<X509> subject = openssl_of(leaf);
  const Owned<X509_STORE> store(::X509_STORE_new());
  const Owned<STACK_OF(X509)> helpers(sk_X509_new_null());
  const Owned<X509_STORE_CTX> context(::X509_STORE_CTX_new());
  if (!subject || !store || !helpers || !context) return fail(Code::kInternal, "cannot verify a certificate");
  size_t left_out = add_valid(rules.roots, rules.at,
                              [&](const Owned<X509>& root) { ::X509_STORE_add_cert(store.get(), root.get()); });
  left_out += add_valid(rules.intermediates, rules.at, [&](Owned<X509> helper) {
    if (sk_X509_push(helpers.get(), helper.get()) > 0) static_cast<void>(helper.release());
  });
  X509_VERIFY_PARAM* parameters = ::X509_STORE_get0_param(store.get());
  // Times are checked above, both ends inclusive as RFC 5280 has them: OpenSSL's last second is one short.
  ::X509_VERIFY_PARAM_set_flags(parameters, X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_NO_CHECK_TIME);
  ::X509_VERIFY_PARAM_set_depth(parameters, kMaxBetween);
  ::X509_VERIFY_PARAM_set_auth_level(parameters, 2);
  const bool verified = ::X509_STORE_CTX_init(context.get(), store.get(), subject.get(), helpers.get()) == 1 &&
                        ::X509_verify_cert(context.get()) == 1;
  ::ERR_clear_error();
  if (!verified) {
    std::string why = fmt::format("leads to no trusted root: {}",
                                  ::X509_verify_cert_error_string(::X509_STORE_CTX_get_error(context.get())));
    if (left_out > 0) why += fmt::format(" ({} others are not valid at {})", left_out, rfc3339_of(rules.at));
    return refused(leaf, why);
  }
  TRY_ASSIGN(std::vector<Certificate> chain, chain_of(context.get()));
  TRY(check_chain(chain, rules));
  return chain;
}

}  // namespace bulkhead
