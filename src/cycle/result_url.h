// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Which URLs a result may be fetched from. The URLs come from the service, and redirects from whoever answers there,
// so neither may lead into the user's own network. Pure functions; any thread. No name is resolved here: what names
// lead to is judged when the connection is made (http::Request::public_only).
#pragma once

#include <string>
#include <string_view>

namespace klingv2a::cycle {

// A link as browsers read it, who take what is no strict URI: without blanks around it, with spaces and stray
// characters escaped, with slashes for backslashes; a link without a host leads to `base`. What is a URI stays byte for
// byte what it was, for it may be signed. The fragment is left out. What cannot be read comes back as it is.
[[nodiscard]] std::string as_browsers_read(std::string_view link, const std::string& base);

// Throws Error{result} unless `url` is http(s) without userinfo and its host may be reached: a private or loopback
// address only when the service itself (`base_url`) is on loopback or has that very host.
void check_result_url(const std::string& url, const std::string& base_url);

// True when `url` may lead into the local network: the service itself is there, on loopback or on that very host.
[[nodiscard]] bool may_be_local(const std::string& url, const std::string& base_url);

// Where a redirect from `url` leads. Throws Error{result} without a Location, or from https to http.
[[nodiscard]] std::string redirect_target(const std::string& url, const std::string& location);

}  // namespace klingv2a::cycle
