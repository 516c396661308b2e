// SPDX-License-Identifier: LGPL-2.1-or-later
#include "companion_rig.h"

#include <stdexcept>

namespace klingv2a::test {
namespace {

// That takes anything, whatever it has taken before.
GObjectPtr<GstPad> new_pad(const char* name, GstPadDirection direction, gpointer owner) {
  GstCaps* any = gst_caps_new_any();
  const auto pad_template = GObjectPtr<GstPadTemplate>::adopt(
      GST_PAD_TEMPLATE(gst_object_ref_sink(gst_pad_template_new(name, direction, GST_PAD_ALWAYS, any))));
  gst_caps_unref(any);
  GstPad* pad = gst_pad_new_from_template(pad_template.get(), name);
  gst_pad_set_element_private(pad, owner);
  return GObjectPtr<GstPad>::adopt(GST_PAD(gst_object_ref_sink(pad)));
}

CompanionRig& rig_of(GstPad* pad) {
  return *static_cast<CompanionRig*>(gst_pad_get_element_private(pad));
}

}  // namespace

CompanionRig::CompanionRig(const ElementRig& rig, const char* name, Link link)
    : rig_(rig),
      link_(link),
      up_(new_pad("up", GST_PAD_SRC, this)),
      sink_(GObjectPtr<GstPad>::adopt(gst_element_request_pad_simple(rig.element(), name))),
      down_(new_pad("down", GST_PAD_SINK, this)) {
  if (!sink_) throw std::runtime_error(std::string("no pad ") + name);
  gst_pad_set_event_function(
      up_.get(), +[](GstPad* pad, GstObject*, GstEvent* event) -> gboolean { return rig_of(pad).on_up_event(event); });
  gst_pad_set_chain_function(
      down_.get(), +[](GstPad* pad, GstObject*, GstBuffer* buffer) { return rig_of(pad).take(buffer); });
  gst_pad_set_event_function(
      down_.get(), +[](GstPad* pad, GstObject*, GstEvent* event) -> gboolean {
        if (GST_EVENT_TYPE(event) == GST_EVENT_FLUSH_START) rig_of(pad).open();
        gst_event_unref(event);
        return TRUE;
      });
  const auto types = static_cast<GstPadProbeType>(GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_EVENT_BOTH |
                                                  GST_PAD_PROBE_TYPE_EVENT_FLUSH);
  const auto record = +[](GstPad* pad, GstPadProbeInfo* info, gpointer self) {
    static_cast<CompanionRig*>(self)->log_.record(pad, info);
    return GST_PAD_PROBE_OK;
  };
  gst_pad_add_probe(down_.get(), types, record, this, nullptr);
  gst_pad_set_active(down_.get(), TRUE);
  const auto added =
      +[](GstElement*, GstPad* pad, gpointer self) { static_cast<CompanionRig*>(self)->on_pad_added(pad); };
  handler_ = g_signal_connect(rig_.element(), "pad-added", G_CALLBACK(added), this);
  gst_pad_set_active(up_.get(), TRUE);
  gst_pad_link(up_.get(), sink_.get());
}

CompanionRig::~CompanionRig() {
  open();
  g_signal_handler_disconnect(rig_.element(), handler_);
  release();
  gst_pad_set_active(up_.get(), FALSE);
  gst_pad_set_active(down_.get(), FALSE);
}

void CompanionRig::release() {
  if (!sink_) return;
  gst_pad_unlink(up_.get(), sink_.get());
  gst_element_release_request_pad(rig_.element(), sink_.get());
  sink_ = {};
}

GObjectPtr<GstPad> CompanionRig::source() const {
  const std::string own = "src_" + name().substr(5);
  return GObjectPtr<GstPad>::adopt(gst_element_get_static_pad(rig_.element(), own.c_str()));
}

void CompanionRig::on_pad_added(GstPad* pad) {
  if (link_ == Link::no || !sink_ || GST_PAD_NAME(pad) != "src_" + name().substr(5)) return;
  if (GstPad* before = gst_pad_get_peer(down_.get())) {
    gst_pad_unlink(before, down_.get());
    gst_object_unref(before);
  }
  gst_pad_link(pad, down_.get());
}

bool CompanionRig::on_up_event(GstEvent* event) {
  const bool seek = GST_EVENT_TYPE(event) == GST_EVENT_SEEK;
  gst_event_unref(event);
  if (seek) ++seeks_;
  return !seek || seek_answer_;
}

bool CompanionRig::stream_start(const std::string& id) const {
  GstEvent* event = gst_event_new_stream_start(id.c_str());
  gst_event_set_group_id(event, 7);
  return push_event(event);
}

bool CompanionRig::caps(const std::string& text) const {
  GstCaps* caps = gst_caps_from_string(text.c_str());
  const bool taken = push_event(gst_event_new_caps(caps));
  gst_caps_unref(caps);
  return taken;
}

bool CompanionRig::segment(GstClockTime start) const {
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  segment.start = segment.time = segment.position = start;
  return push_event(gst_event_new_segment(&segment));
}

GstFlowReturn CompanionRig::push_buffers(int count, int first) const {
  GstFlowReturn flow = GST_FLOW_OK;
  for (int number = first; number < first + count && flow == GST_FLOW_OK; ++number)
    flow = push(new_frame(gst_util_uint64_scale_int(static_cast<guint64>(number), GST_SECOND, 30)));
  return flow;
}

void CompanionRig::close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
}

void CompanionRig::open() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = false;
  }
  changed_.notify_all();
}

bool CompanionRig::wait_until_blocked() {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, ElementRig::kDeadline, [&] { return blocked_; });
}

GstFlowReturn CompanionRig::take(GstBuffer* buffer) {
  gst_buffer_unref(buffer);
  std::unique_lock lock(mutex_);
  blocked_ = closed_;
  changed_.notify_all();
  changed_.wait(lock, [&] { return !closed_; });
  blocked_ = false;
  return flow_;
}

}  // namespace klingv2a::test
