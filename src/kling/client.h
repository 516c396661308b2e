// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The API's calls. Each is one HTTP request (two when a token has to be signed again); policy (polling, retries) is the
// cycle's. Lives on the cycle thread.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "http/client.h"
#include "kling/error_table.h"
#include "kling/service.h"
#include "kling/task.h"

namespace klingv2a::kling {

class Redaction;

// An error answer of the API: Error plus what the table says to do.
class ApiError : public Error {
 public:
  ApiError(ErrorDetails details, Action action) : Error(std::move(details)), action_(action) {}
  [[nodiscard]] Action action() const noexcept { return action_; }

 private:
  Action action_;
};

// With an access key and a secret key, each request has a token of its own. When the service refuses that as not yet
// valid or expired (1003, 1004), it is signed once more, by the service's clock if ours is off by more than 5 s, and
// the request is repeated once: a refused token has made no task. A client remembers how far the clock is off.
class Client {
 public:
  Client(http::Client& http, Service service, Clock& clock);

  // The paid POST. Sent once a call; a second time only after 1003 or 1004 to a token. Throws ApiError for an error
  // answer, http::TransportError when there was none, Error{unknown-outcome, paid=maybe} when an answer was had that
  // does not say whether a task exists (2xx without a task id). A task_id that can be read in an answer which does not
  // refuse is the task's, however damaged or short that answer is; Task::oddity then says so.
  // `before_sending`: http::Request has it. When it throws, nothing was sent; what it threw may come out as a plain
  // Error.
  [[nodiscard]] Task submit(const SubmitRequest& request, const std::function<void()>& before_sending = {});
  // GET of one task, which may take no longer than `patience`. Throws ApiError or http::TransportError; both say
  // whether they are retryable. An answer that is not the API's own (a firewall's page, a redirect) is.
  [[nodiscard]] Task query(const std::string& task_id, Seconds patience);
  [[nodiscard]] Task query(const std::string& task_id) { return query(task_id, service_.timeouts.total); }

  // Both of these cost nothing and settle what became of a submit: their errors say phase=submit and paid=maybe. They
  // throw as query() does; an answer with status 2xx that is none of the API is not retryable here.
  //
  // GET of the task that was submitted with this id. The task has a task_id; that it carries the external id is not
  // promised, for not every service repeats it.
  [[nodiscard]] Task find_by_external_id(const std::string& external_task_id);
  // GET of one page of the account's tasks; pages count from 1, and the order is not known.
  [[nodiscard]] std::vector<Task> list(int page, int page_size);

 private:
  struct Answer;

  [[nodiscard]] std::string authorization(Redaction& redaction);
  [[nodiscard]] Answer send(http::Request request, Redaction& redaction);
  [[nodiscard]] Answer exchange(Call call, const http::Request& request, Redaction& redaction);
  [[nodiscard]] Answer look(std::string url, Redaction& redaction);
  [[nodiscard]] Task accepted(const Answer& answer);
  [[nodiscard]] ApiError poll_error(const Answer& answer);
  [[nodiscard]] ApiError api_error(Call call, const Answer& answer);
  [[nodiscard]] ApiError error_by(const ErrorRow& row, Call call, const Answer& answer);
  void note_clock(const http::Response& response);

  http::Client& http_;
  Service service_;
  Clock& clock_;
  Seconds clock_is_behind_{0};  // of the service's; negative: ahead
};

}  // namespace klingv2a::kling
