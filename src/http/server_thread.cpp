// SPDX-License-Identifier: LGPL-2.1-or-later
//
// See server_thread.h. Between construction and destruction the server's own thread alone iterates the GMainContext and
// with it every callback of the SoupServer. There is no lock: only the stop flag is shared.
#include "http/server_thread.h"

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

void on_headers(SoupServer*, SoupServerMessage* message, const char* path, GHashTable*, gpointer handler) {
  static_cast<RequestHandler*>(handler)->on_headers(message, path);
}

void on_request(SoupServer*, SoupServerMessage* message, const char* path, GHashTable*, gpointer handler) {
  static_cast<RequestHandler*>(handler)->on_request(message, path);
}

void on_started(SoupServer*, SoupServerMessage* message, gpointer silence_s) {
  GSocket* socket = soup_server_message_get_socket(message);
  if (socket) g_socket_set_timeout(socket, GPOINTER_TO_UINT(silence_s));
}

// As it stands in a URL.
std::string host_of(const std::string& address) {
  return address.find(':') == std::string::npos ? address : "[" + address + "]";
}

}  // namespace

ServerThread::ServerThread(const ListenAddress& where, RequestHandler& handler, const std::string& setting) {
  start(where, handler, setting);
  thread_ = std::thread([this] { run(); });
}

// Returns before the thread starts, so that the context is free for it.
void ServerThread::start(const ListenAddress& where, RequestHandler& handler, const std::string& setting) {
  const DefaultContext use(context_.get());
  server_ = GObjectPtr<SoupServer>::adopt(soup_server_new(nullptr, nullptr));
  if (where.certificate) soup_server_set_tls_certificate(server_.get(), where.certificate.get());
  if (where.silence_s > 0)
    g_signal_connect(server_.get(), "request-started", G_CALLBACK(on_started), GUINT_TO_POINTER(where.silence_s));
  soup_server_add_early_handler(server_.get(), nullptr, on_headers, &handler, nullptr);
  soup_server_add_handler(server_.get(), nullptr, on_request, &handler, nullptr);
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
  if (!address || !soup_server_listen(server_.get(), address.get(), options, &raw_error)) {
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
