// SPDX-License-Identifier: LGPL-2.1-or-later
//
// An HTTP server of our own on a thread of its own: what serve:// and the callback's listener have in common. It has a
// main context that nobody else iterates, because the cycle thread blocks and would otherwise wait for itself.
//
// Anybody may connect. Connections that are silent, or whose request takes too long, are cut; of endless bodies a
// beginning is read. There are never more connections than kMostConnections: one that comes beyond takes the place of
// the oldest whose request was not for us.
//
// Threads: made and destroyed on the cycle thread; the handler is called on the server's thread only, between the two.
#pragma once

#include <libsoup/soup.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>

#include "gobject_ptr.h"

namespace klingv2a::http {

inline constexpr std::size_t kMostConnections = 32;

// Called on the server's thread; must not throw.
class RequestHandler {
 public:
  virtual ~RequestHandler() = default;
  // Does the request come from somebody who knows us? His connection is kept when there are too many.
  [[nodiscard]] virtual bool knows_us(SoupServerMessage* message, const char* path) const = 0;
  // The head has come. With a status set now, on_request() is not called.
  virtual void on_headers(SoupServerMessage* message, const char* path) = 0;
  // All of the request has come.
  virtual void on_request(SoupServerMessage* message, const char* path) = 0;
};

struct ListenAddress {
  std::string address;                      // IP, without brackets
  std::uint16_t port = 0;                   // 0: the kernel chooses
  GObjectPtr<GTlsCertificate> certificate;  // with its key; null: plain HTTP
  // So long a connection may be silent before it is cut; at least 1. A stranger's whole request may take five times
  // that.
  guint silence_s = 30;
};

class ServerThread {
 public:
  // Answers before this returns. `handler` outlives it. Throws Error{settings} when the address cannot be listened on;
  // `setting` is the name of the setting that the address came from.
  ServerThread(const ListenAddress& where, RequestHandler& handler, const std::string& setting);
  // Cuts what is under way.
  ~ServerThread();
  ServerThread(const ServerThread&) = delete;
  ServerThread& operator=(const ServerThread&) = delete;

  // "http://127.0.0.1:8090", with the port that it really is.
  [[nodiscard]] const std::string& url() const noexcept { return url_; }

 private:
  void start(const ListenAddress& where, RequestHandler& handler, const std::string& setting);
  void listen(const ListenAddress& where, const std::string& setting);
  void run();

  class Guests;

  std::string url_;
  std::unique_ptr<Guests> guests_;  // the server's thread's
  std::atomic<bool> stopping_ = false;
  const std::unique_ptr<GMainContext, Deleter<g_main_context_unref>> context_{g_main_context_new()};
  GObjectPtr<SoupServer> server_;
  std::thread thread_;
};

}  // namespace klingv2a::http
