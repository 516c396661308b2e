// SPDX-License-Identifier: LGPL-2.1-or-later
#include "pad_queries.h"

namespace klingv2a {

PadPtr PadQueries::internal_link(GstPad* pad) {
  if (pad == state_.sink) return PadPtr::share(state_.video_pad);
  if (pad == state_.video_pad) return PadPtr::share(state_.sink);
  const MutexLocker lock(state_.mutex);
  const auto companion = state_.companions.find(pad);
  if (!companion) return {};
  return pad == companion->sink.get() ? companion->source : companion->sink;
}

bool PadQueries::answer_sink(GstPad* pad, GstQuery* query) {
  switch (GST_QUERY_TYPE(query)) {
    case GST_QUERY_CAPS:
      return answer_caps(pad, query);
    case GST_QUERY_ALLOCATION:
      return answer_allocation(pad, query);
    default:
      return gst_pad_query_default(pad, GST_OBJECT(state_.self), query);
  }
}

bool PadQueries::answer_source(GstPad* pad, GstQuery* query) {
  const auto sink = internal_link(pad);  // of `audio` none
  switch (GST_QUERY_TYPE(query)) {
    case GST_QUERY_POSITION:
      return answer_position(pad, query);
    case GST_QUERY_LATENCY:
      return answer_latency(sink ? sink.get() : state_.sink, query);
    case GST_QUERY_CAPS:
      // A link that is refused leaves the pad unlinked, of which gst-launch only warns, and a muxer waits for ever. So
      // the pad takes a link of its media type; whoever refuses the stream is found before anything is paid.
      if (sink && !gst_pad_is_linked(pad)) return answer_own_caps(pad, query);
      if (sink) return answer_caps(pad, query);
      [[fallthrough]];
    default:
      return sink ? gst_pad_query_default(pad, GST_OBJECT(state_.self), query) : answer_audio(pad, query);
  }
}

// The stream, and then all of its media type.
bool PadQueries::answer_own_caps(GstPad* pad, GstQuery* query) {
  GstCaps* filter = nullptr;
  gst_query_parse_caps(query, &filter);
  auto caps = CapsPtr::adopt(gst_pad_get_pad_template_caps(pad));
  if (GstCaps* stream = gst_pad_get_current_caps(pad)) {
    const auto kind =
        CapsPtr::adopt(gst_caps_new_empty_simple(gst_structure_get_name(gst_caps_get_structure(stream, 0))));
    caps = CapsPtr::adopt(gst_caps_merge(stream, gst_caps_intersect(kind.get(), caps.get())));
  }
  if (filter) caps = CapsPtr::adopt(gst_caps_intersect_full(filter, caps.get(), GST_CAPS_INTERSECT_FIRST));
  gst_query_set_caps_result(query, caps.get());
  return true;
}

// What the other side of the element takes or gives, within our template. A companion's other side may not be there.
bool PadQueries::answer_caps(GstPad* pad, GstQuery* query) {
  GstCaps* filter = nullptr;
  gst_query_parse_caps(query, &filter);
  auto caps = CapsPtr::adopt(gst_pad_get_pad_template_caps(pad));
  if (const auto other = internal_link(pad)) {
    // Without a filter: interlace, for one, says "none" to one that leaves all frame rates open.
    const auto others = CapsPtr::adopt(gst_pad_peer_query_caps(other.get(), nullptr));
    caps = CapsPtr::adopt(gst_caps_intersect_full(others.get(), caps.get(), GST_CAPS_INTERSECT_FIRST));
  }
  if (filter) caps = CapsPtr::adopt(gst_caps_intersect_full(filter, caps.get(), GST_CAPS_INTERSECT_FIRST));
  gst_query_set_caps_result(query, caps.get());
  return true;
}

// Which metas downstream understands is its answer; its pools are not for us: what is held would starve them.
bool PadQueries::answer_allocation(GstPad* pad, GstQuery* query) {
  const auto source = internal_link(pad);
  if (!source || !gst_pad_peer_query(source.get(), query)) return false;
  while (gst_query_get_n_allocation_pools(query) > 0) gst_query_remove_nth_allocation_pool(query, 0);
  return true;
}

bool PadQueries::answer_position(const GstPad* pad, GstQuery* query) {
  GstFormat format = GST_FORMAT_UNDEFINED;
  gst_query_parse_position(query, &format, nullptr);
  const MutexLocker lock(state_.mutex);
  const Output* output = state_.find_output(pad);
  if (format != GST_FORMAT_TIME || !output || !GST_CLOCK_TIME_IS_VALID(output->position)) return false;
  gst_query_set_position(query, format, static_cast<gint64>(output->position));
  return true;
}

// A non-live upstream's answer passes; a live one's frames leave later by what the user allows for.
bool PadQueries::answer_latency(GstPad* sink, GstQuery* query) {
  if (!gst_pad_peer_query(sink, query)) return false;
  gboolean live = FALSE;
  GstClockTime min = 0, max = GST_CLOCK_TIME_NONE;
  gst_query_parse_latency(query, &live, &min, &max);
  const MutexLocker lock(state_.mutex);
  if (!live || state_.settings.latency == 0) return true;
  const auto more = state_.settings.latency;
  gst_query_set_latency(query, live, min + more, GST_CLOCK_TIME_IS_VALID(max) ? max + more : max);
  return true;
}

bool PadQueries::answer_audio(GstPad* pad, GstQuery* query) {
  GstFormat format = GST_FORMAT_TIME;
  switch (GST_QUERY_TYPE(query)) {
    case GST_QUERY_DURATION:
      gst_query_parse_duration(query, &format, nullptr);
      break;
    case GST_QUERY_SEEKING:
      gst_query_parse_seeking(query, &format, nullptr, nullptr, nullptr);
      break;
    case GST_QUERY_SEGMENT:
      break;
    case GST_QUERY_CAPS:
    case GST_QUERY_ACCEPT_CAPS:
      return gst_pad_query_default(pad, GST_OBJECT(state_.self), query);
    default:
      return false;
  }
  // Bytes or frames of the video would be no answer for the sound.
  return format == GST_FORMAT_TIME && gst_pad_peer_query(state_.sink, query);
}

}  // namespace klingv2a
