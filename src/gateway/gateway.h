// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What the cycle needs of a service that makes sounds for videos: ask for a task, look at it, find one again. Paths,
// field names and credentials are the implementation's (kling/client.h). Each call is a request or a few; policy
// (polling, retries) is the cycle's.
//
// Threads: made, used and destroyed on the cycle thread; calls block until the answer, a time-out or a cancel.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "clock.h"
#include "gateway/answer.h"
#include "gateway/task.h"

namespace klingv2a::gateway {

// What became of a submit whose outcome is not known: is there a task with this external_task_id?
struct LookupResult {
  enum class Verdict {
    found,    // `task` is set, with its task_id and external_task_id
    absent,   // the whole list was read, and it is not there
    unknown,  // this service cannot say: see `why`
  };
  Verdict verdict = Verdict::unknown;
  std::optional<Task> task;
  std::string why;  // unless found: one clause for a message, without secrets
};

struct Description {
  std::string name;     // of the kind of service, as the journal's column `gateway` has it: never change one
  std::string console;  // where people see the account's tasks, for advice: "the service's console (api.example.org)"
};

class Gateway {
 public:
  Gateway() = default;
  virtual ~Gateway() = default;
  Gateway(const Gateway&) = delete;
  Gateway& operator=(const Gateway&) = delete;

  // The paid POST. At most one that may make a task leaves. Throws ApiError for an error answer, http::TransportError
  // when there was none, Error{unknown-outcome, paid=maybe} when an answer does not say whether a task exists.
  // `before_sending`: http::Request has it. When it throws, nothing was sent; what it threw may come out as a plain
  // Error.
  [[nodiscard]] virtual Task submit(const SubmitRequest& request, const std::function<void()>& before_sending) = 0;
  // One look at a task, which may take no longer than `patience`. Throws ApiError or http::TransportError; both say
  // whether they are retryable.
  [[nodiscard]] virtual Task query(const Handle& handle, Seconds patience) = 0;
  // Looks for the task of a submit whose outcome is not known. Costs nothing, and is never a POST. Throws as query()
  // does, for what asking again may cure, for refused credentials, and for a cancel.
  [[nodiscard]] virtual LookupResult find(const std::string& external_task_id) = 0;
  [[nodiscard]] virtual Description describe() const = 0;
  // The request as the journal keeps it and a dry run shows it; without secrets if `request` has none.
  [[nodiscard]] virtual std::string written(const SubmitRequest& request) const = 0;
};

}  // namespace klingv2a::gateway
