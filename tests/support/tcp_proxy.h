// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A network that fails: hands TCP connections on to a server on 127.0.0.1 until it is asked to cut one, in the middle
// of a request or of an answer. Where the server names itself in an answer, the client reads the proxy's port instead,
// so that links lead through here, too.
//
// Threads: one that accepts and one per connection; all end with the object. One mutex guards what is to be cut, and
// the connections. Every public method may be called from any thread.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace klingv2a::test {

// What happens, once, to the next request that begins with `request` ("POST /v1").
struct Cut {
  enum class Do {
    nothing,
    swallow_request,  // it never arrives; the connection stays open
    swallow_answer,   // the request arrives, its answer does not; likewise
    reset_request,    // `bytes` of it arrive, then RST on both sides
    reset_answer,     // `bytes` of the answer arrive, then RST on both sides
    hold_answer,      // `bytes` of the answer arrive, the rest when the server has closed the connection
  };
  Do what = Do::nothing;
  std::string request;
  std::size_t bytes = 0;
};

class TcpProxy {
 public:
  explicit TcpProxy(std::uint16_t server);  // throws std::system_error
  ~TcpProxy();
  TcpProxy(const TcpProxy&) = delete;
  TcpProxy& operator=(const TcpProxy&) = delete;

  [[nodiscard]] std::string port() const { return std::to_string(port_); }
  [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + port(); }
  void set(const Cut& cut);
  // Until the cut has happened; false after 30 s.
  [[nodiscard]] bool wait_for_cut();
  // Connections are reset and refused until listen().
  void refuse();
  void listen();

 private:
  struct Link;

  void accept_loop();
  [[nodiscard]] bool accept_one();
  [[nodiscard]] bool is_stopping();
  void serve(int client);
  [[nodiscard]] bool pass_request(Link& link);
  [[nodiscard]] bool pass_answer(Link& link);
  [[nodiscard]] static bool stay_open(Link& link);
  [[nodiscard]] bool cut_request(Link& link, const std::string& data);
  [[nodiscard]] Cut take_cut(const std::string& data);
  void note_cut();
  void translate(std::string& data) const;

  const std::uint16_t server_;
  std::uint16_t port_ = 0;
  std::mutex mutex_;
  std::condition_variable changed_;
  Cut cut_;               // guarded by mutex_, like the following
  bool has_cut_ = false;  // since set()
  bool stopping_ = false;
  int listener_ = -1;  // -1: refusing
  std::vector<int> clients_;
  std::vector<std::thread> threads_;
  std::thread acceptor_;
};

}  // namespace klingv2a::test
