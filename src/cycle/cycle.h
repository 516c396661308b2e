// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The cycle of one clip: publish → submit → poll → download, or what is left of it by the journal. Blocking,
// straight-line code for one thread; the caller's other threads only cancel. Everything it needs comes in by value, so
// that settings that change later do not reach into it.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "callback/settings.h"
#include "clock.h"
#include "error.h"
#include "gateway/task.h"
#include "gobject_ptr.h"
#include "kling/service.h"
#include "publish/publisher.h"
#include "spool_file.h"

namespace klingv2a::cycle {

// What happens when a POST went out, and nobody can say whether it made a task.
enum class OnUnknown { error, resubmit };

struct CycleSettings {
  kling::Service service;
  gateway::SubmitRequest request;    // video_id or video_url set: by reference; else the proxy's URL is filled in
  publish::PublishSettings publish;  // unused by reference
  // When it listens, its public_url gives the request's callback_url, which is empty here.
  callback::CallbackSettings callback;
  // How long to wait for a task, from its acceptance on; the retries of the download end at the same moment. Before
  // that, refusals "for now" are put up with for as long, from the first submit on.
  Seconds timeout{20 * 60};
  std::uint64_t max_result_bytes = 200ull * 1024 * 1024;
  std::string spool_dir;  // where the result is kept while it is decoded; empty: the default

  std::string journal;                                       // where it is (journal/location.h); empty: the default
  std::uint64_t max_kept_bytes = 2ull * 1024 * 1024 * 1024;  // of all results that are kept
  unsigned max_tasks = 5;                                    // of the account, under way at a time
  OnUnknown on_unknown = OnUnknown::error;
};

// The clip, as far as the cycle is concerned.
struct CycleClip {
  std::string key;
  std::int64_t length_ms = 0;  // of what the service gets to see; two lengths are two clips
  // Called when, and only when, the clip is to be published. Null: by reference. May throw Error.
  std::function<std::shared_ptr<const SpoolFile>()> make_proxy;
};

// Where the sound came from, by what the journal knew.
enum class Origin {
  submitted,         // a task was made for it now
  looked_up,         // an earlier POST had made the task
  resumed,           // the task was under way
  downloaded_again,  // the task was done, its result was not (or no longer) here
  kept,              // no request at all
};
[[nodiscard]] std::string_view to_string(Origin origin) noexcept;

// What the soundtrack comes from, in the order of preference.
enum class ResultForm { wav, mp3, video };
[[nodiscard]] std::string_view to_string(ResultForm form) noexcept;

// Of a sound that is of use: it may not say where it begins in what was decoded (an MP3 without LAME's tag). Then a
// form that does is better.
enum class SoundStart { known, unknown };

struct CycleStats {
  int retries = 0;  // repeated reads and repeated submits after a definite refusal
  std::string last_retry_reason;
  int polls = 0;
  callback::Counts callbacks;
  double publish_s = 0, submit_s = 0, wait_s = 0, download_s = 0;
  std::uint64_t result_bytes = 0;
  int journal_failures = 0;         // what could not be written down once a task existed
  int files_left = 0;               // published ones that could not be removed from their store
  bool waited_for_another = false;  // another run had the clip when this one came
};

struct CycleResult {
  gateway::Task task;
  Origin origin = Origin::submitted;
  ResultForm form = ResultForm::wav;
  std::shared_ptr<const SpoolFile> sound;
  CycleStats stats;
};

inline constexpr Seconds kLongWait{60};

// Called on the cycle thread, without any lock held.
class CycleObserver {
 public:
  virtual ~CycleObserver() = default;
  // A phase begins: publish, submit, poll, download.
  virtual void on_phase(Phase phase) = 0;
  // Before the POST, and before each further one after a refusal "for now"; once more when the run has waited for its
  // turn to submit for more than kLongWait. Throws Error to stop the cycle while nothing is paid.
  virtual void before_submit() = 0;
  // The task was accepted, or its status changed.
  virtual void on_task(const gateway::Task& task) = 0;
  // Between two polls: seconds since the submit.
  virtual void on_waiting(Seconds waited) = 0;
  // The sound is there in this form. Throws Error{result} when it is of no use: then the next form is tried, for the
  // task is paid. Any other error ends the cycle.
  // Called again with a later form after SoundStart::unknown; the last one that was taken is the result's.
  virtual SoundStart on_sound(const gateway::Task& /*task*/, ResultForm /*form*/, const SpoolFile& /*sound*/) {
    return SoundStart::known;
  }
  // What the journal knew: reported once, before the first phase that follows from it.
  virtual void on_origin(Origin /*origin*/) {}
  // The cycle waits: for another run that has the clip, or for its turn.
  virtual void on_turn(const std::string& /*what*/) {}
  // What could not be written down although a task exists: the sound comes all the same.
  virtual void on_journal_failure(const Error& /*error*/) {}
  // What was published could not be removed from its store, and stays there: nobody's run fails for that.
  virtual void on_file_left(const Error& /*error*/) {}
  // The service has said something that is not as it should be; what was made of it stands in the error's message, and
  // the cycle goes on.
  virtual void on_oddity(const Error& /*error*/) {}
  // A recovered failure, after which the call is repeated.
  virtual void on_retry(const Error& error, int attempt, Seconds gap) = 0;
};

// Runs the cycle from where the journal says that it stands. Throws Error; from the submit on it carries task_id,
// external_task_id and paid, and is `retryable` only while nothing is paid.
//  - the POST is not repeated after an outcome that may have created a task: the task is looked up, and what cannot be
//    found is Error{unknown-outcome, paid=maybe}; what is found, but is another clip's, Error{settings}
//  - a failed task: Error{task-failed (or content), paid=yes} with the service's own words; the same again for the same
//    clip, unless it failed of something that passes
//  - trouble with the journal before the POST: Error{disk|settings}, nothing is paid
//  - timeout: Error{still-running, paid=yes}; a result that cannot be had: Error{result, paid=yes}
//  - cancelled: Error{cancelled} with what is known of the money
[[nodiscard]] CycleResult run_cycle(const CycleSettings& settings, const CycleClip& clip, Clock& clock,
                                    const GObjectPtr<GCancellable>& cancel, CycleObserver& observer);

// A globally unique external_task_id: "klingv2a-" and a random UUID.
[[nodiscard]] std::string make_external_task_id();

}  // namespace klingv2a::cycle
