// SPDX-License-Identifier: LGPL-2.1-or-later
#include "muxer_trial.h"

#include <gst/base/gstaggregator.h>

namespace klingv2a {

namespace {

PadPtr request(GstElement* muxer, const char* pad_template) {
  auto* found = gst_element_class_get_pad_template(GST_ELEMENT_GET_CLASS(muxer), pad_template);
  if (!found || GST_PAD_TEMPLATE_DIRECTION(found) != GST_PAD_SINK) return {};
  if (GST_PAD_TEMPLATE_PRESENCE(found) == GST_PAD_ALWAYS)
    return PadPtr::adopt(gst_element_get_static_pad(muxer, pad_template));
  return PadPtr::adopt(gst_element_request_pad(muxer, found, nullptr, nullptr));
}

std::string factory_of(GstElement* element) {
  const auto* factory = element ? gst_element_get_factory(element) : nullptr;
  return factory ? GST_OBJECT_NAME(factory) : "";
}

std::string template_of(GstPad* pad) {
  const auto found = GObjectPtr<GstPadTemplate>::adopt(gst_pad_get_pad_template(pad));
  return found ? GST_PAD_TEMPLATE_NAME_TEMPLATE(found.get()) : "";
}

// Where there is no such property, the muxer's caps are all that counts.
bool allows_custom_mappings(GstElement* muxer) {
  constexpr const char* kProperty = "enable-custom-mappings";
  if (!g_object_class_find_property(G_OBJECT_GET_CLASS(muxer), kProperty)) return true;
  gboolean allows = FALSE;
  g_object_get(muxer, kProperty, &allows, nullptr);
  return allows == TRUE;
}

}  // namespace

MuxerTrial::MuxerTrial(const char* factory, const char* pad_template)
    : muxer_(make_gst_element(factory)), pad_(muxer_ ? request(muxer_.get(), pad_template) : PadPtr()) {
  if (!pad_) return;
  allows_custom_ = allows_custom_mappings(muxer_.get());
  gst_pad_set_active(pad_.get(), TRUE);
  (void)send(EventPtr::adopt(gst_event_new_stream_start("trial")));
}

MuxerTrial MuxerTrial::of_kind(GstPad* pad) {
  const auto muxer = ElementPtr::adopt(gst_pad_get_parent_element(pad));
  MuxerTrial trial(factory_of(muxer.get()).c_str(), template_of(pad).c_str());
  trial.allows_custom_ = muxer && allows_custom_mappings(muxer.get());
  return trial;
}

MuxerTrial::~MuxerTrial() {
  if (pad_) gst_pad_set_active(pad_.get(), FALSE);
  if (muxer_) gst_element_set_state(muxer_.get(), GST_STATE_NULL);
}

bool MuxerTrial::takes(const GstCaps* caps) {
  if (!pad_) return true;
  if (!allows_custom_ && is_custom_in_ts(caps)) return false;
  const auto asked = with_chroma_site(caps);
  return gst_pad_query_accept_caps(pad_.get(), asked.get()) && send(EventPtr::adopt(gst_event_new_caps(asked.get())));
}

// An aggregator would put the event into a queue, for a thread that does not run here.
bool MuxerTrial::send(EventPtr event) {
  if (!GST_IS_AGGREGATOR(muxer_.get())) return gst_pad_send_event(pad_.get(), event.to_c());
  auto* aggregator = GST_AGGREGATOR(muxer_.get());
  const bool taken = GST_AGGREGATOR_GET_CLASS(aggregator)
                         ->sink_event(aggregator, GST_AGGREGATOR_PAD(pad_.get()), EventPtr(event).to_c());
  // As the queue would have done: it is how a muxer knows what the stream was.
  if (taken) gst_pad_store_sticky_event(pad_.get(), event.get());
  return taken;
}

bool is_custom_in_ts(const GstCaps* caps) {
  const GstStructure* structure = gst_caps_get_structure(caps, 0);
  return gst_structure_has_name(structure, "video/x-vp9") || gst_structure_has_name(structure, "video/x-av1");
}

CapsPtr with_chroma_site(const GstCaps* caps) {
  const GstStructure* structure = gst_caps_get_structure(caps, 0);
  const bool is_said = gst_structure_has_field(structure, "chroma-site");
  if (is_said || !gst_structure_has_name(structure, "video/x-vp9")) return CapsPtr::share(const_cast<GstCaps*>(caps));
  auto said = CapsPtr::adopt(gst_caps_copy(caps));
  gst_caps_set_simple(said.get(), "chroma-site", G_TYPE_STRING, "mpeg2", nullptr);
  return said;
}

bool is_muxers(GstPad* pad) {
  const auto element = ElementPtr::adopt(gst_pad_get_parent_element(pad));
  auto* factory = element && !GST_IS_BIN(element.get()) ? gst_element_get_factory(element.get()) : nullptr;
  return factory && gst_element_factory_list_is_type(factory, GST_ELEMENT_FACTORY_TYPE_MUXER);
}

}  // namespace klingv2a
