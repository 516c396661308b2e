// SPDX-License-Identifier: LGPL-2.1-or-later
//
// See submit.h.
#include "cycle/submit.h"

#include <algorithm>
#include <cmath>
#include <exception>

#include "cycle/find_task.h"

namespace klingv2a::cycle {

namespace {

// Nothing was created yet, so a service that is just restarting deserves a few retries.
constexpr http::RetryPolicy kConnectRetries{.attempts = 4, .base = Seconds(1), .cap = Seconds(8)};
constexpr Seconds kLongestRefusalGap{30};

// What is known of the task after a POST that brought none.
enum class Outcome {
  refused,          // none was made, and asking again would not help
  refused_for_now,  // none was made; the limit passes
  not_sent,         // none can have been made
  unknown,          // one may exist
};

Outcome outcome_of(const gateway::ApiError& error) {
  switch (error.action()) {
    case gateway::Action::fatal:
    case gateway::Action::sign_again:  // a bearer key cannot be signed again
      return Outcome::refused;
    case gateway::Action::resubmit:
      return Outcome::refused_for_now;
    case gateway::Action::retry:
    case gateway::Action::retry_briefly:
    case gateway::Action::ambiguous:
      break;
  }
  return Outcome::unknown;
}

Outcome outcome_of(const http::TransportError& error) {
  if (error.sent() == http::Sent::maybe) return Outcome::unknown;
  return error.kind() == ErrorKind::network ? Outcome::not_sent : Outcome::refused;
}

Outcome outcome_of(const Error& error) {
  if (const auto* answer = dynamic_cast<const gateway::ApiError*>(&error)) return outcome_of(*answer);
  if (const auto* silence = dynamic_cast<const http::TransportError*>(&error)) return outcome_of(*silence);
  if (error.kind() == ErrorKind::busy) return Outcome::not_sent;  // the row could not be confirmed in time
  return error.kind() == ErrorKind::unknown_outcome ? Outcome::unknown : Outcome::refused;
}

Error maybe_paid(const Run& run, const Error& cause) {
  ErrorDetails details = cause.details();
  details.paid = Paid::maybe;
  if (details.kind != ErrorKind::cancelled) details.kind = ErrorKind::unknown_outcome;
  details.message = "the task was asked for, but whether it exists is not known: " + details.message;
  details.advice =
      "run it again, which asks for the task once more and pays nothing twice; or " + run.how_to_find_the_task();
  return Error(std::move(details));
}

class SubmitAttempts {
 public:
  explicit SubmitAttempts(Run& run) : run_(run), give_up_at_(run.clock.now() + run.settings.timeout) {}

  // Waits until the POST may go out again, or throws what ends the submit.
  void wait_after(const Error& failure) {
    const std::optional<Seconds> gap = gap_after(failure);
    // Of an earlier POST, for which this one was to stand in, a refusal says nothing: that may be out as before.
    if (run_.paid() == Paid::no) run_.write_down([&](journal::Claim& claim) { claim.refused(failure.what()); });
    if (!gap) throw run_.with_what_is_known(failure);
    run_.note_retry(failure, refused_ + not_sent_, *gap);
    run_.wait(*gap);
  }
  [[nodiscard]] Seconds patience() const { return give_up_at_ - run_.clock.now(); }
  // The wait for a turn is no part of it.
  void note_waited(Seconds waited) { give_up_at_ += waited; }

 private:
  std::optional<Seconds> gap_after(const Error& failure) {
    switch (outcome_of(failure)) {
      case Outcome::refused:
        return std::nullopt;
      case Outcome::refused_for_now:
        return gap_after_refusal(failure.details());
      case Outcome::not_sent:
        return gap_after_no_connection(failure.details());
      case Outcome::unknown:
        break;
    }
    throw maybe_paid(run_, failure);
  }

  // At least a second, growing, with jitter so that several clips do not retry at the same moment.
  std::optional<Seconds> gap_after_refusal(const ErrorDetails& details) {
    const Seconds grown = std::min(Seconds(std::exp2(refused_++)), kLongestRefusalGap) * (1 + run_.clock.random());
    const Seconds gap = std::max(grown, Seconds(details.retry_after_s.value_or(0)));
    if (run_.clock.now() + gap > give_up_at_) return std::nullopt;
    return gap;
  }

