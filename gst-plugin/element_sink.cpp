// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The streaming thread's side, frames: each goes into the clip that is being filled, into its key and its proxy, and
// into the hold: in memory, or, beyond max-hold-bytes, in the spool file. Never touches the network; waits for the
// transcoder, and for room when the clip's sound is there and its frames are leaving.
// filling_ changes on this thread only, so it may be read here without the lock.
#include "clip_limits.h"
#include "element.h"
#include "log.h"
#include "messages.h"
#include "slice_data.h"

namespace klingv2a {

namespace {

// What some decoders need before the first picture (Theora, for one): it has no time of its own.
bool is_header(GstBuffer* buffer) {
  return GST_BUFFER_FLAG_IS_SET(buffer, GST_BUFFER_FLAG_HEADER) && !GST_BUFFER_PTS_IS_VALID(buffer) &&
         !GST_BUFFER_DTS_IS_VALID(buffer);
}

MiniPtr<GstMiniObject> as_item(const BufferPtr& buffer) {
  return MiniPtr<GstMiniObject>::share(GST_MINI_OBJECT_CAST(buffer.get()));
}

}  // namespace

GstFlowReturn Element::chain(BufferPtr buffer) {
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
GstFlowReturn Element::examine(IntakeBuffer part, HeldItem& item) {
  try {
    if (start_pending_run()) {
      warn_if_dropped_by_sinks();
      check_segment_length();
    }
    check_growing();
    take_in(std::move(part), item);
    return GST_FLOW_OK;
  } catch (const Error& error) {
    return report_refusal(error, Policy::obey);
  }
}

GstFlowReturn Element::report_refusal(const Error& error, Policy policy) {
  try {
    start_pending_run();
  } catch (const Error& second) {
    GST_WARNING_OBJECT(self_, "the refused clip's run cannot begin: %s", second.what());
  }
  std::shared_ptr<Sound> sound;
  {
    const MutexLocker lock(mutex_);
    if (filling_) sound = filling_->sound;
  }
  fail({sound, error.details(), Found::on_video}, policy);
  const MutexLocker lock(mutex_);
  if (failed_) return GST_FLOW_ERROR;
  return failure_ ? GST_FLOW_EOS : GST_FLOW_OK;
}

// What to answer instead of taking a frame; OK to take it.
GstFlowReturn Element::refusal() const {
  if (flushing_ || stopping_) return GST_FLOW_FLUSHING;
  if (failed_) return GST_FLOW_ERROR;
  if (eos_ || failure_) return GST_FLOW_EOS;  // an ERROR here would be upstream's before it is ours
  for (const auto* output : {&video_, &audio_})
    if (output->flow < GST_FLOW_EOS) return output->flow;
  if (video_.flow == audio_.flow) return video_.flow;
  return GST_FLOW_OK;
}

// A NAL unit of the access unit that the one before it began, or the second field of a picture.
bool Element::continues_frame(GstBuffer* buffer) const {
  if (!parts_of_frames_ || !filling_ || !filling_->has_frames) return false;
  if (!GST_BUFFER_PTS_IS_VALID(buffer)) return true;
  return running_time_of(segment_, GST_BUFFER_PTS(buffer)) == filling_->last;
}

// Where the order of showing is not known, pictures have DTS only: near enough for a sound, but whoever takes the video
// would drop them. H.264 and H.265 without any PTS (raw files through a parser) would be a guess from the first one on.
GstClockTime Element::timestamp_of(GstBuffer* buffer) const {
  const bool first = !filling_ || !filling_->has_frames;
  const bool guessed = !caps_ || (first && has_slices(caps_.get()));
  if (GST_BUFFER_PTS_IS_VALID(buffer) || guessed || gst_pad_is_linked(video_pad_)) return GST_BUFFER_PTS(buffer);
  return GST_BUFFER_DTS(buffer);
}

// Waits among the events, for the frames that need it.
GstFlowReturn Element::hold_header(const BufferPtr& buffer) {
  const MutexLocker lock(mutex_);
  if (const auto flow = refusal(); flow != GST_FLOW_OK) return flow;
  if (!filling_) begin_clip();
  filling_->held.push({.object = as_item(buffer), .memory = gst_buffer_get_size(buffer.get())});
  changed_.notify_all();
  return GST_FLOW_OK;
}

// Finds the clip of a buffer that has come.
GstFlowReturn Element::place(IntakeBuffer& part) {
  MutexLocker lock(mutex_);
  GstBuffer* buffer = part.buffer.get();
  if (const auto flow = refusal(); flow != GST_FLOW_OK) return flow;
  const bool continues = continues_frame(buffer);
  const GstClockTime timestamp = timestamp_of(buffer);
  if (!continues && (segment_.format != GST_FORMAT_TIME || !GST_CLOCK_TIME_IS_VALID(timestamp))) {
    lock.unlock();
    return report_refusal(
        make_error(
            ErrorKind::input, Phase::hold,
            "a frame has no timestamp (PTS), and those around it do not tell when it is shown, so no sound can be "
            "laid under it",
            "read the video from a container that has timestamps (raw .h264 files have none, nor has AVI with "
            "packed B-frames): ffmpeg -i IN OUT.mkv writes one"),
        Policy::ignore);
  }
  if (!continues) {
    part.time = frame_time(segment_, timestamp, GST_BUFFER_DURATION(buffer));
    clip_for(*part.time).add_frame(*part.time, segment_);
  }
  part.caps = caps_;
  saw_frames_ = true;
  if (!continues) ++stats_.frames_in;
  return GST_FLOW_OK;
}

// Where the buffer waits, and what its clip learns from it. Without the lock: both may take their time.
void Element::take_in(IntakeBuffer part, HeldItem& item) {
  part.held = part.buffer;
  if (HoldSpool* spool = spool_for(item.memory)) {
    part.held = spool->put(part.buffer);
    item.object = as_item(part.held);
    item.memory = 0;
  }
  std::shared_ptr<ClipRun> run;
  {
    const MutexLocker lock(mutex_);
    if (filling_->wants_frames()) run = filling_->sound->run;
  }
  if (run) run->take(part);
}

// Null while memory will do. The few frames that wait for room when their sound is there leave soon.
HoldSpool* Element::spool_for(std::size_t size) {
  {
    const MutexLocker lock(mutex_);
    const bool leaves_soon = filling_->released() && filling_->held.buffers() < kRoom;
    if (leaves_soon || held_memory() + size <= settings_.max_hold_bytes) return nullptr;
  }
  return open_spool(spool_);
}

// Each stream has a file of its own, `spool`, which only its streaming thread uses.
HoldSpool* Element::open_spool(std::unique_ptr<HoldSpool>& spool) {
  if (spool) return spool.get();
  std::string directory;
  {
    const MutexLocker lock(mutex_);
    directory = settings_.spool_dir;
  }
  GST_INFO_OBJECT(self_, "more than max-hold-bytes are held: they go to a spool file");
  spool = std::make_unique<HoldSpool>(directory);
  return spool.get();
}

// For the stats: `spooled` is what they know of `spool`.
void Element::note_spooled(guint64& spooled, const HoldSpool* spool) {
  spooled = spool ? spool->size() : 0;
  stats_.spooled_bytes = spooled_;
  for (const auto& companion : companions_) stats_.spooled_bytes += companion->spooled;
}

// Bytes of held payloads, the video's and the companions', that are not in a spool file.
std::size_t Element::held_memory() const {
  std::size_t bytes = 0;
  for (const auto& clip : video_.row) bytes += clip->held.memory();
  for (const auto& companion : companions_) bytes += companion->hold.memory();
  return bytes;
}

GstFlowReturn Element::hold(HeldItem item) {
  const MutexLocker lock(mutex_);
  if (const auto flow = refusal(); flow != GST_FLOW_OK) return flow;
  Clip& clip = *filling_;
  if (item.memory == 0) note_spooled(spooled_, spool_.get());
  clip.held.push(std::move(item));
  clip.sound->run->note_arrival();
  changed_.notify_all();
  wait_for_room();
  return refusal();
}

// The clip that a frame belongs to: the one being filled, an earlier one's sound after a seek, or a new one.
Clip& Element::clip_for(const FrameTime& frame) {
  if (!filling_) begin_clip();
  if (!filling_->has_frames) {
    filling_->segment = segment_;
    filling_->segment_seqnum = segment_seqnum_;
    filling_->begin = std::max(frame.start, filling_->segment_start());
    give_sound(filling_);
    return *filling_;
  }
  if (filling_->attached) return *filling_;
  // A new clip that runs into one that was submitted ends there; what follows waits for that one's sound.
  const auto shown = std::max(frame.start, filling_->segment_start());
  if (!find_submitted(filling_->to_stream_time(shown))) return *filling_;
  cut_filling();
  return clip_for(frame);
}

void Element::begin_clip() {
  filling_ = std::make_shared<Clip>();
  filling_->audio_stream_start = std::move(audio_stream_start_);
  video_.row.push_back(filling_);
  audio_.row.push_back(filling_);
}

// What was submitted is known by its stream time, which another stream counts anew.
std::shared_ptr<Sound> Element::find_submitted(Nanoseconds stream_time) const {
  for (const auto& sound : sounds_) {
    if (!sound->submitted || !sound->is_of(stream_id_)) continue;
    if (stream_time >= sound->stream_begin && stream_time < sound->stream_end) return sound;
  }
  return nullptr;
}

void Element::give_sound(const std::shared_ptr<Clip>& clip) {
  clip->sound = find_submitted(clip->to_stream_time(clip->begin));
  clip->attached = clip->sound != nullptr;
  if (clip->attached) {
    GST_INFO_OBJECT(self_, "frames of clip %u again: no new task", clip->sound->run->number());
    return;
  }
  ++stats_.clips;
  clip->sound = std::make_shared<Sound>();
  clip->sound->stream_ids.push_back(stream_id_);
  clip->sound->run =
      std::make_shared<ClipRun>(static_cast<ClipRunHost&>(*this), stats_.clips, settings_for(stats_.clips));
  clip->sound->run->set_orientation(orientation_);
  sounds_.push_back(clip->sound);
  unstarted_ = clip;
}

// After each frame: what is there already may be more than a task takes.
void Element::check_growing() {
  const MutexLocker lock(mutex_);
  const Clip& clip = *filling_;
  if (clip.attached) {
    const auto end = clip.to_stream_time(clip.end_time);
    if (end <= clip.sound->stream_end + clip.distance + static_cast<Nanoseconds>(GST_SECOND) / 2) return;
    throw make_error(ErrorKind::input, Phase::hold,
                     "after the seek the video goes on behind the end of the clip that was submitted",
                     "take the pipeline to READY and back, so that the whole is a clip of its own");
  }
  if (clip.sound->settled) return;
  if (refused_) throw Error(*refused_);
  if (clip.seams.overlap() && !clip.sound->run->settings().by_reference())
    throw make_error(
        ErrorKind::input, Phase::hold,
        "segments of the video overlap: packets that are not shown (of an edit list, as a rule) lie at the "
        "times of pictures that are, so the service would be shown them in disorder",
        "decode the video before klingv2a, which leaves them out, or name the video by video-url");
  limits::check_length_so_far(clip.end_time - clip.first, clip.begin - clip.first, clip.distance);
}

void Element::wait_for_room() {
  const auto clip = filling_;
  while (!must_pause(video_) && !failure_ && clip->released() && !may_take_more(clip->held)) changed_.wait(mutex_);
}

// Of a stream that may leave, a few buffers wait at most, so that what comes in is no faster than what goes out. More
// only when a muxer may be waiting for another stream, which upstream may have behind this one.
bool Element::may_take_more(const Hold& hold) const {
  const bool little = hold.memory() <= settings_.max_hold_bytes || hold.buffers() < 2;
  return (little && hold.buffers() < kRoom) || somebody_is_behind(hold.front_time());
}

// The clip being filled is complete: hand it over.
void Element::cut_filling() {
  const auto clip = std::move(filling_);
  filling_.reset();
  clip->cut = true;
  if (clip->wants_frames() && clip->has_frames) {
    const auto timeline = measure(clip->frames, clip->segment_start());
    clip->begin = timeline.start;
    clip->end_time = timeline.end;
    stats_.lead_in = static_cast<guint64>(timeline.lead_in());
    stats_.clip_length = static_cast<guint64>(timeline.length());
    auto& sound = *clip->sound;
    sound.stream_begin = clip->to_stream_time(timeline.start);
    sound.stream_end = clip->to_stream_time(timeline.end);
    sound.submitted = true;
    GST_INFO_OBJECT(self_, "clip %u is complete: %zu frames, %" GST_STIME_FORMAT " long, lead-in %" GST_STIME_FORMAT,
                    sound.run->number(), clip->frames.size(), GST_STIME_ARGS(timeline.length()),
                    GST_STIME_ARGS(timeline.lead_in()));
    sound.run->cut(std::move(clip->frames), timeline);
    clip->frames = {};
  }
  changed_.notify_all();
}

// Starts the thread of a clip that has got its first frame. Posts, so without the lock.
bool Element::start_pending_run() {
  std::shared_ptr<Sound> sound;
  std::vector<SoundThread> ended;
  {
    const MutexLocker lock(mutex_);
    if (!unstarted_) return false;
    sound = unstarted_->sound;
    unstarted_.reset();
    sound->progress_open = true;
    ended = take_ended_runs();
  }
  messages::post_progress(self_, GST_PROGRESS_TYPE_START, sound->run->progress_code(), "taking in the clip", 0);
  auto thread = std::make_unique<RunThread>(sound->run, self_);
  {
    const MutexLocker lock(mutex_);
    threads_.push_back({sound, std::move(thread)});
  }
  return true;
}

void Element::warn_if_dropped_by_sinks() {
  {
    const MutexLocker lock(mutex_);
    if (settings_.latency > 0 || std::exchange(warned_latency_, true)) return;
  }
  if (!upstream_is_live()) return;
  messages::post_warning(self_, make_error(ErrorKind::settings, Phase::hold,
                                           "the video is live and latency is 0, so synchronised sinks will drop what "
                                           "waited for its sound",
                                           "set latency to the longest clip plus the longest wait")
                                    .details());
}

// Who seeks, and who edits, says where the video ends. A stop that is only the announced duration says nothing of the
// video: that of Ogg and ASF is the longest stream's, that of a transport stream a guess. Then the frames are waited
// for.
void Element::check_segment_length() {
  GstSegment segment;
  {
    const MutexLocker lock(mutex_);
    segment = segment_;
  }
  if (!GST_CLOCK_TIME_IS_VALID(segment.stop)) return;
  gint64 duration = 0;
  const bool announced = gst_pad_peer_query_duration(sink_, GST_FORMAT_TIME, &duration) && duration > 0;
  if (announced && segment.stop >= static_cast<GstClockTime>(duration)) return;
  limits::check_segment_length(segment.stop - segment.start);
}

}  // namespace klingv2a
