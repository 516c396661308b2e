// SPDX-License-Identifier: LGPL-2.1-or-later
//
// One request and its answer. All of it runs on the client's thread, except forward_cancel(), which runs on whatever
// thread cancels the run and therefore touches nothing but this call's cancellable. No lock.
#include "http/call.h"

#include <algorithm>
#include <array>
#include <memory>
#include <span>
#include <utility>

#include "http/address.h"
#include "http/certificate_fault.h"
#include "http/partial_download.h"
#include "http/upload_stream.h"
#include "local_lack.h"

namespace klingv2a::http {
namespace {

// An error page is kept for its first words only; nobody reads more.
constexpr std::uint64_t kMaxErrorBody = 1024 * 1024;
constexpr std::size_t kChunkSize = 64 * 1024;
// Of an answer whose body has a least rate: how long its head may take.
constexpr Seconds kHeadPatience{60};
// What a call takes: its connection, the resolver's thread, GLib's pipes.
constexpr std::size_t kDescriptors = 8;

void forward_cancel(GCancellable*, gpointer call_cancel) {
  g_cancellable_cancel(static_cast<GCancellable*>(call_cancel));
}

// Longer than any call lasts, and short enough for the clock's counter.
constexpr Seconds kForEver{1e8};

std::chrono::steady_clock::time_point after(Seconds length) {
  length = std::clamp(length, Seconds::zero(), kForEver);
  return std::chrono::steady_clock::now() + std::chrono::duration_cast<std::chrono::steady_clock::duration>(length);
}

std::string seconds_text(Seconds length) {
  const GCharPtr text(g_strdup_printf("%.3g s", length.count()));
  return text.get();
}

bool is_success(int status) {
  return status >= 200 && status < 300;
}

}  // namespace

// The last reference would close the stream too, but with nothing to stop it by should libsoup have to wait.
class Call::BodyStream {
 public:
  BodyStream(GInputStream* stream, GCancellable* cancel)
      : stream_(GObjectPtr<GInputStream>::adopt(stream)), cancel_(cancel) {}
  ~BodyStream() { g_input_stream_close(stream_.get(), cancel_, nullptr); }
  BodyStream(const BodyStream&) = delete;
  BodyStream& operator=(const BodyStream&) = delete;

  // -1 on failure, 0 at the end.
  gssize read(std::span<std::byte> buffer, GError** error) {
    return g_input_stream_read(stream_.get(), buffer.data(), buffer.size(), cancel_, error);
  }

