// A name server that does not answer: this program's own getaddrinfo() stands before libc's.
#include <atomic>
#include <chrono>
#include <string_view>
#include <thread>

#include <dlfcn.h>
#include <gtest/gtest.h>
#include <netdb.h>

#include "net/http_client.h"

namespace {

constexpr std::string_view kSilentName = "silent.name.invalid";
std::atomic<bool> asked = false;
std::atomic<bool> let_go = false;
std::atomic<bool> answered = false;

}  // namespace

extern "C" int getaddrinfo(const char* node, const char* service, const addrinfo* hints, addrinfo** result) {
  if (node == nullptr || node != kSilentName) {
    static const auto real = reinterpret_cast<decltype(&getaddrinfo)>(::dlsym(RTLD_NEXT, "getaddrinfo"));
    return real(node, service, hints, result);
  }
  asked = true;
  for (int i = 0; i < 2000 && !let_go; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  answered = true;
  return EAI_AGAIN;
}

namespace bulkhead::net {
namespace {

TEST(HttpClient, StopsWhileAServersNameIsLookedUp) {
  const Client client({});
  std::stop_source stop;
  Request request;
  request.url = "http://silent.name.invalid/";
  request.stop = stop.get_token();
  const std::jthread stopper([&] {
    for (int i = 0; i < 2000 && !asked; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
    stop.request_stop();
  });
  const auto response = client.send(request);
  EXPECT_TRUE(asked);
  EXPECT_FALSE(answered) << "the stop had to wait for the name server";
  let_go = true;
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code(), Code::kCancelled);
  while (!answered) std::this_thread::sleep_for(std::chrono::milliseconds(1));
}

}  // namespace
}  // namespace bulkhead::net
