// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A TCP server on 127.0.0.1 that speaks only what a test scripts, so that answers can be wrong in every way and each
// request is counted as it was on the wire. Library servers would repair, buffer or hide exactly that.
//
// Threads: one that accepts and one per connection; all end with the object. One mutex guards script and records.
// Every public method may be called from any thread.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace klingv2a::test {

// What happens to one request. The answers are used up in the order they were added, over all connections.
struct Answer {
  enum class Do {
    reply,             // read the whole request, send `bytes`, then go on (keep-alive) or close when `close`
    reset_at_once,     // RST as soon as the connection stands; nothing is read
    reset_after_head,  // RST when the head has come, before the body is read
    reset,             // read the whole request, send `bytes`, then RST
    hang,              // read the whole request, send `bytes`, then nothing until the server is stopped
    stop_reading,      // read the head, then neither read nor write until the server is stopped
  };
  Do what = Do::reply;
  std::string bytes;
  bool close = false;                 // FIN after `bytes`
  std::size_t trickle = 0;            // so many bytes at a time, with `gap` between; 0: all at once
  std::chrono::milliseconds gap{20};  // only with trickle
};

// "HTTP/1.1 200 OK" with Content-Length and the headers ("Name: value\r\n" each).
[[nodiscard]] Answer reply(int status, std::string_view body, std::string_view headers = {});
[[nodiscard]] Answer reset(Answer::Do when = Answer::Do::reset);
// The first `sent` bytes of a reply whose Content-Length promises all of `body`; then FIN.
[[nodiscard]] Answer half_reply(int status, std::string_view body, std::size_t sent);

struct SeenRequest {
  std::string head;  // byte for byte, with the empty line
  std::string body;  // what was read of it
  [[nodiscard]] std::string method() const;
  [[nodiscard]] std::string target() const;
  // The value of a header, whatever its case; empty when absent.
  [[nodiscard]] std::string header(std::string_view name) const;
};

class RawServer {
 public:
  RawServer();
  ~RawServer();
  RawServer(const RawServer&) = delete;
  RawServer& operator=(const RawServer&) = delete;

  void add(Answer answer);
  // Used when the script is empty. Without one: 500 and close.
  void set_default(Answer answer);

  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
  [[nodiscard]] std::string url(std::string_view path_and_query = "/") const;
  [[nodiscard]] std::vector<SeenRequest> requests() const;
  [[nodiscard]] int posts() const;
  [[nodiscard]] int connections() const;
  // False at the deadline.
  [[nodiscard]] bool wait_for_connections(int count, std::chrono::milliseconds deadline = std::chrono::seconds(10));
  [[nodiscard]] bool wait_for_requests(int count, std::chrono::milliseconds deadline = std::chrono::seconds(10));

 private:
  void accept_loop();
  void serve(int fd);
  [[nodiscard]] bool serve_one(int fd, std::string& buffer);
  [[nodiscard]] bool carry_out(int fd, const Answer& answer);
  [[nodiscard]] bool send_bytes(int fd, const Answer& answer);
  [[nodiscard]] Answer next_answer();
  // The next answer, when it does not need a request; so that a RST can come at once.
  [[nodiscard]] bool take_reset_at_once();
  void wait_for_stop();

  int listen_fd_ = -1;
  std::uint16_t port_ = 0;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Answer> script_;
  Answer default_;
  std::vector<SeenRequest> requests_;
  std::vector<int> fds_;  // closed by the destructor only, so that no number is used twice
  std::vector<std::thread> threads_;
  bool stopping_ = false;
  std::thread acceptor_;
};

// A port that takes no connection: its backlog is full, so that a connect waits for ever.
class DeafPort {
 public:
  DeafPort();
  ~DeafPort();
  DeafPort(const DeafPort&) = delete;
  DeafPort& operator=(const DeafPort&) = delete;
  [[nodiscard]] std::string url() const;

 private:
  int listen_fd_ = -1;
  std::uint16_t port_ = 0;
  std::vector<int> fillers_;
};

// A port on which nobody listens, nor will as long as this process runs: it is taken.
[[nodiscard]] std::uint16_t closed_port();
// One to listen on at once, for servers that cannot tell which one the kernel chose.
[[nodiscard]] std::uint16_t free_port();

}  // namespace klingv2a::test
