// SPDX-License-Identifier: LGPL-2.1-or-later
//
// See adopt.h.
#include "cycle/adopt.h"

#include "cycle/run.h"

namespace klingv2a::cycle {

namespace {

constexpr http::RetryPolicy kRetries{.attempts = 4};

Error refusal(std::string message, std::string advice) {
  return make_error(ErrorKind::settings, Phase::check, std::move(message), std::move(advice));
}

bool is_unknown_there(const gateway::ApiError& answer) {
  return answer.action() == gateway::Action::retry_briefly;
}

// Once, and for what goes away by itself a few times.
gateway::Task look(Run& run, const std::string& task_id) {
  try {
    return http::with_retries(kRetries, run.clock, run.cancel, run.on_retry(),
                              [&] { return run.gateway->query({task_id}, run.settings.service.timeouts.total); });
  } catch (const gateway::ApiError& answer) {
    if (!is_unknown_there(answer)) throw;
    throw refusal("the service does not know task " + task_id + ": " + answer.what(),
                  "copy the task's id from the service's console; the key must be of the same account");
  }
}

// A gateway may not tell, and then nothing speaks against it.
void check_is_the_rows(const gateway::Task& task, const journal::Row& row) {
  if (task.external_task_id.empty() || task.external_task_id == row.external_task_id) return;
  throw refusal("task " + task.task_id + " was made for external_task_id " + task.external_task_id + ", not for " +
                    row.external_task_id,
                "look for the task of this row in the service's console");
}

gateway::Task adopt(Run& run, journal::Claim& claim, const std::string& task_id) {
  claim.check_may_adopt(task_id);
  gateway::Task task = look(run, task_id);
  task.task_id = task_id;
  check_is_the_rows(task, claim.row());
  claim.adopt(task_id);
  return task;
}

// This call pays nothing, whatever the row says of an earlier one.
Error unpaid(const std::exception& thrown, const std::string& task_id) {
  ErrorDetails details = as_error(thrown).details();
  details.paid = Paid::no;
  if (details.task_id.empty()) details.task_id = task_id;
  return Error(std::move(details));
}

}  // namespace

gateway::Task adopt_task(const CycleSettings& settings, std::int64_t row_id, const std::string& task_id, Clock& clock,
                         const GObjectPtr<GCancellable>& cancel, CycleObserver& observer) {
  Run run(settings, clock, cancel, observer);
  try {
    journal::Journal journal(journal::locate(settings.journal, settings.service.base_url), clock, cancel);
    // A run on another machine that died shows only after a while.
    const auto claim = journal.claim_row(row_id, 2 * journal::kDeadAfter, run.on_wait());
    return adopt(run, *claim, task_id);
  } catch (const std::exception& error) {
    throw unpaid(error, task_id);
  }
}

}  // namespace klingv2a::cycle
