// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What no HTTP library does by itself: resets, silence, half and cut answers on a connection that was taken from
// SoupServer.
//
// Threads: the server thread only; needs no lock. Sockets are non-blocking, so a client that does not read holds up
// nobody, and the destructor closes them at once.
#pragma once

#include <libsoup/soup.h>

#include <list>
#include <memory>

#include "answer.h"

namespace klingv2a::sim {

class Wire {
 public:
  explicit Wire(GMainContext* context);  // the server thread's
  ~Wire();
  Wire(const Wire&) = delete;
  Wire& operator=(const Wire&) = delete;

  // Sends `answer` as the response to `message`, by whatever way it asks for.
  void send(SoupServerMessage* message, const Answer& answer);

 private:
  struct Stolen;
  void send_whole(SoupServerMessage* message, const Answer& answer);
  void steal(SoupServerMessage* message, std::string bytes, bool reset_after = false);
  static gboolean on_ready(GSocket* socket, GIOCondition condition, gpointer data);

  GMainContext* const context_;
  std::list<std::unique_ptr<Stolen>> stolen_;
};

}  // namespace klingv2a::sim
