// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What the user says of callbacks, and whether it can work. Plain values; any thread.
#pragma once

#include <string>

#include "http/server_thread.h"

namespace klingv2a::callback {

struct CallbackSettings {
  std::string listen;       // "ADDRESS:PORT", an IPv6 address in brackets; without PORT the kernel chooses. Empty: none
  std::string certificate;  // PEM file; empty: plain HTTP
  std::string private_key;  // PEM file; empty: it stands in `certificate`
  std::string secret;       // of Standard Webhooks; empty: signatures are not looked at
  std::string public_url;   // what leads the service to `listen`; empty: itself, on loopback
};

// What came to a listener.
struct Counts {
  int taken = 0;                    // those that rang
  int dropped = 0;                  // forged, stale, repeated or too large ones, and what was no callback at all
  std::string last_dropped_reason;  // "forged", "stale", "repeated", "too large", "another path or method"; empty: none
};

// Throws Error{settings} that says what is wrong: no network, but the certificate's files are read. `base_url` is the
// service's. For NULL→READY.
void validate(const CallbackSettings& settings, const std::string& base_url);

// Of settings that are valid. Throws Error{settings} when the certificate's files have changed for the worse.
[[nodiscard]] http::ListenAddress listen_address(const CallbackSettings& settings);

}  // namespace klingv2a::callback
