// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clip_row.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace klingv2a {

ClipRow::ClipRow(const CutPolicy& cuts, const LeavePolicy& leaves) : cuts_(cuts), leaves_(leaves) {
  gst_segment_init(&segment_, GST_FORMAT_UNDEFINED);
}

// ---- the stream that comes in

void ClipRow::begin_run() {
  complete_ = eos_ = false;
  begun_ = 0;
  gst_segment_init(&segment_, GST_FORMAT_UNDEFINED);
}

std::vector<ClipRow::SoundPtr> ClipRow::begin_stream(const std::string& id) {
  complete_ = eos_ = false;
  stream_id_ = id;
  // `concat`: what is being filled is of both streams.
  if (filling_ && filling_->wants_frames() && filling_->sound) filling_->sound->stream_ids.push_back(id);
  const auto kept = [&](const auto& sound) { return !sound->settled || sound->is_of(stream_id_); };
  const auto forgotten = std::stable_partition(sounds_.begin(), sounds_.end(), kept);
  std::vector<SoundPtr> others(std::make_move_iterator(forgotten), std::make_move_iterator(sounds_.end()));
  sounds_.erase(forgotten, sounds_.end());
  return others;
}

void ClipRow::set_segment(const GstSegment& segment, guint32 seqnum) {
  complete_ = false;
  segment_ = segment;
  segment_seqnum_ = seqnum;
}

// ---- what is being filled

ClipRow::SoundPtr ClipRow::unsubmitted() const {
  return filling_ && filling_->sound && !filling_->attached ? filling_->sound : nullptr;
}

void ClipRow::begin_clip() {
  filling_ = std::make_shared<Clip>();
  filling_->audio_stream_start = std::move(audio_stream_start_);
  video_.push_back(filling_);
  audio_.push_back(filling_);
}

ClipRow::Placed ClipRow::place(const FrameTime& frame) {
  Placed placed;
  if (is_filling_frames() && ends_before(frame)) placed.complete = cut();
  if (!filling_) begin_clip();
  if (!filling_->has_frames) {
    placed.begun = begin_frames(frame);
    placed.attached = filling_->attached;
  }
  if (filling_->planned) note_later_segment(frame);
  filling_->add_frame(frame, segment_);
  return placed;
}

// A new clip that runs into one that was submitted ends there: what follows waits for that one's sound. A planned row
// is cut by its plan. What is attached to a sound of one ends where that sound does.
bool ClipRow::ends_before(const FrameTime& frame) const {
  if (filling_->planned) return false;
  const auto stream_time = filling_->to_stream_time(std::max(frame.start, filling_->segment_start()));
  if (filling_->attached) return filling_->sound->place && stream_time >= filling_->sound->stream_end;
  return find_submitted(stream_time) || cuts_.cuts_before(*filling_, frame);
}

// Frames that are decoded later and shown earlier belong to the attached clip before.
Nanoseconds ClipRow::begin_of(const FrameTime& frame) const {
  const auto begin = std::max(frame.start, filling_->segment_start());
  return attached_until_ ? std::max(begin, *attached_until_) : begin;
}

ClipRow::SoundPtr ClipRow::new_sound() {
  auto sound = std::make_shared<ClipSound>();
  sound->number = ++begun_;
  sounds_.push_back(sound);
  return sound;
}

// Returns the clip's new sound; null where it is attached to an earlier one's.
ClipRow::SoundPtr ClipRow::begin_frames(const FrameTime& frame) {
  Clip& clip = *filling_;
  clip.segment = segment_;
  clip.segment_seqnum = segment_seqnum_;
  clip.begin = begin_of(frame);
  clip.sound = find_submitted(clip.to_stream_time(clip.begin));
  clip.attached = clip.sound != nullptr;
  clip.least_begin = std::exchange(attached_until_, std::nullopt).value_or(kNever);
  if (clip.attached) {
    // Of a planned row, it was played and dropped: it is made again.
    if (clip.sound->place && !clip.sound->soundtrack) clip.sound->settled = false;
    return nullptr;
  }
  clip.sound = new_sound();
  clip.sound->stream_ids.push_back(stream_id_);
  return clip.sound;
}

