// SPDX-License-Identifier: LGPL-2.1-or-later
#include "server.h"

#include <stdexcept>

namespace klingv2a::sim {
namespace {

[[noreturn]] void refuse(const std::string& what, const GErrorPtr& error) {
  throw std::runtime_error("klingv2a-sim: " + what + (error ? std::string(": ") + error->message : ""));
}

GObjectPtr<GSocket> listening_socket(const std::string& address, std::uint16_t port) {
  const auto where = GObjectPtr<GSocketAddress>::adopt(g_inet_socket_address_new_from_string(address.c_str(), port));
  if (!where) throw std::runtime_error("klingv2a-sim: '" + address + "' is not an IP address");
  GError* failure = nullptr;
  auto socket = GObjectPtr<GSocket>::adopt(
      g_socket_new(g_socket_address_get_family(where.get()), G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, &failure));
  const bool listens =
      socket && g_socket_bind(socket.get(), where.get(), TRUE, &failure) && g_socket_listen(socket.get(), &failure);
  if (!listens) refuse("cannot listen on " + address + " port " + std::to_string(port), GErrorPtr(failure));
  return socket;
}

std::uint16_t port_of(GSocket* socket) {
  const auto local = GObjectPtr<GSocketAddress>::adopt(g_socket_get_local_address(socket, nullptr));
  return g_inet_socket_address_get_port(G_INET_SOCKET_ADDRESS(local.get()));
}

std::string header(SoupMessageHeaders* headers, const char* name) {
  const char* value = soup_message_headers_get_one(headers, name);
  return value ? value : "";
}

Request read_request(SoupServerMessage* message) {
  SoupMessageHeaders* headers = soup_server_message_get_request_headers(message);
  GUri* uri = soup_server_message_get_uri(message);
  const char* query = g_uri_get_query(uri);
  const GBytesPtr body(soup_message_body_flatten(soup_server_message_get_request_body(message)));
  gsize size = 0;
  const auto* bytes = static_cast<const char*>(g_bytes_get_data(body.get(), &size));
  return {soup_server_message_get_method(message),
          g_uri_get_path(uri),
          query ? query : "",
          header(headers, "Authorization"),
          header(headers, "Content-Type"),
          {bytes, size},
          header(headers, "Range"),
          header(headers, "If-Range")};
}

}  // namespace

Server::Server(const std::string& address, std::uint16_t port)
    : context_(g_main_context_new()),
      loop_(g_main_loop_new(context_.get(), FALSE)),
      socket_(listening_socket(address, port)),
      port_(port_of(socket_.get())) {}

Server::~Server() {
  if (!thread_.joinable()) return;
  // As a source, so that a quit before the loop runs is not lost.
  const std::unique_ptr<GSource, Deleter<g_source_unref>> quit(g_idle_source_new());
  const auto stop = [](gpointer loop) -> gboolean {
    g_main_loop_quit(static_cast<GMainLoop*>(loop));
    return G_SOURCE_REMOVE;
  };
  g_source_set_priority(quit.get(), G_PRIORITY_HIGH);
  g_source_set_callback(quit.get(), stop, loop_.get(), nullptr);
  g_source_attach(quit.get(), context_.get());
  thread_.join();
}

void Server::start(Handler handler) {
  handler_ = std::move(handler);
  thread_ = std::thread(&Server::run, this);
}

void Server::run() {
  g_main_context_push_thread_default(context_.get());
  {
    const auto server = GObjectPtr<SoupServer>::adopt(soup_server_new("server-header", "klingv2a-sim ", nullptr));
    Wire wire(context_.get());
    wire_ = &wire;
    soup_server_add_handler(server.get(), nullptr, &Server::on_request, this, nullptr);
    GError* failure = nullptr;
    if (!soup_server_listen_socket(server.get(), socket_.get(), static_cast<SoupServerListenOptions>(0), &failure)) {
      const GErrorPtr error(failure);
      g_critical("klingv2a-sim: cannot accept connections: %s", error->message);
    }
    g_main_loop_run(loop_.get());
    soup_server_disconnect(server.get());
  }
  // What the server's going left behind, such as cancelled accepts, ends here.
  while (g_main_context_iteration(context_.get(), FALSE)) {
  }
  g_main_context_pop_thread_default(context_.get());
}

void Server::on_request(SoupServer*, SoupServerMessage* message, const char*, GHashTable*, gpointer data) {
  auto* self = static_cast<Server*>(data);
  Answer answer;
  try {
    answer = self->handler_(read_request(message));
  } catch (const std::exception& error) {
    g_critical("klingv2a-sim: a request was not answered: %s", error.what());
    answer.status = SOUP_STATUS_INTERNAL_SERVER_ERROR;
  }
  self->wire_->send(message, answer);
}

}  // namespace klingv2a::sim
