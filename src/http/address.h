// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Which addresses lie in a local network: what a stranger's link must not lead to. Pure functions; any thread.
#pragma once

#include <gio/gio.h>

#include <string>

namespace klingv2a::http {

// True for everything that is not the public unicast network: loopback, private, shared (100.64/10), link-local,
// unique-local, unspecified, multicast, and IPv6 addresses that wrap such an IPv4 address.
[[nodiscard]] bool is_local_address(GInetAddress* address);

// True when `host`, as it stands in a URL, is localhost or such an address in any spelling that a resolver takes
// ("127.1", "0x7f000001", "2130706433"). Of a name nothing is known before it is resolved: see Request::public_only.
[[nodiscard]] bool is_local_host(std::string host);

}  // namespace klingv2a::http
