// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Publishing by serving: serve://[ADDRESS[:PORT]][?public=URL]. A small HTTP server of our own gives the file out at
// an unguessable path for as long as the task needs it. It has a thread of its own, because the fetch check is done
// from the cycle thread and would otherwise wait for itself.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "publish/publisher.h"

namespace klingv2a::publish {

// What a serve:// URI says.
struct ServeTarget {
  std::string address = "127.0.0.1";  // IP address to listen on, without brackets
  std::uint16_t port = 0;             // 0: the kernel chooses
  std::string public_base;            // the URL that leads the service to us; empty: http://ADDRESS:PORT
};

// Throws Error{settings} that says what is wrong with the URI. No network.
[[nodiscard]] ServeTarget parse_serve(const std::string& uri_text);

// Starts the server; it answers before this returns and until the Publication is destroyed, which cuts what is being
// sent. Keeps `file`'s content by itself. Throws Error{settings} when the address cannot be listened on, Error{disk}.
[[nodiscard]] std::unique_ptr<Publication> serve(const ServeTarget& target, const SpoolFile& file);

}  // namespace klingv2a::publish
