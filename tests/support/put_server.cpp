// SPDX-License-Identifier: LGPL-2.1-or-later
#include "put_server.h"

#include <stdexcept>
#include <string_view>

namespace klingv2a::test {

PutServer::PutServer() : context_(g_main_context_new()), loop_(g_main_loop_new(context_.get(), FALSE)) {
  g_main_context_push_thread_default(context_.get());
  server_ = GObjectPtr<SoupServer>::adopt(soup_server_new(nullptr, nullptr));
  soup_server_add_handler(server_.get(), nullptr, &PutServer::on_request, this, nullptr);
  const bool listens = soup_server_listen_local(server_.get(), 0, SOUP_SERVER_LISTEN_IPV4_ONLY, nullptr);
  GSList* uris = soup_server_get_uris(server_.get());
  if (uris) port_ = static_cast<std::uint16_t>(g_uri_get_port(static_cast<GUri*>(uris->data)));
  g_slist_free_full(uris, [](gpointer uri) { g_uri_unref(static_cast<GUri*>(uri)); });
  g_main_context_pop_thread_default(context_.get());
  if (!listens) throw std::runtime_error("the PUT server cannot listen");
  thread_ = std::thread([this] { serve(); });
}

PutServer::~PutServer() {
  g_main_context_invoke(
      context_.get(),
      [](gpointer loop) -> gboolean {
        g_main_loop_quit(static_cast<GMainLoop*>(loop));
        return G_SOURCE_REMOVE;
      },
      loop_.get());
  thread_.join();
}

std::string PutServer::file_of_sum(const std::string& sha256) {
  const std::lock_guard lock(mutex_);
  for (const auto& [path, contents] : files_) {
    const GCharPtr sum(
        g_compute_checksum_for_string(G_CHECKSUM_SHA256, contents.data(), static_cast<gssize>(contents.size())));
    if (sha256 == sum.get()) return contents;
  }
  return {};
}

void PutServer::serve() {
  g_main_context_push_thread_default(context_.get());
  g_main_loop_run(loop_.get());
  soup_server_disconnect(server_.get());
  server_ = nullptr;
  g_main_context_pop_thread_default(context_.get());
}

void PutServer::on_request(SoupServer* /*server*/, SoupServerMessage* message, const char* path, GHashTable* /*query*/,
                           gpointer self) {
  static_cast<PutServer*>(self)->answer(message, path);
}

void PutServer::answer(SoupServerMessage* message, const std::string& path) {
  const std::string_view method = soup_server_message_get_method(message);
  const std::lock_guard lock(mutex_);
  if (method == "PUT") {
    const SoupMessageBody* body = soup_server_message_get_request_body(message);
    ++puts_;
    files_[path] = std::string(body->data, static_cast<std::size_t>(body->length));
    soup_server_message_set_status(message, SOUP_STATUS_CREATED, nullptr);
    return;
  }
  if (method == "DELETE") {
    soup_server_message_set_status(message, files_.erase(path) > 0 ? SOUP_STATUS_NO_CONTENT : SOUP_STATUS_NOT_FOUND,
                                   nullptr);
    return;
  }
  const auto file = files_.find(path);
  soup_server_message_set_status(message, file == files_.end() ? SOUP_STATUS_NOT_FOUND : SOUP_STATUS_OK, nullptr);
  if (file == files_.end()) return;
  // libsoup 3.2 answers a range that ends after a small file with nothing.
  constexpr std::size_t kSmall = 1024;
  if (file->second.size() < kSmall)
    soup_message_headers_remove(soup_server_message_get_request_headers(message), "Range");
  soup_server_message_set_response(message, "video/mp4", SOUP_MEMORY_COPY, file->second.data(), file->second.size());
}

std::string PutServer::keep(const std::string& path, std::string bytes) {
  const std::lock_guard lock(mutex_);
  files_[path] = std::move(bytes);
  return "http://127.0.0.1:" + std::to_string(port_) + path;
}

int PutServer::puts() {
  const std::lock_guard lock(mutex_);
  return puts_;
}

}  // namespace klingv2a::test
