// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sound_listener.h"

#include <chrono>
#include <cmath>
#include <utility>

#include "log.h"
#include "messages.h"
#include "upstream.h"

namespace klingv2a {

namespace {

struct PhaseText {
  Phase phase;
  int percent;
  const char* text;
};

constexpr PhaseText kPhases[] = {
    {Phase::check, 2, "checking the disk and the publish target"},
    {Phase::proxy, 5, "writing and probing the proxy"},
    {Phase::publish, 10, "publishing the proxy"},
    {Phase::submit, 20, "submitting the task"},
    {Phase::poll, 25, "waiting for the task"},
    {Phase::download, 90, "downloading the sound"},
    {Phase::decode, 95, "decoding the sound"},
};
// While a task runs nobody knows how long it takes: the percentage grows ever slower and reaches the next phase never.
constexpr int kPollFrom = 25, kPollTo = 90;
constexpr double kTypicalWait = 180;
constexpr int kBeforeSubmit = 20;
constexpr int kDone = 100;

struct OriginText {
  cycle::Origin origin;
  int percent;
  const char* text;
};

// What the journal knew, in words that say whether money is spent. A new task is reported by its phases.
constexpr OriginText kOrigins[] = {
    {cycle::Origin::looked_up, 25, "found the task of an earlier run: nothing is paid again"},
    {cycle::Origin::resumed, 25, "going on with the task of an earlier run: nothing is paid again"},
    {cycle::Origin::downloaded_again, 90, "fetching the sound of an earlier run's task again: nothing is paid again"},
    {cycle::Origin::kept, 95, "playing the cached sound: no request, nothing is paid"},
};

int waiting_percent(Seconds waited) {
  return kPollFrom + static_cast<int>((kPollTo - kPollFrom) * waited.count() / (waited.count() + kTypicalWait));
}

// The announced lengths are rounded, and an MP3 lacks its first frames when decoded.
constexpr Seconds kLengthTolerance{0.15};

// What the service says of the sound's length, if it does; of a video it gives the picture's.
std::optional<double> announced_length(const gateway::Task& task, cycle::ResultForm form) {
  if (form == cycle::ResultForm::video || task.audios.empty()) return std::nullopt;
  const auto& audio = task.audios.front();
  return form == cycle::ResultForm::wav ? audio.duration_wav_s : audio.duration_mp3_s;
}

// A file that ends in the middle decodes without an error; filled up with silence it would pass for the whole.
void check_complete(const Soundtrack& soundtrack, std::optional<double> announced) {
  const Seconds decoded(static_cast<double>(soundtrack.decoded_samples) / soundtrack.rate());
  if (!announced || decoded + kLengthTolerance >= Seconds(*announced)) return;
  throw make_error(
      ErrorKind::result, Phase::decode,
      "the sound ends after " + std::to_string(decoded.count()) + " s of " + std::to_string(*announced) + " s");
}

}  // namespace

SoundListener::SoundListener(ElementState& state, Links& links, const SoundPtr& sound, const RunSettings& settings,
                             GObjectPtr<GCancellable> cancel, OnFailure on_failure)
    : state_(state),
      links_(links),
      sound_(sound),
      number_(sound->number),
      by_reference_(settings.by_reference()),
      cancel_(std::move(cancel)),
      on_failure_(std::move(on_failure)) {}

// ---- progress

void SoundListener::post_progress(int percent, const std::string& text) const {
  messages::post_progress(state_.self, GST_PROGRESS_TYPE_CONTINUE, messages::progress_code(number_), text, percent);
}

void SoundListener::start_progress() {
  {
    const MutexLocker lock(state_.mutex);
    progress_open_ = true;
  }
  messages::post_progress(state_.self, GST_PROGRESS_TYPE_START, messages::progress_code(number_), "taking in the clip",
                          0);
}

void SoundListener::finish_progress(GstProgressType type, const std::string& text) {
  {
    const MutexLocker lock(state_.mutex);
    if (!std::exchange(progress_open_, false)) return;
  }
  messages::post_progress(state_.self, type, messages::progress_code(number_), text, kDone);
}

// A clip of a planned row sees more than its sound is played over.
void SoundListener::post_state(const char* state) {
  messages::ClipState clip{.clip = number_, .state = state};
  std::optional<messages::RowState> row;
  {
    const MutexLocker lock(state_.mutex);
    if (!is_cut_) return;
    const auto sound = sound_.lock();
    const bool is_planned = sound && sound->place;
    clip.running_time = is_planned ? sound->place->range.begin : timeline_.start;
    if (is_planned) {
      clip.begins = plan::to_string(sound->place->begins);
      clip.is_transcoded = sound->place->is_transcoded;
    }
    clip.duration = is_planned ? sound->place->range.length() : timeline_.length();
    clip.paid = statistics_.paid_tasks > 0;
    clip.task_id = task_.task_id;
    if (is_planned) row = state_.row_state();
  }
  messages::post_clip(state_.self, clip);
  if (!row) return;
  row->paid = state_.all_statistics().paid_tasks;
  messages::post_row(state_.self, *row);
}

void SoundListener::on_phase(Phase phase) {
  GST_DEBUG_OBJECT(state_.self, "clip %u: phase %s", number_, std::string(to_string(phase)).c_str());
  if (phase == Phase::submit || phase == Phase::poll || phase == Phase::download) {
    const MutexLocker lock(state_.mutex);
    asked_for_ = true;
  }
  for (const auto& entry : kPhases)
    if (entry.phase == phase) post_progress(entry.percent, entry.text);
}

void SoundListener::on_turn(const std::string& what) {
  post_progress(kBeforeSubmit, what);
}

void SoundListener::on_waiting(Seconds waited) {
  std::string text = "waiting for the task ";
  {
    const MutexLocker lock(state_.mutex);
    text += task_.task_id + " (" + task_.status_text;
  }
  text += ", " + std::to_string(std::lround(waited.count())) + " s)";
  post_progress(waiting_percent(waited), text);
  state_.notify_statistics(ElementState::When::soon);
}

// ---- the task, and what is paid

void SoundListener::check_links() {
  links_.check();
}

// The program is asked whether it still wants the sound.
void SoundListener::before_submit() {
  links_.check();
  char* reason = nullptr;
  g_signal_emit(state_.self, state_.signals.before_submit, 0, number_, &reason);
  const GCharPtr owned(reason);
  if (reason)
    throw make_error(ErrorKind::settings, Phase::submit, std::string("the program does not want the task: ") + reason);
}

void SoundListener::on_task(const gateway::Task& task) {
  bool is_new = false;
  {
    const MutexLocker lock(state_.mutex);
    if (task_.task_id.empty()) {
      ++statistics_.tasks;
      if (origin_ == cycle::Origin::submitted) ++statistics_.paid_tasks;
    }
    is_new = task_.task_id != task.task_id;
    task_ = task;
  }
  messages::post_task(state_.self, number_, task);
  if (is_new) post_state("submitted");
  if (is_new) g_object_notify(G_OBJECT(state_.self), "task-id");
  state_.notify_statistics(is_new ? ElementState::When::now : ElementState::When::soon);
}

void SoundListener::on_origin(cycle::Origin origin) {
  {
    const MutexLocker lock(state_.mutex);
    statistics_.origin = cycle::to_string(origin);
    origin_ = origin;
  }
  GST_INFO_OBJECT(state_.self, "clip %u: %s", number_, std::string(cycle::to_string(origin)).c_str());
  for (const auto& entry : kOrigins)
    if (entry.origin == origin) post_progress(entry.percent, entry.text);
  if (origin != cycle::Origin::kept) return;
  try {
    links_.check();
  } catch (const Error& error) {
    state_.warn(error.details());
  }
}

Payment SoundListener::payment() {
  const MutexLocker lock(state_.mutex);
  return {asked_for_, task_.task_id, task_.external_task_id};
}

bool SoundListener::was_payment_reported() {
  const MutexLocker lock(state_.mutex);
  return std::exchange(payment_reported_, true);
}

void SoundListener::warn_of_task_left() {
  const Payment known = payment();
  const auto sound = sound_.lock();
  {
    const MutexLocker lock(state_.mutex);
    if (!known.asked_for || !sound || sound->is_there()) return;
  }
  if (was_payment_reported()) return;
  messages::post_warning(state_.self,
                         {.kind = ErrorKind::cancelled,
                          .phase = Phase::poll,
                          .paid = known.task_is_known() ? Paid::yes : Paid::maybe,
                          .task_id = known.task_id,
                          .external_task_id = known.external_task_id,
                          .message = "stopped while the clip's task may be under way",
                          .advice = "the journal keeps it: the next run with the same clip goes on with it, and "
                                    "nothing is paid twice"});
}

// ---- what goes wrong on the way

void SoundListener::on_journal_failure(const Error& error) {
  GST_WARNING_OBJECT(state_.self, "clip %u: the journal could not be written: %s", number_, error.what());
  {
    const MutexLocker lock(state_.mutex);
    ++statistics_.journal_failures;
  }
  state_.warn(error.details());
}

void SoundListener::on_file_left(const Error& error) {
  GST_WARNING_OBJECT(state_.self, "clip %u: what was published for it stays: %s", number_, error.what());
  {
    const MutexLocker lock(state_.mutex);
    ++statistics_.files_left;
  }
  // Of a run that is stopped nobody expects more than that.
  if (error.kind() != ErrorKind::cancelled) state_.warn(error.details());
}

void SoundListener::on_oddity(const Error& error) {
  GST_INFO_OBJECT(state_.self, "clip %u: %s", number_, error.what());
  state_.warn(error.details());
}

void SoundListener::on_retry(const Error& error, int attempt, Seconds gap) {
  GST_INFO_OBJECT(state_.self, "clip %u: attempt %d failed, again in %.1f s: %s", number_, attempt, gap.count(),
                  error.what());
  const MutexLocker lock(state_.mutex);
  ++statistics_.retries;
  statistics_.last_retry_reason = error.what();
}

// A live source sends nothing while it has nothing, and any source may while the user has paused: that is not the wait
// for the first frames, in which the element has never been PLAYING.
bool SoundListener::on_starving() {
  {
    const MutexLocker lock(state_.mutex);
    // Of a planned row its cutter looks to that: what has come may have to be looked at first.
    if (state_.paused || state_.row.is_filling_planned()) return true;
  }
  return upstream_is_live(state_.sink);
}

void SoundListener::warn_of_starving(const Error& warning) {
  state_.warn(warning.details());
}

// ---- the proxy

void SoundListener::on_cut(const ClipTimeline& timeline) {
  timeline_ = timeline;
  {
    const MutexLocker lock(state_.mutex);
    statistics_.pre_roll = static_cast<guint64>(timeline.pre_roll());
    statistics_.clip_length = static_cast<guint64>(timeline.length());
    is_cut_ = true;
  }
  post_state("queued");
}

void SoundListener::on_conform(const std::vector<std::string>& reasons, const EncoderInUse& encoder) {
  {
    const MutexLocker lock(state_.mutex);
    statistics_.conformed = joined(reasons);
    statistics_.encoder = encoder.factory;
  }
  messages::post_info(state_.self, "the service is shown a transcoded copy of clip " + std::to_string(number_) +
                                       ", made with " + encoder.factory + " (" + joined(reasons) +
                                       "); the video itself passes untouched");
  if (encoder.known) return;
  state_.warn(make_error(ErrorKind::settings, Phase::hold,
                         encoder.factory + " makes the copy with its own defaults: they may take much time and memory",
                         "install x264enc or openh264enc, or give them a higher rank")
                  .details());
}

void SoundListener::on_missing_decoder(const CapsPtr& caps) {
  messages::post_missing_decoder(state_.self, caps.get());
}

void SoundListener::on_missing_encoder(const CapsPtr& caps) {
  messages::post_missing_encoder(state_.self, caps.get());
}

// ---- the sound

// Decoded as soon as it is there, so that another form of it can be had while the task is at hand.
cycle::SoundStart SoundListener::on_sound(const gateway::Task& task, cycle::ResultForm form, const SpoolFile& sound) {
  const auto begin = std::chrono::steady_clock::now();
  on_phase(Phase::decode);
  // By reference the sound is of the referenced video, which begins with what the viewer sees.
  const SoundWindow window{by_reference_ ? 0 : timeline_.pre_roll(), timeline_.length()};
  auto decoded = decode_soundtrack(sound, links_.audio_caps(), window, cancel_.get());
  check_complete(*decoded, announced_length(task, form));
  soundtrack_ = std::move(decoded);
  decode_time_ = std::chrono::steady_clock::now() - begin;
  return soundtrack_->start_is_known ? cycle::SoundStart::known : cycle::SoundStart::unknown;
}

void SoundListener::on_done(const ClipReport& report) {
  const auto sound = sound_.lock();
  if (!sound) return;
  take_report(report);
  GST_INFO_OBJECT(state_.self, "clip %u has its sound: task %s, %s, %" G_GINT64_FORMAT " samples", number_,
                  report.cycle.task.task_id.c_str(), std::string(cycle::to_string(report.cycle.form)).c_str(),
                  soundtrack_->samples());
  if (!soundtrack_->start_is_known) warn_of_unknown_start(report);
  give(sound, report);
  post_state("ready");
  finish_progress(GST_PROGRESS_TYPE_COMPLETE, "the sound is there");
  state_.notify_statistics(ElementState::When::now);
}

// In a planned row it is decoded again when its turn comes, so that what waits takes no memory.
void SoundListener::give(const SoundPtr& sound, const ClipReport& report) {
  const auto soundtrack = std::exchange(soundtrack_, nullptr);
  const auto& task_id = report.cycle.task.task_id;
  bool is_planned = false;
  {
    const MutexLocker lock(state_.mutex);
    is_planned = sound->place.has_value();
  }
  if (!is_planned) return state_.settle(sound, soundtrack, task_id);
  state_.take_result(sound, {report.cycle.sound, {timeline_.pre_roll(), timeline_.length()}, task_id});
}

void SoundListener::take_report(const ClipReport& report) {
  const cycle::CycleStats& counts = report.cycle.stats;
  const MutexLocker lock(state_.mutex);
  task_ = report.cycle.task;
  auto& all = statistics_;
  all.polls += static_cast<guint>(counts.polls);
  all.callbacks += static_cast<guint>(counts.callbacks.taken);
  all.callbacks_dropped += static_cast<guint>(counts.callbacks.dropped);
  all.callbacks_dropped_reason = counts.callbacks.last_dropped_reason;
  if (report.cycle.origin == cycle::Origin::kept) ++all.kept_sounds;
  if (counts.waited_for_another) ++all.waits_for_another;
  all.sound_form = cycle::to_string(report.cycle.form);
  all.proxy_s = report.proxy_s;
  all.publish_s = counts.publish_s;
  all.submit_s = counts.submit_s;
  all.wait_s = counts.wait_s;
  // A sound that was kept is decoded without a download, and has its bytes all the same.
  all.decode_s = decode_time_.count();
  all.download_s = std::max(0.0, counts.download_s - all.decode_s);
  all.result_bytes = report.cycle.sound->size();
  all.proxy_bytes = report.proxy_bytes;
  all.proxy_hash = report.proxy_hash;
  all.result_hash = report.result_hash;
  all.samples = soundtrack_->samples();
  all.samples_padded = soundtrack_->padded;
  all.samples_trimmed = soundtrack_->trimmed;
}

Statistics SoundListener::statistics() {
  const MutexLocker lock(state_.mutex);
  return statistics_;
}

void SoundListener::warn_of_unknown_start(const ClipReport& report) {
  auto details = make_error(ErrorKind::result, Phase::decode,
                            "the sound came as " + std::string(cycle::to_string(report.cycle.form)) +
                                ", which does not say where it begins: it may be up to 0.05 s late",
                            "listen to it; the service may still have a better form of it: fetch the task again")
                     .details();
  details.paid = Paid::yes;
  details.task_id = report.cycle.task.task_id;
  state_.warn(details);
}

void SoundListener::on_dry_run(const cycle::DryRun& dry_run) {
  const auto sound = sound_.lock();
  if (!sound) return;
  messages::post_dry_run(state_.self, number_, dry_run);
  messages::post_info(state_.self, "dry run of clip " + std::to_string(number_) + ": " + dry_run.summary);
  state_.settle_silent(sound, links_.audio_caps());
  finish_progress(GST_PROGRESS_TYPE_COMPLETE, "dry run: silence instead of a sound, nothing is paid");
  state_.notify_statistics(ElementState::When::now);
}

void SoundListener::on_failed(const Error& error) {
  const auto sound = sound_.lock();
  if (!sound) return;
  if (error.kind() == ErrorKind::cancelled)
    report_cancel(sound, error);
  else
    on_failure_({sound, error.details()});
  state_.notify_statistics(ElementState::When::now);
}

// A state change or a flush ended it. What is or may be paid is never left behind silently; and where a failure waits
// to be reported, nobody is to wait for this sound.
void SoundListener::report_cancel(const SoundPtr& sound, const Error& error) {
  {
    const MutexLocker lock(state_.mutex);
    if (state_.failure) sound->left_out = !sound->is_there();
  }
  state_.changed.notify_all();
  if (error.details().paid != Paid::no && !was_payment_reported()) messages::post_warning(state_.self, error.details());
  finish_progress(GST_PROGRESS_TYPE_CANCELED, error.what());
}

}  // namespace klingv2a