 private:
  GObjectPtr<GInputStream> stream_;
  GCancellable* cancel_;
};

Call::Call(SoupSession* session, GProxyResolver* proxies, const Request& request, GUri* uri, GCancellable* run_cancel,
           Watchdog& watchdog)
    : session_(session),
      request_(request),
      run_cancel_(run_cancel),
      watchdog_(watchdog),
      deadline_(after(request.timeouts.total)),
      cancel_(GObjectPtr<GCancellable>::adopt(g_cancellable_new())),
      message_(GObjectPtr<SoupMessage>::adopt(soup_message_new_from_uri(request.method.c_str(), uri))),
      route_(route_of(proxies, request.url)) {
  unsigned message_flags = SOUP_MESSAGE_NO_REDIRECT;
  // libsoup sends again on a connection that turned out to be dead; a new one has no past. An upload could not be
  // read a second time.
  if (request.send_once || request.upload) message_flags |= SOUP_MESSAGE_NEW_CONNECTION;
  soup_message_set_flags(message_.get(), static_cast<SoupMessageFlags>(message_flags));
  soup_message_disable_feature(message_.get(), SOUP_TYPE_AUTH_MANAGER);
  set_headers();
  set_body();
  connect_signals();
  watchdog_.arm(cancel_, std::min(deadline_, after(request.timeouts.connect)));
  // A cancel that came before is forwarded at once, from inside this function.
  chained_ = g_cancellable_connect(run_cancel_, reinterpret_cast<GCallback>(forward_cancel),
                                   g_object_ref(cancel_.get()), g_object_unref);
}

Call::~Call() {
  // Waits for a forward_cancel() under way on another thread; that one needs nothing from this thread.
  g_cancellable_disconnect(run_cancel_, chained_);
  watchdog_.disarm();
  g_signal_handlers_disconnect_by_data(message_.get(), this);
  g_signal_handlers_disconnect_by_data(session_, this);
}

void Call::set_headers() {
  SoupMessageHeaders* headers = soup_message_get_request_headers(message_.get());
  // Without this header a server may pack its answer in any way it likes.
  soup_message_headers_append(headers, "Accept-Encoding", "identity");
  for (const auto& [name, value] : request_.headers) soup_message_headers_append(headers, name.c_str(), value.c_str());
  // An encrypted request never shows it to the server: the proxy gets it with the tunnel's, in on_queued().
  const bool is_plain = g_ascii_strncasecmp(request_.url.c_str(), "http:", 5) == 0;
  if (is_plain && route_ && !route_->authorization.empty())
    soup_message_headers_replace(headers, "Proxy-Authorization", route_->authorization.c_str());
  asks_for_rest_ = request_.partial && can_resume(*request_.partial, request_.url);
  if (!asks_for_rest_) return;
  for (const auto& [name, value] : range_headers(*request_.partial)) {
    soup_message_headers_append(headers, name.c_str(), value.c_str());
  }
}

void Call::set_body() {
  const char* type = request_.content_type.empty() ? nullptr : request_.content_type.c_str();
  if (request_.upload) {
    upload_ = make_upload_stream(request_.upload);
    soup_message_set_request_body(message_.get(), type, upload_.get(), static_cast<gssize>(request_.upload->size()));
  } else if (!request_.body.empty()) {
    const GBytesPtr bytes(g_bytes_new(request_.body.data(), request_.body.size()));
    soup_message_set_request_body_from_bytes(message_.get(), type, bytes.get());
  }
}

void Call::connect_signals() {
  SoupMessage* message = message_.get();
  const auto starting = +[](SoupMessage*, gpointer call) { static_cast<Call*>(call)->on_starting(); };
  const auto restarted = +[](SoupMessage*, gpointer call) { static_cast<Call*>(call)->on_restarted(); };
  const auto misdirected = +[](SoupMessage*, gpointer call) { static_cast<Call*>(call)->on_misdirected(); };
  g_signal_connect(message, "starting", reinterpret_cast<GCallback>(starting), this);
  g_signal_connect(message, "restarted", reinterpret_cast<GCallback>(restarted), this);
  soup_message_add_status_code_handler(message, "got-headers", SOUP_STATUS_MISDIRECTED_REQUEST,
                                       reinterpret_cast<GCallback>(misdirected), this);
  const auto queued = +[](SoupSession*, SoupMessage* queued_message, gpointer call) {
    static_cast<Call*>(call)->on_queued(queued_message);
  };
  g_signal_connect(session_, "request-queued", reinterpret_cast<GCallback>(queued), this);
  if (!request_.public_only) return;
  const auto network_event = +[](SoupMessage*, GSocketClientEvent event, GIOStream* connection, gpointer call) {
    static_cast<Call*>(call)->on_network_event(event, connection);
  };
  g_signal_connect(message, "network-event", reinterpret_cast<GCallback>(network_event), this);
}

void Call::on_queued(SoupMessage* message) {
  if (std::string_view(soup_message_get_method(message)) != SOUP_METHOD_CONNECT) return;
  tunnel_ = GObjectPtr<SoupMessage>::share(message);
  if (!route_ || route_->authorization.empty()) return;
  soup_message_headers_replace(soup_message_get_request_headers(message), "Proxy-Authorization",
                               route_->authorization.c_str());
}

// The address is known, and nothing has been sent to it yet.
void Call::on_network_event(GSocketClientEvent event, GIOStream* connection) {
  if (event != G_SOCKET_CLIENT_CONNECTING || !G_IS_SOCKET_CONNECTION(connection)) return;
  const auto address = GObjectPtr<GSocketAddress>::adopt(
      g_socket_connection_get_remote_address(G_SOCKET_CONNECTION(connection), nullptr));
  check_address(address.get());
}

// To a proxy nothing can be said: it resolves the name itself.
void Call::check_address(GSocketAddress* address) {
  if (!G_IS_INET_SOCKET_ADDRESS(address) || G_IS_PROXY_ADDRESS(address)) return;
  if (!is_local_address(g_inet_socket_address_get_address(G_INET_SOCKET_ADDRESS(address)))) return;
  blocked_address_ = true;
  g_cancellable_cancel(cancel_.get());
}

// The connection stands (TLS and a proxy's tunnel included) and the first byte is about to leave. It may be one that an
// earlier request has made, which was free to go anywhere.
void Call::on_starting() {
  if (request_.public_only) check_address(soup_message_get_remote_address(message_.get()));
  if (request_.before_sending && sent_ == Sent::nothing) {
    try {
      request_.before_sending();
    } catch (...) {
      withdrawn_ = std::current_exception();
      return g_cancellable_cancel(cancel_.get());
    }
  }
  sent_ = Sent::maybe;
  watchdog_.move(request_.least_rate > 0 ? std::min(deadline_, after(kHeadPatience)) : deadline_);
}

void Call::on_restarted() {
  if (!request_.send_once) return;
  restarted_ = true;
  g_cancellable_cancel(cancel_.get());
}

// libsoup answers a 421 by sending the request again. To us it is an answer like any other.
void Call::on_misdirected() {
  misdirected_ = true;
  g_cancellable_cancel(cancel_.get());
}

Response Call::run() {
  GError* raw_error = nullptr;
  GInputStream* stream = soup_session_send(session_, message_.get(), cancel_.get(), &raw_error);
  const GErrorPtr error(raw_error);
  if (misdirected_ && !stream) return head();
  if (!stream) throw_failure(error.get());
  if (const int refused = refused_by_proxy()) {
    const BodyStream closed(stream, cancel_.get());
    throw proxy_failure(refused);
  }
  return read_response(stream);
}

Response Call::head() const {
  Response response;
  response.status = static_cast<int>(soup_message_get_status(message_.get()));
  const auto add = +[](const char* name, const char* value, gpointer target) {
    const GCharPtr lower(g_ascii_strdown(name, -1));
    static_cast<Headers*>(target)->emplace_back(lower.get(), value);
  };
  soup_message_headers_foreach(soup_message_get_response_headers(message_.get()), add, &response.headers);
  return response;
}

Response Call::read_response(GInputStream* raw_stream) {
  BodyStream stream(raw_stream, cancel_.get());
  Response response = head();
  watchdog_.move(deadline_);
  window_begin_ = std::chrono::steady_clock::now();
  try {
    if (!is_readable(response)) return response;
    if (request_.download && is_success(response.status)) begin_download(response);
    read_body(stream, response);
  } catch (const TransportError& error) {
    if (!request_.send_once) throw;
    throw TransportError(error.details(), error.sent(), std::make_shared<const Response>(std::move(response)));
  } catch (const Error& disk) {
    ErrorDetails details = disk.details();
    details.phase = request_.phase;
    throw Error(std::move(details));
  }
  return response;
}

bool Call::is_readable(Response& response) const {
  const std::string coding = content_coding(response);
  if (coding.empty() || can_unpack(coding)) return true;
  response.unreadable = "it came with the Content-Encoding '" + coding + "', which was not asked for";
  if (request_.download && is_success(response.status))
    throw failure(ErrorKind::network, "the answer cannot be read: " + response.unreadable,
                  "the server has to send it as it is (the request says Accept-Encoding: identity)");
  return false;
}

// The answer is the rest of the file, or the whole of it, which takes the place of what was there.
void Call::begin_download(const Response& response) {
  PartialDownload* partial = request_.partial;
  const bool is_part = partial && response.status == SOUP_STATUS_PARTIAL_CONTENT;
  // Of a packed file the rest is no rest of what lies here.
  if (is_part && asks_for_rest_ && content_coding(response).empty()) {
    if (std::optional<PartialDownload> continued = continued_by(*partial, response)) {
      *partial = std::move(*continued);
      file_offset_ = partial->size;
      return;
    }
  }
  request_.download->clear();
  if (!partial) return;
  *partial = {};
  if (is_part) throw failure(ErrorKind::network, "another part of the file came than was asked for");
  *partial = begun_by(response, request_.url, announced_size(response));
}

void Call::read_body(BodyStream& stream, Response& response) {
  check_announced_size(response);
  ContentDecoder decoder(file_offset_ > 0 ? "identity" : content_coding(response));
  const auto sink = [&](std::span<const std::byte> bytes) { return keep(response, bytes); };
  std::array<std::byte, kChunkSize> buffer;
  for (;;) {
    GError* raw_error = nullptr;
    const gssize got = stream.read(buffer, &raw_error);
    const GErrorPtr error(raw_error);
    if (got < 0) throw_failure(error.get());
    if (got == 0) break;
    received_ += static_cast<std::uint64_t>(got);
    if (!goes_on(decoder, decoder.take(std::span(buffer).first(static_cast<std::size_t>(got)), sink))) return;
    check_rate();
  }
  check_length(response);
  (void)goes_on(decoder, decoder.end(sink));
}

// What was unpacked is no beginning that a rest could be added to.
bool Call::goes_on(const ContentDecoder& decoder, ContentDecoder::State state) {
  if (decoder.unpacks() && request_.partial) request_.partial->validator.clear();
  if (state == ContentDecoder::State::damaged) throw failure(ErrorKind::network, "the packed answer is damaged");
  return state == ContentDecoder::State::goes_on;
}

// A read that waits ends by the time-out of silence.
void Call::check_rate() {
  const auto now = std::chrono::steady_clock::now();
  const Seconds length = now - window_begin_;
  if (request_.least_rate <= 0 || length < kRateWindow) return;
  const auto bytes = static_cast<double>(received_ - window_offset_);
  window_begin_ = now;
  window_offset_ = received_;
  if (bytes >= request_.least_rate * length.count()) return;
  const TransportError slow = failure(
      ErrorKind::network, "only " + std::to_string(static_cast<int>(bytes)) + " bytes came in " + seconds_text(length));
  throw Stalled(slow.details(), slow.sent());
}

std::optional<std::uint64_t> Call::announced_size(const Response& response) const {
  const bool has_body = request_.method != "HEAD" && response.status != 204 && response.status != 304;
  SoupMessageHeaders* headers = soup_message_get_response_headers(message_.get());
  if (!has_body || soup_message_headers_get_encoding(headers) != SOUP_ENCODING_CONTENT_LENGTH) return std::nullopt;
  return static_cast<std::uint64_t>(soup_message_headers_get_content_length(headers));
}

std::uint64_t Call::room(const Response& response) const {
  const std::uint64_t limit =
      is_success(response.status) ? request_.max_body : std::min(request_.max_body, kMaxErrorBody);
  const std::uint64_t used = file_offset_ + response.body_size;
  return limit > used ? limit - used : 0;
}

// What will not fit is not begun; but of an answer to what is not sent again, any beginning is worth having.
void Call::check_announced_size(const Response& response) const {
  if (request_.send_once) return;
  if (is_success(response.status) && announced_size(response) > room(response)) throw too_large();
}

// False when the rest is not wanted.
bool Call::keep(Response& response, std::span<const std::byte> bytes) {
  const bool success = is_success(response.status);
  const std::uint64_t left = room(response);
  if (bytes.size() > left && success) throw too_large();
  const bool all = bytes.size() <= left;
  if (!all) bytes = bytes.first(static_cast<std::size_t>(left));
  if (request_.download && success) {
    request_.download->write_at(file_offset_ + response.body_size, bytes);
    if (request_.partial) request_.partial->size = file_offset_ + response.body_size + bytes.size();
  } else {
    response.body.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  }
  response.body_size += bytes.size();
  return all;
}

// What came of the file, against what was announced: of a rest, the size of the whole file is known from its beginning.
void Call::check_length(const Response& response) const {
  const std::optional<std::uint64_t> announced = file_offset_ > 0 ? request_.partial->total : announced_size(response);
  const std::uint64_t received = file_offset_ + received_;
  if (!announced || *announced == received) return;
  throw failure(ErrorKind::network, "the answer was cut short after " + std::to_string(received) + " of " +
                                        std::to_string(*announced) + " bytes");
}

int Call::tunnel_status() const {
  return tunnel_ ? static_cast<int>(soup_message_get_status(tunnel_.get())) : 0;
}

// The status, or 0.
int Call::refused_by_proxy() const {
  const int status = static_cast<int>(soup_message_get_status(message_.get()));
  if (tunnel_status() >= 300) return tunnel_status();
  return route_ && status == SOUP_STATUS_PROXY_AUTHENTICATION_REQUIRED ? status : 0;
}

TransportError Call::proxy_failure(int status) const {
  const std::string proxy = "the proxy " + (route_ ? route_->name : std::string("of this machine"));
  if (status == SOUP_STATUS_PROXY_AUTHENTICATION_REQUIRED) {
    return failure(ErrorKind::settings, proxy + " wants a user and a password, or refuses those that it got (HTTP 407)",
                   "write them into the variable that names it: http://USER:PASSWORD@HOST:PORT");
  }
  const std::string cause = proxy + " refuses the way there: it answers HTTP " + std::to_string(status);
  if (status >= 500) return failure(ErrorKind::network, cause);
  return failure(ErrorKind::permission, cause, "ask who runs the proxy, or name the host in no_proxy");
}

TransportError Call::certificate_failure() const {
  const GUri* uri = soup_message_get_uri(message_.get());
  const CertificateFault fault =
      explain(soup_message_get_tls_peer_certificate_errors(message_.get()),
              soup_message_get_tls_peer_certificate(message_.get()), g_uri_get_host(const_cast<GUri*>(uri)));
  return failure(ErrorKind::network, "the server is not trusted: " + fault.cause, fault.advice);
}

TransportError Call::too_large() const {
  return failure(ErrorKind::result,
                 "the answer is larger than the limit of " + std::to_string(request_.max_body) + " bytes");
}

void Call::throw_failure(const GError* error) const {
  if (withdrawn_) std::rethrow_exception(withdrawn_);
  if (upload_) {
    if (std::optional<ErrorDetails> disk = upload_failure(upload_.get())) {
      disk->phase = request_.phase;
      throw Error(std::move(*disk));
    }
  }
  if (g_cancellable_is_cancelled(run_cancel_)) throw failure(ErrorKind::cancelled, "cancelled");
  if (sent_ == Sent::nothing) check_descriptors(request_);
  if (blocked_address_) throw failure(ErrorKind::result, "the host's address lies in the local network");
  if (watchdog_.expired() && sent_ == Sent::nothing) {
    throw failure(ErrorKind::network, "no connection within " + seconds_text(request_.timeouts.connect));
  }
  if (watchdog_.expired()) {
    throw failure(ErrorKind::network, "no complete answer within " + seconds_text(time_given()));
  }
  if (tunnel_status() >= 300) throw proxy_failure(tunnel_status());
  if (restarted_) throw failure(ErrorKind::network, "the connection broke before an answer came");
  if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT)) {
    throw failure(ErrorKind::network, "no byte was received or sent for " + seconds_text(request_.timeouts.idle));
  }
  if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_PARTIAL_INPUT)) {
    throw failure(ErrorKind::network, "the answer was cut short");
  }
  if (g_error_matches(error, G_TLS_ERROR, G_TLS_ERROR_UNAVAILABLE)) {
    throw failure(ErrorKind::settings, "TLS is not available", "install the package glib-networking");
  }
  if (g_error_matches(error, G_TLS_ERROR, G_TLS_ERROR_BAD_CERTIFICATE)) {
    throw certificate_failure();
  }
  if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_PROXY_AUTH_FAILED) ||
      g_error_matches(error, G_IO_ERROR, G_IO_ERROR_PROXY_NEED_AUTH)) {
    throw proxy_failure(SOUP_STATUS_PROXY_AUTHENTICATION_REQUIRED);
  }
  if (route_) throw failure(ErrorKind::network, error->message + (", by the proxy " + route_->name));
  throw failure(ErrorKind::network, error->message);
}

