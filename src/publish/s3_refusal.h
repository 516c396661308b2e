// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What a refusal of S3 means to the user: by its <Code>, its status, and how far the two clocks are apart. Pure
// functions; any thread.
#pragma once

#include <optional>
#include <string>

#include "publish/upload.h"

namespace klingv2a::publish {

// The <Code> of an error's XML; empty when there is none, or when it is not a plain word. Nothing else of such an
// answer may be shown: it repeats the key id, the signature and what was signed.
[[nodiscard]] std::string s3_error_code(const std::string& body);

// Nothing: the answer is a success. `wall_now` is our clock when it came, seconds since 1970.
[[nodiscard]] std::optional<Refusal> s3_refusal(const http::Response& response, Seconds wall_now);

}  // namespace klingv2a::publish
