// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The streaming thread's side, events. What comes before the first frame of a stream and does not block downstream
// (STREAM_START, CAPS) passes at once, so that muxers learn the caps early; all other serialized events wait in the
// row between the frames they came with. FLUSH_START comes on another thread and takes no stream lock.
#include <algorithm>

#include "conform.h"
#include "element.h"
#include "field_pictures.h"
#include "gstklingv2a.h"
#include "log.h"

namespace klingv2a {

namespace {

// One NAL unit each, or one field.
bool are_parts_of_frames(const GstCaps* caps) {
  const char* alignment = gst_structure_get_string(gst_caps_get_structure(caps, 0), "alignment");
  return g_strcmp0(alignment, "nal") == 0 || is_of_fields(caps);
}

bool same_video(const GstCaps* a, const GstCaps* b) {
  const GstStructure* x = gst_caps_get_structure(a, 0);
  const GstStructure* y = gst_caps_get_structure(b, 0);
  if (!gst_structure_has_name(x, gst_structure_get_name(y))) return false;
  return std::ranges::all_of(
      std::initializer_list<const char*>{"format", "width", "height", "stream-format", "alignment", "codec_data"},
      [&](const char* field) {
        const GValue* value = gst_structure_get_value(x, field);
        const GValue* other = gst_structure_get_value(y, field);
        return !value || !other || gst_value_compare(value, other) == GST_VALUE_EQUAL;
      });
}

}  // namespace

// What is not taken on the way down was flushed; of anything else upstream would make an error. Behind a failure that
// waits to be told nothing counts any more.
GstFlowReturn Element::on_sink_event(EventPtr event) {
  const auto type = GST_EVENT_TYPE(event.get());
  {
    const MutexLocker lock(mutex_);
    const bool is_over = failure_ && GST_EVENT_IS_SERIALIZED(event.get()) && type != GST_EVENT_FLUSH_STOP;
    if (is_over && !flushing_ && !stopping_) return GST_FLOW_OK;
  }
  if (take_sink_event(std::move(event))) return GST_FLOW_OK;
  const MutexLocker lock(mutex_);
  if (flushing_ || stopping_) return GST_FLOW_FLUSHING;
  return failure_ && !failed_ ? GST_FLOW_EOS : GST_FLOW_ERROR;
}

bool Element::take_sink_event(EventPtr event) {
  switch (GST_EVENT_TYPE(event.get())) {
    case GST_EVENT_FLUSH_START:
      return on_flush_start(std::move(event));
    case GST_EVENT_FLUSH_STOP:
      return on_flush_stop(std::move(event));
    case GST_EVENT_STREAM_START:
      return on_stream_start(std::move(event));
    case GST_EVENT_CAPS:
      return on_caps(std::move(event));
    case GST_EVENT_SEGMENT:
      return on_segment(std::move(event));
    case GST_EVENT_INSTANT_RATE_CHANGE:
      return on_instant_rate_change(event);
    case GST_EVENT_EOS:
    case GST_EVENT_SEGMENT_DONE:
      return on_end(event);
    case GST_EVENT_TAG:
      note_orientation(event.get());
      return pass_or_hold(std::move(event));
    default:
      return pass_or_hold(std::move(event));
  }
}

bool Element::on_flush_start(EventPtr event) {
  PadPtr audio;
  std::shared_ptr<ClipRun> filling;
  {
    const MutexLocker lock(mutex_);
    flushing_ = true;
    audio = audio_pad_;
    if (filling_ && filling_->sound && !filling_->attached) filling = filling_->sound->run;
  }
  changed_.notify_all();
  if (filling) filling->abandon_intake();
  if (audio) gst_pad_push_event(audio.get(), EventPtr(event).to_c());
  return gst_pad_push_event(video_pad_, event.to_c());
}

bool Element::on_flush_stop(EventPtr event) {
  const auto audio = audio_pad();
  // The tasks have seen the flush and left their push; from here on none of them touches the row.
  gst_pad_pause_task(video_pad_);
  if (audio) gst_pad_pause_task(audio.get());
  reset_stream();
  if (audio) gst_pad_push_event(audio.get(), EventPtr(event).to_c());
  const bool passed = gst_pad_push_event(video_pad_, event.to_c());
  restart_tasks();
  return passed;
}

// A flush drops what is held. A clip that was not handed over is given up, nothing was paid for it; one that was
// handed over goes on, and is found again by its stream time.
void Element::reset_stream() {
  std::shared_ptr<Sound> dropped;
  std::vector<SoundThread> ended;
  {
    const MutexLocker lock(mutex_);
    if (filling_ && filling_->sound && !filling_->attached && !filling_->sound->settled) dropped = filling_->sound;
    keep_sticky_events();
    unstarted_.reset();
    for (auto* output : {&video_, &audio_}) output->restart();
    std::erase(sounds_, dropped);
    if (dropped) {
      dropped->settled = true;
      --stats_.clips;
      ended = take_ended_runs();
    }
    gst_segment_init(&segment_, GST_FORMAT_UNDEFINED);
    flushing_ = eos_ = complete_ = false;
    stats_.frames_in = stats_.frames_out = 0;
  }
  if (dropped) finish_progress(dropped, GST_PROGRESS_TYPE_CANCELED, "flushed before the clip was complete");
}

// Empties the row, but for the events that upstream will not send again (CAPS, TAG …): they lead the next clip.
void Element::keep_sticky_events() {
  std::deque<HeldItem> kept;
  for (const auto& clip : video_.row) std::ranges::move(clip->held.take_sticky(), std::back_inserter(kept));
  for (const auto& clip : audio_.row)
    if (clip->audio_stream_start) audio_stream_start_ = std::move(clip->audio_stream_start);
  forget_held();
  if (kept.empty()) return;
  begin_clip();
  for (auto& item : kept) filling_->held.push(std::move(item));
}

bool Element::on_stream_start(EventPtr event) {
  const char* id = nullptr;
  guint group = 0;
  gst_event_parse_stream_start(event.get(), &id);
  {
    const MutexLocker lock(mutex_);
    eos_ = complete_ = false;
    stream_id_ = id;
    // `concat`: what is being filled is of both.
    if (filling_ && filling_->wants_frames() && filling_->sound) filling_->sound->stream_ids.push_back(stream_id_);
    const std::string stream = stream_id_;
    std::erase_if(sounds_, [&](const auto& sound) { return sound->settled && !sound->is_of(stream); });
    orientation_.clear();
    group_id_ = gst_event_parse_group_id(event.get(), &group) ? std::optional(group) : std::nullopt;
    audio_stream_start_ = make_audio_stream_start();
  }
  return pass_or_hold(std::move(event));
}

EventPtr Element::make_audio_stream_start() const {
  auto event = EventPtr::adopt(gst_event_new_stream_start((stream_id_ + "/klingv2a").c_str()));
  if (group_id_) gst_event_set_group_id(event.get(), *group_id_);
  return event;
}

// With conform=never the video itself must be what the service takes.
void Element::check_caps(const GstCaps* caps) const {
  if (settings_.by_reference() || settings_.conform != Conform::never) return;
  const auto reasons = why_not_remuxed(caps);
  if (reasons.empty()) return;
  throw make_error(ErrorKind::input, Phase::hold,
                   "the video cannot be shown to the service as it is: " + joined(reasons) +
                       "; it takes 8-bit 4:2:0 progressive H.264 with a short side of 720 or 1080 pixels",
                   "set conform=auto, so that it is shown a transcoded copy, or name a video by video-url");
}

bool Element::on_caps(EventPtr event) {
  GstCaps* caps = nullptr;
  gst_event_parse_caps(event.get(), &caps);
  std::optional<ErrorDetails> refused;
  bool changed = false;
  {
    const MutexLocker lock(mutex_);
    const bool growing = filling_ && filling_->has_frames && filling_->wants_frames();
    changed = growing && caps_ && !same_video(caps_.get(), caps);
    try {
      check_caps(caps);
    } catch (const Error& error) {
      refused = error.details();
    }
    const bool silent = settings_.on_failure == OnFailure::silence;
    refused_ = refused && silent ? refused : std::nullopt;
    if (silent) refused.reset();
    caps_ = CapsPtr::share(caps);
    parts_of_frames_ = are_parts_of_frames(caps);
  }
  if (refused) return report_refusal(Error(*refused), Policy::ignore) == GST_FLOW_OK;
  if (changed) {
    const auto error = make_error(ErrorKind::input, Phase::hold, "the video's caps change within the clip",
                                  "give klingv2a one stream of one size and coding");
    if (report_refusal(error, Policy::obey) != GST_FLOW_OK) return false;
  }
  expose_audio();
  return pass_or_hold(std::move(event));
}

// Early, before anything is paid: applications build their branch in `pad-added`, before a muxer has started. The pad
// stays with its link: in the next run gst-launch and players would not link it again.
void Element::expose_audio() {
  PadPtr pad;
  EventPtr stream_start;
  bool is_new = false;
  {
    const MutexLocker lock(mutex_);
    if (audio_begun_ || stopping_) return;
    is_new = !audio_pad_;
    if (is_new) audio_pad_ = new_audio_pad(this);
    pad = audio_pad_;
    audio_.pad = pad.get();
    stream_start = audio_stream_start_ ? std::move(audio_stream_start_) : make_audio_stream_start();
    audio_stream_start_ = {};
  }
  if (is_new) gst_pad_set_active(pad.get(), TRUE);
  gst_pad_push_event(pad.get(), stream_start.to_c());
  if (is_new) gst_element_add_pad(self_, pad.get());
  {
    const MutexLocker lock(mutex_);
    audio_begun_ = true;
  }
  say_no_more_pads();
}

void Element::note_orientation(GstEvent* tag) {
  GstTagList* tags = nullptr;
  char* text = nullptr;
  gst_event_parse_tag(tag, &tags);
  if (!gst_tag_list_get_string(tags, GST_TAG_IMAGE_ORIENTATION, &text)) return;
  const GCharPtr owned(text);
  const MutexLocker lock(mutex_);
  orientation_ = text;
}

bool Element::refuse_segment() {
  const auto error = make_error(ErrorKind::input, Phase::hold, "the video's segment is not in TIME at rate 1.0",
                                "read the video from a container, and play it at its own speed");
  return report_refusal(error, Policy::ignore) == GST_FLOW_OK;
}

// It is not serialized, so it comes before segments that are held; at rate 1.0 it says nothing that they do not.
bool Element::on_instant_rate_change(const EventPtr& event) {
  double multiplier = 1.0;
  gst_event_parse_instant_rate_change(event.get(), &multiplier, nullptr);
  return multiplier == 1.0 || refuse_segment();
}

bool Element::on_segment(EventPtr event) {
  const GstSegment* segment = nullptr;
  gst_event_parse_segment(event.get(), &segment);
  if (segment->format != GST_FORMAT_TIME || segment->rate != 1.0 || segment->applied_rate != 1.0)
    return refuse_segment();
  {
    const MutexLocker lock(mutex_);
    complete_ = false;
    segment_ = *segment;
    segment_seqnum_ = gst_event_get_seqnum(event.get());
  }
  return pass_or_hold(std::move(event));
}

// EOS and SEGMENT_DONE complete the clip; they are the last to leave, on both pads.
bool Element::on_end(const EventPtr& event) {
  bool nothing_came = false;
  {
    const MutexLocker lock(mutex_);
    if (flushing_ || stopping_ || failed_ || failure_) return failure_ && !failed_;
    eos_ = GST_EVENT_TYPE(event.get()) == GST_EVENT_EOS;
    nothing_came = !saw_frames_;
    if (!filling_) begin_clip();
    complete_ = true;
    filling_->end = event;
    filling_->held.push({.object = Item::share(GST_MINI_OBJECT_CAST(event.get()))});
    if (!nothing_came) cut_filling();
  }
  if (!nothing_came) return true;
  const auto error = make_error(ErrorKind::input, Phase::hold, "the video ended before its first frame",
                                "check that the file holds a video that the demuxer can read");
  return report_refusal(error, Policy::ignore) == GST_FLOW_OK;
}

bool Element::pass_or_hold(EventPtr event) {
  const auto type = GST_EVENT_TYPE(event.get());
  if (!GST_EVENT_IS_SERIALIZED(event.get())) return gst_pad_push_event(video_pad_, event.to_c());
  {
    const MutexLocker lock(mutex_);
    if (flushing_ || stopping_) return false;
    if (failure_) return true;
    const bool early = type == GST_EVENT_STREAM_START || type == GST_EVENT_CAPS;
    if (!early || !video_.row.empty()) {
      if (!filling_) begin_clip();
      filling_->held.push({.object = Item::adopt(GST_MINI_OBJECT_CAST(event.to_c()))});
      changed_.notify_all();
      return true;
    }
  }
  return gst_pad_push_event(video_pad_, event.to_c());
}

}  // namespace klingv2a
