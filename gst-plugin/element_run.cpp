// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What runs tell the element, on their cycle threads, and what it makes of it: messages on the bus, a sound that
// releases its clips, or a failure. Nothing here holds the mutex while it posts or asks a peer.
#include <algorithm>
#include <cmath>

#include "downstream.h"
#include "element.h"
#include "log.h"
#include "messages.h"

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

struct OriginText {
  cycle::Origin origin;
  int percent;
  const char* text;
};

// What the journal knew, in words that say whether money is spent. A new task is told of by its phases.
constexpr OriginText kOrigins[] = {
    {cycle::Origin::looked_up, 25, "found the task of an earlier run: nothing is paid again"},
    {cycle::Origin::resumed, 25, "going on with the task of an earlier run: nothing is paid again"},
    {cycle::Origin::downloaded_again, 90, "fetching the sound of an earlier run's task again: nothing is paid again"},
    {cycle::Origin::kept, 95, "playing the sound that was kept: no request, nothing is paid"},
};

int waiting_percent(Seconds waited) {
  return kPollFrom + static_cast<int>((kPollTo - kPollFrom) * waited.count() / (waited.count() + kTypicalWait));
}

// These are not "no sound could be had" but "this pipeline or machine is not set up": silence would hide it.
bool may_be_silent(ErrorKind kind) {
  return kind != ErrorKind::settings && kind != ErrorKind::cancelled && kind != ErrorKind::disk;
}

}  // namespace

PadPtr Element::audio_pad() {
  const MutexLocker lock(mutex_);
  return audio_pad_;
}

std::shared_ptr<Sound> Element::sound_of(const ClipRun& run) {
  const MutexLocker lock(mutex_);
  for (const auto& sound : sounds_)
    if (sound->run.get() == &run) return sound;
  for (const auto& entry : threads_)
    if (entry.sound->run.get() == &run) return entry.sound;
  return nullptr;
}

void Element::check_audio_link() {
  const auto pad = audio_pad();
  const char* way_out = "link klingv2a's audio pad, for instance: k.audio ! audioconvert ! avenc_aac ! mux.";
  if (!pad || !gst_pad_is_linked(pad.get()))
    throw make_error(ErrorKind::settings, Phase::check, "the pad audio is not linked, so the sound would be lost",
                     way_out);
  const auto caps = CapsPtr::adopt(gst_pad_peer_query_caps(pad.get(), nullptr));
  if (!choose_audio_caps(caps.get()))
    throw make_error(ErrorKind::settings, Phase::check,
                     "what the pad audio is linked to takes no raw audio, but " + to_text(caps.get()), way_out);
}

// Those of streams that only pass through.
std::vector<PadPtr> Element::passing_pads() {
  const MutexLocker lock(mutex_);
  std::vector<PadPtr> pads{PadPtr::share(video_pad_)};
  for (const auto& companion : companions_)
    if (companion->announced && companion->source) pads.push_back(companion->source);
  return pads;
}

void Element::check_links() {
  check_audio_link();
  for (const auto& pad : passing_pads())
    if (const auto refusal = who_refuses(pad.get()))
      throw make_error(
          ErrorKind::settings, Phase::check,
          std::string("the stream of the pad ") + GST_OBJECT_NAME(pad.get()) + " is not taken: " + *refusal,
          "put what converts it between the two, lead it to another muxer, or leave the pad unlinked");
}

void Element::check_submit(ClipRun& run) {
  check_links();
  char* reason = nullptr;
  g_signal_emit(self_, before_submit_signal_, 0, run.number(), &reason);
  const GCharPtr owned(reason);
  if (reason)
    throw make_error(ErrorKind::settings, Phase::submit, std::string("the program does not want the task: ") + reason);
}

