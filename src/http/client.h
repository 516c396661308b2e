// SPDX-License-Identifier: LGPL-2.1-or-later
//
// One blocking HTTP client on libsoup-3. A Client is made, used and destroyed on one thread (the cycle thread); the
// only thing other threads may do to it is cancel the GCancellable it was given. Each call ends by itself: there is a
// time-out for the connection, one for silence and one deadline for the whole call.
//
// What this client never does: follow a redirect, answer an authentication challenge, send a request with
// `send_once` a second time (libsoup would by itself, on 421 for instance), keep cookies, ask for a packed answer, or
// write a header value or a URL's query into a log or an error. An answer that came packed all the same (gzip, deflate)
// is unpacked.
#pragma once

#include <gio/gio.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "clock.h"
#include "error.h"
#include "gobject_ptr.h"
#include "spool_file.h"

namespace klingv2a::http {

using Headers = std::vector<std::pair<std::string, std::string>>;

struct Timeouts {
  Seconds connect{10};  // name resolution, TCP and TLS together
  Seconds idle{30};     // no byte in either direction
  Seconds total{600};   // the whole call, whatever trickles
};

// How much of a download lies in its file, so that the next request goes on where a cut one ended. One for one file;
// as made, it stands for an empty one. Kept by send(), also when that throws.
struct PartialDownload {
  std::string from;                    // the URL without its query, which a fresh signature changes
  std::uint64_t size = 0;              // bytes from the file's beginning
  std::string validator;               // a strong ETag, or Last-Modified; empty: the next request starts over
  std::optional<std::uint64_t> total;  // bytes of the whole file, once known
};

struct Request {
  std::string method = "GET";
  std::string url;                          // absolute http/https, no userinfo
  Headers headers;                          // Authorization goes here; never logged
  std::string body;                         // sent when `upload` is null
  std::string content_type;                 // of body or upload
  std::shared_ptr<const SpoolFile> upload;  // streamed from disk, with Content-Length
  SpoolFile* download = nullptr;            // a 2xx body goes here instead of Response::body, from offset 0 on
  PartialDownload* partial = nullptr;       // with `download`: the rest is asked for by Range, and added to the file
  std::uint64_t max_body = 1024 * 1024;     // bytes, with what `partial` holds; more is Error{result}
  Timeouts timeouts;
  double least_rate = 0;  // bytes/s of an answer's body; what is slower for kRateWindow is given up (Stalled). 0: any
  bool public_only = false;  // no address in a local network: such a connection is given up, Error{result}
  // Called once the connection stands (TLS and a proxy's tunnel included), before any byte of the request leaves. What
  // it throws, run() throws, and nothing was sent.
  std::function<void()> before_sending;
  bool send_once = false;      // the paid POST: at most one request on the wire, whatever the HTTP library would like
  Phase phase = Phase::check;  // for errors
};

struct Response {
  int status = 0;
  Headers headers;  // names in lower case
  std::string body;
  std::uint64_t body_size = 0;  // bytes of this answer as unpacked, also when they went into `download`
  std::string unreadable;       // why the body is not here although one came; empty: it is
  [[nodiscard]] std::optional<std::string> header(std::string_view lower_case_name) const;
  // Retry-After as seconds from `wall_now`: delta-seconds or HTTP-date; nothing when absent, unreadable or in the past.
  [[nodiscard]] std::optional<double> retry_after(Seconds wall_now) const;
  // The server's own clock, seconds since 1970: its Date header.
  [[nodiscard]] std::optional<Seconds> date() const;
};

// A date in one of HTTP's forms, seconds since 1970.
[[nodiscard]] std::optional<Seconds> read_http_date(const std::string& value);

// How far a request got before it failed: decides whether a POST may have created a task.
enum class Sent { nothing, maybe };

// No HTTP answer was had (or it was cut short). kind is network, cancelled, result (too large) or settings (URL).
class TransportError : public Error {
 public:
  TransportError(ErrorDetails details, Sent sent, std::shared_ptr<const Response> beginning = nullptr)
      : Error(std::move(details)), sent_(sent), beginning_(std::move(beginning)) {}
  // `nothing`: it is certain that no byte of the request body reached a server (refused, no name, connect time-out).
  [[nodiscard]] Sent sent() const noexcept { return sent_; }
  // Of a request with `send_once`: what had come of the answer before it broke. Null: no head.
  [[nodiscard]] const Response* beginning() const noexcept { return beginning_.get(); }

 private:
  Sent sent_;
  std::shared_ptr<const Response> beginning_;
};

// Bytes came, but so few that waiting for the rest is pointless. `retryable`: another connection may be faster.
class Stalled : public TransportError {
 public:
  using TransportError::TransportError;
};

// Over how long Request::least_rate is reckoned.
inline constexpr Seconds kRateWindow{15};

class Client {
 public:
  // `cancel` is kept; a cancel before, between or during calls ends them with TransportError{cancelled}.
  explicit Client(GObjectPtr<GCancellable> cancel);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // Any status is a Response, also 3xx, 4xx and 5xx; only a missing or cut answer throws (TransportError), or a full
  // disk on `download` (Error{disk}). A 416 to the Range of `partial` is not returned: the download starts over.
  [[nodiscard]] Response send(const Request& request);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// "https://host/path" of a URL: what may be shown. Userinfo, query and fragment are left out.
[[nodiscard]] std::string displayable_url(std::string_view url);
// True for localhost, 127.0.0.0/8 and ::1 as literal hosts (no name is resolved).
[[nodiscard]] bool is_loopback_url(std::string_view url);

}  // namespace klingv2a::http
