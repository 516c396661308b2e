// SPDX-License-Identifier: LGPL-2.1-or-later
#include "wire.h"

#include <sys/socket.h>

#include <algorithm>

namespace klingv2a::sim {
namespace {

// A close after this sends RST and drops what was not yet sent.
void close_by_reset(GSocket* socket) {
  const linger now{1, 0};
  setsockopt(g_socket_get_fd(socket), SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

std::string head_and_half(const Answer& answer) {
  const GCharPtr head(g_strdup_printf("HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n\r\n",
                                      answer.status, soup_status_get_phrase(static_cast<guint>(answer.status)),
                                      answer.content_type.c_str(), answer.body->size()));
  return head.get() + answer.body->substr(0, answer.body->size() / 2);
}

}  // namespace

// A connection of our own, with what is still to be sent on it. Without anything to send it waits for the client to go.
struct Wire::Stolen {
  Wire* wire = nullptr;
  GObjectPtr<GIOStream> stream;
  GObjectPtr<GSocket> socket;
  std::string bytes;
  std::size_t sent = 0;
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
    if (condition & G_IO_OUT) {
      const gssize size = g_socket_send(socket.get(), bytes.data() + sent, bytes.size() - sent, nullptr, nullptr);
      if (size > 0) sent += static_cast<std::size_t>(size);
      return sent < bytes.size();
    }
    return true;
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
      return steal(message, head_and_half(answer));
  }
}

// SoupServer makes of it what Range and HEAD ask for.
void Wire::send_whole(SoupServerMessage* message, const Answer& answer) {
  SoupMessageHeaders* headers = soup_server_message_get_response_headers(message);
  soup_server_message_set_status(message, static_cast<guint>(answer.status), nullptr);
  soup_message_headers_set_content_type(headers, answer.content_type.c_str(), nullptr);
  if (!answer.location.empty()) soup_message_headers_replace(headers, "Location", answer.location.c_str());
  if (!answer.retry_after.empty()) soup_message_headers_replace(headers, "Retry-After", answer.retry_after.c_str());
  if (soup_server_message_get_method(message) == SOUP_METHOD_HEAD) {
    soup_message_headers_set_content_length(headers, static_cast<goffset>(answer.body->size()));
    return;
  }
  if (answer.body->empty()) return;
  const GBytesPtr bytes = bytes_of(answer.body);
  soup_message_body_append_bytes(soup_server_message_get_response_body(message), bytes.get());
}

void Wire::steal(SoupServerMessage* message, std::string bytes) {
  auto stolen = std::make_unique<Stolen>();
  stolen->wire = this;
  stolen->socket = GObjectPtr<GSocket>::share(soup_server_message_get_socket(message));
  stolen->stream = GObjectPtr<GIOStream>::adopt(soup_server_message_steal_connection(message));
  stolen->bytes = std::move(bytes);
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
