// SPDX-License-Identifier: LGPL-2.1-or-later
//
// See poll.h.
#include "cycle/poll.h"

#include <algorithm>
#include <cmath>

#include "cycle/poll_gaps.h"
#include "cycle/task_failure.h"

namespace klingv2a::cycle {

namespace {

constexpr http::RetryPolicy kQueryRetries{};
// Of a single look: people wait for it, and can look again.
constexpr http::RetryPolicy kLookRetries{.attempts = 3};
// Between two looks, however many callbacks come.
constexpr Seconds kLeastGap{1};
// How often the service may not know the task that it has just accepted.
constexpr int kUnknownTaskAnswers = 4;

// What is known of the task when the wait for it ends.
struct Seen {
  std::optional<Error> last_failure;  // of a look; nothing: the last one was answered
  gateway::Task task;                 // as last seen; without a status_text: never

  [[nodiscard]] bool is_running() const { return !last_failure && task.status != gateway::TaskStatus::unknown; }
};

Error still_running(std::string message, const Seen& seen) {
  return Error({.kind = ErrorKind::still_running,
                .phase = Phase::poll,
                .paid = Paid::yes,
                .message = std::move(message),
                .advice = seen.is_running()
                              ? "it goes on at the service, which keeps the result for 30 days; the next run with the "
                                "same clip goes on waiting"
                              : "it may have ended; the service keeps the result for 30 days, and the next run with "
                                "the same clip asks again"});
}

bool is_of_unknown_task(const gateway::ApiError* answer) {
  return answer && answer->action() == gateway::Action::retry_briefly;
}

// The service has accepted the task, so what is wrong is neither the video nor the request. One that was made just now
// may still turn up.
Error unknown_task(const Run& run, const Error& failure) {
  const bool is_new = run.origin() == Origin::submitted;
  ErrorDetails details = run.with_what_is_known(failure).details();
  details.kind = ErrorKind::result;
  details.message = std::string("the service ") + (is_new ? "does not know" : "no longer knows") + " task " +
                    details.task_id + " (" + failure.what() + ")";
  details.advice = is_new ? "run again later: that looks for it again, and pays nothing"
                          : "it keeps tasks for 30 days, and shows them to the account that paid only: check the key; "
                            "another take, or klingv2a tasks forget " +
                                details.task_id + ", asks for a new task, which is paid for";
  return Error(std::move(details));
}

void write_down_end(Run& run, const gateway::Task& task) {
  const bool failed = task.status == gateway::TaskStatus::failed;
  const std::string kind(failed ? to_string(task_failure(task.status_message).kind()) : "");
  std::string deduction = task.final_unit_deduction;
  if (!task.final_balance_deduction.empty())
    deduction += (deduction.empty() ? "" : ", ") + task.final_balance_deduction;
  run.write_down([&](journal::Claim& claim) {
    claim.ended(failed ? journal::State::failed : journal::State::succeeded, task.status_message, kind, deduction);
  });
}

std::string not_ended_text(Run& run, const Seen& seen) {
  const std::string after = " after " + std::to_string(std::lround(run.waited().count())) + " s";
  std::string message = "the task has not ended" + after;
  if (seen.last_failure) message = "it is not known whether the task has ended" + after;
  if (seen.task.status == gateway::TaskStatus::unknown && !seen.task.status_text.empty())
    message += "; its task_status is '" + seen.task.status_text + "', which is none of those that are known";
  if (seen.last_failure) message += std::string("; the last query failed: ") + seen.last_failure->what();
  return message;
}

// Waiting for one task: when to look next, and what ends the wait.
class Wait {
 public:
  // A task that another run has submitted may have ended by now.
  explicit Wait(Run& run) : run_(run), gap_(run.origin() == Origin::submitted ? gaps_.next(run.clock) : Seconds(0)) {}

  gateway::Task until_terminal() {
    for (;;) {
      const Seconds left = run_.settings.timeout - run_.waited();
      if (left <= Seconds(0)) throw still_running(not_ended_text(run_, seen_), seen_);
      // The last look is taken at the time-out itself.
      wait_to_look(std::min(gap_, left));
      const std::optional<gateway::Task> task = look();
      if (task && gateway::is_terminal(task->status)) return *task;
      run_.observer.on_waiting(run_.waited());
    }
  }

