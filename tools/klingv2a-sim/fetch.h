// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The service's own GET of a video_url, as a server does it: no key, no cookies, no HEAD first, redirects followed.
//
// Blocking; any thread. Ends as soon as the cancellable is cancelled.
#pragma once

#include <gio/gio.h>

#include <optional>
#include <string>

#include "blob.h"
#include "service.h"
#include "task_end.h"

namespace klingv2a::sim {

constexpr std::size_t kMaxVideoBytes = 100'000'000;

// Throws TaskFailure when there is nothing to be had, Cancelled when cancelled.
[[nodiscard]] Blob fetch(const std::string& url, const std::optional<Fault>& fault, GCancellable* cancellable);
[[nodiscard]] std::string sha256_of(const Blob& blob);

}  // namespace klingv2a::sim
