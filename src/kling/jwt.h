// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Kling's own credentials: a JSON Web Token that is signed for each request. A pure function over libjwt; any thread.
#pragma once

#include <string>

#include "clock.h"

namespace klingv2a::kling {

// How long a token is good, and how far the two clocks may differ at its beginning.
inline constexpr Seconds kTokenLife{1800};
inline constexpr Seconds kTokenHeadStart{5};

// HS256 over {iss: access_key, exp: now + 1800, nbf: now - 5}. `now` is the service's time, seconds since 1970. The
// result is a secret while it lasts. Throws Error{credentials} when it cannot be made.
[[nodiscard]] std::string sign_jwt(const std::string& access_key, const std::string& secret_key, Seconds now);

}  // namespace klingv2a::kling
