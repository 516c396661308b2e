// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The API's calls. Each is one HTTP request (two when a token has to be signed again); policy (polling, retries) is the
// cycle's. Lives on the cycle thread.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "gateway/gateway.h"
#include "http/client.h"
#include "kling/error_table.h"
#include "kling/service.h"
#include "kling/words.h"

namespace klingv2a::kling {

using gateway::ApiError;
using gateway::LookupResult;

class Redaction;

// With an access key and a secret key, each request has a token of its own. When the service refuses that as not yet
// valid or expired (1003, 1004), it is signed once more, by the service's clock if ours is off by more than 5 s, and
// the request is repeated once: a refused token has made no task. A client remembers how far the clock is off.
class Client : public gateway::Gateway {
 public:
  Client(http::Client& http, Service service, Clock& clock);

  // The paid POST. Sent once a call; a second time only after 1003 or 1004 to a token. A task_id that can be read in an
  // answer which does not refuse is the task's, however damaged or short that answer is; Task::oddity then says so.
  [[nodiscard]] Task submit(const SubmitRequest& request, const std::function<void()>& before_sending = {}) override;
  // GET of one task. An answer that is not the API's own (a firewall's page, a redirect) is retryable.
  [[nodiscard]] Task query(const Handle& handle, Seconds patience) override;
  [[nodiscard]] Task query(const Handle& handle) { return query(handle, service_.timeouts.total); }
  // Asks for the task by its external id, then reads the list (lookup.h).
  [[nodiscard]] LookupResult find(const std::string& external_task_id) override;
  [[nodiscard]] gateway::Description describe() const override;
  [[nodiscard]] std::string written(const SubmitRequest& request) const override;

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
