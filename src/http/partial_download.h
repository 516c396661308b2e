// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Going on with a download where it was cut: which part is asked for, and whether an answer is that part. Used by Call
// on the client's thread; pure functions, no lock.
#pragma once

#include "http/client.h"

namespace klingv2a::http {

// True when a request for `url` may ask for the rest only.
[[nodiscard]] bool can_resume(const PartialDownload& partial, const std::string& url);
// Range and If-Range. Only when can_resume().
[[nodiscard]] Headers range_headers(const PartialDownload& partial);
// What an answer with status 200 to a request for `url` begins.
[[nodiscard]] PartialDownload begun_by(const Response& response, const std::string& url,
                                       std::optional<std::uint64_t> size);
// `partial` again, with the size of the whole, when a 206 is the rest that was asked for of the same file as before.
[[nodiscard]] std::optional<PartialDownload> continued_by(const PartialDownload& partial, const Response& response);

}  // namespace klingv2a::http
