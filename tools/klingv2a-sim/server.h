// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The HTTP side: a SoupServer with a GMainContext and a thread of its own, so that whoever runs the service needs no
// main loop and cannot dead-lock with it.
//
// Threads: the handler runs on the server thread, one request at a time.
#pragma once

#include <libsoup/soup.h>

#include <cstdint>
#include <functional>
#include <string>
#include <thread>

#include "answer.h"
#include "wire.h"

namespace klingv2a::sim {

class Server {
 public:
  using Handler = std::function<Answer(const Request&)>;

  // Bound, so that port() is known, but silent until start(). Throws std::runtime_error when the address cannot be
  // bound.
  Server(const std::string& address, std::uint16_t port);
  ~Server();  // stops at once; open connections are closed
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  [[nodiscard]] std::uint16_t port() const { return port_; }
  void start(Handler handler);

 private:
  void run();
  static void on_request(SoupServer* server, SoupServerMessage* message, const char* path, GHashTable* query,
                         gpointer data);

  std::unique_ptr<GMainContext, Deleter<g_main_context_unref>> context_;
  std::unique_ptr<GMainLoop, Deleter<g_main_loop_unref>> loop_;
  GObjectPtr<GSocket> socket_;
  std::uint16_t port_ = 0;
  Handler handler_;
  Wire* wire_ = nullptr;  // lives in run()
  std::thread thread_;
};

}  // namespace klingv2a::sim
