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

#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace klingv2a::http {
namespace {

class Answerer final : public RequestHandler {
 public:
  [[nodiscard]] bool knows_us(SoupServerMessage*, const char* path) const override {
    return std::string_view(path) == "/known";
  }
  void on_headers(SoupServerMessage* message, const char*) override {
    soup_message_body_set_accumulate(soup_server_message_get_request_body(message), FALSE);
  }
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

void say(int fd, const std::string& text) {
  EXPECT_EQ(::send(fd, text.data(), text.size(), MSG_NOSIGNAL), static_cast<ssize_t>(text.size()));
}

// The first line of what is answered within 10 s.
std::string answer(int fd) {
  pollfd polled{fd, POLLIN, 0};
  std::array<char, 64> text{};
  if (::poll(&polled, 1, 10000) != 1) return "nothing";
  const ssize_t got = ::recv(fd, text.data(), text.size(), 0);
  return got <= 0 ? "the end" : std::string(text.data(), static_cast<std::size_t>(got)).substr(0, 12);
}

constexpr const char* kGet = "GET /known HTTP/1.1\r\nHost: x\r\n\r\n";

// Never silent, and never at an end.
TEST(ServerThread, CutsWhoTricklesARequest) {
  Answerer answerer;
  const ServerThread server({.address = "127.0.0.1", .port = 0, .certificate = nullptr, .silence_s = 1}, answerer, "x");
  for (const std::string begin :
       {"GET / HTTP/1.1\r\nX: ", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9000\r\n\r\n"}) {
    const int fd = connect_to(server.url());
    say(fd, begin);
    pollfd polled{fd, POLLIN, 0};
    int pieces = 0;
    while (pieces < 100 && ::poll(&polled, 1, 200) == 0) {
      (void)!::send(fd, "a", 1, MSG_NOSIGNAL);
      ++pieces;
    }
    EXPECT_GT(pieces, 10) << begin;  // more than two silences
    EXPECT_LT(pieces, 100) << begin;
    ::close(fd);
  }
}

class Crowd {
 public:
  enum class Then { listens, closes_its_half };
  Crowd(const std::string& url, int size, const std::string& text, Then then = Then::listens) {
    for (int i = 0; i < size; ++i) {
      fds_.push_back(connect_to(url));
      if (!text.empty()) (void)!::send(fds_.back(), text.data(), text.size(), MSG_NOSIGNAL);
      if (then == Then::closes_its_half) (void)::shutdown(fds_.back(), SHUT_WR);
    }
  }
  ~Crowd() {
    for (const int fd : fds_) ::close(fd);
  }
  Crowd(const Crowd&) = delete;
  Crowd& operator=(const Crowd&) = delete;

 private:
  std::vector<int> fds_;
};

TEST(ServerThread, HasAPlaceForWhoKnowsIt) {
  Answerer answerer;
  const ServerThread server({.address = "127.0.0.1", .port = 0, .certificate = nullptr}, answerer, "x");
  const int friendly = connect_to(server.url());
  say(friendly, "GET /known HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\na");  // the rest comes later
  for (const std::string text :
       {"", "GET / HTTP/1.1\r\nHost", "POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\nab"}) {
    for (const int size : {67, 300}) {
      const Crowd crowd(server.url(), size, text);
      const int fd = connect_to(server.url());
      say(fd, kGet);
      EXPECT_EQ(answer(fd), "HTTP/1.1 204") << size << " who say: " << text;
      ::close(fd);
    }
  }
  say(friendly, "bc");
  EXPECT_EQ(answer(friendly), "HTTP/1.1 204") << "the one that was there before was cut";
  ::close(friendly);
}

TEST(ServerThread, OutlivesWhoSpeaksNoHttp) {
  Answerer answerer;
  const ServerThread server({.address = "127.0.0.1", .port = 0, .certificate = nullptr}, answerer, "x");
  std::string pipelined;
  for (int i = 0; i < 200; ++i) pipelined += "GET /unknown HTTP/1.1\r\nHost: x\r\n\r\n";
  const std::string zeros(64 * 1024, '\0');
  for (const std::string& text : {std::string(), std::string("\x16\x03\x01\x02", 4), zeros, std::string("\r\n\r\n"),
                                  "GET " + std::string(60'000, 'a'), pipelined, pipelined + "junk"}) {
    for (const auto then : {Crowd::Then::listens, Crowd::Then::closes_its_half}) {
      const Crowd crowd(server.url(), 100, text, then);
      const int fd = connect_to(server.url());
      say(fd, kGet);
      EXPECT_EQ(answer(fd), "HTTP/1.1 204") << text.substr(0, 40);
      ::close(fd);
    }
  }
}

TEST(ServerThread, ReadsNoBodyWithoutEnd) {
  Answerer answerer;
  const ServerThread server({.address = "127.0.0.1", .port = 0, .certificate = nullptr}, answerer, "x");
  const int fd = connect_to(server.url());
  say(fd, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000000\r\n\r\n");
  const timeval patience{10, 0};
  EXPECT_EQ(::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience), 0);
  const std::string piece(64 * 1024, 'x');
  std::size_t sent = 0;
  for (ssize_t got = 1; got > 0 && sent < (std::size_t{64} << 20U);) {
    got = ::send(fd, piece.data(), piece.size(), MSG_NOSIGNAL);
    if (got > 0) sent += static_cast<std::size_t>(got);
  }
  EXPECT_LT(sent, std::size_t{32} << 20U);  // what the kernel holds is among it
  ::close(fd);
}

}  // namespace
}  // namespace klingv2a::http
