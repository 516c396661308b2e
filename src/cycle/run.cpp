// SPDX-License-Identifier: LGPL-2.1-or-later
//
// See run.h.
#include "cycle/run.h"

#include <algorithm>

#include "kling/client.h"

namespace klingv2a::cycle {

Run::Run(const CycleSettings& cycle_settings, Clock& cycle_clock, const GObjectPtr<GCancellable>& cancellable,
         CycleObserver& cycle_observer)
    : settings(cycle_settings),
      clock(cycle_clock),
      cancel(cancellable.get()),
      observer(cycle_observer),
      http(cancellable),
      gateway(std::make_unique<kling::Client>(http, cycle_settings.service, cycle_clock)),
      request(cycle_settings.request) {
  if (request.external_task_id.empty()) request.external_task_id = make_external_task_id();
}

void Run::take_over(journal::Claim& claim) {
  claim_ = &claim;
  const journal::Row& row = claim.row();
  check_gateway(row);
  stats.waited_for_another = stats.waited_for_another || claim.waited_for_another();
  task_id_ = row.task_id;
  handle_.text = row.handle_or_task_id();
  told_status_.clear();
  paid_ = row.state == journal::State::waiting ? Paid::no : row.task_id.empty() ? Paid::maybe : Paid::yes;
  sent_ = paid_ != Paid::no;
  // Also for another POST after a refusal: should an earlier one have made a task all the same, the service knows.
  if (!row.external_task_id.empty()) request.external_task_id = row.external_task_id;
  accepted_at_ = clock.now();
}

// A task that was bought at one kind of service is never asked for at another.
void Run::check_gateway(const journal::Row& row) const {
  const std::string ours = gateway->describe().name;
  if (row.gateway.empty() || row.gateway == ours || row.state == journal::State::waiting) return;
  throw make_error(ErrorKind::settings, Phase::check,
                   "the journal has a task of this clip that " + row.gateway + " was asked for, and this is " + ours,
                   "name the service that the journal has for it, or another journal");
}

void Run::start_over() {
  claim_->start_over();
  const std::string& wanted = settings.request.external_task_id;
  const std::string fresh = make_external_task_id();
  // The service knows the failed task by the id that was asked for.
  request.external_task_id = wanted.empty() ? fresh : wanted + fresh.substr(fresh.rfind('-'));
  task_id_.clear();
  handle_ = {};
  paid_ = Paid::no;
  sent_ = false;
}

void Run::set_origin(Origin origin) {
  origin_ = origin;
  observer.on_origin(origin);
}

void Run::note_journal_failure(const std::exception& failure) {
  ++stats.journal_failures;
  g_warning("what became of external_task_id %s is not written down: %s", request.external_task_id.c_str(),
            failure.what());
  observer.on_journal_failure(with_what_is_known(failure));
}

journal::OnWait Run::on_wait() {
  return [this](const std::string& what) { observer.on_turn(what); };
}

void Run::begin(Phase next) {
  phase_ = next;
  observer.on_phase(next);
}

void Run::wait(Seconds length) {
  if (!clock.sleep(length, cancel)) throw make_error(ErrorKind::cancelled, phase_, "the cycle was cancelled");
}

void Run::wait_for_callback(Seconds length) {
  if (!listener_) return wait(length);
  if (!clock.sleep_until_signalled(length, cancel, listener_->event()))
    throw make_error(ErrorKind::cancelled, phase_, "the cycle was cancelled");
}

void Run::listen() {
  if (settings.callback.listen.empty()) return;
  stop_listening();
  listener_ = std::make_unique<callback::Listener>(settings.callback, clock);
  request.callback_url = listener_->url();
}

void Run::stop_listening() {
  if (!listener_) return;
  callback::Counts counts = listener_->counts();
  listener_.reset();
  stats.callbacks.taken += counts.taken;
  stats.callbacks.dropped += counts.dropped;
  if (counts.dropped > 0) stats.callbacks.last_dropped_reason = std::move(counts.last_dropped_reason);
}

void Run::take_callbacks() {
  if (listener_ && listener_->event().take()) g_debug("a callback came: the task is looked at");
}

void Run::note_retry(const Error& error, int attempt, Seconds gap) {
  ++stats.retries;
  stats.last_retry_reason = error.what();
  g_debug("%s is repeated in %.2f s after attempt %d: %s", std::string(to_string(phase_)).c_str(), gap.count(), attempt,
          error.what());
  observer.on_retry(error, attempt, gap);
}

http::OnRetry Run::on_retry() {
  return [this](const Error& error, int attempt, Seconds gap) { note_retry(error, attempt, gap); };
}

void Run::note_accepted(const gateway::Task& task) {
  paid_ = Paid::yes;
  sent_ = true;
  task_id_ = task.task_id;
  handle_ = task.handle;
  accepted_at_ = clock.now();
  tell(task);
}

gateway::Task Run::query(Seconds patience) {
  constexpr Seconds kLeast{1};
  ++stats.polls;
  gateway::Task task =
      gateway->query(handle_, std::clamp(patience, kLeast, std::max(settings.service.timeouts.total, kLeast)));
  // A short answer does not make us forget which task it is about.
  task.task_id = task_id_;
  task.handle = handle_;
  if (task.external_task_id.empty()) task.external_task_id = request.external_task_id;
  note_unknown_status(task);
  tell(task);
  return task;
}

void Run::tell(const gateway::Task& task) {
  if (!task.oddity.empty()) note_oddity(task.oddity);
  if (std::exchange(told_status_, task.status_text) != task.status_text) observer.on_task(task);
}

// A word that nobody knows ends the wait when all that was waited for is there.
void Run::note_unknown_status(gateway::Task& task) {
  // A service that invents a new one for each look is not to fill the log.
  constexpr std::size_t kMostTold = 10;
  if (task.status != gateway::TaskStatus::unknown) return;
  const bool complete = gateway::has_links(task);
  if (complete) task.status = gateway::TaskStatus::succeed;
  if (unknown_words_.size() >= kMostTold || !unknown_words_.insert(task.status_text).second) return;
  const std::string what =
      task.status_text.empty() ? "no task_status" : "the unknown task_status '" + task.status_text + "'";
  note_oddity("task " + task_id_ + " has " + what + ": it is taken as " +
              (complete ? "succeeded, for its result is there" : "running"));
}

void Run::note_oddity(const std::string& what) {
  g_debug("%s", what.c_str());
  observer.on_oddity(with_what_is_known(make_error(ErrorKind::service, phase_, what)));
}

std::string Run::how_to_find_the_task() const {
  return "look for its task in " + gateway->describe().console + ", by external_task_id " + request.external_task_id +
         " or by the time; if it is there: klingv2a tasks adopt " + request.external_task_id + " TASK-ID";
}

Error Run::with_what_is_known(const std::exception& thrown) const {
  ErrorDetails details = as_error(thrown).details();
  if (details.phase != Phase::decode) details.phase = phase_;  // the observer's step, within the download
  if (details.paid == Paid::no) details.paid = paid_;
  // Once more would not help by itself: the next run goes on where this one ended.
  if (details.paid != Paid::no) details.retryable = false;
  if (details.task_id.empty()) details.task_id = task_id_;
  if (sent_) details.external_task_id = request.external_task_id;
  if (details.kind == ErrorKind::cancelled && details.paid != Paid::no)
    details.advice = "the journal keeps external_task_id " + request.external_task_id +
                     ": the next run with the same clip goes on with it, and nothing is paid twice";
  return Error(std::move(details));
}

}  // namespace klingv2a::cycle
