// SPDX-License-Identifier: LGPL-2.1-or-later
#include "wire.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>

namespace klingv2a::sim {
namespace {

// A close after this sends RST and drops what was not yet sent.
void close_by_reset(GSocket* socket) {
  const linger now{1, 0};
  setsockopt(g_socket_get_fd(socket), SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

// Writable is then a socket whose bytes have all gone to the other side, which a reset would otherwise throw away.
void tell_when_sent(GSocket* socket) {
  const int none = 1;
  setsockopt(g_socket_get_fd(socket), IPPROTO_TCP, TCP_NOTSENT_LOWAT, &none, sizeof none);
}

std::string head_of(const Answer& answer) {
  const char* phrase = soup_status_get_phrase(static_cast<guint>(answer.status));
  std::string head = "HTTP/1.1 " + std::to_string(answer.status) + " " + phrase +
                     "\r\nContent-Type: " + answer.content_type +
                     "\r\nContent-Length: " + std::to_string(answer.body->size()) + "\r\n";
  for (const auto& [name, value] : answer.headers) head.append(name).append(": ").append(value).append("\r\n");
  return head + "\r\n";
}

std::size_t half_of(const Answer& answer) {
  return answer.body->size() / 2;
}

std::size_t cut_of(const Answer& answer) {
  return answer.cut_after < 0 ? half_of(answer) : static_cast<std::size_t>(answer.cut_after);
}

}  // namespace

// A connection of our own, with what is still to be sent on it. Without anything to send it waits for the client to go.
struct Wire::Stolen {
  Wire* wire = nullptr;
  GObjectPtr<GIOStream> stream;
  GObjectPtr<GSocket> socket;
  std::string bytes;
  std::size_t sent = 0;
  bool reset_after = false;  // when all is sent
  GSource* watch = nullptr;

  Stolen() = default;
  Stolen(const Stolen&) = delete;
  Stolen& operator=(const Stolen&) = delete;
  ~Stolen() {
    if (watch) {
      g_source_destroy(watch);
      g_source_unref(watch);
    }
    g_io_stream_close(stream.get(), nullptr, nullptr);
  }

  // False when the connection is done with.
  bool go_on(GIOCondition condition) {
    if (condition & (G_IO_HUP | G_IO_ERR)) return false;
    if (condition & G_IO_IN) {
      char ignored[256];
      if (g_socket_receive(socket.get(), ignored, sizeof ignored, nullptr, nullptr) == 0) return false;
    }
    return !(condition & G_IO_OUT) || send_more();
  }

  bool send_more() {
    if (sent == bytes.size()) {  // and gone, since the socket is writable
      close_by_reset(socket.get());
      return false;
    }
    const gssize size = g_socket_send(socket.get(), bytes.data() + sent, bytes.size() - sent, nullptr, nullptr);
    if (size > 0) sent += static_cast<std::size_t>(size);
    return sent < bytes.size() || reset_after;
  }
};

Wire::Wire(GMainContext* context) : context_(context) {}

Wire::~Wire() = default;

void Wire::send(SoupServerMessage* message, const Answer& answer) {
  switch (answer.wire) {
    case Answer::Wire::whole:
      return send_whole(message, answer);
    case Answer::Wire::reset: {
      close_by_reset(soup_server_message_get_socket(message));
      const auto stream = GObjectPtr<GIOStream>::adopt(soup_server_message_steal_connection(message));
      g_io_stream_close(stream.get(), nullptr, nullptr);
      return;
    }
    case Answer::Wire::hang:
      return steal(message, {});
    case Answer::Wire::half:
      return steal(message, head_of(answer) + answer.body->substr(0, half_of(answer)));
    case Answer::Wire::cut:
      return steal(message, head_of(answer) + answer.body->substr(0, cut_of(answer)), true);
  }
}

// Range was heeded already: hidden from SoupServer, which would do it again in its own way.
void Wire::send_whole(SoupServerMessage* message, const Answer& answer) {
  SoupMessageHeaders* headers = soup_server_message_get_response_headers(message);
  soup_server_message_set_status(message, static_cast<guint>(answer.status), nullptr);
  soup_message_headers_set_content_type(headers, answer.content_type.c_str(), nullptr);
  for (const auto& [name, value] : answer.headers) soup_message_headers_replace(headers, name.c_str(), value.c_str());
  soup_message_headers_remove(soup_server_message_get_request_headers(message), "Range");
  if (soup_server_message_get_method(message) == SOUP_METHOD_HEAD) {
    soup_message_headers_set_content_length(headers, static_cast<goffset>(answer.body->size()));
    return;
  }
  if (answer.body->empty()) return;
  const GBytesPtr bytes = bytes_of(answer.body);
  soup_message_body_append_bytes(soup_server_message_get_response_body(message), bytes.get());
}

void Wire::steal(SoupServerMessage* message, std::string bytes, bool reset_after) {
  auto stolen = std::make_unique<Stolen>();
  stolen->wire = this;
  stolen->socket = GObjectPtr<GSocket>::share(soup_server_message_get_socket(message));
  stolen->stream = GObjectPtr<GIOStream>::adopt(soup_server_message_steal_connection(message));
  stolen->bytes = std::move(bytes);
  stolen->reset_after = reset_after;
  if (reset_after) tell_when_sent(stolen->socket.get());
  g_socket_set_blocking(stolen->socket.get(), FALSE);
  const auto condition = static_cast<GIOCondition>(stolen->bytes.empty() ? G_IO_IN : G_IO_IN | G_IO_OUT);
  stolen->watch = g_socket_create_source(stolen->socket.get(), condition, nullptr);
  g_source_set_callback(stolen->watch, G_SOURCE_FUNC(&Wire::on_ready), stolen.get(), nullptr);
  g_source_attach(stolen->watch, context_);
  stolen_.push_back(std::move(stolen));
}

gboolean Wire::on_ready(GSocket*, GIOCondition condition, gpointer data) {
  auto* stolen = static_cast<Stolen*>(data);
  if (stolen->go_on(condition)) return G_SOURCE_CONTINUE;
  stolen->wire->stolen_.remove_if([stolen](const auto& each) { return each.get() == stolen; });
  return G_SOURCE_REMOVE;
}

}  // namespace klingv2a::sim
