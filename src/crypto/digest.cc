#include "crypto/digest.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include <fmt/format.h>
#include <openssl/evp.h>

#include "base/text.h"

namespace bulkhead {
namespace {

struct AlgorithmName {
  std::string_view name;
  Digest::Algorithm algorithm;
  size_t bytes;
};
constexpr AlgorithmName kAlgorithms[] = {
    {"sha256", Digest::Algorithm::kSha256, 32},
    {"sha512", Digest::Algorithm::kSha512, 64},
};

std::string_view algorithm_name(Digest::Algorithm algorithm) {
  return kAlgorithms[algorithm == Digest::Algorithm::kSha512 ? 1 : 0].name;
}

// OCI image-spec v1.1, descriptor.md, Digests: algorithm ::= component (separator component)*, component ::= [a-z0-9]+,
// separator ::= [+._-], encoded ::= [a-zA-Z0-9=_-]+
bool is_well_formed(std::string_view algorithm, std::string_view encoded) {
  bool after_component = false;
  for (const char c : algorithm) {
    const bool in_component = is_lower(c) || is_digit(c);
    if (!in_component && (!after_component || std::string_view("+._-").find(c) == std::string_view::npos)) return false;
    after_component = in_component;
  }
  const auto in_encoded = [](char c) { return is_alnum(c) || c == '=' || c == '_' || c == '-'; };
  return after_component && !encoded.empty() && std::ranges::all_of(encoded, in_encoded);
}

// OpenSSL fails here only when it cannot get memory or has no SHA-2, neither of which leaves anything to go on with.
void require(int result) {
  if (result != 1) std::abort();
}

constexpr std::string_view kFetchAgain =
    "the content was changed or damaged on its way; fetch it again from a source you trust";

class VerifyingSource final : public BlockSource {
 public:
  VerifyingSource(std::unique_ptr<BlockSource> inner, Digest expected, uint64_t expected_size, std::string what)
      : inner_(std::move(inner)),
        hasher_(expected.algorithm()),
        expected_(expected),
        expected_size_(expected_size),
        what_(std::move(what)) {}

  Result<ByteSpan> next() override {
    if (finished_) return ByteSpan();
    TRY_ASSIGN(const ByteSpan block, inner_->next());
    size_ += block.size();
    if (expected_size_ != 0 && (size_ > expected_size_ || (block.empty() && size_ != expected_size_))) {
      return fail(
          Code::kVerificationFailed,
          fmt::format("{}: {} bytes, but {} were promised", what_,
                      block.empty() ? fmt::format("only {}", size_) : fmt::format("{} or more", size_), expected_size_),
          std::string(kFetchAgain));
    }
    if (!block.empty()) {
      hasher_.update(block);
      return block;
    }
    finished_ = true;
    const Digest found = hasher_.finish();
    if (found != expected_) {
      return fail(Code::kVerificationFailed,
                  fmt::format("{}: digest is {}, but {} was promised", what_, found.to_string(), expected_.to_string()),
                  std::string(kFetchAgain));
    }
    return ByteSpan();
  }

 private:
  std::unique_ptr<BlockSource> inner_;
  Hasher hasher_;
  Digest expected_;
  uint64_t expected_size_;
  uint64_t size_ = 0;
  bool finished_ = false;
  std::string what_;
};

}  // namespace

Result<Digest> Digest::parse(std::string_view text) {
  const size_t colon = text.find(':');
  const std::string_view name = text.substr(0, colon);
  const std::string_view encoded = colon == std::string_view::npos ? std::string_view() : text.substr(colon + 1);
  const auto invalid = [&] {
    return fail(Code::kInvalidArgument, fmt::format("\"{}\" is no digest", printable(text.substr(0, 200))),
                "a digest is written as sha256: and 64 lower-case hexadecimal digits");
  };
  if (!is_well_formed(name, encoded)) return invalid();
  const auto* const known = std::ranges::find(kAlgorithms, name, &AlgorithmName::name);
  if (known == std::end(kAlgorithms)) {
    return fail(Code::kUnsupported, fmt::format("digest algorithm \"{}\" is not supported", name.substr(0, 100)),
                "sha256 and sha512 are");
  }
  if (encoded.size() != known->bytes * 2 || std::ranges::any_of(encoded, is_upper)) return invalid();
  const auto raw = from_hex(encoded);
  if (!raw) return invalid();
  Digest digest;
  digest.size_ = static_cast<uint8_t>(known->bytes);
  std::ranges::copy(as_bytes(*raw), digest.raw_.begin());
  return digest;
}

Digest Digest::sha256_of(ByteSpan bytes) {
  Hasher hasher;
  hasher.update(bytes);
  return hasher.finish();
}

std::string Digest::hex() const {
  return to_hex(raw());
}

std::string Digest::to_string() const {
  return empty() ? std::string() : fmt::format("{}:{}", algorithm_name(algorithm()), hex());
}

struct Hasher::State {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  State() = default;
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() { EVP_MD_CTX_free(context); }
};

Hasher::Hasher(Digest::Algorithm algorithm) : state_(std::make_unique<State>()) {
  require(EVP_DigestInit_ex(state_->context, algorithm == Digest::Algorithm::kSha512 ? EVP_sha512() : EVP_sha256(),
                            nullptr));
}
Hasher::Hasher(Hasher&&) noexcept = default;
Hasher& Hasher::operator=(Hasher&&) noexcept = default;
Hasher::~Hasher() = default;

void Hasher::update(ByteSpan bytes) {
  require(EVP_DigestUpdate(state_->context, bytes.data(), bytes.size()));
}

Digest Hasher::finish() {
  Digest digest;
  unsigned size = 0;
  require(EVP_DigestFinal_ex(state_->context, reinterpret_cast<unsigned char*>(digest.raw_.data()), &size));
  digest.size_ = static_cast<uint8_t>(size);
  state_.reset();
  return digest;
}

std::unique_ptr<BlockSource> make_verifying_source(std::unique_ptr<BlockSource> inner, Digest expected,
                                                   uint64_t expected_size, std::string what) {
  return std::make_unique<VerifyingSource>(std::move(inner), expected, expected_size, std::move(what));
}

}  // namespace bulkhead