// The head's patience, or the whole call's.
Seconds Call::time_given() const {
  const bool head_is_there = window_begin_ != std::chrono::steady_clock::time_point{};
  const bool waits_for_head = request_.least_rate > 0 && !head_is_there;
  return waits_for_head ? std::min(kHeadPatience, request_.timeouts.total) : request_.timeouts.total;
}

TransportError Call::failure(ErrorKind kind, const std::string& cause, std::string advice) const {
  ErrorDetails details;
  details.kind = kind;
  details.phase = request_.phase;
  details.http_status = static_cast<int>(soup_message_get_status(message_.get()));
  if (tunnel_status() >= 300) details.http_status = 0;  // the server has answered nothing
  // What the advice asks for does not come about by itself; and the paid POST is not repeated on a guess.
  details.retryable = kind == ErrorKind::network && advice.empty() && !(request_.send_once && sent_ == Sent::maybe);
  details.message = request_.method + " " + displayable_url(request_.url) + ": " + cause;
  details.advice = std::move(advice);
  return {std::move(details), sent_};
}

void check_descriptors(const Request& request) {
  const auto lack = lack_of_descriptors(kDescriptors);
  if (!lack) return;
  ErrorDetails details;
  details.kind = ErrorKind::settings;
  details.phase = request.phase;
  details.retryable = true;
  details.message = request.method + " " + displayable_url(request.url) + ": " + lack->what;
  details.advice = lack->advice;
  throw TransportError(std::move(details), Sent::nothing);
}

}  // namespace klingv2a::http
