// SPDX-License-Identifier: LGPL-2.1-or-later
//
// See server_thread.h. Between construction and destruction the server's own thread alone iterates the GMainContext and
// with it every callback of the SoupServer. There is no lock: only the stop flag is shared.
#include "http/server_thread.h"

#include <algorithm>
#include <iterator>
#include <list>

#include "error.h"

namespace klingv2a::http {

namespace {

// libsoup attaches what it starts to the thread-default context. Owns the context meanwhile: one thread at a time.
class DefaultContext {
 public:
  explicit DefaultContext(GMainContext* context) : context_(context) { g_main_context_push_thread_default(context_); }
  ~DefaultContext() { g_main_context_pop_thread_default(context_); }
  DefaultContext(const DefaultContext&) = delete;
  DefaultContext& operator=(const DefaultContext&) = delete;

 private:
  GMainContext* context_;
};

// libsoup's own has room for ten connections that wait to be taken; an eleventh one would come a second late.
GObjectPtr<GSocket> listening_socket(GSocketAddress* address, GError** error) {
  constexpr int kBacklog = 512;
  if (!address) return {};
  auto socket = GObjectPtr<GSocket>::adopt(
      g_socket_new(g_socket_address_get_family(address), G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, error));
  if (!socket) return {};
  g_socket_set_listen_backlog(socket.get(), kBacklog);
  if (!g_socket_bind(socket.get(), address, TRUE, error) || !g_socket_listen(socket.get(), error)) return {};
  return socket;
}

// As it stands in a URL.
std::string host_of(const std::string& address) {
  return address.find(':') == std::string::npos ? address : "[" + address + "]";
}

constexpr gsize kMostRead = 1024 * 1024;  // of a body
// A byte now and then is not silence: a request of nobody we know has so many times the silence to be complete.
constexpr int kSilencesPerRequest = 4;

}  // namespace

// Who is connected. All of it runs on the server's thread.
class ServerThread::Guests {
 public:
  Guests(RequestHandler& handler, guint silence_s) : handler_(handler), silence_s_(silence_s) {}
  ~Guests() {
    if (clock_) g_source_destroy(clock_.get());
  }
  Guests(const Guests&) = delete;
  Guests& operator=(const Guests&) = delete;

  void watch(SoupServer* server, GMainContext* context) {
    clock_.reset(g_timeout_source_new_seconds(silence_s_));
    g_source_set_callback(clock_.get(), on_clock, this, nullptr);
    g_source_attach(clock_.get(), context);
    soup_server_add_early_handler(server, nullptr, on_headers, this, nullptr);
    soup_server_add_handler(server, nullptr, on_request, this, nullptr);
    g_signal_connect(server, "request-started", G_CALLBACK(on_started), this);
    g_signal_connect(server, "request-finished", G_CALLBACK(on_ended), this);
    g_signal_connect(server, "request-aborted", G_CALLBACK(on_ended), this);
  }

 private:
  struct Guest {
    SoupServerMessage* message;
    GObjectPtr<GSocket> socket;
    gsize read = 0;
    int silences = 0;  // since its request began
    bool knows_us = false;
    bool is_cut = false;
  };

  // A connection was made, or goes on with its next request.
  static void on_started(SoupServer*, SoupServerMessage* message, gpointer data) {
    auto& self = *static_cast<Guests*>(data);
    GSocket* socket = soup_server_message_get_socket(message);
    if (!socket) return;
    g_socket_set_timeout(socket, self.silence_s_);
    g_signal_connect(message, "got-chunk", G_CALLBACK(on_chunk), data);
    self.guests_.push_back({message, GObjectPtr<GSocket>::share(socket)});
    if (self.guests_.size() > kMostConnections) self.make_room();
  }

  static void on_ended(SoupServer*, SoupServerMessage* message, gpointer data) {
    std::erase_if(static_cast<Guests*>(data)->guests_, [&](const Guest& guest) { return guest.message == message; });
  }

  static void on_headers(SoupServer*, SoupServerMessage* message, const char* path, GHashTable*, gpointer data) {
    auto& self = *static_cast<Guests*>(data);
    if (Guest* guest = self.find(message)) guest->knows_us = self.handler_.knows_us(message, path);
    self.handler_.on_headers(message, path);
  }

