// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The API's calls. Each is one HTTP request; policy (polling, retries) is the cycle's. Lives on the cycle thread.
#pragma once

#include <string>

#include "http/client.h"
#include "kling/error_table.h"
#include "kling/task.h"

namespace klingv2a::kling {

struct Service {
  std::string base_url = "https://api.cometapi.com/kling";  // no trailing slash needed; userinfo is refused
  std::string api_key;  // secret: only ever in the Authorization header to base_url's host
  http::Timeouts timeouts;
};

// Throws Error{settings} for a base URL that is not absolute http(s), or has userinfo, a query or a fragment;
// Error{credentials} without a key, or with one that cannot stand in a header.
void validate(const Service& service);

// An error answer of the API: Error plus what the table says to do.
class ApiError : public Error {
 public:
  ApiError(ErrorDetails details, Action action) : Error(std::move(details)), action_(action) {}
  [[nodiscard]] Action action() const noexcept { return action_; }

 private:
  Action action_;
};

class Client {
 public:
  Client(http::Client& http, Service service, Clock& clock);

  // The paid POST. Sent at most once a call. Throws ApiError for an error answer, http::TransportError when there was
  // none, Error{unknown-outcome, paid=maybe} when an answer was had that does not say whether a task exists (2xx
  // without a task id).
  [[nodiscard]] Task submit(const SubmitRequest& request);
  // GET of one task. Throws ApiError or http::TransportError; both say whether they are retryable.
  [[nodiscard]] Task query(const std::string& task_id);

 private:
  http::Client& http_;
  Service service_;
  Clock& clock_;
};

}  // namespace klingv2a::kling
