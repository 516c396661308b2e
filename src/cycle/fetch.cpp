// SPDX-License-Identifier: LGPL-2.1-or-later
//
// See fetch.h.
#include "cycle/fetch.h"

#include "cycle/cache.h"
#include "cycle/download.h"
#include "cycle/find_task.h"
#include "cycle/poll.h"
#include "cycle/submit.h"
#include "cycle/task_failure.h"

namespace klingv2a::cycle {

namespace {

using journal::State;

void adopt_earlier_task(Run& run) {
  run.begin(Phase::submit);
  const gateway::LookupResult result = find_task(run);
  if (!result.task) {
    throw Error({.kind = ErrorKind::unknown_outcome,
                 .paid = Paid::maybe,
                 .message = "no task is found for external_task_id " + run.request.external_task_id + ": " + result.why,
                 .advice = run.how_to_find_the_task()});
  }
  run.set_origin(Origin::looked_up);
  accept(run, *result.task);
}

// A task of the row's that can be asked for.
void obtain_task(Run& run) {
  const journal::Row& row = run.claim().row();
  switch (journal::state_to_resume(row)) {
    case State::waiting:
      throw make_error(ErrorKind::settings, Phase::check, "no task was asked for yet: there is nothing to fetch",
                       "dub the video");
    case State::prepared:
      return adopt_earlier_task(run);
    case State::submitted:
      return run.set_origin(Origin::resumed);
    case State::succeeded:
    case State::downloaded:
      return run.set_origin(Origin::downloaded_again);
    case State::failed:
      throw task_failure(row.message);
  }
}

CycleResult fetch_claimed(Run& run, const journal::Location& location, FetchWait wait) {
  std::optional<ResultSound> sound = play_cached(run, location);
  gateway::Task task = cached_task(run.claim().row());
  if (!sound) {
    obtain_task(run);
    task = wait == FetchWait::look_once ? poll_once(run) : poll(run);
    sound = download(run, task);
    store_in_cache(run, location, *sound);
  }
  return {.task = std::move(task),
          .origin = run.origin(),
          .form = sound->form,
          .sound = std::move(sound->file),
          .stats = run.stats};
}

}  // namespace

CycleResult fetch_sound(const CycleSettings& settings, std::int64_t row_id, FetchWait wait, Clock& clock,
                        const GObjectPtr<GCancellable>& cancel, CycleObserver& observer) {
  Run run(settings, clock, cancel, observer);
  try {
    journal::Journal journal(journal::locate(settings.journal, settings.service.base_url), clock, cancel);
    // A run on another machine that died shows only after a while.
    const Seconds patience = wait == FetchWait::look_once ? 2 * journal::kDeadAfter : settings.timeout;
    const auto claim = journal.claim_row(row_id, patience, run.on_wait());
    run.take_over(*claim);
    return fetch_claimed(run, journal.location(), wait);
  } catch (const std::exception& error) {
    throw run.with_what_is_known(error);
  }
}

}  // namespace klingv2a::cycle
