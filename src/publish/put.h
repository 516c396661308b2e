// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Publishing by HTTP PUT: http(s)://HOST/…{name}…. The file is streamed from disk to a store that the service can read
// from. A PUT of the same bytes to the same name may be repeated, so passing trouble is. Runs on the cycle thread.
#pragma once

#include <memory>
#include <string>

#include "http/retry.h"
#include "publish/publisher.h"

namespace klingv2a::publish {

// Where one file goes and where it is fetched from.
struct PutTarget {
  std::string upload_url;  // its query may be a signature: secret
  std::string public_url;
};

// The URLs for `name`. Throws Error{settings} that says what is wrong with the templates or the headers. No network.
[[nodiscard]] PutTarget put_target(const PublishSettings& settings, const std::string& name);

// A store that takes PUT need not take DELETE, and has rules of its own for what is old.
enum class WhenWithdrawn { leave, remove };

// Uploads the file. By default the stored file stays when the Publication is withdrawn. Throws Error{permission} for
// 401 and 403, Error{settings} for other refusals and for redirects, Error{network} when the retries are used up.
[[nodiscard]] std::unique_ptr<Publication> put(const PublishSettings& settings, std::shared_ptr<const SpoolFile> file,
                                               http::Client& http, Clock& clock, GCancellable* cancel,
                                               const http::OnRetry& on_retry,
                                               WhenWithdrawn when_withdrawn = WhenWithdrawn::leave);

}  // namespace klingv2a::publish