CapsPtr Element::fix_audio_caps() {
  const auto pad = audio_pad();
  {
    const MutexLocker lock(mutex_);
    if (audio_caps_) return audio_caps_;
  }
  const auto peer = CapsPtr::adopt(pad ? gst_pad_peer_query_caps(pad.get(), nullptr) : nullptr);
  auto caps = choose_audio_caps(peer.get());
  if (!caps) caps = choose_audio_caps(nullptr);
  const MutexLocker lock(mutex_);
  if (!audio_caps_) audio_caps_ = caps;
  return audio_caps_;
}

void Element::on_phase(ClipRun& run, Phase phase) {
  if (phase == Phase::submit || phase == Phase::poll || phase == Phase::download) note_asked_for(run);
  for (const auto& entry : kPhases)
    if (entry.phase == phase)
      messages::post_progress(self_, GST_PROGRESS_TYPE_CONTINUE, run.progress_code(), entry.text, entry.percent);
}

void Element::note_asked_for(const ClipRun& run) {
  const auto sound = sound_of(run);
  const MutexLocker lock(mutex_);
  if (sound) sound->asked_for = true;
}

void Element::on_waiting(ClipRun& run, Seconds waited) {
  const auto sound = sound_of(run);
  std::string text = "waiting for the task";
  if (sound) {
    const MutexLocker lock(mutex_);
    text += " " + sound->task.task_id + " (" + sound->task.status_text;
  }
  text += ", " + std::to_string(std::lround(waited.count())) + " s)";
  messages::post_progress(self_, GST_PROGRESS_TYPE_CONTINUE, run.progress_code(), text, waiting_percent(waited));
  tell_stats(When::soon);
}

void Element::on_task(ClipRun& run, const kling::Task& task) {
  const auto sound = sound_of(run);
  bool is_new = false;
  {
    const MutexLocker lock(mutex_);
    if (sound && sound->task.task_id.empty()) {
      ++stats_.tasks;
      if (sound->origin == cycle::Origin::submitted) ++stats_.paid_tasks;
    }
    if (sound) sound->task = task;
    is_new = std::exchange(last_task_id_, task.task_id) != task.task_id;
  }
  messages::post_task(self_, run.number(), task);
  if (is_new) g_object_notify(G_OBJECT(self_), "task-id");
  tell_stats(is_new ? When::now : When::soon);
}

void Element::on_origin(ClipRun& run, cycle::Origin origin) {
  const auto sound = sound_of(run);
  {
    const MutexLocker lock(mutex_);
    stats_.origin = cycle::to_string(origin);
    if (sound) sound->origin = origin;
  }
  GST_INFO_OBJECT(self_, "clip %u: %s", run.number(), std::string(cycle::to_string(origin)).c_str());
  for (const auto& entry : kOrigins)
    if (entry.origin == origin)
      messages::post_progress(self_, GST_PROGRESS_TYPE_CONTINUE, run.progress_code(), entry.text, entry.percent);
  if (origin != cycle::Origin::kept) return;
  try {
    check_links();
  } catch (const Error& error) {
    warn(error.details());
  }
}

void Element::on_turn(ClipRun& run, const std::string& what) {
  constexpr int kBeforeSubmit = 20;
  messages::post_progress(self_, GST_PROGRESS_TYPE_CONTINUE, run.progress_code(), what, kBeforeSubmit);
}

void Element::on_journal_failure(ClipRun& run, const Error& error) {
  GST_WARNING_OBJECT(self_, "clip %u: the journal could not be written: %s", run.number(), error.what());
  {
    const MutexLocker lock(mutex_);
    ++stats_.journal_failures;
  }
  warn(error.details());
}

void Element::on_file_left(ClipRun& run, const Error& error) {
  GST_WARNING_OBJECT(self_, "clip %u: what was published for it stays: %s", run.number(), error.what());
  {
    const MutexLocker lock(mutex_);
    ++stats_.files_left;
  }
  // Of a run that is stopped nobody expects more than that.
  if (error.kind() != ErrorKind::cancelled) warn(error.details());
}

void Element::on_oddity(ClipRun& run, const Error& error) {
  GST_INFO_OBJECT(self_, "clip %u: %s", run.number(), error.what());
  warn(error.details());
}

