// SPDX-License-Identifier: LGPL-2.1-or-later
//
// See dry_run.h.
#include "cycle/dry_run.h"

#include "cycle/cache.h"
#include "cycle/proxy_publication.h"
#include "cycle/submit.h"
#include "cycle/task_failure.h"

namespace klingv2a::cycle {

namespace {

using journal::State;

constexpr const char* kNoPayment = ": nothing would be paid";

// Nothing is published for it: the task, if there is one, may still have to fetch what lies under the same name.
DryRun of_earlier_post(const journal::Row& row, OnUnknown on_unknown) {
  return {.origin = Origin::looked_up,
          .would_pay = true,
          .summary = "an earlier run asked for this clip's task (external_task_id " + row.external_task_id +
                     ") and nobody knows whether it exists. It would be looked up, and gone on with if it is found; if "
                     "the service shows its whole list without it, a task would be paid for; and if the service "
                     "cannot say, " +
                     (on_unknown == OnUnknown::resubmit ? "perhaps a second one (on-unknown=resubmit)"
                                                        : "that would be an error")};
}

// It is paid for certain, so that a list without it proves nothing.
DryRun of_nameless_task(const journal::Row& row) {
  return {.origin = Origin::looked_up,
          .summary = "the task that an earlier run has made (external_task_id " + row.external_task_id +
                     ") would be looked up, because the journal could not take down its task_id" + kNoPayment};
}

DryRun of_failed(const journal::Row& row) {
  if (may_pass(row.message)) return {.would_pay = true};
  return {.origin = Origin::resumed,
          .summary = "task " + row.task_id + " of an earlier run has failed (" + row.message +
                     "), and a run would say so again" + kNoPayment};
}

// What the journal's row means for a run that would come now.
DryRun by_row(const journal::Row& row, OnUnknown on_unknown, bool is_cached) {
  switch (journal::state_to_resume(row)) {
    case State::prepared:
      return row.state == State::prepared ? of_earlier_post(row, on_unknown) : of_nameless_task(row);
    case State::submitted:
      return {.origin = Origin::resumed,
              .summary = "task " + row.task_id + " of an earlier run would be waited for" + kNoPayment};
    case State::downloaded:
      if (is_cached)
        return {.origin = Origin::kept,
                .summary = "the cached sound of task " + row.task_id + " would be played" + kNoPayment};
      [[fallthrough]];
    case State::succeeded:
      return {.origin = Origin::downloaded_again,
              .summary = "the sound of task " + row.task_id + " would be downloaded" + kNoPayment};
    case State::failed:
      return of_failed(row);
    case State::waiting:
      break;
  }
  return {.would_pay = true};
}

void check_and_publish(Run& run, const CycleClip& clip, DryRun& dry_run) {
  check_before_work(run, clip);
  const auto publication = publish_proxy(run, clip);
  const std::string request = written_request(run);
  withdraw(run, publication.get());
  run.observer.before_submit();
  dry_run.request = request;
  // Kling's page on prices, 2026: the same for every length.
  dry_run.summary =
      "one task would be submitted and paid for (Kling's own price is 0.035 USD a task whatever its "
      "length; a gateway has its own): " +
      dry_run.request;
}

}  // namespace

DryRun dry_run_cycle(const CycleSettings& settings, const CycleClip& clip, Clock& clock,
                     const GObjectPtr<GCancellable>& cancel, CycleObserver& observer) {
  Run run(settings, clock, cancel, observer);
  try {
    journal::Journal journal(journal::locate(settings.journal, settings.service.base_url), clock, cancel);
    const journal::Row row = journal.look_up(identity_of(settings, clip)).value_or(journal::Row{});
    DryRun dry_run = by_row(row, settings.on_unknown, cached_sound(run, journal.location(), row).has_value());
    if (dry_run.origin == Origin::submitted) check_and_publish(run, clip, dry_run);
    dry_run.stats = run.stats;
    return dry_run;
  } catch (const std::exception& error) {
    throw run.with_what_is_known(error);
  }
}

}  // namespace klingv2a::cycle
