// SPDX-License-Identifier: LGPL-2.1-or-later
#include "pusher.h"

#include "downstream.h"
#include "log.h"
#include "messages.h"

namespace klingv2a {

namespace {

// What ends has begun: a pad that is there of an earlier run may have had nothing in this one.
void begin_if_needed(GstPad* pad) {
  if (EventPtr::adopt(gst_pad_get_sticky_event(pad, GST_EVENT_STREAM_START, 0))) return;
  const GCharPtr name(gst_pad_get_name(pad));
  gst_pad_push_event(pad, gst_event_new_stream_start((std::string("klingv2a/") + name.get()).c_str()));
}

}  // namespace

void Pusher::push(Output& output, Item item, bool begins_frame) {
  if (GST_IS_EVENT(item.get())) return push_event(output, GST_EVENT_CAST(item.to_c()));
  note_flow(output, push_buffer(output, BufferPtr::adopt(GST_BUFFER_CAST(item.to_c()))), begins_frame);
}

// FALSE is no flow error.
void Pusher::push_event(Output& output, GstEvent* event) {
  GST_LOG_OBJECT(output.pad, "push event %" GST_PTR_FORMAT, static_cast<void*>(event));
  if (GST_EVENT_TYPE(event) == GST_EVENT_EOS) begin_if_needed(output.pad);
  if (GST_EVENT_TYPE(event) == GST_EVENT_EOS && output.pad == state_.video_pad) warn_of_missing_frames();
  if (GST_EVENT_TYPE(event) == GST_EVENT_SEGMENT) {
    const MutexLocker lock(state_.mutex);
    gst_event_copy_segment(event, &output.segment);
  }
  gst_pad_push_event(output.pad, event);
}

GstFlowReturn Pusher::push_buffer(Output& output, BufferPtr buffer) {
  const auto time = GST_BUFFER_PTS(buffer.get());
  const auto duration = GST_BUFFER_DURATION_IS_VALID(buffer.get()) ? GST_BUFFER_DURATION(buffer.get()) : 0;
  {
    const MutexLocker lock(state_.mutex);
    if (output.flow != GST_FLOW_OK) return output.flow;  // refused once: the rest of this stream is dropped
    if (GST_CLOCK_TIME_IS_VALID(time)) output.advance_to(time + duration);
  }
  return gst_pad_push(output.pad, buffer.to_c());
}

void Pusher::note_flow(Output& output, GstFlowReturn flow, bool begins_frame) {
  GstFlowReturn to_report = GST_FLOW_OK;
  {
    const MutexLocker lock(state_.mutex);
    if (flow == GST_FLOW_OK && begins_frame) ++state_.statistics.frames_out;
    if (flow == GST_FLOW_FLUSHING || flow == GST_FLOW_OK || output.flow == flow) return;
    output.flow = flow;
    const bool nobody_listens = state_.video.flow == GST_FLOW_NOT_LINKED && state_.audio.flow == GST_FLOW_NOT_LINKED;
    if (flow < GST_FLOW_EOS || nobody_listens) to_report = flow;
  }
  state_.changed.notify_all();
  GST_INFO_OBJECT(output.pad, "downstream answered %s", gst_flow_get_name(flow));
  // Upstream has sent EOS already, as a rule, so nobody would hear of it by a flow return.
  if (to_report == GST_FLOW_NOT_NEGOTIATED) return report_refused_caps(output.pad);
  if (to_report != GST_FLOW_OK) GST_ELEMENT_FLOW_ERROR(state_.self, to_report);
}

// They came later than the check before the payment: in the midst of a stream, or from an element behind.
void Pusher::report_refused_caps(GstPad* pad) {
  const auto caps = CapsPtr::adopt(gst_pad_get_current_caps(pad));
  const auto who = who_refuses(pad);
  const auto error = make_error(ErrorKind::settings, Phase::hold,
                                std::string("the stream of the pad ") + GST_OBJECT_NAME(pad) + " is not taken: " +
                                    (who ? *who : name_of_peer(pad) + " cannot go on with " + to_text(caps.get())),
                                "lead the stream to another muxer, convert it, or leave the pad unlinked; a sound that "
                                "is paid for is cached, and "
                                "the same again costs nothing");
  auto details = failures_.with_what_is_paid(error.details());
  if (details.paid == Paid::no && state_.all_statistics().paid_tasks > 0) details.paid = Paid::yes;
  messages::post_error(state_.self, details);
}

// At the video's end. What downstream refused is reported otherwise.
void Pusher::warn_of_missing_frames() {
  guint64 came = 0, left = 0;
  {
    const MutexLocker lock(state_.mutex);
    if (state_.failed || state_.video.flow != GST_FLOW_OK) return;
    came = state_.statistics.frames_in;
    left = state_.statistics.frames_out;
  }
  if (came == left) return;
  auto details = make_error(ErrorKind::input, Phase::hold,
                            std::to_string(left) + " of the video's " + std::to_string(came) + " frames have left",
                            "keep the input; the sound is cached, and not paid for again")
                     .details();
  state_.warn(failures_.with_what_is_paid(std::move(details)));
}

}  // namespace klingv2a
