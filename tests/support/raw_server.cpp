// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A scripted TCP server: see raw_server.h for its threads and its mutex. Blocking sockets; the destructor wakes every
// thread by shutting its socket down.
#include "raw_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

namespace klingv2a::test {
namespace {

constexpr std::string_view kEndOfHead = "\r\n\r\n";

[[noreturn]] void fail(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

std::uint16_t port_of(int fd) {
  sockaddr_in address{};
  socklen_t length = sizeof(address);
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length) != 0) fail("getsockname");
  return ntohs(address.sin_port);
}

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return address;
}

int make_listener(int backlog) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = loopback(0);
  if (fd < 0 || ::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0 ||
      (backlog >= 0 && ::listen(fd, backlog) != 0)) {
    fail("bind");
  }
  return fd;
}

std::string base_url(std::uint16_t port) {
  return "http://127.0.0.1:" + std::to_string(port);
}

// Nothing that was sent is waited for: the peer gets RST. The descriptor stays open as a number (see fds_), hence a
// disconnect rather than a close.
void reset_connection(int fd) {
  const linger hard{1, 0};
  ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
  sockaddr nowhere{};
  nowhere.sa_family = AF_UNSPEC;
  if (::connect(fd, &nowhere, sizeof(nowhere)) != 0) ::shutdown(fd, SHUT_RDWR);
}

bool receive_more(int fd, std::string& buffer) {
  std::array<char, 16384> chunk;
  const ssize_t got = ::recv(fd, chunk.data(), chunk.size(), 0);
  if (got <= 0) return false;
  buffer.append(chunk.data(), static_cast<std::size_t>(got));
  return true;
}

}  // namespace

Answer reply(int status, std::string_view body, std::string_view headers) {
  Answer answer;
  answer.bytes = "HTTP/1.1 " + std::to_string(status) + " Scripted\r\nContent-Length: " + std::to_string(body.size()) +
                 "\r\n" + std::string(headers) + "\r\n" + std::string(body);
  return answer;
}

Answer reset(Answer::Do when) {
  Answer answer;
  answer.what = when;
  return answer;
}

Answer half_reply(int status, std::string_view body, std::size_t sent) {
  Answer answer = reply(status, body);
  answer.bytes.resize(answer.bytes.size() - body.size() + sent);
  answer.close = true;
  return answer;
}

std::string SeenRequest::method() const {
  return head.substr(0, head.find(' '));
}

std::string SeenRequest::target() const {
  const std::size_t begin = head.find(' ') + 1;
  return head.substr(begin, head.find(' ', begin) - begin);
}

std::string SeenRequest::header(std::string_view name) const {
  for (std::size_t line = head.find("\r\n") + 2; line < head.size(); line = head.find("\r\n", line) + 2) {
    const std::size_t colon = line + name.size();
    if (colon >= head.size() || head[colon] != ':') continue;
    if (::strncasecmp(head.data() + line, name.data(), name.size()) != 0) continue;
    const std::size_t begin = head.find_first_not_of(' ', colon + 1);
    return head.substr(begin, head.find("\r\n", begin) - begin);
  }
  return {};
}

RawServer::RawServer() : listen_fd_(make_listener(64)), port_(port_of(listen_fd_)) {
  default_ = reply(500, "the script is empty", "Connection: close\r\n");
  default_.close = true;
  acceptor_ = std::thread([this] { accept_loop(); });
}

RawServer::~RawServer() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  ::shutdown(listen_fd_, SHUT_RDWR);
  acceptor_.join();
  // No thread is added any more, and connection threads do not touch these two.
  for (const int fd : fds_) ::shutdown(fd, SHUT_RDWR);
  for (std::thread& thread : threads_) thread.join();
  for (const int fd : fds_) ::close(fd);
  ::close(listen_fd_);
}

void RawServer::add(Answer answer) {
  const std::lock_guard lock(mutex_);
  script_.push_back(std::move(answer));
}

void RawServer::set_default(Answer answer) {
  const std::lock_guard lock(mutex_);
  default_ = std::move(answer);
}

std::string RawServer::url(std::string_view path_and_query) const {
  return base_url(port_) + std::string(path_and_query);
}

std::vector<SeenRequest> RawServer::requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

int RawServer::posts() const {
  const std::lock_guard lock(mutex_);
  return static_cast<int>(std::count_if(requests_.begin(), requests_.end(),
                                        [](const SeenRequest& request) { return request.method() == "POST"; }));
}

