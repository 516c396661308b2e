// SPDX-License-Identifier: LGPL-2.1-or-later
//
// One request and its answer: what libsoup's blocking call does not do by itself. It joins the run's cancel and the
// deadlines into one cancellable, knows whether anything was sent, stops libsoup from sending again, and bounds the
// body. Made, used and destroyed on the client's thread; libsoup emits its signals on that thread too.
#pragma once

#include <libsoup/soup.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <optional>
#include <span>
#include <string>

#include "gobject_ptr.h"
#include "http/client.h"
#include "http/content_decoder.h"
#include "http/network_environment.h"
#include "http/watchdog.h"

namespace klingv2a::http {

class Call {
 public:
  // `uri` is the parsed request.url. All arguments outlive the call; `request` has been checked.
  // `proxies`: those of the environment, if they are in force.
  Call(SoupSession* session, GProxyResolver* proxies, const Request& request, GUri* uri, GCancellable* run_cancel,
       Watchdog& watchdog);
  ~Call();
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

  // Once. Throws TransportError, or Error{disk} for the file that is sent or written.
  [[nodiscard]] Response run();

 private:
  class BodyStream;

  void set_body();
  void set_headers();
  void connect_signals();
  void on_starting();
  void on_restarted();
  void on_misdirected();
  // libsoup asks a proxy for a tunnel by a message of its own.
  void on_queued(SoupMessage* message);
  void on_network_event(GSocketClientEvent event, GIOStream* connection);
  // Gives the call up when the connection leads where it must not.
  void check_address(GSocketAddress* address);

  // Takes over the stream.
  [[nodiscard]] Response read_response(GInputStream* raw_stream);
  void begin_download(const Response& response);
  // False when the body is packed in a way that cannot be read, which the response then says.
  [[nodiscard]] bool is_readable(Response& response) const;
  void read_body(BodyStream& stream, Response& response);
  [[nodiscard]] bool goes_on(const ContentDecoder& decoder, ContentDecoder::State state);
  [[nodiscard]] bool keep(Response& response, std::span<const std::byte> bytes);
  // The Content-Length of an answer that has a body.
  [[nodiscard]] std::optional<std::uint64_t> announced_size(const Response& response) const;
  void check_announced_size(const Response& response) const;
  void check_length(const Response& response) const;
  // How much the answer may still bring.
  [[nodiscard]] std::uint64_t room(const Response& response) const;
  [[nodiscard]] Response head() const;

  // Throws Stalled.
  void check_rate();

  // The proxy refuses the tunnel, or to pass the request on: that is no answer of the server's.
  [[nodiscard]] int refused_by_proxy() const;
  [[nodiscard]] int tunnel_status() const;
  [[nodiscard]] TransportError proxy_failure(int status) const;
  [[nodiscard]] TransportError certificate_failure() const;
  [[noreturn]] void throw_failure(const GError* error) const;
  [[nodiscard]] Seconds time_given() const;
  [[nodiscard]] TransportError too_large() const;
  [[nodiscard]] TransportError failure(ErrorKind kind, const std::string& cause, std::string advice = {}) const;

  SoupSession* session_;
  const Request& request_;
  GCancellable* run_cancel_;
  Watchdog& watchdog_;
  std::chrono::steady_clock::time_point deadline_;
  GObjectPtr<GCancellable> cancel_;  // this call's own
  gulong chained_ = 0;
  GObjectPtr<SoupMessage> message_;
  std::optional<ProxyRoute> route_;
  GObjectPtr<SoupMessage> tunnel_;  // the request for it; null: there is none
  GObjectPtr<GInputStream> upload_;
  Sent sent_ = Sent::nothing;
  std::exception_ptr withdrawn_;  // what before_sending() threw
  std::chrono::steady_clock::time_point window_begin_;
  std::uint64_t window_offset_ = 0;  // what of `received_` came before the window
  std::uint64_t file_offset_ = 0;    // where the answer's body begins in the file
  std::uint64_t received_ = 0;       // bytes of the body as they came
  bool asks_for_rest_ = false;
  bool restarted_ = false;
  bool misdirected_ = false;
  bool blocked_address_ = false;
};

// Throws TransportError{settings} when there are no descriptors for a connection and for what GLib needs besides: GLib
// would end the process.
void check_descriptors(const Request& request);

}  // namespace klingv2a::http
