// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A small store on 127.0.0.1: takes files by PUT and gives them out by GET, so that a published clip stays where it is
// when the client that put it there is killed.
//
// Threads: one of its own, with the context of its SoupServer. One mutex guards the files. Every public method may be
// called from any thread.
#pragma once

#include <libsoup/soup.h>

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "gobject_ptr.h"

namespace klingv2a::test {

class PutServer {
 public:
  PutServer();  // throws std::runtime_error
  ~PutServer();
  PutServer(const PutServer&) = delete;
  PutServer& operator=(const PutServer&) = delete;

  // For klingv2a's property `publish`.
  [[nodiscard]] std::string publish() const { return "http://127.0.0.1:" + std::to_string(port_) + "/{name}.mp4"; }
  // As if it had been put there; its URL.
  std::string keep(const std::string& path, std::string bytes);
  // How many files have come.
  [[nodiscard]] int puts();
  // What was put here and has this SHA-256, in hexadecimal: the very bytes that somebody fetched. Empty: nothing has.
  [[nodiscard]] std::string file_of_sum(const std::string& sha256);

 private:
  static void on_request(SoupServer* server, SoupServerMessage* message, const char* path, GHashTable* query,
                         gpointer self);
  void answer(SoupServerMessage* message, const std::string& path);
  void serve();

  std::uint16_t port_ = 0;
  const std::unique_ptr<GMainContext, Deleter<g_main_context_unref>> context_;
  const std::unique_ptr<GMainLoop, Deleter<g_main_loop_unref>> loop_;
  GObjectPtr<SoupServer> server_;  // the thread's
  std::mutex mutex_;
  std::map<std::string, std::string> files_;  // by path; guarded by mutex_
  int puts_ = 0;                              // guarded by mutex_
  std::thread thread_;
};

}  // namespace klingv2a::test
