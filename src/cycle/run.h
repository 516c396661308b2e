// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What the steps of one cycle share: the settings, the one HTTP client, the journal's row, what is known of the task
// and of the money, and the counters. Lives on the cycle thread for one run_cycle(); no locks.
#pragma once

#include <set>
#include <string>

#include "callback/listener.h"
#include "cycle/cycle.h"
#include "gateway/gateway.h"
#include "http/retry.h"
#include "journal/journal.h"

namespace klingv2a::cycle {

class Run {
 public:
  Run(const CycleSettings& cycle_settings, Clock& cycle_clock, const GObjectPtr<GCancellable>& cancellable,
      CycleObserver& cycle_observer);

  void begin(Phase next);
  // Throws Error{cancelled} as soon as the run is cancelled.
  void wait(Seconds length);
  // Likewise, but ends early once a callback has come; without a listener there is none.
  void wait_for_callback(Seconds length);
  // From now on callbacks of the task that will be submitted are taken, if they are wished for: those of an earlier
  // run's task go to a path that is gone. Throws Error{settings}.
  void listen();
  // No callback is waited for any more: what came is in the stats.
  void stop_listening();
  [[nodiscard]] bool is_listening() const noexcept { return listener_ != nullptr; }
  // What came so far is known by the look that follows.
  void take_callbacks();
  // A failure that is repeated after `gap`: counted and reported.
  void note_retry(const Error& error, int attempt, Seconds gap);
  [[nodiscard]] http::OnRetry on_retry();
  [[nodiscard]] journal::OnWait on_wait();

  // The clip's row is ours: what it says of the task and the money holds. `claim` outlives the run's use of it. Throws
  // Error{settings} for a task of another kind of service.
  void take_over(journal::Claim& claim);
  [[nodiscard]] journal::Claim& claim() { return *claim_; }
  void set_origin(Origin origin);
  [[nodiscard]] Origin origin() const noexcept { return origin_; }
  // Writes down what has already happened. When that fails the sound is still worth having: reported and counted, not
  // thrown. Throws journal::LeaseLost.
  template <typename Write>
  void write_down(const Write& write);

  // The POST leaves now: from here on errors carry external_task_id.
  void note_sent() { sent_ = true; }
  // The row is for another task than the one that failed.
  void start_over();
  // It is known by now that there is no task.
  void note_not_paid() { paid_ = Paid::no; }
  // A POST went out that may have made one.
  void note_maybe_paid() {
    if (paid_ == Paid::no) paid_ = Paid::maybe;
  }
  [[nodiscard]] Paid paid() const noexcept { return paid_; }
  // The task is there, and paid for.
  void note_accepted(const gateway::Task& task);
  // One GET of the task, bounded by `patience`. Notifies the observer when the status changed.
  [[nodiscard]] gateway::Task query(Seconds patience);
  // Seconds since the task was accepted, or taken over.
  [[nodiscard]] Seconds waited() { return clock.now() - accepted_at_; }
  // For advice, when nobody knows whether a task was made: how it is found, and handed over.
  [[nodiscard]] std::string how_to_find_the_task() const;
  // The error (as_error(): of whatever was thrown) with the phase and all that is known of the task and the money.
  [[nodiscard]] Error with_what_is_known(const std::exception& thrown) const;

  const CycleSettings& settings;
  Clock& clock;
  GCancellable* const cancel;
  CycleObserver& observer;
  http::Client http;
  const std::unique_ptr<gateway::Gateway>
      gateway;                     // one for the run: it remembers how far our clock is off the service's
  gateway::SubmitRequest request;  // external_task_id is never empty
  CycleStats stats;
  bool checked = false;  // what is checked once, before work, is done

 private:
  void check_gateway(const journal::Row& row) const;
  void tell(const gateway::Task& task);
  void note_unknown_status(gateway::Task& task);
  void note_oddity(const std::string& what);
  void note_journal_failure(const std::exception& failure);

  journal::Claim* claim_ = nullptr;
  std::unique_ptr<callback::Listener> listener_;
  Origin origin_ = Origin::submitted;
  Phase phase_ = Phase::check;
  bool sent_ = false;
  Paid paid_ = Paid::no;
  std::string task_id_;
  gateway::Handle handle_;  // what the task is asked for by
  std::string told_status_;
  std::set<std::string> unknown_words_;  // of task_status, each reported once
  Seconds accepted_at_{0};
};

template <typename Write>
void Run::write_down(const Write& write) {
  try {
    write(*claim_);
  } catch (const journal::LeaseLost&) {
    throw;
  } catch (const std::exception& failure) {
    note_journal_failure(failure);
  }
}

// Adds the time of a scope to one of the stats.
class StepTimer {
 public:
  StepTimer(Clock& clock, double& seconds) : clock_(clock), seconds_(seconds), start_(clock.now()) {}
  ~StepTimer() { seconds_ += (clock_.now() - start_).count(); }
  StepTimer(const StepTimer&) = delete;
  StepTimer& operator=(const StepTimer&) = delete;

 private:
  Clock& clock_;
  double& seconds_;
  Seconds start_;
};

}  // namespace klingv2a::cycle
