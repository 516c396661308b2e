// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Queries, and events that come from downstream. Any thread. A companion's pads are linked to each other, as `sink` and
// `video` are. `audio` has no internal link, or caps and segments of the video would leak onto it: what it needs of
// upstream is asked here, by name.
#include "element.h"
#include "log.h"

namespace klingv2a {

namespace {

// Of which only some frames would come.
constexpr int kTrickModes = GST_SEEK_FLAG_TRICKMODE | GST_SEEK_FLAG_TRICKMODE_KEY_UNITS |
                            GST_SEEK_FLAG_TRICKMODE_FORWARD_PREDICTED | GST_SEEK_FLAG_TRICKMODE_NO_AUDIO;

PadPtr linked_inside(GstPad* pad) {
  const std::unique_ptr<GstIterator, Deleter<gst_iterator_free>> links(gst_pad_iterate_internal_links(pad));
  GValue item = G_VALUE_INIT;
  if (!links || gst_iterator_next(links.get(), &item) != GST_ITERATOR_OK) return {};
  auto linked = PadPtr::share(GST_PAD_CAST(g_value_get_object(&item)));
  g_value_unset(&item);
  return linked;
}

// Where the stream of a sink pad begins: an element, or a pad that belongs to none. Never null.
GObjectPtr<GstObject> origin_of(GstPad* sink) {
  auto last = PadPtr::share(sink);
  for (auto below = last; below;) {
    auto pad = PadPtr::adopt(gst_pad_get_peer(below.get()));
    if (!pad) break;
    last = pad;
    below = linked_inside(pad.get());
  }
  if (GstObject* element = gst_pad_get_parent(last.get())) return GObjectPtr<GstObject>::adopt(element);
  return GObjectPtr<GstObject>::share(GST_OBJECT_CAST(last.get()));
}

}  // namespace

PadPtr Element::internal_link(GstPad* pad) {
  if (pad == sink_) return PadPtr::share(video_pad_);
  if (pad == video_pad_) return PadPtr::share(sink_);
  const MutexLocker lock(mutex_);
  const auto companion = find_companion(pad);
  if (!companion) return {};
  return pad == companion->sink.get() ? companion->source : companion->sink;
}

bool Element::on_sink_query(GstPad* pad, GstQuery* query) {
  switch (GST_QUERY_TYPE(query)) {
    case GST_QUERY_CAPS:
      return answer_caps(pad, query);
    case GST_QUERY_ALLOCATION:
      return answer_allocation(pad, query);
    default:
      return gst_pad_query_default(pad, GST_OBJECT(self_), query);
  }
}

bool Element::on_source_query(GstPad* pad, GstQuery* query) {
  const auto sink = internal_link(pad);  // of `audio` none
  switch (GST_QUERY_TYPE(query)) {
    case GST_QUERY_POSITION:
      return answer_position(pad, query);
    case GST_QUERY_LATENCY:
      return answer_latency(sink ? sink.get() : sink_, query);
    case GST_QUERY_CAPS:
      // A link that is refused leaves the pad unlinked, of which gst-launch only warns, and a muxer waits for ever. So
      // the pad takes a link of its media type; whoever refuses the stream is found before anything is paid.
      if (sink && !gst_pad_is_linked(pad)) return answer_own_caps(pad, query);
      if (sink) return answer_caps(pad, query);
      [[fallthrough]];
    default:
      return sink ? gst_pad_query_default(pad, GST_OBJECT(self_), query) : answer_audio(query);
  }
}

// The stream, and then all of its media type.
bool Element::answer_own_caps(GstPad* pad, GstQuery* query) {
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
bool Element::answer_caps(GstPad* pad, GstQuery* query) {
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
bool Element::answer_allocation(GstPad* pad, GstQuery* query) {
  const auto source = internal_link(pad);
  if (!source || !gst_pad_peer_query(source.get(), query)) return false;
  while (gst_query_get_n_allocation_pools(query) > 0) gst_query_remove_nth_allocation_pool(query, 0);
  return true;
}

bool Element::answer_position(const GstPad* pad, GstQuery* query) {
  GstFormat format = GST_FORMAT_UNDEFINED;
  gst_query_parse_position(query, &format, nullptr);
  const MutexLocker lock(mutex_);
  const Output* output = output_of(pad);
  if (format != GST_FORMAT_TIME || !output || !GST_CLOCK_TIME_IS_VALID(output->position)) return false;
  gst_query_set_position(query, format, static_cast<gint64>(output->position));
  return true;
}

// A non-live upstream's answer passes; a live one's frames leave later by what the user allows for.
bool Element::answer_latency(GstPad* sink, GstQuery* query) {
  if (!gst_pad_peer_query(sink, query)) return false;
  gboolean live = FALSE;
  GstClockTime min = 0, max = GST_CLOCK_TIME_NONE;
  gst_query_parse_latency(query, &live, &min, &max);
  const MutexLocker lock(mutex_);
  if (!live || settings_.latency == 0) return true;
  const auto more = settings_.latency;
  gst_query_set_latency(query, live, min + more, GST_CLOCK_TIME_IS_VALID(max) ? max + more : max);
  return true;
}

bool Element::answer_audio(GstQuery* query) {
  const auto pad = audio_pad();
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
      return pad && gst_pad_query_default(pad.get(), GST_OBJECT(self_), query);
    default:
      return false;
  }
  // Bytes or frames of the video would be no answer for the sound.
  return format == GST_FORMAT_TIME && gst_pad_peer_query(sink_, query);
}

bool Element::upstream_is_live() {
  const auto query = QueryPtr::adopt(gst_query_new_latency());
  gboolean live = FALSE;
  if (gst_pad_peer_query(sink_, query.get())) gst_query_parse_latency(query.get(), &live, nullptr, nullptr);
  return live;
}

bool Element::on_source_event(GstPad* pad, EventPtr event) {
  const auto type = GST_EVENT_TYPE(event.get());
  const auto sink = internal_link(pad);
  if (type == GST_EVENT_SEEK) return seek(sink ? sink.get() : sink_, std::move(event));
  if (sink) return gst_pad_event_default(pad, GST_OBJECT(self_), event.to_c());
  // The video's sink says the same to upstream; what is about the sound alone ends here.
  return type == GST_EVENT_LATENCY || type == GST_EVENT_QOS || type == GST_EVENT_RECONFIGURE;
}

// The answer that a seek has got from `origin`, or gets without going there. Nothing when it is to go there now. A seek
// without a flush begins the next loop when the segment is done. That is judged once for all sinks: when the seek of
// the second one comes, the first one's may have begun the loop.
std::optional<bool> Element::answer_of_seek(guint32 seqnum, const GstObject* origin, bool flushes) {
  const MutexLocker lock(mutex_);
  if (std::exchange(seek_seqnum_, seqnum) != seqnum) {
    seek_results_.clear();
    seek_may_pass_ = flushes || (complete_ && !eos_);
  }
  const auto [answered, is_new] = seek_results_.try_emplace(origin, seek_may_pass_);
  if (!is_new || !seek_may_pass_) return answered->second;
  return std::nullopt;
}

// A pipeline sends one seek to every sink, so it arrives on each source pad. It goes upstream once, the way of the
// first, but for companions that have a source of their own: there it goes, too. Not all demuxers know by the seqnum
// that it is one (avidemux).
bool Element::seek(GstPad* sink, EventPtr event) {
  double rate = 1.0;
  auto flags = GST_SEEK_FLAG_NONE;
  gst_event_parse_seek(event.get(), &rate, nullptr, &flags, nullptr, nullptr, nullptr, nullptr);
  const guint32 seqnum = gst_event_get_seqnum(event.get());
  if (rate != 1.0 || (flags & kTrickModes) != 0) {
    GST_WARNING_OBJECT(self_, "seek at rate %f%s refused: a sound belongs to all of its video, at rate 1.0", rate,
                       flags & kTrickModes ? " in a trick mode" : "");
    return false;
  }
  const auto origin = origin_of(sink);
  if (const auto answered = answer_of_seek(seqnum, origin.get(), (flags & GST_SEEK_FLAG_FLUSH) != 0)) {
    if (!*answered)
      GST_WARNING_OBJECT(self_, "seek refused: it has no flush while a clip is held, or upstream has refused it");
    return *answered;
  }
  const bool done = gst_pad_push_event(sink, event.to_c());
  const MutexLocker lock(mutex_);
  if (seek_seqnum_ == seqnum) seek_results_[origin.get()] = done;
  return done;
}

}  // namespace klingv2a