 private:
  // A callback ends the wait early, but not one that the service's trouble has made necessary.
  void wait_to_look(Seconds length) {
    if (!run_.is_listening() || seen_.last_failure) return run_.wait(length);
    const Seconds least = std::min(length, kLeastGap);
    run_.wait(least);
    run_.wait_for_callback(length - least);
  }

  std::optional<gateway::Task> look() {
    // Before the look: what comes during it may tell of a later state.
    run_.take_callbacks();
    try {
      gateway::Task task = run_.query(run_.settings.timeout - run_.waited());
      failures_ = unknown_task_answers_ = 0;
      seen_ = {.last_failure = std::nullopt, .task = task};
      gap_ = gaps_.next(run_.clock);
      return task;
    } catch (const Error& failure) {
      gap_ = gap_after(failure);
      seen_.last_failure = failure;
      run_.note_retry(failure, failures_, gap_);
      return std::nullopt;
    }
  }

  // Short gaps at first; when those are used up, the usual ones.
  Seconds gap_after(const Error& failure) {
    ++failures_;
    const auto* answer = dynamic_cast<const gateway::ApiError*>(&failure);
    const bool is_unknown = is_of_unknown_task(answer);
    if (ends_the_wait(failure, answer))
      throw is_unknown ? unknown_task(run_, failure) : run_.with_what_is_known(failure);
    ErrorDetails details = failure.details();
    details.retryable = true;
    const std::optional<Seconds> retry_gap = http::next_gap(kQueryRetries, run_.clock, details, failures_);
    if (retry_gap && !is_unknown) return *retry_gap;
    const Seconds asked_for(details.retry_after_s.value_or(0));
    return std::max(gaps_.next(run_.clock), std::min(asked_for, kQueryRetries.retry_after_cap));
  }

  bool ends_the_wait(const Error& failure, const gateway::ApiError* answer) {
    if (failure.kind() == ErrorKind::cancelled) return true;
    if (!answer) return false;
    switch (answer->action()) {
      case gateway::Action::retry_briefly:
        return ++unknown_task_answers_ > kUnknownTaskAnswers;
      case gateway::Action::retry:
      case gateway::Action::resubmit:
      case gateway::Action::ambiguous:
        return false;
      case gateway::Action::fatal:
      case gateway::Action::sign_again:  // a bearer key cannot be signed again
        break;
    }
    return true;
  }

  Run& run_;
  PollGaps gaps_;
  Seconds gap_;
  int failures_ = 0;  // in a row
  int unknown_task_answers_ = 0;
  Seen seen_;
};

// What is known of a task that has ended.
gateway::Task end_of(Run& run, gateway::Task task) {
  run.stop_listening();
  write_down_end(run, task);
  if (task.status == gateway::TaskStatus::failed) throw task_failure(task.status_message, task.request_id);
  return task;
}

gateway::Task look_with_retries(Run& run) {
  try {
    return http::with_retries(kLookRetries, run.clock, run.cancel, run.on_retry(),
                              [&run] { return run.query(run.settings.service.timeouts.total); });
  } catch (const gateway::ApiError& failure) {
    if (is_of_unknown_task(&failure)) throw unknown_task(run, failure);
    throw;
  }
}

}  // namespace

gateway::Task poll(Run& run) {
  run.begin(Phase::poll);
  const StepTimer timer(run.clock, run.stats.wait_s);
  return end_of(run, Wait(run).until_terminal());
}

gateway::Task poll_once(Run& run) {
  run.begin(Phase::poll);
  const StepTimer timer(run.clock, run.stats.wait_s);
  gateway::Task task = look_with_retries(run);
  if (!gateway::is_terminal(task.status))
    throw still_running("the task is " + task.status_text, {.last_failure = std::nullopt, .task = task});
  return end_of(run, std::move(task));
}

}  // namespace klingv2a::cycle