// What was submitted is known by its stream time, which another stream counts anew.
ClipRow::SoundPtr ClipRow::find_submitted(Nanoseconds stream_time) const {
  for (const auto& sound : sounds_) {
    if (!sound->submitted || !sound->is_of(stream_id_)) continue;
    if (stream_time >= sound->stream_begin && stream_time < sound->stream_end) return sound;
  }
  return nullptr;
}

void ClipRow::hold(HeldItem item) {
  if (!filling_) begin_clip();
  filling_->held.push(std::move(item));
}

std::optional<CompleteClip> ClipRow::end(const EventPtr& event, AtEnd then) {
  eos_ = GST_EVENT_TYPE(event.get()) == GST_EVENT_EOS;
  complete_ = true;
  hold({.object = MiniPtr<GstMiniObject>::share(GST_MINI_OBJECT_CAST(event.get()))});
  filling_->end = event;
  return then == AtEnd::cut && !filling_->planned ? cut() : std::nullopt;
}

// Nothing is handed over of a clip without frames, or whose sound is there already (an earlier one's, or silence).
std::optional<CompleteClip> ClipRow::cut() {
  const auto clip = std::exchange(filling_, nullptr);
  clip->cut = true;
  if (clip->attached && clip->sound->place) {
    clip->end_time = std::min(clip->end_time, clip->to_running_time(clip->sound->stream_end));
    attached_until_ = clip->end_time;
  }
  if (!clip->wants_frames() || !clip->has_frames) return std::nullopt;
  const auto timeline = measure(clip->frames, clip->segment_start());
  clip->begin = timeline.start;
  clip->end_time = timeline.end;
  auto& sound = *clip->sound;
  sound.stream_begin = clip->to_stream_time(timeline.start);
  sound.stream_end = clip->to_stream_time(timeline.end);
  sound.submitted = true;
  return CompleteClip{clip->sound, std::exchange(clip->frames, {}), timeline};
}

// ---- a planned row

void ClipRow::begin_planned() {
  filling_->planned = true;
  filling_->frames = {};
}

void ClipRow::note_later_segment(const FrameTime& frame) {
  auto& later = filling_->later_segments;
  const GstSegment& known = later.empty() ? filling_->segment : later.back().segment;
  if (!gst_segment_is_equal(&known, &segment_)) later.push_back({frame.start, segment_, segment_seqnum_});
}

std::shared_ptr<Clip> ClipRow::rest_of(Clip& clip, Nanoseconds from) {
  auto rest = std::make_shared<Clip>();
  rest->held = clip.held.split(from);
  rest->end = std::move(clip.end);
  rest->planned = rest->has_frames = true;
  rest->segment = clip.segment;
  rest->segment_seqnum = clip.segment_seqnum;
  for (auto& later : clip.later_segments) {
    if (later.from > from) {
      rest->later_segments.push_back(later);
      continue;
    }
    rest->segment = later.segment;
    rest->segment_seqnum = later.seqnum;
  }
  rest->first = rest->begin = from;
  rest->last = clip.last;
  rest->distance = clip.distance;
  rest->end_time = clip.end_time;
  return rest;
}

ClipRow::SoundPtr ClipRow::cut_planned(const RowPlace& place) {
  const auto clip = filling_;
  auto sound = clip->sound;
  if (place.is_last) {
    filling_ = nullptr;
  } else {
    filling_ = rest_of(*clip, place.range.end);
    filling_->sound = new_sound();
    filling_->sound->stream_ids = sound->stream_ids;
    video_.push_back(filling_);
    audio_.push_back(filling_);
  }
  clip->cut = true;
  clip->begin = place.range.begin;
  clip->end_time = place.range.end;
  sound->place = place;
  sound->stream_begin = clip->to_stream_time(place.range.begin);
  sound->stream_end = clip->to_stream_time(place.range.end);
  sound->place->stream_time = sound->stream_begin - (place.range.begin - place.row_begin);
  sound->submitted = true;
  return sound;
}

std::size_t ClipRow::clips_ahead() const {
  const auto is_ahead = [&](const auto& clip) { return clip->cut && clip->has_frames; };
  return static_cast<std::size_t>(
      std::min(std::ranges::count_if(video_, is_ahead), std::ranges::count_if(audio_, is_ahead)));
}

