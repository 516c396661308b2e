// SPDX-License-Identifier: LGPL-2.1-or-later
//
// No connection into the local network where that is not wanted, whatever a name resolves to.
#include "http/address.h"

#include <gtest/gtest.h>

#include <string>

#include "fake_resolver.h"
#include "http/client.h"
#include "raw_server.h"

namespace klingv2a::http {
namespace {

bool is_local(const char* text) {
  const auto address = GObjectPtr<GInetAddress>::adopt(g_inet_address_new_from_string(text));
  EXPECT_TRUE(address) << text;
  return address && is_local_address(address.get());
}

TEST(LocalAddress, IsWhatIsNotThePublicNetwork) {
  for (const char* text : {"0.0.0.0",
                           "0.1.2.3",
                           "10.0.0.1",
                           "10.255.255.255",
                           "100.64.0.1",
                           "100.127.255.255",
                           "127.0.0.1",
                           "127.255.255.255",
                           "169.254.169.254",
                           "172.16.0.1",
                           "172.31.255.255",
                           "192.0.0.8",
                           "192.168.0.1",
                           "224.0.0.1",
                           "239.1.1.1",
                           "240.0.0.1",
                           "255.255.255.255",
                           "::",
                           "::1",
                           "::7f00:1",
                           "fc00::1",
                           "fdff::1",
                           "fe80::1",
                           "fec0::1",
                           "ff02::1",
                           "::ffff:127.0.0.1",
                           "::ffff:192.168.1.1",
                           "64:ff9b::10.0.0.1",
                           "2002:7f00:1::",
                           "2002:c0a8:101::1",
                           "100::1"}) {
    EXPECT_TRUE(is_local(text)) << text;
  }
  for (const char* text : {"1.1.1.1",
                           "9.255.255.255",
                           "11.0.0.0",
                           "100.63.255.255",
                           "100.128.0.0",
                           "126.1.1.1",
                           "128.0.0.1",
                           "169.253.1.1",
                           "172.15.255.255",
                           "172.32.0.0",
                           "192.0.1.1",
                           "192.167.1.1",
                           "192.169.1.1",
                           "198.18.0.1",
                           "223.255.255.255",
                           "2606:2800:220:1::1",
                           "2a00:1450::1",
                           "::ffff:93.184.216.34",
                           "64:ff9b::93.184.216.34",
                           "2002:5db8:d822::1"}) {
    EXPECT_FALSE(is_local(text)) << text;
  }
}

TEST(LocalHost, IsRecognizedInEachSpelling) {
  for (const char* host :
       {"localhost",  "LocalHost",  "localhost.", "a.localhost",  "127.0.0.1",    "127.1",          "127.0.1",
        "2130706433", "0x7f000001", "0X7F.1",     "0177.0.0.1",   "017700000001", "10.1",           "0",
        "0x0",        "3232235777", "::1",        "fe80::1%eth0", "fd00::1",      "::ffff:10.0.0.1"}) {
    EXPECT_TRUE(is_local_host(host)) << host;
  }
  for (const char* host : {"example.org", "localhost.example.org", "127.0.0.1.example.org", "1.1", "0x01010101",
                           "93.184.216.34", "2606:2800:220:1::1", "10.example", "256.1.1.1"}) {
    EXPECT_FALSE(is_local_host(host)) << host;
  }
}

class PublicOnly : public testing::Test {
 protected:
  Request request(const std::string& host) {
    Request request;
    request.url = "http://" + host + ":" + std::to_string(server_.port()) + "/s.wav?sig=secret";
    request.timeouts = {Seconds(5), Seconds(5), Seconds(10)};
    request.public_only = true;
    return request;
  }
  ErrorDetails failure(const Request& request) {
    try {
      (void)client_.send(request);
    } catch (const TransportError& error) {
      return error.details();
    }
    ADD_FAILURE() << "no TransportError was thrown";
    return {};
  }

  test::RawServer server_;
  Client client_{GObjectPtr<GCancellable>::adopt(g_cancellable_new())};
};

class PublicOnlyName : public PublicOnly {
 protected:
  PublicOnlyName() { resolver_.add("cdn.example", "127.0.0.1"); }

  test::FakeResolver resolver_;
};

TEST_F(PublicOnlyName, IsNotFollowedIntoTheLocalNetwork) {
  const ErrorDetails details = failure(request("cdn.example"));
  EXPECT_EQ(details.kind, ErrorKind::result);
  EXPECT_FALSE(details.retryable);
  EXPECT_NE(details.message.find("local network"), std::string::npos) << details.message;
  EXPECT_NE(details.message.find("cdn.example"), std::string::npos) << details.message;
  EXPECT_EQ(details.message.find("secret"), std::string::npos) << details.message;
  EXPECT_EQ(server_.requests().size(), 0u);
}

TEST_F(PublicOnly, NoAddressOfTheLocalNetworkIsConnectedToInAnySpelling) {
  for (const char* host : {"127.0.0.1", "localhost", "[::ffff:127.0.0.1]"}) {
    EXPECT_EQ(failure(request(host)).kind, ErrorKind::result) << host;
  }
  // Not every resolver takes these.
  for (const char* host : {"2130706433", "0x7f.1", "0177.1"}) (void)failure(request(host));
  EXPECT_EQ(server_.requests().size(), 0u);
}

// Another request was free to make that connection.
TEST_F(PublicOnlyName, DoesNotUseAConnectionIntoTheLocalNetworkThatStands) {
  server_.set_default(test::reply(200, "fine"));
  Request anywhere = request("cdn.example");
  anywhere.public_only = false;
  EXPECT_EQ(client_.send(anywhere).body, "fine");
  EXPECT_EQ(failure(request("cdn.example")).kind, ErrorKind::result);
  EXPECT_EQ(server_.requests().size(), 1u);
  EXPECT_EQ(client_.send(anywhere).body, "fine");
}

}  // namespace
}  // namespace klingv2a::http
