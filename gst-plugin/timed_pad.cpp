// SPDX-License-Identifier: LGPL-2.1-or-later
#include "timed_pad.h"

#include <algorithm>
#include <array>

#include "picture_times.h"

namespace klingv2a {

// The streaming thread's, under the pad's stream lock; a flush's end comes under it, too.
struct TimedPad::State {
  PictureTimes times;
  bool passing = false;  // what comes is what was given a time

  GstFlowReturn pass_on(GstPad* pad);
};

namespace {

constexpr auto kWatched = static_cast<GstPadProbeType>(GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM |
                                                       GST_PAD_PROBE_TYPE_EVENT_FLUSH);

// What waits has no later neighbours to count from.
constexpr std::array kSeams{GST_EVENT_STREAM_START, GST_EVENT_CAPS, GST_EVENT_SEGMENT, GST_EVENT_SEGMENT_DONE,
                            GST_EVENT_EOS};

// It comes on any thread and without the stream lock, which guards the state: FLUSH_START, for one.
bool is_out_of_band(const GstPadProbeInfo* info) {
  return !(GST_PAD_PROBE_INFO_TYPE(info) & GST_PAD_PROBE_TYPE_BUFFER) &&
         !GST_EVENT_IS_SERIALIZED(GST_PAD_PROBE_INFO_EVENT(info));
}

GstFlowReturn pass_one(GstPad* pad, PictureTimes::Item item) {
  if (GST_IS_BUFFER(item.get())) return gst_pad_chain(pad, GST_BUFFER_CAST(item.to_c()));
  gst_pad_send_event(pad, GST_EVENT_CAST(item.to_c()));  // FALSE is no flow error
  return GST_FLOW_OK;
}

// The probe has taken what came, and gives this answer for it.
GstPadProbeReturn handled(GstPadProbeInfo* info, GstFlowReturn flow) {
  GST_PAD_PROBE_INFO_DATA(info) = nullptr;
  GST_PAD_PROBE_INFO_FLOW_RETURN(info) = flow;
  return GST_PAD_PROBE_HANDLED;
}

// The only pad of its direction; null if there are none or several (a tee).
PadPtr only_pad(GstElement* element, GstPadDirection direction) {
  const GList* pads = direction == GST_PAD_SINK ? element->sinkpads : element->srcpads;
  const bool one = pads && !pads->next;
  return one ? PadPtr::share(GST_PAD(pads->data)) : PadPtr();
}

bool is_made_by(GstElement* element, const char* name) {
  const auto* factory = gst_element_get_factory(element);
  return factory && g_str_equal(GST_OBJECT_NAME(factory), name);
}

// What really gives its buffers to this pad: behind the borders of bins, outwards and inwards.
PadPtr source_of(const PadPtr& sink) {
  constexpr int kMostBorders = 16;
  auto pad = PadPtr::adopt(gst_pad_get_peer(sink.get()));
  for (int i = 0; pad && GST_IS_PROXY_PAD(pad.get()) && i < kMostBorders; ++i) {
    if (GST_IS_GHOST_PAD(pad.get())) {
      pad = PadPtr::adopt(gst_ghost_pad_get_target(GST_GHOST_PAD(pad.get())));
      continue;
    }
    const auto border = GObjectPtr<GstProxyPad>::adopt(gst_proxy_pad_get_internal(GST_PROXY_PAD(pad.get())));
    pad = PadPtr::adopt(border ? gst_pad_get_peer(GST_PAD(border.get())) : nullptr);
  }
  return pad;
}

// Does a demuxer of AVI stand before this pad, with nothing but parsers and queues between? Behind a tee the second
// picture may not come before the first one has left, so there nobody may wait for it.
bool comes_from_avi(GstPad* sink) {
  constexpr int kMostElements = 16;
  auto pad = PadPtr::share(sink);
  for (int i = 0; pad && i < kMostElements; ++i) {
    const auto peer = source_of(pad);
    const auto element = ElementPtr::adopt(peer ? gst_pad_get_parent_element(peer.get()) : nullptr);
    if (!element) return false;
    if (is_made_by(element.get(), "avidemux")) return true;
    GST_OBJECT_LOCK(element.get());
    pad = only_pad(element.get(), GST_PAD_SRC) ? only_pad(element.get(), GST_PAD_SINK) : PadPtr();
    GST_OBJECT_UNLOCK(element.get());
  }
  return false;
}

}  // namespace

GstFlowReturn TimedPad::State::pass_on(GstPad* pad) {
  GstFlowReturn flow = GST_FLOW_OK;
  passing = true;
  while (auto item = times.take()) {
    const auto answer = pass_one(pad, std::move(item));
    if (flow == GST_FLOW_OK) flow = answer;
  }
  passing = false;
  return flow;
}

GstPadProbeReturn TimedPad::on_event(GstPad* pad, GstPadProbeInfo* info, State& state) {
  GstEvent* event = GST_PAD_PROBE_INFO_EVENT(info);
  const auto type = GST_EVENT_TYPE(event);
  if (type == GST_EVENT_FLUSH_STOP) state.times.forget();
  if (type == GST_EVENT_FLUSH_STOP) return GST_PAD_PROBE_OK;
  if (std::ranges::find(kSeams, type) == kSeams.end()) {
    if (!state.times.waits()) return GST_PAD_PROBE_OK;
    state.times.put(EventPtr::adopt(event));
    return handled(info, GST_FLOW_OK);
  }
  state.times.finish();
  (void)state.pass_on(pad);
  if (type == GST_EVENT_STREAM_START) state.times.forget();
  if (type == GST_EVENT_CAPS) {
    GstCaps* caps = nullptr;
    gst_event_parse_caps(event, &caps);
    state.times.set_caps(CapsPtr::share(caps));
    state.times.set_doubts(comes_from_avi(pad));
  }
  return GST_PAD_PROBE_OK;
}

GstPadProbeReturn TimedPad::on_item(GstPad* pad, GstPadProbeInfo* info, gpointer data) {
  const auto state = *static_cast<std::shared_ptr<State>*>(data);
  if (is_out_of_band(info) || state->passing) return GST_PAD_PROBE_OK;
  if (!(GST_PAD_PROBE_INFO_TYPE(info) & GST_PAD_PROBE_TYPE_BUFFER)) return on_event(pad, info, *state);
  state->times.put(BufferPtr::adopt(GST_PAD_PROBE_INFO_BUFFER(info)));
  return handled(info, state->pass_on(pad));
}

TimedPad::TimedPad(GstPad* sink) : state_(std::make_shared<State>()) {
  auto shared = std::make_unique<std::shared_ptr<State>>(state_);
  gst_pad_add_probe(sink, kWatched, on_item, shared.release(), [](gpointer data) {
    const std::unique_ptr<std::shared_ptr<State>> last(static_cast<std::shared_ptr<State>*>(data));
  });
}

void TimedPad::forget() {
  state_->times.forget();
}

}  // namespace klingv2a
