// SPDX-License-Identifier: LGPL-2.1-or-later
#include "video_intake.h"

#include <utility>

#include "clip_limits.h"
#include "log.h"
#include "messages.h"
#include "slice_data.h"
#include "sound_listener.h"
#include "upstream.h"

namespace klingv2a {

namespace {

// What some decoders need before the first frame (Theora, for one): it has no time of its own.
bool is_header(GstBuffer* buffer) {
  return GST_BUFFER_FLAG_IS_SET(buffer, GST_BUFFER_FLAG_HEADER) && !GST_BUFFER_PTS_IS_VALID(buffer) &&
         !GST_BUFFER_DTS_IS_VALID(buffer);
}

MiniPtr<GstMiniObject> as_item(const BufferPtr& buffer) {
  return MiniPtr<GstMiniObject>::share(GST_MINI_OBJECT_CAST(buffer.get()));
}

Error no_timestamp() {
  return make_error(
      ErrorKind::input, Phase::hold,
      "a frame has no timestamp (PTS), and those around it do not tell when it is shown, so no sound can be laid under "
      "it",
      "read the video from a container that has timestamps (raw .h264 files have none, nor has AVI with packed "
      "B-frames): ffmpeg -i IN OUT.mkv writes one");
}

// What an attached clip holds beyond the sound of the clip that was submitted.
void check_attached(const Clip& clip) {
  constexpr Nanoseconds kTolerance = static_cast<Nanoseconds>(GST_SECOND) / 2;
  if (clip.to_stream_time(clip.end_time) <= clip.sound->stream_end + clip.distance + kTolerance) return;
  throw make_error(ErrorKind::input, Phase::hold,
                   "after the seek the video goes on behind the end of the clip that was submitted",
                   "take the pipeline to READY and back, so that the whole is a clip of its own");
}

void check_seams(const Clip& clip, const RunSettings& settings) {
  if (!clip.seams.overlap() || settings.by_reference()) return;
  throw make_error(ErrorKind::input, Phase::hold,
                   "segments of the video overlap: packets that are not shown (of an edit list, as a rule) lie at the "
                   "times of frames that are, so the service would be shown them in disorder",
                   "decode the video before klingv2a, which leaves them out, or name the video by video-url");
}

}  // namespace

GstFlowReturn VideoIntake::chain(BufferPtr buffer) {
  const Arrivals::Taking taking(state_.arrivals);
  IntakeBuffer part{.caps = {}, .buffer = out_of_pool(std::move(buffer)), .held = {}, .time = {}};
  if (is_header(part.buffer.get())) return hold_header(part.buffer);
  if (const auto flow = place(part); flow != GST_FLOW_OK) return flow;
  HeldItem item{.object = as_item(part.buffer), .memory = gst_buffer_get_size(part.buffer.get())};
  if (part.time) item.time = part.time->start;
  item.begins_frame = part.time.has_value();
  const GstFlowReturn flow = examine(std::move(part), item);
  return flow == GST_FLOW_OK ? hold(std::move(item)) : flow;
}

// What is wrong with the frame is the clip's failure; the frame itself is held all the same, for the policy may be
// silence.
GstFlowReturn VideoIntake::examine(IntakeBuffer part, HeldItem& item) {
  try {
    if (start_unstarted()) {
      warn_if_dropped_by_sinks();
      check_segment_length();
    }
    check_growing();
    if (outgrows_clip()) planned_.begin(std::exchange(taken_, {}));
    take_in(std::move(part), item);
    return GST_FLOW_OK;
  } catch (const Error& error) {
    return refuse(error, Failures::Policy::obey);
  }
}

GstFlowReturn VideoIntake::refuse(const Error& error, Failures::Policy policy) {
  try {
    start_unstarted();
  } catch (const Error& second) {
    GST_WARNING_OBJECT(state_.self, "the refused clip's run cannot begin: %s", second.what());
  }
  std::shared_ptr<ClipSound> sound;
  {
    const MutexLocker lock(state_.mutex);
    if (const auto& filling = state_.row.filling()) sound = filling->sound;
  }
  failures_.fail({sound, error.details(), Found::on_video}, policy);
  const MutexLocker lock(state_.mutex);
  if (state_.failed) return GST_FLOW_ERROR;
  return state_.failure ? GST_FLOW_EOS : GST_FLOW_OK;
}

// What to answer instead of taking a frame; OK to take it.
GstFlowReturn VideoIntake::refusal() const {
  if (state_.flushing || state_.stopping) return GST_FLOW_FLUSHING;
  if (state_.failed) return GST_FLOW_ERROR;
  // An ERROR for a failure that waits would be upstream's before it is ours.
  if (state_.row.has_eos() || state_.failure) return GST_FLOW_EOS;
  const auto video = state_.video.flow, audio = state_.audio.flow;
  if (video < GST_FLOW_EOS) return video;
  if (audio < GST_FLOW_EOS) return audio;
  return video == audio ? video : GST_FLOW_OK;
}

// ---- into the row

// Waits among the events, for the frames that need it.
GstFlowReturn VideoIntake::hold_header(const BufferPtr& buffer) {
  const MutexLocker lock(state_.mutex);
  if (const auto flow = refusal(); flow != GST_FLOW_OK) return flow;
  state_.row.hold({.object = as_item(buffer), .memory = gst_buffer_get_size(buffer.get())});
  state_.changed.notify_all();
  return GST_FLOW_OK;
}

// A NAL unit of the access unit that the one before it began, or the second field of a frame.
bool VideoIntake::continues_frame(GstBuffer* buffer) const {
  if (!state_.stream.parts_of_frames || !state_.row.is_filling_frames()) return false;
  if (!GST_BUFFER_PTS_IS_VALID(buffer)) return true;
  return running_time_of(state_.row.segment(), GST_BUFFER_PTS(buffer)) == state_.row.filling()->last;
}

// Where the order of showing is not known, frames have DTS only: near enough for a sound, but whoever takes the video
// would drop them. H.264 and H.265 without any PTS (raw files through a parser) would be a guess from the first one on.
GstClockTime VideoIntake::timestamp_of(GstBuffer* buffer) const {
  const auto& caps = state_.stream.caps;
  const bool guessed = !caps || (!state_.row.is_filling_frames() && has_slices(caps.get()));
  if (GST_BUFFER_PTS_IS_VALID(buffer) || guessed || gst_pad_is_linked(state_.video_pad)) return GST_BUFFER_PTS(buffer);
  return GST_BUFFER_DTS(buffer);
}

// Finds the clip of a buffer that has come.
GstFlowReturn VideoIntake::place(IntakeBuffer& part) {
  ClipRow::Placed placed;
  {
    MutexLocker lock(state_.mutex);
    GstBuffer* buffer = part.buffer.get();
    if (const auto flow = refusal(); flow != GST_FLOW_OK) return flow;
    part.caps = state_.stream.caps;
    if (continues_frame(buffer)) return GST_FLOW_OK;
    const GstClockTime timestamp = timestamp_of(buffer);
    if (state_.row.segment().format != GST_FORMAT_TIME || !GST_CLOCK_TIME_IS_VALID(timestamp)) {
      lock.unlock();
      const auto flow = refuse(no_timestamp(), Failures::Policy::ignore);
      lock.lock();
      // Where an earlier failure has become silence, it stays with the frames around it.
      return flow != GST_FLOW_OK || state_.row.is_filling_frames() ? flow : GST_FLOW_FLUSHING;
    }
    part.time = frame_time(state_.row.segment(), timestamp, GST_BUFFER_DURATION(buffer));
    placed = state_.row.place(*part.time);
    if (placed.begun || placed.attached) taken_ = {};
    if (placed.begun) begin_sound(placed.begun);
    if (placed.attached)
      GST_INFO_OBJECT(state_.self, "frames of clip %u again: no new task", state_.row.filling()->sound->number);
    state_.stream.saw_frames = true;
    ++state_.statistics.frames_in;
  }
  if (placed.complete) hand_over(std::move(*placed.complete));
  return GST_FLOW_OK;
}

void VideoIntake::begin_sound(const std::shared_ptr<ClipSound>& sound) {
  threads_.make(state_, sound, state_.settings_for(sound->number));
  sound->run->set_orientation(state_.stream.orientation);
  unstarted_ = sound;
}

// Posts, so without the lock. Returns whether there was one.
bool VideoIntake::start_unstarted() {
  std::shared_ptr<ClipSound> sound;
  {
    const MutexLocker lock(state_.mutex);
    sound = std::exchange(unstarted_, nullptr);
  }
  if (sound) threads_.start(sound);
  return sound != nullptr;
}

void VideoIntake::hand_over(CompleteClip clip) {
  GST_INFO_OBJECT(state_.self,
                  "clip %u is complete: %zu frames, %" GST_STIME_FORMAT " long, pre-roll %" GST_STIME_FORMAT,
                  clip.sound->number, clip.frames.size(), GST_STIME_ARGS(clip.timeline.length()),
                  GST_STIME_ARGS(clip.timeline.pre_roll()));
  taken_ = {};
  clip.sound->run->cut(std::move(clip.frames), clip.timeline);
}

// ---- what is wrong with it

// After each frame: what is there already may be more than a task takes.
void VideoIntake::check_growing() {
  const MutexLocker lock(state_.mutex);
  const Clip& clip = *state_.row.filling();
  if (clip.attached) return check_attached(clip);
  if (clip.sound->settled || clip.planned) return;
  if (state_.stream.refused) throw Error(*state_.stream.refused);
  check_seams(clip, clip.sound->run->settings());
  if (state_.may_be_planned()) return;
  limits::check_length_so_far(clip.end_time - clip.first, clip.begin - clip.first, clip.distance);
}

void VideoIntake::warn_if_dropped_by_sinks() {
  {
    const MutexLocker lock(state_.mutex);
    if (state_.settings.latency > 0 || std::exchange(warned_latency_, true)) return;
  }
  if (!upstream_is_live(state_.sink)) return;
  messages::post_warning(
      state_.self, make_error(ErrorKind::settings, Phase::hold,
                              "the video is live and latency is 0, so synchronised sinks will drop what waited for its "
                              "sound",
                              "set latency to the longest clip plus the longest wait")
                       .details());
}

// Who seeks, and who edits, says where the video ends. A stop that is only the announced duration says nothing of the
// video: that of Ogg and ASF is the longest stream's, that of a transport stream a guess. Then the frames are waited
// for.
void VideoIntake::check_segment_length() {
  GstSegment segment;
  {
    const MutexLocker lock(state_.mutex);
    segment = state_.row.segment();
  }
  if (!GST_CLOCK_TIME_IS_VALID(segment.stop)) return;
  gint64 duration = 0;
  const bool announced = gst_pad_peer_query_duration(state_.sink, GST_FORMAT_TIME, &duration) && duration > 0;
  if (announced && segment.stop >= static_cast<GstClockTime>(duration)) return;
  const MutexLocker lock(state_.mutex);
  if (!state_.may_be_planned()) limits::check_segment_length(segment.stop - segment.start);
}

// ---- into the hold

// Where the buffer waits, and what its clip learns from it. Without the lock: both may take their time.
void VideoIntake::take_in(IntakeBuffer part, HeldItem& item) {
  part.held = part.buffer;
  if (HoldSpool* spool = spool_for(item.memory)) {
    part.held = spool->put(part.buffer);
    item.object = as_item(part.held);
    item.memory = 0;
  }
  std::shared_ptr<ClipRun> run;
  GstSegment segment;
  bool planned = false, may_be_planned = false;
  {
    const MutexLocker lock(state_.mutex);
    const auto& filling = state_.row.filling();
    planned = filling->planned && filling->wants_frames();
    if (filling->wants_frames()) run = filling->sound->run;
    may_be_planned = state_.may_be_planned();
    segment = state_.row.segment();
  }
  const Nanoseconds shown_from = running_time_of(segment, segment.start);
  if (planned) return take_planned({std::move(part), shown_from});
  if (run) run->take(part);
  if (!may_be_planned) return;
  part.buffer = part.held;  // the one that came need not stay in memory
  taken_.push_back({std::move(part), shown_from});
}

// Once it is too long for a clip, it is cut by a plan, with all that has come.
bool VideoIntake::outgrows_clip() {
  const MutexLocker lock(state_.mutex);
  const Clip& clip = *state_.row.filling();
  if (clip.planned || !state_.may_be_planned()) return false;
  return clip.end_time - clip.first - clip.distance / 2 > limits::kMaxLength;
}

void VideoIntake::take_planned(RowPart part) {
  part.buffer.buffer = part.buffer.held;
  planned_.add(part);
}

// Null while memory will do. The few frames that wait for room when their sound is there leave soon.
HoldSpool* VideoIntake::spool_for(std::size_t size) {
  std::string directory;
  {
    const MutexLocker lock(state_.mutex);
    const Clip& clip = *state_.row.filling();
    const bool leaves_soon = state_.row.may_leave(clip) && clip.held.buffers() < ElementState::kRoom;
    if (leaves_soon || state_.held_memory() + size <= state_.settings.max_hold_bytes) return nullptr;
    directory = state_.settings.spool_dir;
  }
  return open_spool(spool_, directory);
}

GstFlowReturn VideoIntake::hold(HeldItem item) {
  const MutexLocker lock(state_.mutex);
  if (const auto flow = refusal(); flow != GST_FLOW_OK) return flow;
  if (item.memory == 0 && spool_) {
    state_.video_spooled = spool_->size();
    state_.note_spooled();
  }
  GST_LOG_OBJECT(state_.self, "hold a buffer at %" GST_STIME_FORMAT "%s", GST_STIME_ARGS(item.time.value_or(kNever)),
                 item.memory == 0 ? ", in the spool file" : "");
  state_.row.hold(std::move(item));
  if (const auto& run = state_.row.filling()->sound->run) run->note_arrival();
  state_.changed.notify_all();
  wait_for_room();
  return refusal();
}

void VideoIntake::wait_for_room() {
  const auto clip = state_.row.filling();
  const auto is_full = [&]() REQUIRES(state_.mutex) {
    return state_.is_far_ahead() || (state_.row.may_leave(*clip) && !state_.may_take_more(clip->held));
  };
  while (!state_.must_pause(state_.video) && !state_.failure && is_full()) state_.changed.wait(state_.mutex);
}

// ---- what is forgotten

void VideoIntake::begin_run() {
  const MutexLocker lock(state_.mutex);
  warned_latency_ = false;
}

void VideoIntake::forget_held() {
  const MutexLocker lock(state_.mutex);
  unstarted_.reset();
  taken_ = {};
  spool_.reset();
  state_.video_spooled = 0;
}

}  // namespace klingv2a
