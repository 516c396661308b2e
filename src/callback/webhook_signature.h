// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Who sent a callback: signatures by Standard Webhooks (https://www.standardwebhooks.com), symmetric scheme "v1".
// Kling signs so when the account has a secret; a gateway cannot, because the secret is not its own. Pure functions;
// any thread.
#pragma once

#include <string>
#include <string_view>

#include "clock.h"

namespace klingv2a::callback {

// How far a callback's timestamp may be off our clock, in either direction.
constexpr Seconds kTimestampTolerance{300};

// The three headers, as they came; empty: absent.
struct WebhookHeaders {
  std::string id;         // webhook-id: the same for each delivery of one callback
  std::string timestamp;  // webhook-timestamp: Unix seconds
  std::string signature;  // webhook-signature: "v1,BASE64", several with spaces between while a secret is changed
};

enum class Verdict { genuine, forged, stale };

// The key in a secret: "whsec_" and base64, or base64 alone. Throws Error{settings}, without the secret in it, when it
// is no such thing.
[[nodiscard]] std::string decode_secret(const std::string& secret);

// `forged` also when a header is missing or malformed. `wall` is Unix time. One signature of those in the header that
// fits is enough. How long that takes does not tell how much of a signature was right.
[[nodiscard]] Verdict judge(const std::string& key, const WebhookHeaders& headers, std::string_view body, Seconds wall);

}  // namespace klingv2a::callback