  static void on_request(SoupServer*, SoupServerMessage* message, const char* path, GHashTable*, gpointer data) {
    static_cast<Guests*>(data)->handler_.on_request(message, path);
  }

  static void on_chunk(SoupServerMessage* message, GBytes* chunk, gpointer data) {
    Guest* guest = static_cast<Guests*>(data)->find(message);
    // Shut down only, what the kernel holds for us would still be read.
    if (guest && (guest->read += g_bytes_get_size(chunk)) > kMostRead) g_socket_close(guest->socket.get(), nullptr);
  }

  static gboolean on_clock(gpointer data) {
    for (auto& guest : static_cast<Guests*>(data)->guests_)
      if (++guest.silences > kSilencesPerRequest && !guest.knows_us && !guest.is_cut) cut(guest);
    return G_SOURCE_CONTINUE;
  }

  Guest* find(SoupServerMessage* message) {
    const auto found = std::ranges::find(guests_, message, &Guest::message);
    return found == guests_.end() ? nullptr : &*found;
  }

  // The oldest first; the last one has just come, and may be he who is waited for.
  void make_room() {
    for (const bool also_friends : {false, true}) {
      for (auto guest = guests_.begin(); guest != std::prev(guests_.end()); ++guest)
        if (!guest->is_cut && (also_friends || !guest->knows_us)) return cut(*guest);
    }
  }

  // Its read ends, and with it the message.
  static void cut(Guest& guest) {
    guest.is_cut = true;
    g_socket_shutdown(guest.socket.get(), TRUE, TRUE, nullptr);
  }

  RequestHandler& handler_;
  const guint silence_s_;
  std::unique_ptr<GSource, Deleter<g_source_unref>> clock_;
  std::list<Guest> guests_;
};

ServerThread::ServerThread(const ListenAddress& where, RequestHandler& handler, const std::string& setting) {
  start(where, handler, setting);
  thread_ = std::thread([this] { run(); });
}

// Returns before the thread starts, so that the context is free for it.
void ServerThread::start(const ListenAddress& where, RequestHandler& handler, const std::string& setting) {
  const DefaultContext use(context_.get());
  server_ = GObjectPtr<SoupServer>::adopt(soup_server_new(nullptr, nullptr));
  if (where.certificate) soup_server_set_tls_certificate(server_.get(), where.certificate.get());
  guests_ = std::make_unique<Guests>(handler, where.silence_s);
  guests_->watch(server_.get(), context_.get());
  listen(where, setting);
}

// Connections are cut here, not drained: the context is iterated without blocking only to let go of what was under way.
ServerThread::~ServerThread() {
  stopping_ = true;
  g_main_context_wakeup(context_.get());
  thread_.join();
  const DefaultContext use(context_.get());
  soup_server_disconnect(server_.get());
  server_ = nullptr;
  while (g_main_context_iteration(context_.get(), FALSE)) {
  }
}

void ServerThread::listen(const ListenAddress& where, const std::string& setting) {
  const auto options = where.certificate ? SOUP_SERVER_LISTEN_HTTPS : SoupServerListenOptions(0);
  const auto address =
      GObjectPtr<GSocketAddress>::adopt(g_inet_socket_address_new_from_string(where.address.c_str(), where.port));
  GError* raw_error = nullptr;
  const auto socket = listening_socket(address.get(), &raw_error);
  if (!socket || !soup_server_listen_socket(server_.get(), socket.get(), options, &raw_error)) {
    const GErrorPtr error(raw_error);
    throw make_error(ErrorKind::settings, Phase::publish,
                     setting + ": cannot listen on " + where.address + " port " + std::to_string(where.port) +
                         (error ? std::string(": ") + error->message : ""),
                     "name another port or address, or end what listens there");
  }
  GSList* uris = soup_server_get_uris(server_.get());
  const int port = g_uri_get_port(static_cast<GUri*>(uris->data));
  g_slist_free_full(uris, [](gpointer uri) { g_uri_unref(static_cast<GUri*>(uri)); });
  url_ = (where.certificate ? "https://" : "http://") + host_of(where.address) + ":" + std::to_string(port);
}

void ServerThread::run() {
  const DefaultContext use(context_.get());
  while (!stopping_) g_main_context_iteration(context_.get(), TRUE);
}

}  // namespace klingv2a::http