void Element::warn(const ErrorDetails& details) {
  {
    const MutexLocker lock(mutex_);
    ++stats_.warnings;
  }
  messages::post_warning(self_, details);
}

void Element::on_retry(ClipRun& run, const Error& error, int attempt, Seconds gap) {
  GST_INFO_OBJECT(self_, "clip %u: attempt %d failed, again in %.1f s: %s", run.number(), attempt, gap.count(),
                  error.what());
  const MutexLocker lock(mutex_);
  ++stats_.retries;
  stats_.last_retry_reason = error.what();
}

void Element::on_conform(ClipRun& run, const std::vector<std::string>& reasons, const EncoderInUse& encoder) {
  {
    const MutexLocker lock(mutex_);
    stats_.conformed = joined(reasons);
    stats_.encoder = encoder.factory;
  }
  messages::post_info(self_, "the service is shown a transcoded copy of clip " + std::to_string(run.number()) +
                                 ", made with " + encoder.factory + " (" + joined(reasons) +
                                 "); the video itself passes untouched");
  if (encoder.known) return;
  warn(make_error(ErrorKind::settings, Phase::hold,
                  encoder.factory + " makes the copy with its own defaults: they may take much time and memory",
                  "install x264enc or openh264enc, or give them a higher rank")
           .details());
}

void Element::on_missing_decoder(const CapsPtr& caps) {
  messages::post_missing_decoder(self_, caps.get());
}

void Element::on_missing_encoder(const CapsPtr& caps) {
  messages::post_missing_encoder(self_, caps.get());
}

void Element::on_rehearsed(ClipRun& run, const cycle::Rehearsal& rehearsal) {
  const auto sound = sound_of(run);
  if (!sound) return;
  messages::post_dry_run(self_, run.number(), rehearsal);
  messages::post_info(self_, "dry run of clip " + std::to_string(run.number()) + ": " + rehearsal.summary);
  settle(sound, make_silence(fix_audio_caps(), 0));
  finish_progress(sound, GST_PROGRESS_TYPE_COMPLETE, "dry run: silence instead of a sound, nothing is paid");
  tell_stats(When::now);
}

// A live source sends nothing while it has nothing, and any source may while the user has paused: that is not the wait
// for the first frames, in which the element has never been PLAYING.
bool Element::on_starving(ClipRun& /*run*/) {
  {
    const MutexLocker lock(mutex_);
    if (paused_) return true;
  }
  return upstream_is_live();
}

void Element::on_sound(ClipRun& run, std::shared_ptr<const Soundtrack> soundtrack, const RunReport& report) {
  const auto sound = sound_of(run);
  if (!sound) return;
  {
    const MutexLocker lock(mutex_);
    stats_.polls += static_cast<guint>(report.cycle.polls);
    stats_.callbacks += static_cast<guint>(report.cycle.callbacks.taken);
    stats_.callbacks_dropped += static_cast<guint>(report.cycle.callbacks.dropped);
    stats_.callbacks_dropped_reason = report.cycle.callbacks.last_dropped_reason;
    if (report.origin == cycle::Origin::kept) ++stats_.kept_sounds;
    if (report.cycle.waited_for_another) ++stats_.waits_for_another;
    stats_.sound_form = cycle::to_string(report.form);
    stats_.proxy_s = report.proxy_s;
    stats_.publish_s = report.cycle.publish_s;
    stats_.submit_s = report.cycle.submit_s;
    stats_.wait_s = report.cycle.wait_s;
    stats_.download_s = report.cycle.download_s;
    stats_.decode_s = report.decode_s;
    stats_.proxy_bytes = report.proxy_bytes;
    stats_.proxy_hash = report.proxy_hash;
    stats_.result_hash = report.result_hash;
    stats_.result_bytes = report.cycle.result_bytes;
    stats_.samples = soundtrack->samples();
    stats_.samples_padded = soundtrack->padded;
    stats_.samples_trimmed = soundtrack->trimmed;
    sound->task = report.task;
  }
  GST_INFO_OBJECT(self_, "clip %u has its sound: task %s, %s, %" G_GINT64_FORMAT " samples", run.number(),
                  report.task.task_id.c_str(), std::string(cycle::to_string(report.form)).c_str(),
                  soundtrack->samples());
  if (!soundtrack->start_is_known) warn_of_unknown_start(report);
  settle(sound, std::move(soundtrack));
  finish_progress(sound, GST_PROGRESS_TYPE_COMPLETE, "the sound is there");
  tell_stats(When::now);
}

