#include "crypto/secretbox.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <memory>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>

namespace bulkhead {
namespace {

constexpr size_t kBlockBytes = 64;
constexpr size_t kPolyKeyBytes = 32;
using Words = std::array<uint32_t, 16>;
using Key = std::array<uint32_t, 8>;

uint32_t load(ByteSpan bytes, size_t word) {
  uint32_t value = 0;
  for (size_t i = 4; i > 0; --i) value = value << 8U | std::to_integer<uint32_t>(bytes[4 * word + i - 1]);
  return value;
}

// "expand 32-byte k" on the diagonal, the key in two halves, and four words of input between them.
Words matrix(const Key& key, const std::array<uint32_t, 4>& input) {
  return {0x61707865, key[0],   key[1],     key[2], key[3], 0x3320646e, input[0], input[1],
          input[2],   input[3], 0x79622d32, key[4], key[5], key[6],     key[7],   0x6b206574};
}

void quarter(uint32_t& a, uint32_t& b, uint32_t& c, uint32_t& d) {
  b ^= std::rotl(a + d, 7);
  c ^= std::rotl(b + a, 9);
  d ^= std::rotl(c + b, 13);
  a ^= std::rotl(d + c, 18);
}

void twenty_rounds(Words& x) {
  for (int i = 0; i < 10; ++i) {
    quarter(x[0], x[4], x[8], x[12]);
    quarter(x[5], x[9], x[13], x[1]);
    quarter(x[10], x[14], x[2], x[6]);
    quarter(x[15], x[3], x[7], x[11]);
    quarter(x[0], x[1], x[2], x[3]);
    quarter(x[5], x[6], x[7], x[4]);
    quarter(x[10], x[11], x[8], x[9]);
    quarter(x[15], x[12], x[13], x[14]);
  }
}

// XSalsa20: HSalsa20 makes a key of the first 16 bytes of the nonce, Salsa20 takes the other 8.
class Stream {
 public:
  Stream(ByteSpan key, ByteSpan nonce) {
    Key outer{};
    for (size_t i = 0; i < outer.size(); ++i) outer[i] = load(key, i);
    Words x = matrix(outer, {load(nonce, 0), load(nonce, 1), load(nonce, 2), load(nonce, 3)});
    twenty_rounds(x);
    key_ = {x[0], x[5], x[10], x[15], x[6], x[7], x[8], x[9]};
    nonce_ = {load(nonce, 4), load(nonce, 5)};
    ::OPENSSL_cleanse(outer.data(), sizeof(outer));
    ::OPENSSL_cleanse(x.data(), sizeof(x));
  }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  ~Stream() {
    ::OPENSSL_cleanse(key_.data(), sizeof(key_));
    ::OPENSSL_cleanse(block_.data(), sizeof(block_));
  }

  unsigned char next() {
    if (at_ == kBlockBytes) refill();
    return block_[at_++];
  }

 private:
  void refill() {
    const auto low = static_cast<uint32_t>(counter_);
    const auto high = static_cast<uint32_t>(counter_ >> 32U);
    Words before = matrix(key_, {nonce_[0], nonce_[1], low, high});
    Words x = before;
    twenty_rounds(x);
    for (size_t i = 0; i < kBlockBytes; ++i) {
      block_[i] = static_cast<unsigned char>((x[i / 4] + before[i / 4]) >> (8 * (i % 4)));
    }
    ::OPENSSL_cleanse(before.data(), sizeof(before));
    ::OPENSSL_cleanse(x.data(), sizeof(x));
    ++counter_;
    at_ = 0;
  }

  Key key_{};
  std::array<uint32_t, 2> nonce_{};
  uint64_t counter_ = 0;
  std::array<unsigned char, kBlockBytes> block_{};
  size_t at_ = kBlockBytes;
};

using Tag = std::array<unsigned char, kSecretboxTagBytes>;

// The first 32 bytes of the stream are the key of Poly1305; what follows is for the message.
Result<Tag> tag_of(Stream& stream, ByteSpan sealed) {
  std::array<unsigned char, kPolyKeyBytes> key{};
  for (unsigned char& byte : key) byte = stream.next();
  struct Free {
    void operator()(EVP_MAC* mac) const { ::EVP_MAC_free(mac); }
    void operator()(EVP_MAC_CTX* context) const { ::EVP_MAC_CTX_free(context); }
  };
  const std::unique_ptr<EVP_MAC, Free> mac(::EVP_MAC_fetch(nullptr, "POLY1305", nullptr));
  const std::unique_ptr<EVP_MAC_CTX, Free> context(mac ? ::EVP_MAC_CTX_new(mac.get()) : nullptr);
  Tag tag{};
  size_t size = 0;
  const bool made =
      context && ::EVP_MAC_init(context.get(), key.data(), key.size(), nullptr) == 1 &&
      ::EVP_MAC_update(context.get(), reinterpret_cast<const unsigned char*>(sealed.data()), sealed.size()) == 1 &&
      ::EVP_MAC_final(context.get(), tag.data(), &size, tag.size()) == 1 && size == tag.size();
  ::OPENSSL_cleanse(key.data(), key.size());
  ::ERR_clear_error();
  if (!made) return fail(Code::kUnsupported, "OpenSSL on this machine has no Poly1305");
  return tag;
}

Status check_lengths(ByteSpan key, ByteSpan nonce) {
  if (key.size() == kSecretboxKeyBytes && nonce.size() == kSecretboxNonceBytes) return {};
  return fail(Code::kInvalidArgument, "a secretbox has a key of 32 bytes and a nonce of 24");
}

}  // namespace

Result<std::string> secretbox_seal(ByteSpan key, ByteSpan nonce, ByteSpan message) {
  TRY(check_lengths(key, nonce));
  Stream stream(key, nonce);
  std::string box(kSecretboxTagBytes + message.size(), '\0');
  Stream skipping(key, nonce);
  for (size_t i = 0; i < kPolyKeyBytes; ++i) static_cast<void>(skipping.next());
  for (size_t i = 0; i < message.size(); ++i) {
    box[kSecretboxTagBytes + i] = static_cast<char>(std::to_integer<unsigned char>(message[i]) ^ skipping.next());
  }
  TRY_ASSIGN(const Tag tag, tag_of(stream, as_bytes(box).subspan(kSecretboxTagBytes)));
  std::ranges::copy(tag, box.begin());
  return box;
}

Result<Secret> secretbox_open(ByteSpan key, ByteSpan nonce, ByteSpan box) {
  TRY(check_lengths(key, nonce));
  if (box.size() < kSecretboxTagBytes) return fail(Code::kVerificationFailed, "the box is shorter than its tag");
  const ByteSpan sealed = box.subspan(kSecretboxTagBytes);
  Stream stream(key, nonce);
  TRY_ASSIGN(const Tag tag, tag_of(stream, sealed));
  if (::CRYPTO_memcmp(tag.data(), box.data(), tag.size()) != 0) {
    return fail(Code::kVerificationFailed, "the box was sealed with another key");
  }
  std::string message(sealed.size(), '\0');
  for (size_t i = 0; i < message.size(); ++i) {
    message[i] = static_cast<char>(std::to_integer<unsigned char>(sealed[i]) ^ stream.next());
  }
  return Secret(std::move(message));
}

}  // namespace bulkhead
