// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Who may use the API: holders of a key, and of a JWT that was signed with the secret of a key pair. Written with
// GLib's HMAC alone, without the core's JWT library, so that a token signed wrongly there is refused here.
//
// Immutable; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "service.h"

namespace klingv2a::sim {

class Credentials {
 public:
  Credentials(std::vector<std::string> keys, std::vector<KeyPair> key_pairs);

  // The API's code for what is wrong with an Authorization header (empty: absent) at a time in Unix seconds; nothing:
  // it is good. A JWT needs the claims iss, exp and nbf.
  [[nodiscard]] std::optional<std::string> refusal(const std::string& authorization, std::int64_t now_s) const;

 private:
  [[nodiscard]] std::optional<std::string> jwt_refusal(const std::string& token, std::int64_t now_s) const;

  const std::vector<std::string> keys_;
  const std::vector<KeyPair> key_pairs_;
};

}  // namespace klingv2a::sim
