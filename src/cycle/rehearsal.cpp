// SPDX-License-Identifier: LGPL-2.1-or-later
//
// See rehearsal.h.
#include "cycle/rehearsal.h"

#include "cycle/proxy_publication.h"
#include "cycle/submit.h"
#include "cycle/task_failure.h"

namespace klingv2a::cycle {

namespace {

using journal::State;

constexpr const char* kNoPayment = ": nothing would be paid";

// What the journal's row means for a run that would come now.
Rehearsal by_row(const journal::Row& row, OnUnknown on_unknown) {
  switch (row.state) {
    case State::prepared:
      return {.origin = Origin::looked_up,
              .summary = "an earlier run asked for this clip's task (external_task_id " + row.external_task_id +
                         ") and nobody knows whether it exists: it would be looked up, and if it cannot be found, " +
                         (on_unknown == OnUnknown::resubmit ? "asked for again" : "that would be an error")};
    case State::submitted:
      return {.origin = Origin::resumed,
              .summary = "task " + row.task_id + " of an earlier run would be waited for" + kNoPayment};
    case State::succeeded:
      return {.origin = Origin::downloaded_again,
              .summary = "the sound of task " + row.task_id + " would be downloaded" + kNoPayment};
    case State::downloaded:
      return {.origin = Origin::kept,
              .summary = "the kept sound of task " + row.task_id + " would be played" + kNoPayment};
    case State::failed:
      if (!may_pass(row.message))
        return {.origin = Origin::resumed,
                .summary = "task " + row.task_id + " of an earlier run has failed (" + row.message +
                           "), and a run would say so again" + kNoPayment};
      break;
    case State::waiting:
      break;
  }
  return {.would_pay = true};
}

void rehearse_task(Run& run, const CycleClip& clip, Rehearsal& rehearsal) {
  check_before_work(run, clip);
  const auto publication = publish_proxy(run, clip);
  const std::string request = written_request(run);
  withdraw(run, publication.get());
  run.observer.before_submit();
  rehearsal.request = request;
  // Kling's page on prices, 2026: the same for every length.
  rehearsal.summary =
      "one task would be submitted and paid for (Kling's own price is 0.035 USD a task whatever its "
      "length; a gateway has its own): " +
      rehearsal.request;
}

}  // namespace

Rehearsal rehearse_cycle(const CycleSettings& settings, const CycleClip& clip, Clock& clock,
                         const GObjectPtr<GCancellable>& cancel, CycleObserver& observer) {
  Run run(settings, clock, cancel, observer);
  try {
    journal::Journal journal(journal::locate(settings.journal, settings.service.base_url), clock, cancel);
    const std::optional<journal::Row> row = journal.look_up(identity_of(settings, clip));
    Rehearsal rehearsal = by_row(row.value_or(journal::Row{}), settings.on_unknown);
    if (rehearsal.would_pay) rehearse_task(run, clip, rehearsal);
    rehearsal.stats = run.stats;
    return rehearsal;
  } catch (const Error& error) {
    throw run.with_what_is_known(error);
  }
}

}  // namespace klingv2a::cycle
