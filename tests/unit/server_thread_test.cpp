// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Our own HTTP server: who connects and says nothing does not keep a connection for ever.
#include "http/server_thread.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace klingv2a::http {
namespace {

class Answerer final : public RequestHandler {
 public:
  void on_headers(SoupServerMessage*, const char*) override {}
  void on_request(SoupServerMessage* message, const char*) override {
    soup_server_message_set_status(message, SOUP_STATUS_NO_CONTENT, nullptr);
  }
};

int connect_to(const std::string& url) {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(std::stoi(url.substr(url.rfind(':') + 1))));
  EXPECT_EQ(::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  return fd;
}

// The other side closes the connection within 10 s.
bool is_cut(int fd) {
  pollfd polled{fd, POLLIN, 0};
  char byte = 0;
  const bool cut = ::poll(&polled, 1, 10000) == 1 && ::recv(fd, &byte, 1, 0) <= 0;
  ::close(fd);
  return cut;
}

TEST(ServerThread, CutsWhoIsSilent) {
  Answerer answerer;
  const ServerThread server({.address = "127.0.0.1", .port = 0, .certificate = nullptr, .silence_s = 1}, answerer, "x");
  EXPECT_TRUE(is_cut(connect_to(server.url()))) << "before the request";
  const int fd = connect_to(server.url());
  const std::string text = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nab";
  EXPECT_EQ(::send(fd, text.data(), text.size(), 0), static_cast<ssize_t>(text.size()));
  EXPECT_TRUE(is_cut(fd)) << "within the body";
}

}  // namespace
}  // namespace klingv2a::http
