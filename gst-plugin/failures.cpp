// SPDX-License-Identifier: LGPL-2.1-or-later
#include "failures.h"

#include <utility>

#include "clip_run.h"
#include "log.h"
#include "messages.h"
#include "sound_listener.h"

namespace klingv2a {

namespace {

// These are not "no sound could be had" but "this pipeline or machine is not set up": silence would hide it.
bool may_be_silent(ErrorKind kind) {
  return kind != ErrorKind::settings && kind != ErrorKind::cancelled && kind != ErrorKind::disk;
}

// What a planned row has not cut yet has none.
void cancel_run(const ClipSound& sound) {
  if (sound.run) sound.run->cancel();
}

void finish_progress(const std::shared_ptr<ClipSound>& sound, GstProgressType type, const std::string& text) {
  if (sound && sound->listener) sound->listener->finish_progress(type, text);
}

}  // namespace

void Failures::fail(const Failure& failure, Policy policy) {
  const Way way = choose(failure, policy);
  GST_DEBUG_OBJECT(state_.self, "failure of clip %u: %s: %s", failure.sound ? failure.sound->number : 0,
                   way == Way::silence     ? "silence"
                   : way == Way::error_now ? "ERROR"
                   : way == Way::none      ? "comes after another one or the end"
                                           : "ERROR when what other clips have is played",
                   failure.details.message.c_str());
  switch (way) {
    case Way::none:
      return;
    case Way::silence:
      return end_with_silence(failure.sound, failure.details);
    case Way::error_now:
      return end_with_error(failure);
    case Way::error_later:
      return end_later(failure, true);
    case Way::one_more_later:
      return end_later(failure, false);
  }
}

Failures::Way Failures::choose(const Failure& failure, Policy policy) {
  const auto& sound = failure.sound;
  const MutexLocker lock(state_.mutex);
  if (state_.stopping || state_.failed || (sound && (sound->failure || sound->settled))) return Way::none;
  if (sound) sound->failure = failure.details;
  state_.statistics.last_error_kind = to_string(failure.details.kind);
  if (wants_silence(failure, policy)) return Way::silence;
  const bool is_first = !state_.failure;
  const bool later = failure.found != Found::on_companion && (!is_first || state_.row.others_have_prospects(sound));
  if (!later) return Way::error_now;
  if (sound) sound->left_out = true;
  if (is_first) state_.failure = failure;
  return is_first ? Way::error_later : Way::one_more_later;
}

bool Failures::wants_silence(const Failure& failure, Policy policy) const {
  return policy == Policy::obey && failure.sound && may_be_silent(failure.details.kind) &&
         state_.settings.on_failure == OnFailure::silence;
}

// A clip that was not handed over yet has no prospects, for nothing more is taken in.
void Failures::end_later(const Failure& failure, bool is_first) {
  GST_WARNING_OBJECT(state_.self, "%s (reported when what other clips have is played)",
                     failure.details.message.c_str());
  std::vector<SoundPtr> given_up;
  {
    const MutexLocker lock(state_.mutex);
    given_up = state_.row.give_up_unsubmitted();
  }
  state_.changed.notify_all();
  for (const auto& sound : given_up) cancel_run(*sound);
  if (failure.sound && failure.sound->listener) failure.sound->listener->post_state("failed");
  if (is_first) return;
  state_.warn(failure.details);
  finish_progress(failure.sound, GST_PROGRESS_TYPE_ERROR, failure.details.message);
}

void Failures::report_unreported() {
  std::optional<Failure> unreported;
  {
    const MutexLocker lock(state_.mutex);
    if (!state_.failed) unreported = std::exchange(state_.failure, std::nullopt);
  }
  if (!unreported) return;
  messages::post_warning(state_.self, unreported->details);
  finish_progress(unreported->sound, GST_PROGRESS_TYPE_ERROR, unreported->details.message);
}

void Failures::end_with_error(const Failure& failure) {
  const auto& [sound, details, found] = failure;
  messages::post_error(state_.self, found == Found::by_run ? details : with_what_is_paid(details));
  bool unpaid = false, is_new = false;
  {
    const MutexLocker lock(state_.mutex);
    state_.failed = true;
    unpaid = sound && !sound->submitted;
    is_new = sound && sound->listener && !sound->left_out;
  }
  if (is_new) sound->listener->post_state("failed");
  finish_progress(sound, GST_PROGRESS_TYPE_ERROR, details.message);
  state_.changed.notify_all();
  if (unpaid) cancel_run(*sound);
}

// A WARNING with the same details, and real silence; never an ERROR that is then recovered from.
void Failures::end_with_silence(const SoundPtr& sound, const ErrorDetails& details) {
  state_.warn(details);
  state_.settle_silent(sound, links_.audio_caps());
  finish_progress(sound, GST_PROGRESS_TYPE_COMPLETE, "silence instead of a sound: " + details.message);
  if (sound->listener) sound->listener->post_state("silent");
  cancel_run(*sound);
}

ErrorDetails Failures::with_what_is_paid(ErrorDetails details) {
  std::vector<SoundPtr> open;
  {
    const MutexLocker lock(state_.mutex);
    for (const auto& sound : state_.row.sounds())
      if (!sound->is_there() && sound->listener) open.push_back(sound);
  }
  for (const auto& sound : open) {
    const Payment known = sound->listener->payment();
    if (details.paid == Paid::yes || !(known.task_is_known() || known.asked_for)) continue;
    details.paid = known.task_is_known() ? Paid::yes : Paid::maybe;
    details.retryable = false;
    details.task_id = known.task_id;
    details.external_task_id = known.external_task_id;
  }
  return details;
}

}  // namespace klingv2a
