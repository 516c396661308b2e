// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What the environment says of the way out: the proxies, in every spelling that curl takes, and whom to trust, as
// OpenSSL reads it. GIO would read the first in part, and the second not at all. Where nothing is set, the system's own
// settings hold. Pure but for the look at the environment and the files it names; any thread.
#pragma once

#include <gio/gio.h>

#include <optional>
#include <string>

#include "gobject_ptr.h"

namespace klingv2a::http {

// http_proxy (of URLs of http), https_proxy, HTTPS_PROXY (of https), all_proxy, ALL_PROXY (of both), and who needs
// none: no_proxy, NO_PROXY. Null when no proxy is set. Throws Error{settings} that names the variable, not its value.
[[nodiscard]] GObjectPtr<GProxyResolver> proxies_of_environment();

// The authorities in SSL_CERT_FILE and in the files in SSL_CERT_DIR, which take the place of the system's. Null when
// neither is set. Throws Error{settings}.
[[nodiscard]] GObjectPtr<GTlsDatabase> authorities_of_environment();

// The proxy that `resolver` has for a URL.
struct ProxyRoute {
  std::string name;           // "host:port", without user and password
  std::string authorization;  // the value of Proxy-Authorization; empty: none is known, or the proxy is not HTTP's
};
// Nothing when the way is direct. `resolver`, one of the above, may be null: the system's own would take time to ask.
[[nodiscard]] std::optional<ProxyRoute> route_of(GProxyResolver* resolver, const std::string& url);

}  // namespace klingv2a::http
