// SPDX-License-Identifier: LGPL-2.1-or-later
#include "waiting_room.h"

#include <algorithm>

namespace klingv2a {

namespace {

constexpr auto kWatched = static_cast<GstPadProbeType>(GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM);

GstEvent* event_of(GstPadProbeInfo* info) {
  const bool event = (GST_PAD_PROBE_INFO_TYPE(info) & GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM) != 0;
  return event ? GST_PAD_PROBE_INFO_EVENT(info) : nullptr;
}

bool adds_pads(GstElement* element) {
  const auto* klass = gst_element_get_metadata(element, GST_ELEMENT_METADATA_KLASS);
  if (!klass || !g_strrstr(klass, "Demux")) return false;
  for (GList* one = gst_element_get_pad_template_list(element); one; one = one->next) {
    const auto* pads = GST_PAD_TEMPLATE(one->data);
    if (GST_PAD_TEMPLATE_DIRECTION(pads) == GST_PAD_SRC && GST_PAD_TEMPLATE_PRESENCE(pads) == GST_PAD_SOMETIMES)
      return true;
  }
  return false;
}

}  // namespace

WaitingRoom::WaitingRoom(GstPad* inner, std::function<void()> came) : inner_(inner), came_(std::move(came)) {}

std::shared_ptr<WaitingRoom> WaitingRoom::before(GstPad* pad, std::function<void()> came) {
  const auto inner = PadPtr::adopt(GST_PAD(gst_proxy_pad_get_internal(GST_PROXY_PAD(pad))));
  std::shared_ptr<WaitingRoom> room(new WaitingRoom(inner.get(), std::move(came)));
  room->add_probe(inner.get());
  room->add_probe(pad);  // parsebin has stopped the first packet there
  return room;
}

void WaitingRoom::add_probe(GstPad* pad) {
  auto shared = std::make_unique<std::shared_ptr<WaitingRoom>>(shared_from_this());
  gst_pad_add_probe(pad, kWatched, on_item, shared.release(), [](gpointer data) {
    const std::unique_ptr<std::shared_ptr<WaitingRoom>> last(static_cast<std::shared_ptr<WaitingRoom>*>(data));
  });
}

// What is sticky stays on the ghost pad, and is sent when that is linked. An end there would keep back what waits.
bool WaitingRoom::waits_here(const GstPad* pad, GstPadProbeInfo* info) const {
  const GstEvent* event = event_of(info);
  if (!event) return true;
  return GST_EVENT_IS_SERIALIZED(event) && (pad == inner_ || !GST_EVENT_IS_STICKY(event));
}

GstPadProbeReturn WaitingRoom::on_item(GstPad* pad, GstPadProbeInfo* info, gpointer data) {
  const auto room = *static_cast<std::shared_ptr<WaitingRoom>*>(data);
  if (!room->waits_here(pad, info) || room->passes(info)) return GST_PAD_PROBE_OK;
  GST_PAD_PROBE_INFO_DATA(info) = nullptr;
  room->came_();
  GST_PAD_PROBE_INFO_FLOW_RETURN(info) = room->let_go();
  return GST_PAD_PROBE_HANDLED;
}

bool WaitingRoom::passes(GstPadProbeInfo* info) {
  const MutexLocker lock(mutex_);
  if (passing_ == g_thread_self() || (open_ && !passing_ && items_.empty())) return true;
  auto* object = static_cast<GstMiniObject*>(GST_PAD_PROBE_INFO_DATA(info));
  note(object);
  items_.push_back(Item::adopt(object));
  return false;
}

void WaitingRoom::note(GstMiniObject* object) {
  if (GST_IS_EVENT(object)) {
    ended_ = ended_ || GST_EVENT_TYPE(GST_EVENT_CAST(object)) == GST_EVENT_EOS;
    return;
  }
  auto* buffer = GST_BUFFER_CAST(object);
  bytes_ += gst_buffer_get_size(buffer);
  const auto time = GST_BUFFER_DTS_OR_PTS(buffer);
  if (!GST_CLOCK_TIME_IS_VALID(time)) return;
  if (!GST_CLOCK_TIME_IS_VALID(first_)) first_ = time;
  last_ = time;
}

GstClockTime WaitingRoom::length() const {
  const GstClockTime first = first_, last = last_;
  return GST_CLOCK_TIME_IS_VALID(first) && last > first ? last - first : 0;
}

void WaitingRoom::open() {
  {
    const MutexLocker lock(mutex_);
    open_ = true;
  }
  (void)let_go();
}

// Null when nothing may go on; then this thread is no longer the one that lets go.
WaitingRoom::Item WaitingRoom::next() {
  const MutexLocker lock(mutex_);
  const bool others_turn = passing_ && passing_ != g_thread_self();
  if (!open_ || others_turn) return {};
  passing_ = items_.empty() ? nullptr : g_thread_self();
  if (items_.empty()) return {};
  auto item = std::move(items_.front());
  items_.pop_front();
  return item;
}

GstFlowReturn WaitingRoom::let_go() {
  GstFlowReturn flow = GST_FLOW_OK;
  while (auto item = next()) {
    if (GST_IS_EVENT(item.get()))
      gst_pad_send_event(inner_, GST_EVENT_CAST(item.to_c()));  // FALSE is no flow error
    else
      flow = gst_pad_chain(inner_, GST_BUFFER_CAST(item.to_c()));
  }
  return flow;
}

StreamsToCome::StreamsToCome(GstElement* parser) {
  if (!parser) return;
  g_signal_connect(
      parser, "deep-element-added",
      G_CALLBACK(+[](GstBin*, GstBin*, GstElement* element, StreamsToCome* self) { self->watch(element); }), this);
}

void StreamsToCome::watch(GstElement* element) {
  if (!adds_pads(element)) return;
  {
    const MutexLocker lock(mutex_);
    open_.insert(element);
  }
  const auto done = +[](GstElement* demuxer, StreamsToCome* self) {
    const MutexLocker lock(self->mutex_);
    self->open_.erase(demuxer);
  };
  g_signal_connect(element, "no-more-pads", G_CALLBACK(done), this);
}

bool StreamsToCome::none() const {
  const MutexLocker lock(mutex_);
  return open_.empty();
}

void StreamsToCome::forget() {
  const MutexLocker lock(mutex_);
  open_.clear();
}

}  // namespace klingv2a
