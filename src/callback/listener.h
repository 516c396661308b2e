// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The other end of a callback_url: a small HTTP server at an unguessable path, for as long as one task is waited for.
// What a callback says is only taken as a reason to ask: the listener signals the poller's event, and keeps nothing of
// the body. So a callback that is lost, late, repeated or forged costs at most one look at the task.
//
// What it answers: 204 to a POST to its path, also to one that it has seen before (which signals nothing); 401 when a
// secret is set and the signature is missing, wrong, or more than 5 minutes off our clock; 413 above 64 KiB; 404 to
// everything else. Who sends more than 1 MiB, or is silent for 30 s, is cut off.
//
// Threads: made, asked and destroyed on the cycle thread; requests are answered on the server's own.
#pragma once

#include <memory>
#include <string>

#include "callback/settings.h"
#include "clock.h"
#include "wake_up.h"

namespace klingv2a::callback {

class Listener {
 public:
  // Answers before this returns. `settings` are valid and set. Throws Error{settings} when the address cannot be
  // listened on. `clock` outlives it and is thread-safe.
  Listener(const CallbackSettings& settings, Clock& clock);
  ~Listener();  // cuts what is under way
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  // The callback_url: secret, since whoever knows it can call.
  [[nodiscard]] const std::string& url() const noexcept;
  [[nodiscard]] const WakeUp& event() const noexcept;
  [[nodiscard]] Counts counts() const;

 private:
  class Server;
  std::unique_ptr<Server> server_;
};

}  // namespace klingv2a::callback
