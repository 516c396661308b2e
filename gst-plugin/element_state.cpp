// SPDX-License-Identifier: LGPL-2.1-or-later
#include "element_state.h"

#include "log.h"
#include "sound_listener.h"

namespace klingv2a {

ElementState::ElementState(GstElement* element, GstPad* sink_pad, GstPad* video_source, const Signals& signal_ids)
    : self(element), sink(sink_pad), video_pad(video_source), signals(signal_ids) {
  video.pad = video_source;
}

RunSettings ElementState::settings_for(unsigned number) const {
  RunSettings all = for_clip(taken, number);
  if (!g_signal_has_handler_pending(self, signals.publish_clip, 0, FALSE)) return all;
  all.cycle.publish.publish_clip = [element = self, signal = signals.publish_clip](const std::string& file_path,
                                                                                   const std::string& content_type) {
    char* url = nullptr;
    g_signal_emit(element, signal, 0, file_path.c_str(), content_type.c_str(), &url);
    const GCharPtr owned(url);
    return std::string(url ? url : "");
  };
  return all;
}

Output* ElementState::find_output(const GstPad* pad) {
  if (pad == video.pad) return &video;
  if (pad == audio.pad) return &audio;
  const auto companion = companions.find(pad);
  return companion ? &companion->output : nullptr;
}

bool ElementState::may_take_more(const Hold& hold) const {
  const bool little = hold.memory() <= settings.max_hold_bytes || hold.buffers() < 2;
  return (little && hold.buffers() < kRoom) || somebody_is_behind(hold.front_time());
}

bool ElementState::may_be_planned() const {
  const auto& filling = row.filling();
  return !settings.by_reference() && settings.max_clips > 1 && filling && !filling->attached &&
         !filling->sound->settled && filling->segment.format == GST_FORMAT_TIME;
}

bool ElementState::is_far_ahead() const {
  if (!row.is_filling_planned() || row.clips_ahead() < settings.max_clips_ahead) return false;
  return !companions.any_is_behind(video.left, row.may_leave_until(), row.is_complete());
}

// May a muxer that has got one stream as far as `time` be waiting for another one, of which nothing is there that it
// could be given?
bool ElementState::somebody_is_behind(Nanoseconds time) const {
  const bool complete = row.is_complete();
  if (!complete && !row.has_video_to_give() && video.left < time && video.is_taken()) return true;
  return companions.any_is_behind(time, row.may_leave_until(), complete);
}

void ElementState::settle(const std::shared_ptr<ClipSound>& sound, std::shared_ptr<const Soundtrack> soundtrack,
                          const std::string& task_id) {
  GST_DEBUG_OBJECT(self, "clip %u is settled%s: it may leave", sound->number, task_id.empty() ? " without a task" : "");
  {
    const MutexLocker lock(mutex);
    row.settle(sound, std::move(soundtrack), task_id);
  }
  changed.notify_all();
}

void ElementState::settle_silent(const std::shared_ptr<ClipSound>& sound, const CapsPtr& caps) {
  bool is_planned = false;
  {
    const MutexLocker lock(mutex);
    is_planned = sound->place.has_value();
  }
  if (is_planned) return take_result(sound, {});
  settle(sound, make_silence(caps, 0));
}

void ElementState::take_result(const std::shared_ptr<ClipSound>& sound, RowResult result) {
  {
    const MutexLocker lock(mutex);
    sound->task_id = result.task_id;
    sound->result = std::move(result);
  }
  changed.notify_all();
}

void ElementState::keep_statistics(const std::vector<std::shared_ptr<ClipSound>>& forgotten) {
  for (const auto& sound : forgotten) {
    if (!sound->listener) continue;
    const Statistics share = sound->listener->statistics();
    const std::string task_id = sound->listener->payment().task_id;
    const MutexLocker lock(mutex);
    statistics.add(share);
    if (!task_id.empty()) earlier_task_id_ = task_id;
  }
}

Statistics ElementState::all_statistics() {
  std::vector<std::shared_ptr<ClipSound>> sounds;
  Statistics all;
  {
    const MutexLocker lock(mutex);
    all = statistics;
    all.clips = row.sounds_begun();
    sounds = row.sounds();
  }
  for (const auto& sound : sounds)
    if (sound->listener) all.add(sound->listener->statistics());
  return all;
}

messages::RowState ElementState::row_state() const {
  messages::RowState state;
  for (const auto& sound : row.sounds()) {
    if (!sound->place) continue;
    ++state.planned;
    if (!sound->is_decided()) continue;
    ++state.done;
    state.length += sound->place->range.length();
  }
  state.is_complete = row.is_complete() && !row.is_filling_planned();
  return state;
}

std::string ElementState::task_id() {
  std::vector<std::shared_ptr<ClipSound>> sounds;
  std::string newest;
  {
    const MutexLocker lock(mutex);
    newest = earlier_task_id_;
    sounds = row.sounds();
  }
  for (const auto& sound : sounds)
    if (const auto known = sound->listener ? sound->listener->payment().task_id : ""; !known.empty()) newest = known;
  return newest;
}

bool ElementState::reset_statistics() {
  const MutexLocker lock(mutex);
  statistics = {};
  return !std::exchange(earlier_task_id_, {}).empty();
}

void ElementState::warn(const ErrorDetails& details) {
  {
    const MutexLocker lock(mutex);
    ++statistics.warnings;
  }
  messages::post_warning(self, details);
}

// On a cycle thread, or that of a state change, where messages are posted too.
void ElementState::notify_statistics(When when) {
  constexpr std::chrono::milliseconds kGap{250};
  {
    const MutexLocker lock(mutex);
    const auto now = std::chrono::steady_clock::now();
    if (when == When::soon && now - notified_ < kGap) return;
    notified_ = now;
  }
  g_object_notify(G_OBJECT(self), "stats");
}

}  // namespace klingv2a
