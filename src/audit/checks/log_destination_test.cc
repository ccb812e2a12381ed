#include "audit/checks/log_destination.h"

#include <gtest/gtest.h>

namespace bulkhead::audit {
namespace {

TEST(LogDestination, IsThisMachineHoweverItIsWritten) {
  for (const std::string_view address : {"",
                                         "unix:///dev/log",
                                         "unixgram:///run/syslog",
                                         "tcp://127.0.0.1:514",
                                         "udp://127.9.9.9",
                                         "tcp://127.1:514",
                                         "tcp+tls://localhost:6514",
                                         "tcp://LOCALHOST.:514",
                                         "localhost:24224",
                                         "127.0.0.1:24224",
                                         "tcp://[::1]:514",
                                         "tcp://::1",
                                         "udp://[::ffff:127.0.0.1]:514",
                                         "udp://[fe80::1%lo]@127.0.0.1",
                                         "tcp://0.0.0.0:514",
                                         "tcp://[::]:514",
                                         "tcp://:514",
                                         ":24224",
                                         "http://ann:secret@localhost:8088",
                                         "https://localhost/services?x=@logs.example",
                                         "tcp://ip6-localhost",
                                         "tcp://log.localhost:1",
                                         "tcp://node-1:514",
                                         "tcp://NODE-1.example.com:514"}) {
    EXPECT_TRUE(is_this_machine(address, "node-1")) << address;
  }
}

TEST(LogDestination, IsAnotherMachineByNameOrAddress) {
  for (const std::string_view address :
       {"tcp+tls://logs.example:6514", "udp://10.0.0.7:514", "tcp://[2001:db8::7]:514", "logs.example:24224",
        "https://localhost@splunk.example:8088", "tcp://128.0.0.1", "tcp://localhost.example.com", "tcp://node-10:514",
        "tcp://[::ffff:10.0.0.7]:514"}) {
    EXPECT_FALSE(is_this_machine(address, "node-1")) << address;
    EXPECT_FALSE(is_this_machine(address, "")) << address;
  }
}

TEST(LogDestination, IsShownWithoutItsPassword) {
  EXPECT_EQ(without_user("https://ann:s3cret@splunk.example:8088/x"), "https://splunk.example:8088/x");
  EXPECT_EQ(without_user("tcp://logs.example:514"), "tcp://logs.example:514");
  EXPECT_EQ(without_user("logs.example:24224"), "logs.example:24224");
}

TEST(LogDestination, OfAPluginIsNotKnown) {
  EXPECT_EQ(log_driver("grafana/loki-docker-driver:latest"), nullptr);
  EXPECT_EQ(log_driver("none"), nullptr);
  EXPECT_EQ(log_driver("json-file")->kind, LogDriver::Kind::kFile);
}

}  // namespace
}  // namespace bulkhead::audit