void Element::warn_of_unknown_start(const RunReport& report) {
  auto details = make_error(ErrorKind::result, Phase::decode,
                            "the sound came as " + std::string(cycle::to_string(report.form)) +
                                ", which does not say where it begins: it may be up to 0.05 s late",
                            "listen to it; the service may still have a better form of it: fetch the task again")
                     .details();
  details.paid = Paid::yes;
  details.task_id = report.task.task_id;
  warn(details);
}

void Element::on_failed(ClipRun& run, const Error& error) {
  const auto sound = sound_of(run);
  if (!sound) return;
  if (error.kind() != ErrorKind::cancelled) {
    fail({sound, error.details()});
    return tell_stats(When::now);
  }
  leave_out(sound);
  // A state change or a flush ended it. What is or may be paid is never left behind silently.
  if (error.details().paid != Paid::no && !was_told_of_payment(*sound)) messages::post_warning(self_, error.details());
  finish_progress(sound, GST_PROGRESS_TYPE_CANCELED, error.what());
  tell_stats(When::now);
}

bool Element::was_told_of_payment(Sound& sound) {
  const MutexLocker lock(mutex_);
  return std::exchange(sound.told_of_payment, true);
}

// A streaming thread's failure ends the pipeline while a task of an earlier moment may be under way: what is wrong with
// the stream knows nothing of it. A run's own failure needs none of this.
ErrorDetails Element::with_what_is_paid(ErrorDetails details) {
  const MutexLocker lock(mutex_);
  for (const auto& sound : sounds_) {
    const bool task_is_known = !sound->task.task_id.empty();
    if (sound->settled || details.paid == Paid::yes || !(task_is_known || sound->asked_for)) continue;
    details.paid = task_is_known ? Paid::yes : Paid::maybe;
    details.retryable = false;
    details.task_id = sound->task.task_id;
    details.external_task_id = sound->task.external_task_id;
  }
  return details;
}

// A run that could not end in time says nothing more, so what is known here is said in its place.
void Element::warn_of_task_left(const std::shared_ptr<Sound>& sound) {
  kling::Task task;
  bool asked_for = false;
  {
    const MutexLocker lock(mutex_);
    task = sound->task;
    asked_for = sound->asked_for && !sound->settled;
  }
  if (!asked_for || was_told_of_payment(*sound)) return;
  messages::post_warning(self_, {.kind = ErrorKind::cancelled,
                                 .phase = Phase::poll,
                                 .paid = task.task_id.empty() ? Paid::maybe : Paid::yes,
                                 .task_id = task.task_id,
                                 .external_task_id = task.external_task_id,
                                 .message = "stopped while the clip's task may be under way",
                                 .advice = "the journal keeps it: the next run with the same clip goes on with it, and "
                                           "nothing is paid twice"});
}

void Element::settle(const std::shared_ptr<Sound>& sound, std::shared_ptr<const Soundtrack> soundtrack) {
  {
    const MutexLocker lock(mutex_);
    sound->soundtrack = std::move(soundtrack);
    sound->settled = true;
    for (const auto& clip : video_.row)
      if (clip->sound == sound) clip->frames = {};
  }
  changed_.notify_all();
}

// Exactly one terminal message a job, whoever comes first.
void Element::finish_progress(const std::shared_ptr<Sound>& sound, GstProgressType type, const std::string& text) {
  {
    const MutexLocker lock(mutex_);
    if (!sound || !std::exchange(sound->progress_open, false)) return;
  }
  messages::post_progress(self_, type, sound->run->progress_code(), text, 100);
}

