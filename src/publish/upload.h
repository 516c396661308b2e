// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What all ways of publishing into a store share: the request that streams a file there, its repetition when trouble
// passes (always from the file's beginning), and what a store's refusals mean. Runs on the cycle thread.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "http/retry.h"
#include "publish/publisher.h"

namespace klingv2a::publish {

// Why a store does not do what it was asked for.
struct Refusal {
  ErrorKind kind = ErrorKind::settings;
  bool retryable = false;
  std::string meaning;  // goes on after the store's URL: "does not permit the upload"
  std::string advice;
};

// By the status alone: 401 and 403 are permission; 408, 429 and 5xx are network, and pass; all else is settings.
[[nodiscard]] Refusal refusal_by_status(int status);

struct StoreCall {
  std::function<http::Request()> request;  // of each attempt: a signature has to be fresh
  // Nothing: the answer is what was wished for.
  std::function<std::optional<Refusal>(const http::Response&)> judge;
  http::RetryPolicy retries{.attempts = 5, .base = Seconds(1), .cap = Seconds(15)};
};

// Throws Error with phase publish: what `judge` says, network, disk, cancelled. It never holds the store's answer,
// where signatures and key ids are repeated.
void call_store(const StoreCall& call, http::Client& http, Clock& clock, GCancellable* cancel,
                const http::OnRetry& on_retry);

// A PUT of the file as video/mp4.
[[nodiscard]] http::Request upload_request(const std::string& url, std::shared_ptr<const SpoolFile> file,
                                           const http::Timeouts& timeouts);

// A DELETE, bounded in time, since the run waits for it.
[[nodiscard]] http::Request removal_request(const std::string& url, const http::Timeouts& timeouts);

// Sends a DELETE, with few repetitions. Nothing: it is gone; that it was not there (404) is as good. Else why it is
// still there, for which nobody's run fails: that is logged, too. `call.retries` does not count.
[[nodiscard]] std::optional<Error> remove_from_store(StoreCall call, http::Client& http, Clock& clock,
                                                     GCancellable* cancel, const http::OnRetry& on_retry);

// An absolute http or https URL without user, password and fragment. Throws Error{settings}, where `what` names the
// setting: the URL itself may hold a secret.
[[nodiscard]] GUriPtr parse_store_url(const std::string& url, const std::string& what);

}  // namespace klingv2a::publish
