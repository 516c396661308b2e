// SPDX-License-Identifier: LGPL-2.1-or-later
#include "video_events.h"

#include <algorithm>
#include <utility>

#include "conform.h"
#include "field_pictures.h"
#include "gstklingv2a.h"
#include "log.h"
#include "sound_listener.h"

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

GstFlowReturn VideoEvents::take(EventPtr event) {
  const auto type = GST_EVENT_TYPE(event.get());
  GST_LOG_OBJECT(state_.sink, "event %" GST_PTR_FORMAT, static_cast<void*>(event.get()));
  {
    const MutexLocker lock(state_.mutex);
    const bool is_over = state_.failure && GST_EVENT_IS_SERIALIZED(event.get()) && type != GST_EVENT_FLUSH_STOP;
    if (is_over && !state_.flushing && !state_.stopping) return GST_FLOW_OK;
  }
  if (dispatch(std::move(event))) return GST_FLOW_OK;
  const MutexLocker lock(state_.mutex);
  if (state_.flushing || state_.stopping) return GST_FLOW_FLUSHING;
  return state_.failure && !state_.failed ? GST_FLOW_EOS : GST_FLOW_ERROR;
}

bool VideoEvents::dispatch(EventPtr event) {
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

PadPtr VideoEvents::audio_pad() {
  const MutexLocker lock(state_.mutex);
  return state_.audio_pad;
}

// ---- flushes

bool VideoEvents::on_flush_start(EventPtr event) {
  PadPtr audio;
  std::shared_ptr<ClipSound> filling;
  {
    const MutexLocker lock(state_.mutex);
    state_.flushing = true;
    audio = state_.audio_pad;
    filling = state_.row.unsubmitted();
  }
  state_.changed.notify_all();
  planned_.interrupt();
  if (filling && filling->run) filling->run->abandon_intake();
  if (audio) gst_pad_push_event(audio.get(), EventPtr(event).to_c());
  return gst_pad_push_event(state_.video_pad, event.to_c());
}

bool VideoEvents::on_flush_stop(EventPtr event) {
  const auto audio = audio_pad();
  // The tasks have seen the flush and left their push; from here on none of them touches the row.
  gst_pad_pause_task(state_.video_pad);
  if (audio) gst_pad_pause_task(audio.get());
  drop_held();
  if (audio) gst_pad_push_event(audio.get(), EventPtr(event).to_c());
  const bool passed = gst_pad_push_event(state_.video_pad, event.to_c());
  player_.restart();
  return passed;
}

// A clip that was not handed over is given up, nothing was paid for it; one that was handed over goes on, and is found
// again by its stream time.
void VideoEvents::drop_held() {
  planned_.stop_cutting();
  std::shared_ptr<ClipSound> dropped;
  {
    const MutexLocker lock(state_.mutex);
    dropped = state_.row.flush();
    for (Output* output : {&state_.video, &state_.audio}) output->restart();
    state_.flushing = false;
    state_.statistics.frames_in = state_.statistics.frames_out = 0;
  }
  intake_.forget_held();
  if (!dropped) return;
  GST_DEBUG_OBJECT(state_.self, "clip %u is flushed before it was complete", dropped->number);
  state_.keep_statistics({dropped});
  if (dropped->listener)
    dropped->listener->finish_progress(GST_PROGRESS_TYPE_CANCELED, "flushed before the clip was complete");
  threads_.end_settled();
}

// ---- the stream

bool VideoEvents::on_stream_start(EventPtr event) {
  const char* id = nullptr;
  guint group = 0;
  gst_event_parse_stream_start(event.get(), &id);
  std::vector<std::shared_ptr<ClipSound>> forgotten;
  {
    const MutexLocker lock(state_.mutex);
    group_id_ = gst_event_parse_group_id(event.get(), &group) ? std::optional(group) : std::nullopt;
    state_.stream.orientation.clear();
    forgotten = state_.row.begin_stream(id);
    state_.row.set_audio_stream_start(make_audio_stream_start());
  }
  state_.keep_statistics(forgotten);
  return pass_or_hold(std::move(event));
}

EventPtr VideoEvents::make_audio_stream_start() const {
  auto event = EventPtr::adopt(gst_event_new_stream_start((state_.row.stream_id() + "/klingv2a").c_str()));
  if (group_id_) gst_event_set_group_id(event.get(), *group_id_);
  return event;
}

void VideoEvents::forget_stream() {
  const MutexLocker lock(state_.mutex);
  state_.stream = {};
  group_id_.reset();
}

// With conform=never the video itself must be what the service takes.
std::optional<ErrorDetails> VideoEvents::why_refused(const GstCaps* caps) const {
  if (state_.settings.by_reference() || state_.settings.conform != Conform::never) return std::nullopt;
  const auto reasons = why_not_remuxed(caps);
  if (reasons.empty()) return std::nullopt;
  return make_error(ErrorKind::input, Phase::hold,
                    "the video cannot be shown to the service as it is: " + joined(reasons) +
                        "; it takes 8-bit 4:2:0 progressive H.264 with a short side of 720 or 1080 pixels",
                    "set conform=auto, so that it is shown a transcoded copy, or name a video by video-url")
      .details();
}

bool VideoEvents::on_caps(EventPtr event) {
  GstCaps* caps = nullptr;
  gst_event_parse_caps(event.get(), &caps);
  std::optional<ErrorDetails> refused;
  bool changed = false;
  {
    const MutexLocker lock(state_.mutex);
    auto& stream = state_.stream;
    const bool growing = state_.row.is_filling_frames() && state_.row.filling()->wants_frames();
    changed = growing && stream.caps && !same_video(stream.caps.get(), caps);
    refused = why_refused(caps);
    const bool silent = state_.settings.on_failure == OnFailure::silence;
    stream.refused = silent ? std::exchange(refused, std::nullopt) : std::nullopt;
    stream.caps = CapsPtr::share(caps);
    stream.parts_of_frames = are_parts_of_frames(caps);
  }
  if (refused) return intake_.refuse(Error(*refused), Failures::Policy::ignore) == GST_FLOW_OK;
  if (changed) {
    const auto error = make_error(ErrorKind::input, Phase::hold, "the video's caps change within the clip",
                                  "give klingv2a one stream of one size and codec");
    if (intake_.refuse(error, Failures::Policy::obey) != GST_FLOW_OK) return false;
  }
  expose_audio();
  return pass_or_hold(std::move(event));
}

// Early, before anything is paid: applications build their branch in `pad-added`, before a muxer has started. The pad
// stays with its link: in the next run gst-launch and players would not link it again.
void VideoEvents::expose_audio() {
  PadPtr pad;
  EventPtr stream_start;
  bool is_new = false;
  {
    const MutexLocker lock(state_.mutex);
    if (state_.audio_has_begun || state_.stopping) return;
    is_new = !state_.audio_pad;
    if (is_new) {
      state_.audio_pad = new_audio_pad(state_.self);
      state_.audio.pad = state_.audio_pad.get();  // once, for its task reads it without the lock
    }
    pad = state_.audio_pad;
    stream_start = state_.row.take_audio_stream_start();
    if (!stream_start) stream_start = make_audio_stream_start();
  }
  if (is_new) gst_pad_set_active(pad.get(), TRUE);
  gst_pad_push_event(pad.get(), stream_start.to_c());
  if (is_new) gst_element_add_pad(state_.self, pad.get());
  companions_.note_audio_begun();
}

void VideoEvents::note_orientation(GstEvent* tag) {
  GstTagList* tags = nullptr;
  char* text = nullptr;
  gst_event_parse_tag(tag, &tags);
  if (!gst_tag_list_get_string(tags, GST_TAG_IMAGE_ORIENTATION, &text)) return;
  const GCharPtr owned(text);
  const MutexLocker lock(state_.mutex);
  state_.stream.orientation = text;
}

// ---- segments, and the end

bool VideoEvents::refuse_segment() {
  const auto error = make_error(ErrorKind::input, Phase::hold, "the video's segment is not in TIME at rate 1.0",
                                "read the video from a container, and play it at its own speed");
  return intake_.refuse(error, Failures::Policy::ignore) == GST_FLOW_OK;
}

// It is not serialized, so it comes before segments that are held; at rate 1.0 it says nothing that they do not.
bool VideoEvents::on_instant_rate_change(const EventPtr& event) {
  double multiplier = 1.0;
  gst_event_parse_instant_rate_change(event.get(), &multiplier, nullptr);
  return multiplier == 1.0 || refuse_segment();
}

bool VideoEvents::on_segment(EventPtr event) {
  const GstSegment* segment = nullptr;
  gst_event_parse_segment(event.get(), &segment);
  if (segment->format != GST_FORMAT_TIME || segment->rate != 1.0 || segment->applied_rate != 1.0)
    return refuse_segment();
  {
    const MutexLocker lock(state_.mutex);
    state_.row.set_segment(*segment, gst_event_get_seqnum(event.get()));
  }
  return pass_or_hold(std::move(event));
}

// EOS and SEGMENT_DONE complete the clip; they are the last to leave, on both pads.
bool VideoEvents::on_end(const EventPtr& event) {
  std::optional<CompleteClip> complete;
  bool nothing_came = false, is_planned = false;
  {
    const MutexLocker lock(state_.mutex);
    if (state_.flushing || state_.stopping || state_.failed || state_.failure) return state_.failure && !state_.failed;
    nothing_came = !state_.stream.saw_frames;
    is_planned = state_.row.is_filling_planned();
    const bool stays_open = nothing_came || is_planned;
    complete = state_.row.end(event, stays_open ? ClipRow::AtEnd::keep_open : ClipRow::AtEnd::cut);
  }
  state_.changed.notify_all();
  if (is_planned)
    planned_.end(GST_EVENT_TYPE(event.get()) == GST_EVENT_EOS ? PlannedRow::Then::go_on : PlannedRow::Then::wait);
  if (complete) intake_.hand_over(std::move(*complete));
  if (!nothing_came) return true;
  const auto error = make_error(ErrorKind::input, Phase::hold, "the video ended before its first frame",
                                "check that the file holds a video that the demuxer can read");
  return intake_.refuse(error, Failures::Policy::ignore) == GST_FLOW_OK;
}

bool VideoEvents::pass_or_hold(EventPtr event) {
  const auto type = GST_EVENT_TYPE(event.get());
  if (!GST_EVENT_IS_SERIALIZED(event.get())) return gst_pad_push_event(state_.video_pad, event.to_c());
  {
    const MutexLocker lock(state_.mutex);
    if (state_.flushing || state_.stopping) return false;
    if (state_.failure) return true;
    const bool early = type == GST_EVENT_STREAM_START || type == GST_EVENT_CAPS;
    if (!early || !state_.row.empty(Reader::video)) {
      state_.row.hold({.object = MiniPtr<GstMiniObject>::adopt(GST_MINI_OBJECT_CAST(event.to_c()))});
      state_.changed.notify_all();
      return true;
    }
  }
  return gst_pad_push_event(state_.video_pad, event.to_c());
}

}  // namespace klingv2a