  std::optional<Seconds> gap_after_no_connection(const ErrorDetails& details) {
    return http::next_gap(kConnectRetries, run_.clock, details, ++not_sent_);
  }

  Run& run_;
  Seconds give_up_at_;
  int refused_ = 0;
  int not_sent_ = 0;
};

// From here on the journal says that a task may exist. Returns how long the turn was waited for.
Seconds prepare(Run& run, Seconds patience) {
  run.observer.before_submit();
  const Seconds begin = run.clock.now();
  run.claim().prepare({.external_task_id = run.request.external_task_id,
                       .request = written_request(run),
                       .gateway = run.gateway->describe().name},
                      run.settings.max_tasks, patience, run.on_wait());
  return run.clock.now() - begin;
}

// The row is confirmed just before the first byte leaves, and not earlier: a process that stood still until then may
// have lost it.
gateway::Task send(Run& run) {
  std::exception_ptr withdrawn;
  const auto confirm = [&] {
    try {
      run.claim().confirm();
      run.note_sent();
    } catch (...) {
      withdrawn = std::current_exception();
      throw;
    }
  };
  try {
    return run.gateway->submit(run.request, confirm);
  } catch (...) {
    if (withdrawn) std::rethrow_exception(withdrawn);
    throw;
  }
}

gateway::Task post(Run& run) {
  gateway::Task task = send(run);
  if (task.external_task_id.empty()) task.external_task_id = run.request.external_task_id;
  return task;
}

// The task that a refusal was about, when an earlier POST with the same external_task_id was: that is not paid again.
std::optional<gateway::Task> find_refused_for(Run& run) {
  try {
    std::optional<gateway::Task> task = find_task(run).task;
    if (task) run.set_origin(Origin::looked_up);
    return task;
  } catch (const TaskOfAnother&) {
    // Under this id all of the clip's POSTs were refused, so it is free to take another one.
    if (run.paid() == Paid::no) run.write_down([](journal::Claim& claim) { claim.start_over(); });
    throw;
  }
}

// The task that an unclear answer, or a refusal, was about.
std::optional<gateway::Task> find_after(Run& run, const Error& failure, bool sent_before) {
  if (failure.kind() == ErrorKind::cancelled) return std::nullopt;
  const Outcome outcome = outcome_of(failure);
  if (outcome == Outcome::unknown) {
    run.note_maybe_paid();  // first: a cancel may end the search
    return find_task(run).task;
  }
  if (sent_before && outcome == Outcome::refused && failure.kind() == ErrorKind::input) return find_refused_for(run);
  return std::nullopt;
}

}  // namespace

std::string written_request(const Run& run) {
  gateway::SubmitRequest request = run.request;
  const bool by_reference = !run.settings.request.video_url.empty();
  if (!request.video_url.empty())
    request.video_url = by_reference ? http::displayable_url(request.video_url) : "published";
  request.callback_url.clear();
  return run.gateway->written(request);
}

void accept(Run& run, const gateway::Task& task) {
  run.note_accepted(task);
  run.write_down([&](journal::Claim& claim) { claim.accepted(task.task_id, task.handle.text); });
}

void submit(Run& run) {
  run.begin(Phase::submit);
  const StepTimer timer(run.clock, run.stats.submit_s);
  const bool sent_before = run.claim().row().entered_ms(journal::State::prepared) != 0;
  SubmitAttempts attempts(run);
  for (;;) {
    const Seconds waited = prepare(run, attempts.patience());
    attempts.note_waited(waited);
    std::optional<gateway::Task> task;
    try {
      if (waited > kLongWait) run.observer.before_submit();
      task = post(run);
    } catch (const journal::LeaseLost&) {
      throw;
    } catch (const Error& failure) {
      task = find_after(run, failure, sent_before);
      if (!task) attempts.wait_after(failure);
    }
    if (task) return accept(run, *task);
  }
}

}  // namespace klingv2a::cycle
