// SPDX-License-Identifier: LGPL-2.1-or-later
//
// See tcp_proxy.h for the threads and the mutex. Each connection's thread waits in poll() for both sides, and now and
// then looks whether it is to end.
#include "tcp_proxy.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <string_view>
#include <system_error>
#include <utility>

namespace klingv2a::test {
namespace {

constexpr std::chrono::seconds kDeadline{90};  // with sanitizers, on a loaded machine
constexpr int kBacklog = 16;
constexpr int kLookMs = 20;  // at whether to end

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

[[noreturn]] void fail(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

int make_listener(std::uint16_t port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int yes = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  const sockaddr_in address = loopback(port);
  if (::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 || ::listen(fd, kBacklog) != 0)
    fail("cannot listen");
  return fd;
}

std::uint16_t port_of(int fd) {
  sockaddr_in address{};
  socklen_t length = sizeof address;
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length) != 0) fail("getsockname");
  return ntohs(address.sin_port);
}

// -1: nobody listens.
int connect_to(std::uint16_t port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = loopback(port);
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return fd;
  ::close(fd);
  return -1;
}

bool send_all(int fd, std::string_view data) {
  while (!data.empty()) {
    const ssize_t sent = ::send(fd, data.data(), data.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    data.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

// Empty: the other side has closed.
std::string receive(int fd) {
  std::array<char, 16384> buffer;
  const ssize_t got = ::recv(fd, buffer.data(), buffer.size(), 0);
  return got <= 0 ? std::string() : std::string(buffer.data(), static_cast<std::size_t>(got));
}

bool is_readable(int fd) {
  pollfd descriptor{.fd = fd, .events = POLLIN, .revents = 0};
  return ::poll(&descriptor, 1, 0) > 0;
}

// What is closed after this is reset.
void close_by_reset(int fd) {
  const linger at_once{1, 0};
  ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

}  // namespace

// One connection.
struct TcpProxy::Link {
  int client = -1, server = -1;
  Cut cut;               // of the request under way
  std::size_t left = 0;  // bytes that may still pass
  bool deaf = false;     // nothing passes any more
  void reset() const {
    close_by_reset(client);
    if (server >= 0) close_by_reset(server);
  }
};

TcpProxy::TcpProxy(std::uint16_t server) : server_(server), listener_(make_listener(0)) {
  port_ = port_of(listener_);
  acceptor_ = std::thread([this] { accept_loop(); });
}

TcpProxy::~TcpProxy() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  acceptor_.join();
  for (std::thread& thread : threads_) thread.join();
  if (listener_ >= 0) ::close(listener_);
}

void TcpProxy::set(const Cut& cut) {
  const std::lock_guard lock(mutex_);
  cut_ = cut;
  has_cut_ = false;
}

bool TcpProxy::wait_for_cut() {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, kDeadline, [this] { return has_cut_; });
}

void TcpProxy::note_cut() {
  {
    const std::lock_guard lock(mutex_);
    has_cut_ = true;
  }
  changed_.notify_all();
}

void TcpProxy::refuse() {
  const std::lock_guard lock(mutex_);
  ::close(listener_);
  listener_ = -1;
  for (const int client : clients_) {
    close_by_reset(client);
    ::shutdown(client, SHUT_RDWR);
  }
}

void TcpProxy::listen() {
  const std::lock_guard lock(mutex_);
  listener_ = make_listener(port_);
}

void TcpProxy::accept_loop() {
  while (!is_stopping())
    if (!accept_one()) ::poll(nullptr, 0, kLookMs);
}

bool TcpProxy::is_stopping() {
  const std::lock_guard lock(mutex_);
  return stopping_;
}

// False: nobody is there.
bool TcpProxy::accept_one() {
  const std::lock_guard lock(mutex_);
  if (listener_ < 0 || !is_readable(listener_)) return false;
  const int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
  if (client < 0) return false;
  clients_.push_back(client);
  threads_.emplace_back([this, client] { serve(client); });
  return true;
}

void TcpProxy::serve(int client) {
  Link link{.client = client, .server = connect_to(server_)};
  for (bool goes_on = link.server >= 0; goes_on;) {
    std::array<pollfd, 2> sides{pollfd{link.client, POLLIN, 0}, pollfd{link.server, POLLIN, 0}};
    ::poll(sides.data(), sides.size(), kLookMs);
    if (sides[1].revents != 0) goes_on = pass_answer(link);
    if (goes_on && sides[0].revents != 0) goes_on = pass_request(link);
    goes_on = goes_on && !is_stopping();
  }
  const std::lock_guard lock(mutex_);
  std::erase(clients_, client);
  if (link.server >= 0) ::close(link.server);
  ::close(client);
}

Cut TcpProxy::take_cut(const std::string& data) {
  const std::lock_guard lock(mutex_);
  if (cut_.what == Cut::Do::nothing || !data.starts_with(cut_.request)) return {};
  return std::exchange(cut_, {});
}

bool TcpProxy::pass_request(Link& link) {
  const std::string data = receive(link.client);
  if (data.empty()) return false;
  if (link.deaf) return true;
  if (link.cut.what == Cut::Do::nothing) {
    link.cut = take_cut(data);
    link.left = link.cut.bytes;
  }
  switch (link.cut.what) {
    case Cut::Do::swallow_request:
      link.deaf = true;
      note_cut();
      return true;
    case Cut::Do::reset_request:
      return cut_request(link, data);
    default:
      return send_all(link.server, data);
  }
}

bool TcpProxy::cut_request(Link& link, const std::string& data) {
  const std::size_t passes = std::min(link.left, data.size());
  (void)send_all(link.server, std::string_view(data).substr(0, passes));
  link.left -= passes;
  if (passes == data.size()) return true;
  link.reset();
  note_cut();
  return false;
}

bool TcpProxy::pass_answer(Link& link) {
  std::string data = receive(link.server);
  if (data.empty()) return stay_open(link);
  translate(data);
  const Cut::Do what = link.cut.what;
  if (what == Cut::Do::nothing) return send_all(link.client, data);
  if (link.deaf) return true;
  const std::size_t passes = what == Cut::Do::swallow_answer ? 0 : std::min(link.left, data.size());
  (void)send_all(link.client, std::string_view(data).substr(0, passes));
  link.left -= passes;
  if (passes == data.size()) return true;
  link.deaf = true;
  if (what == Cut::Do::reset_answer) link.reset();
  note_cut();
  return what != Cut::Do::reset_answer;
}

// The server has closed. A client that is to wait in vain does not learn of it.
bool TcpProxy::stay_open(Link& link) {
  if (!link.deaf || link.cut.what == Cut::Do::hold_answer) return false;
  ::close(link.server);
  link.server = -1;  // poll() leaves it out
  return true;
}

void TcpProxy::translate(std::string& data) const {
  const std::string theirs = ":" + std::to_string(server_), ours = ":" + std::to_string(port_);
  if (theirs.size() != ours.size()) return;  // the length that was announced must stay
  for (auto at = data.find(theirs); at != std::string::npos; at = data.find(theirs, at + 1))
    data.replace(at, theirs.size(), ours);
}

}  // namespace klingv2a::test