std::size_t ClipRow::sounds_ahead() const {
  const auto waits = [](const auto& sound) { return sound->place && sound->soundtrack; };
  return static_cast<std::size_t>(std::ranges::count_if(sounds_, waits));
}

// ---- sounds

void ClipRow::settle(const SoundPtr& sound, std::shared_ptr<const Soundtrack> soundtrack, const std::string& task_id) {
  sound->task_id = task_id;
  sound->soundtrack = std::move(soundtrack);
  sound->settled = true;
  for (const auto& clip : video_)
    if (clip->sound == sound) clip->frames = {};
}

bool ClipRow::others_have_prospects(const SoundPtr& sound) const {
  const auto has = [&](const auto& clip) { return clip->sound != sound && clip->has_prospects(); };
  return std::ranges::any_of(video_, has) || std::ranges::any_of(audio_, has);
}

std::vector<ClipRow::SoundPtr> ClipRow::give_up_unsubmitted() {
  complete_ = true;
  std::vector<SoundPtr> given_up;
  std::ranges::copy_if(sounds_, std::back_inserter(given_up),
                       [](const auto& sound) { return !sound->submitted && !sound->settled; });
  for (const auto& sound : given_up) sound->left_out = true;
  for (const auto& clip : video_)
    if (!clip->sound) clip->cut = true;
  return given_up;
}

// ---- what leaves

// What a clip has not sent of the audio's STREAM_START goes out with the next one.
void ClipRow::pop(Reader reader) {
  const auto clip = view(reader).front();
  view(reader).pop_front();
  if (reader == Reader::video) {
    if (clip->has_frames) video_until_ = std::max(video_until_, clip->end_time);
    return;
  }
  // Made again from its result, should a seek come back to it.
  const auto shares = [&](const auto& other) { return other->sound == clip->sound; };
  if (clip->sound && clip->sound->place && std::ranges::none_of(audio_, shares)) clip->sound->soundtrack.reset();
  auto& next = audio_.empty() ? audio_stream_start_ : audio_.front()->audio_stream_start;
  if (!next) next = std::move(clip->audio_stream_start);
}

void ClipRow::pass_over_frames() {
  Clip& clip = front(Reader::video);
  clip.held.leave_out_frames();
  if (clip.has_frames) video_until_ = std::max(video_until_, clip.end_time);
  clip.has_frames = false;
}

Nanoseconds ClipRow::may_leave_until() const {
  Nanoseconds until = video_until_;
  for (const auto& clip : video_) {
    if (!may_leave(*clip)) return until;
    if (clip->has_frames) until = std::max(until, clip->end_time);
  }
  return complete_ ? kForever : until;
}

bool ClipRow::has_video_to_give() const {
  return std::ranges::any_of(video_, [&](const auto& clip) { return may_leave(*clip) && clip->held.buffers() > 0; });
}

std::size_t ClipRow::memory() const {
  std::size_t bytes = 0;
  for (const auto& clip : video_) bytes += clip->held.memory();
  return bytes;
}

// ---- what is forgotten

ClipRow::SoundPtr ClipRow::flush() {
  auto dropped = unsubmitted();
  if (dropped && dropped->settled) dropped = nullptr;
  std::deque<HeldItem> kept;
  for (const auto& clip : video_) std::ranges::move(clip->held.take_sticky(), std::back_inserter(kept));
  for (const auto& clip : audio_)
    if (clip->audio_stream_start) audio_stream_start_ = std::move(clip->audio_stream_start);
  forget_held();
  for (auto& item : kept) hold(std::move(item));
  complete_ = eos_ = false;
  attached_until_.reset();
  gst_segment_init(&segment_, GST_FORMAT_UNDEFINED);
  if (!dropped) return nullptr;
  std::erase(sounds_, dropped);
  dropped->settled = true;
  --begun_;
  return dropped;
}

void ClipRow::forget_held() {
  filling_.reset();
  video_.clear();
  audio_.clear();
  attached_until_.reset();
  video_until_ = kNever;
}

std::vector<ClipRow::SoundPtr> ClipRow::clear() {
  forget_held();
  stream_id_.clear();
  audio_stream_start_ = {};
  return std::exchange(sounds_, {});
}

}  // namespace klingv2a
