// SPDX-License-Identifier: LGPL-2.1-or-later
//
// See cycle.h. Reads like the sentence it carries out; each step is in the file of its name.
#include "cycle/cycle.h"

#include <utility>

#include "cycle/cache.h"
#include "cycle/download.h"
#include "cycle/find_task.h"
#include "cycle/poll.h"
#include "cycle/proxy_publication.h"
#include "cycle/run.h"
#include "cycle/submit.h"
#include "cycle/task_failure.h"
#include "journal/file_place.h"

namespace klingv2a::cycle {

namespace {

using journal::State;

// A run that stands still for too often is on a machine that cannot do this.
constexpr int kMostLostLeases = 3;

// Why it is not proven that an earlier POST made no task. Nothing: it is.
std::optional<std::string> why_not_absent(Run& run, const gateway::LookupResult& result) {
  if (result.verdict != gateway::LookupResult::Verdict::absent) return result.why;
  if (run.claim().row().state != State::prepared) return "it was there once, but " + result.why;
  if (!run.claim().is_of_this_account()) return "it was asked for with another key, and " + result.why;
  return std::nullopt;
}

// An earlier run has prepared a POST, and nobody has written down what became of it. True: it made a task, which is
// ours now. False: another POST may go out.
bool adopt_earlier_task(Run& run) {
  run.begin(Phase::submit);
  const gateway::LookupResult result = find_task(run);
  if (result.task) {
    run.set_origin(Origin::looked_up);
    accept(run, *result.task);
    return true;
  }
  const std::optional<std::string> why = why_not_absent(run, result);
  if (!why) run.note_not_paid();
  if (!why || run.settings.on_unknown == OnUnknown::resubmit) return false;
  throw Error({.kind = ErrorKind::unknown_outcome,
               .paid = Paid::maybe,
               .message = "an earlier run asked for this clip's task, and whether it exists is not known: " + *why,
               .advice = run.how_to_find_the_task() + "; if it is not, on-unknown=resubmit asks for it again"});
}

// Frees the listener's port before the row is given back, which may take a slow disk's time: the clip's next run may
// want both.
class ListenerEnd {
 public:
  explicit ListenerEnd(Run& run) : run_(run) {}
  ~ListenerEnd() { run_.stop_listening(); }
  ListenerEnd(const ListenerEnd&) = delete;
  ListenerEnd& operator=(const ListenerEnd&) = delete;

 private:
  Run& run_;
};

// The same failure again costs nothing; another task would.
void fail_again_or_start_over(Run& run) {
  const journal::Row& row = run.claim().row();
  if (may_pass(row.message)) return run.start_over();
  ErrorDetails details = task_failure(row.message).details();
  details.message = "as an earlier run has found (nothing is paid now), " + details.message;
  throw Error(std::move(details));
}

// A task for the clip: the journal's, or, when there is none, a new one for what is put into `publication`.
void obtain_task(Run& run, const CycleClip& clip, std::unique_ptr<publish::Publication>& publication) {
  switch (journal::state_to_resume(run.claim().row())) {
    case State::submitted:
      return run.set_origin(Origin::resumed);
    case State::succeeded:
    case State::downloaded:
      return run.set_origin(Origin::downloaded_again);
    case State::prepared:
      if (adopt_earlier_task(run)) return;
      break;
    case State::failed:
      fail_again_or_start_over(run);
      break;
    case State::waiting:
      break;
  }
  check_before_work(run, clip);
  run.listen();
  run.set_origin(Origin::submitted);
  publication = publish_proxy(run, clip);
  submit(run);
}

// There is no task that would still have to fetch the file.
bool no_task_is_left(const Run& run, const Error& error) {
  const ErrorDetails details = run.with_what_is_known(error).details();
  return details.paid == Paid::no || details.kind == ErrorKind::task_failed || details.kind == ErrorKind::content;
}

// What is published lasts until the task has ended; in a store also when the task goes on without us. Who has lost the
// lease leaves it to the run that has the clip now, and publishes under the same name.
gateway::Task finish_task(Run& run, const CycleClip& clip) {
  std::unique_ptr<publish::Publication> publication;
  try {
    obtain_task(run, clip, publication);
    gateway::Task task = poll(run);
    withdraw(run, publication.get());
    return task;
  } catch (const journal::LeaseLost&) {
    throw;
  } catch (const Error& error) {
    if (no_task_is_left(run, error)) withdraw(run, publication.get());
    throw;
  }
}

CycleResult result_of(const Run& run, gateway::Task task, ResultSound sound) {
  return {.task = std::move(task),
          .origin = run.origin(),
          .form = sound.form,
          .sound = std::move(sound.file),
          .stats = run.stats};
}

CycleResult run_with(Run& run, const journal::Location& location, const CycleClip& clip) {
  if (std::optional<ResultSound> sound = play_cached(run, location))
    return result_of(run, cached_task(run.claim().row()), std::move(*sound));
  gateway::Task task = finish_task(run, clip);
  ResultSound sound = download(run, task);
  store_in_cache(run, location, sound);
  return result_of(run, std::move(task), std::move(sound));
}

void tell_of_doubts(const journal::Location& location, CycleObserver& observer) {
  if (!location.connection_string.empty()) return;
  const std::string doubts = journal::doubts_about(location.file);
  if (!doubts.empty())
    observer.on_oddity(make_error(ErrorKind::settings, Phase::check, doubts, "share one in PostgreSQL"));
}

CycleResult run_claimed(Run& run, journal::Journal& journal, const CycleClip& clip) {
  const auto claim = journal.claim(identity_of(run.settings, clip), run.settings.timeout, run.on_wait());
  run.take_over(*claim);
  const ListenerEnd end(run);
  return run_with(run, journal.location(), clip);
}

}  // namespace

CycleResult run_cycle(const CycleSettings& settings, const CycleClip& clip, Clock& clock,
                      const GObjectPtr<GCancellable>& cancel, CycleObserver& observer) {
  Run run(settings, clock, cancel, observer);
  try {
    journal::Journal journal(journal::locate(settings.journal, settings.service.base_url), clock, cancel);
    tell_of_doubts(journal.location(), observer);
    for (int lost = 1;; ++lost) {
      try {
        return run_claimed(run, journal, clip);
      } catch (const journal::LeaseLost& error) {
        if (lost == kMostLostLeases) throw;
        run.note_retry(error, lost, Seconds(0));
      }
    }
  } catch (const std::exception& error) {
    throw run.with_what_is_known(error);
  }
}

std::string_view to_string(ResultForm form) noexcept {
  switch (form) {
    case ResultForm::wav:
      return "wav";
    case ResultForm::mp3:
      return "mp3";
    case ResultForm::video:
      return "video";
  }
  return "unknown";
}

std::string_view to_string(Origin origin) noexcept {
  switch (origin) {
    case Origin::submitted:
      return "submitted";
    case Origin::looked_up:
      return "looked-up";
    case Origin::resumed:
      return "resumed";
    case Origin::downloaded_again:
      return "downloaded-again";
    case Origin::kept:
      return "kept";
  }
  return "unknown";
}

std::string make_external_task_id() {
  const GCharPtr uuid(g_uuid_string_random());
  return std::string("klingv2a-") + uuid.get();
}

}  // namespace klingv2a::cycle
