// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Where the service is, and who asks. Plain values; any thread may copy them.
#pragma once

#include <string>

#include "http/client.h"

namespace klingv2a::kling {

// Exactly one kind of credentials is set: a key that is sent as it is, or a pair that signs a token for each request
// (Kling's own service only). They go nowhere but into the Authorization header to base_url's host; the secret key goes
// nowhere at all.
struct Service {
  std::string base_url = "https://api.cometapi.com/kling";  // no trailing slash needed; userinfo is refused
  std::string api_key;                                      // secret
  std::string access_key, secret_key;                       // secrets
  http::Timeouts timeouts;

  [[nodiscard]] bool signs() const noexcept { return !access_key.empty(); }
};

// Throws Error{settings} for a base URL that is not absolute http(s), or has userinfo, a query or a fragment;
// Error{credentials} without any, with half a pair, with both kinds, or with a key that cannot be one.
void validate(const Service& service);

}  // namespace klingv2a::kling
