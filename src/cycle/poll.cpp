// SPDX-License-Identifier: LGPL-2.1-or-later
//
// See poll.h.
#include "cycle/poll.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "cycle/poll_gaps.h"

namespace klingv2a::cycle {

namespace {

constexpr http::RetryPolicy kQueryRetries{};
// How often the service may not know the task that it has just accepted.
constexpr int kUnknownTaskAnswers = 4;

// A task that fails says why only in free text.
bool reads_like_moderation(const std::string& message) {
  constexpr std::array<std::string_view, 4> kWords{"risk control", "moderation", "sensitive", "content policy"};
  const GCharPtr lower(g_ascii_strdown(message.c_str(), -1));
  const std::string_view text(lower.get());
  return std::ranges::any_of(kWords,
                             [text](std::string_view word) { return text.find(word) != std::string_view::npos; });
}

Error failed(const kling::Task& task) {
  const bool content = reads_like_moderation(task.status_message);
  return Error({.kind = content ? ErrorKind::content : ErrorKind::task_failed,
                .phase = Phase::poll,
                .paid = Paid::yes,
                .request_id = task.request_id,
                .message = "the task failed: " +
                           (task.status_message.empty() ? "the service gave no reason" : task.status_message),
                .advice = content ? "change the video or the prompts: the content policy refuses them" : ""});
}

Error still_running(Run& run, const Error* last_failure) {
  std::string message = "the task has not ended after " + std::to_string(std::lround(run.waited().count())) + " s";
  if (last_failure) message += std::string("; the last query failed: ") + last_failure->what();
  return Error({.kind = ErrorKind::still_running,
                .phase = Phase::poll,
                .paid = Paid::yes,
                .message = std::move(message),
                .advice = "it goes on at the service: GET " + run.task_url() +
                          " gives the result for 30 days; a longer timeout waits longer"});
}

// Waiting for one task: when to look next, and what ends the wait.
class Wait {
 public:
  explicit Wait(Run& run) : run_(run), gap_(gaps_.next(run.clock)) {}

  kling::Task until_terminal() {
    for (;;) {
      const Seconds left = run_.settings.timeout - run_.waited();
      if (left <= Seconds(0)) throw still_running(run_, last_failure_ ? &*last_failure_ : nullptr);
      // The last look is taken at the time-out itself.
      run_.wait(std::min(gap_, left));
      const std::optional<kling::Task> task = look();
      if (task && kling::is_terminal(task->status)) return *task;
      run_.observer.on_waiting(run_.waited());
    }
  }

 private:
  std::optional<kling::Task> look() {
    try {
      kling::Task task = run_.query(run_.settings.timeout - run_.waited());
      failures_ = unknown_task_answers_ = 0;
      last_failure_.reset();
      gap_ = gaps_.next(run_.clock);
      return task;
    } catch (const Error& failure) {
      gap_ = gap_after(failure);
      last_failure_ = failure;
      run_.note_retry(failure, failures_, gap_);
      return std::nullopt;
    }
  }

  // Short gaps at first; when those are used up, the usual ones.
  Seconds gap_after(const Error& failure) {
    ++failures_;
    const auto* answer = dynamic_cast<const kling::ApiError*>(&failure);
    const bool unknown_task = answer && answer->action() == kling::Action::retry_briefly;
    if (ends_the_wait(failure, answer)) throw run_.with_what_is_known(failure);
    ErrorDetails details = failure.details();
    details.retryable = true;
    const std::optional<Seconds> retry_gap = http::next_gap(kQueryRetries, run_.clock, details, failures_);
    if (retry_gap && !unknown_task) return *retry_gap;
    const Seconds asked_for(details.retry_after_s.value_or(0));
    return std::max(gaps_.next(run_.clock), std::min(asked_for, kQueryRetries.retry_after_cap));
  }

  bool ends_the_wait(const Error& failure, const kling::ApiError* answer) {
    if (failure.kind() == ErrorKind::cancelled) return true;
    if (!answer) return false;
    switch (answer->action()) {
      case kling::Action::retry_briefly:
        return ++unknown_task_answers_ > kUnknownTaskAnswers;
      case kling::Action::retry:
      case kling::Action::resubmit:
      case kling::Action::ambiguous:
        return false;
      case kling::Action::fatal:
      case kling::Action::sign_again:  // a bearer key cannot be signed again
        break;
    }
    return true;
  }

  Run& run_;
  PollGaps gaps_;
  Seconds gap_;
  int failures_ = 0;  // in a row
  int unknown_task_answers_ = 0;
  std::optional<Error> last_failure_;
};

}  // namespace

kling::Task poll(Run& run) {
  run.begin(Phase::poll);
  const StepTimer timer(run.clock, run.stats.wait_s);
  kling::Task task = Wait(run).until_terminal();
  if (task.status == kling::TaskStatus::failed) throw failed(task);
  return task;
}

}  // namespace klingv2a::cycle