// One clip's failure discards nothing of the others: what they have, or have asked for, is played first. Exactly one
// ERROR, whoever fails after the first.
void Element::fail(const Failure& failure, Policy policy) {
  const auto& sound = failure.sound;
  bool silent = false, later = false, is_first = false;
  {
    const MutexLocker lock(mutex_);
    if (stopping_ || failed_ || (sound && (sound->failing || sound->settled))) return;
    if (sound) sound->failing = true;
    const bool wanted = sound && sound->run->settings().on_failure == OnFailure::silence;
    silent = wanted && policy == Policy::obey && may_be_silent(failure.details.kind);
    stats_.last_error_kind = to_string(failure.details.kind);
    is_first = !failure_;
    later = !silent && failure.found != Found::on_companion && (failure_ || others_have_prospects(sound));
    if (later && sound) sound->left_out = true;
    if (later && is_first) failure_ = failure;
  }
  if (silent)
    fail_with_silence(sound, failure.details);
  else if (later)
    fail_later(failure, is_first);
  else
    fail_with_error(failure);
}

bool Element::others_have_prospects(const std::shared_ptr<Sound>& sound) const {
  const auto has = [&](const auto& clip) { return clip->sound != sound && clip->has_prospects(); };
  return std::ranges::any_of(video_.row, has) || std::ranges::any_of(audio_.row, has);
}

// Where a failure waits to be told, nobody is to wait for this sound.
void Element::leave_out(const std::shared_ptr<Sound>& sound) {
  {
    const MutexLocker lock(mutex_);
    if (!failure_) return;
    sound->left_out = !sound->settled;
  }
  changed_.notify_all();
}

// A clip that was not handed over yet has no prospects, for nothing more is taken in.
void Element::fail_later(const Failure& failure, bool is_first) {
  GST_WARNING_OBJECT(self_, "%s (told when what other clips have is played)", failure.details.message.c_str());
  std::vector<std::shared_ptr<Sound>> given_up;
  {
    const MutexLocker lock(mutex_);
    complete_ = true;
    for (const auto& each : sounds_)
      if (!each->submitted && !each->settled) given_up.push_back(each);
    for (const auto& each : given_up) each->left_out = true;
    for (const auto& clip : video_.row)
      if (!clip->sound) clip->cut = true;
  }
  changed_.notify_all();
  for (const auto& each : given_up) each->run->cancel();
  if (is_first) return;
  warn(failure.details);
  finish_progress(failure.sound, GST_PROGRESS_TYPE_ERROR, failure.details.message);
}

// The pipeline was stopped before it was told.
void Element::tell_untold_failure() {
  std::optional<Failure> untold;
  {
    const MutexLocker lock(mutex_);
    if (!failed_) untold = std::exchange(failure_, std::nullopt);
  }
  if (!untold) return;
  messages::post_warning(self_, untold->details);
  finish_progress(untold->sound, GST_PROGRESS_TYPE_ERROR, untold->details.message);
}

// ERROR first, then PROGRESS ERROR; then all source pads end, so that nothing downstream waits for ever.
void Element::fail_with_error(const Failure& failure) {
  const auto& [sound, details, found] = failure;
  messages::post_error(self_, found == Found::by_run ? details : with_what_is_paid(details));
  finish_progress(sound, GST_PROGRESS_TYPE_ERROR, details.message);
  bool unpaid = false;
  {
    const MutexLocker lock(mutex_);
    failed_ = true;
    unpaid = sound && !sound->submitted;
  }
  changed_.notify_all();
  if (unpaid) sound->run->cancel();
}

// A WARNING with the same details, and real silence; never an ERROR that is then recovered from.
void Element::fail_with_silence(const std::shared_ptr<Sound>& sound, const ErrorDetails& details) {
  warn(details);
  settle(sound, make_silence(fix_audio_caps(), 0));
  finish_progress(sound, GST_PROGRESS_TYPE_COMPLETE, "silence instead of a sound: " + details.message);
  sound->run->cancel();
}

}  // namespace klingv2a
