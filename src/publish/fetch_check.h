// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The proof that a published file can be fetched, made before a task is paid for: its first bytes are fetched by the
// URL that the service will use, and compared. Runs on the cycle thread.
#pragma once

#include <string>

#include "http/retry.h"
#include "publish/publisher.h"
#include "spool_file.h"

namespace klingv2a::publish {

// Fetches bytes 0-1023 of `url`, without any credentials. Stores may show a new file late, so it is tried a few times.
// Throws Error with phase publish (settings, network, permission, cancelled) that names what came instead.
void check_fetchable(const std::string& url, const SpoolFile& file, const http::Timeouts& timeouts, http::Client& http,
                     Clock& clock, GCancellable* cancel, const http::OnRetry& on_retry);

// The same for what has just been published as `settings` say; what cannot be fetched is withdrawn.
void prove(Publication& publication, const PublishSettings& settings, const SpoolFile& file, http::Client& http,
           Clock& clock, GCancellable* cancel, const http::OnRetry& on_retry);

}  // namespace klingv2a::publish