int RawServer::connections() const {
  const std::lock_guard lock(mutex_);
  return static_cast<int>(fds_.size());
}

bool RawServer::wait_for_connections(int count, std::chrono::milliseconds deadline) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, deadline, [&] { return static_cast<int>(fds_.size()) >= count; });
}

bool RawServer::wait_for_requests(int count, std::chrono::milliseconds deadline) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, deadline, [&] { return static_cast<int>(requests_.size()) >= count; });
}

void RawServer::accept_loop() {
  for (;;) {
    const int fd = ::accept4(listen_fd_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) return;
    {
      const std::lock_guard lock(mutex_);
      fds_.push_back(fd);
      threads_.emplace_back([this, fd] { serve(fd); });
    }
    changed_.notify_all();
  }
}

void RawServer::serve(int fd) {
  if (take_reset_at_once()) return reset_connection(fd);
  std::string buffer;
  while (serve_one(fd, buffer)) {
  }
}

bool RawServer::take_reset_at_once() {
  const std::lock_guard lock(mutex_);
  const bool at_once = !script_.empty() && script_.front().what == Answer::Do::reset_at_once;
  if (at_once) script_.pop_front();
  return at_once;
}

Answer RawServer::next_answer() {
  const std::lock_guard lock(mutex_);
  if (script_.empty()) return default_;
  Answer answer = std::move(script_.front());
  script_.pop_front();
  return answer;
}

// Reads one request and answers it; false when the connection is done. `buffer` keeps what came beyond the request.
bool RawServer::serve_one(int fd, std::string& buffer) {
  while (buffer.find(kEndOfHead) == std::string::npos) {
    if (!receive_more(fd, buffer)) return false;
  }
  SeenRequest request;
  request.head = buffer.substr(0, buffer.find(kEndOfHead) + kEndOfHead.size());
  buffer.erase(0, request.head.size());
  const Answer answer = next_answer();
  const bool head_only = answer.what == Answer::Do::reset_after_head || answer.what == Answer::Do::stop_reading;
  const std::string length_text = request.header("Content-Length");
  const std::size_t length = head_only || length_text.empty() ? 0 : std::stoul(length_text);
  bool whole = true;
  while (whole && buffer.size() < length) whole = receive_more(fd, buffer);
  request.body = buffer.substr(0, length);
  buffer.erase(0, length);
  {
    const std::lock_guard lock(mutex_);
    requests_.push_back(std::move(request));
  }
  changed_.notify_all();
  return whole && carry_out(fd, answer);
}

bool RawServer::carry_out(int fd, const Answer& answer) {
  if (!answer.bytes.empty() && !send_bytes(fd, answer)) return false;
  switch (answer.what) {
    case Answer::Do::reply:
      if (answer.close) ::shutdown(fd, SHUT_RDWR);
      return !answer.close;
    case Answer::Do::hang:
    case Answer::Do::stop_reading:
      wait_for_stop();
      return false;
    default:
      reset_connection(fd);
      return false;
  }
}

bool RawServer::send_bytes(int fd, const Answer& answer) {
  std::string_view left = answer.bytes;
  while (!left.empty()) {
    const std::size_t size = answer.trickle ? std::min(answer.trickle, left.size()) : left.size();
    const ssize_t sent = ::send(fd, left.data(), size, MSG_NOSIGNAL);
    if (sent <= 0) return false;
    left.remove_prefix(static_cast<std::size_t>(sent));
    if (!answer.trickle) continue;
    std::unique_lock lock(mutex_);
    if (changed_.wait_for(lock, answer.gap, [this] { return stopping_; })) return false;
  }
  return true;
}

void RawServer::wait_for_stop() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return stopping_; });
}

DeafPort::DeafPort() : listen_fd_(make_listener(0)), port_(port_of(listen_fd_)) {
  const sockaddr_in address = loopback(port_);
  for (int i = 0; i < 8; ++i) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) fail("socket");
    fillers_.push_back(fd);
    if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0 && errno != EINPROGRESS) {
      fail("connect");
    }
  }
}

DeafPort::~DeafPort() {
  for (const int fd : fillers_) ::close(fd);
  ::close(listen_fd_);
}

std::string DeafPort::url() const {
  return base_url(port_) + "/";
}

std::uint16_t closed_port() {
  static const int taken = make_listener(-1);
  return port_of(taken);
}

std::uint16_t free_port() {
  const int fd = make_listener(-1);
  const std::uint16_t port = port_of(fd);
  ::close(fd);
  return port;
}

}  // namespace klingv2a::test
