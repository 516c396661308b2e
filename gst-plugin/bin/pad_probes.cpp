// SPDX-License-Identifier: LGPL-2.1-or-later
#include "pad_probes.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "kept_packets.h"
#include "log.h"
#include "matroska_copy.h"
#include "movie_boxes.h"
#include "muxer_trial.h"
#include "opus_in_mp4.h"

namespace klingv2a::probes {

using movie::kXmpUuid;

namespace {

constexpr auto kEvents = GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM;
constexpr auto kIncoming = static_cast<GstPadProbeType>(GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM |
                                                        GST_PAD_PROBE_TYPE_EVENT_FLUSH | GST_PAD_PROBE_TYPE_BUFFER);
constexpr auto kAll = static_cast<GstPadProbeType>(GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM | GST_PAD_PROBE_TYPE_BUFFER);

using Probe = std::function<void(GstPad*, GstPadProbeInfo*)>;

gulong add(GstPad* pad, GstPadProbeType type, Probe probe) {
  auto owned = std::make_unique<Probe>(std::move(probe));
  return gst_pad_add_probe(
      pad, type,
      [](GstPad* on, GstPadProbeInfo* info, gpointer data) {
        (*static_cast<Probe*>(data))(on, info);
        return GST_PAD_PROBE_OK;
      },
      owned.release(), [](gpointer data) { const std::unique_ptr<Probe> last(static_cast<Probe*>(data)); });
}

// The event that passes, if it is of this type.
GstEvent* event_of(GstPadProbeInfo* info, GstEventType type) {
  if (!(GST_PAD_PROBE_INFO_TYPE(info) & (kEvents | GST_PAD_PROBE_TYPE_EVENT_FLUSH))) return nullptr;
  GstEvent* event = GST_PAD_PROBE_INFO_EVENT(info);
  return GST_EVENT_TYPE(event) == type ? event : nullptr;
}

bool is_buffer(GstPadProbeInfo* info) {
  return (GST_PAD_PROBE_INFO_TYPE(info) & GST_PAD_PROBE_TYPE_BUFFER) != 0;
}

void replace(GstPadProbeInfo* info, EventPtr event) {
  gst_event_unref(GST_PAD_PROBE_INFO_EVENT(info));
  GST_PAD_PROBE_INFO_DATA(info) = event.to_c();
}

// Passes the buffer through `change`, which owns it meanwhile.
template <typename Change>
void change_buffer(GstPadProbeInfo* info, Change change) {
  auto buffer = BufferPtr::adopt(GST_PAD_PROBE_INFO_BUFFER(info));
  GST_PAD_PROBE_INFO_DATA(info) = change(std::move(buffer)).to_c();
}

template <typename Change>
void change_segment(GstPadProbeInfo* info, Change change) {
  GstEvent* event = event_of(info, GST_EVENT_SEGMENT);
  if (!event) return;
  GstSegment segment;
  gst_event_copy_segment(event, &segment);
  if (segment.format != GST_FORMAT_TIME) return;
  segment = change(segment);
  auto moved = EventPtr::adopt(gst_event_new_segment(&segment));
  gst_event_set_seqnum(moved.get(), gst_event_get_seqnum(event));
  replace(info, std::move(moved));
}

void note(GstPadProbeInfo* info, DubRun& run, const std::string& stream) {
  if (is_buffer(info)) return run.timeline.note_buffer(stream, GST_PAD_PROBE_INFO_BUFFER(info));
  if (GstEvent* event = event_of(info, GST_EVENT_SEGMENT)) {
    const GstSegment* segment = nullptr;
    gst_event_parse_segment(event, &segment);
    run.timeline.note_segment(stream, *segment);
  }
}

void note_output(GstPadProbeInfo* info, DubRun& run, const std::string& stream) {
  if (is_buffer(info)) run.timeline.note_output(stream, GST_PAD_PROBE_INFO_BUFFER(info));
}

void add_dts(GstPadProbeInfo* info, DubRun& run) {
  if (is_buffer(info)) return change_buffer(info, [&](BufferPtr buffer) { return run.order.timed(std::move(buffer)); });
  change_segment(info, [&](const GstSegment& segment) { return run.order.moved(segment); });
  if (GstEvent* gap = event_of(info, GST_EVENT_GAP)) replace(info, run.order.moved(EventPtr::share(gap)));
}

void mark_file(GstPad* pad, GstPadProbeInfo* info, DubRun& run) {
  if (GstEvent* tag = event_of(info, GST_EVENT_TAG)) run.mark.note(tag);
  if (!is_buffer(info)) return;
  if (auto mark = run.mark.take()) gst_pad_push_event(pad, mark.to_c());
}

std::string orientation_of(GstEvent* tag) {
  GstTagList* list = nullptr;
  gst_event_parse_tag(tag, &list);
  char* text = nullptr;
  if (!gst_tag_list_get_string(list, GST_TAG_IMAGE_ORIENTATION, &text)) return {};
  return GCharPtr(text).get();
}

void note_orientation(GstEvent* tag, Orientation& orientation) {
  if (auto text = orientation_of(tag); !text.empty()) orientation.set(std::move(text));
}

bool has_attachment(GstEvent* tag) {
  GstTagList* list = nullptr;
  gst_event_parse_tag(tag, &list);
  return gst_tag_list_get_tag_size(list, GST_TAG_ATTACHMENT) > 0;
}

GstPadProbeReturn answer_plain(GstPad*, GstPadProbeInfo* info, gpointer) {
  GstQuery* query = GST_PAD_PROBE_INFO_QUERY(info);
  const bool pushed = (GST_PAD_PROBE_INFO_TYPE(info) & GST_PAD_PROBE_TYPE_PUSH) != 0;
  if (!pushed || GST_QUERY_TYPE(query) != GST_QUERY_CAPS) return GST_PAD_PROBE_OK;
  GstCaps* filter = nullptr;
  gst_query_parse_caps(query, &filter);
  auto caps = plain_text_caps();
  if (filter) caps = CapsPtr::adopt(gst_caps_intersect_full(filter, caps.get(), GST_CAPS_INTERSECT_FIRST));
  gst_query_set_caps_result(query, caps.get());
  return GST_PAD_PROBE_HANDLED;
}

bool has_title(GstEvent* tag) {
  GstTagList* list = nullptr;
  gst_event_parse_tag(tag, &list);
  return gst_tag_list_get_scope(list) == GST_TAG_SCOPE_STREAM && gst_tag_list_get_tag_size(list, GST_TAG_TITLE) > 0;
}

// Packets come in buffers of their own, with a size before each NAL unit, so one might look like a box: but not at the
// end of the file, where the muxer puts these, whole.
bool is_box(GstBuffer* buffer, std::string_view type) {
  std::array<char, 8> head{};
  return gst_buffer_extract(buffer, 0, head.data(), head.size()) == head.size() &&
         GST_READ_UINT32_BE(head.data()) == gst_buffer_get_size(buffer) && type == std::string_view(head.data() + 4, 4);
}

BufferPtr like(const BufferPtr& buffer, const Bytes& bytes) {
  auto other = BufferPtr::adopt(gst_buffer_new_memdup(bytes.data(), bytes.size()));
  gst_buffer_copy_into(other.get(), buffer.get(), GST_BUFFER_COPY_METADATA, 0, static_cast<gsize>(-1));
  return other;
}

// What holds no tags goes on as it is. Packets are not looked into: what lies beside them comes without a duration.
BufferPtr with_tags(BufferPtr buffer, const OwnTag& own) {
  GstMapInfo map;
  if (GST_BUFFER_DURATION_IS_VALID(buffer.get()) || !gst_buffer_map(buffer.get(), &map, GST_MAP_READ)) return buffer;
  const auto bytes = klingv2a::finish_tags({map.data, map.size}, own);
  gst_buffer_unmap(buffer.get(), &map);
  return bytes ? like(buffer, *bytes) : buffer;
}

BufferPtr finished(BufferPtr buffer, const std::function<Bytes(View)>& finish) {
  GstMapInfo map;
  if (!gst_buffer_map(buffer.get(), &map, GST_MAP_READ)) return buffer;
  const auto moov = finish({map.data, map.size});
  gst_buffer_unmap(buffer.get(), &map);
  return like(buffer, moov);
}

}  // namespace

void drop_all(GstPad* pad) {
  gst_pad_add_probe(
      pad, kAll, [](GstPad*, GstPadProbeInfo*, gpointer) { return GST_PAD_PROBE_DROP; }, nullptr, nullptr);
}

void on_extras(GstPad* pad, std::function<void(const std::string& what)> report) {
  add(pad, kEvents, [report = std::move(report)](GstPad*, GstPadProbeInfo* info) {
    if (event_of(info, GST_EVENT_TOC)) report("the chapters");
    GstEvent* tag = event_of(info, GST_EVENT_TAG);
    if (tag && has_attachment(tag)) report("the attachments");
  });
}

void on_rotation(GstPad* pad, bool (*written)(const std::string& orientation), std::function<void()> report) {
  add(pad, kEvents, [written, report = std::move(report)](GstPad*, GstPadProbeInfo* info) {
    GstEvent* tag = event_of(info, GST_EVENT_TAG);
    if (tag && !written(orientation_of(tag))) report();
  });
}

void from_zero(GstPad* pad, CodecDelays delays) {
  add(pad, kEvents, [delays = std::move(delays)](GstPad* on, GstPadProbeInfo* info) {
    change_segment(info, [&](GstSegment segment) {
      if (segment.base != 0) return segment;
      const GCharPtr stream_id(gst_pad_get_stream_id(on));
      segment.start = segment.position = stream_id ? delay_of(delays, stream_id.get()) : 0;
      segment.time = 0;
      return segment;
    });
  });
}

void keep_packets(GstPad* in, GstPad* out) {
  auto kept = std::make_shared<KeptPackets>();
  add(in, kIncoming, [kept](GstPad*, GstPadProbeInfo* info) {
    if (is_buffer(info)) kept->came(GST_PAD_PROBE_INFO_BUFFER(info));
    if (event_of(info, GST_EVENT_FLUSH_STOP)) kept->forget();
  });
  add(out, GST_PAD_PROBE_TYPE_BUFFER, [kept](GstPad* pad, GstPadProbeInfo* info) {
    const auto caps = CapsPtr::adopt(gst_pad_get_current_caps(pad));
    if (!caps || !has_parameter_sets_beside(caps.get())) return kept->forget();
    change_buffer(info, [&](BufferPtr packet) { return kept->restored(std::move(packet)); });
  });
}

void watch(GstPad* pad, std::shared_ptr<DubRun> run, std::string stream) {
  add(pad, kAll,
      [run = std::move(run), stream = std::move(stream)](GstPad*, GstPadProbeInfo* info) { note(info, *run, stream); });
}

gulong watch_video(GstPad* pad, std::shared_ptr<DubRun> run) {
  return add(pad, kAll, [run = std::move(run)](GstPad*, GstPadProbeInfo* info) {
    note(info, *run, kVideoStream);
    if (is_buffer(info)) run->order.note(GST_PAD_PROBE_INFO_BUFFER(info));
    if (GstEvent* tag = event_of(info, GST_EVENT_TAG)) note_orientation(tag, run->orientation);
  });
}

gulong move(GstPad* pad, std::shared_ptr<DubRun> run, std::string stream) {
  return add(pad, kAll, [run = std::move(run), stream = std::move(stream)](GstPad*, GstPadProbeInfo* info) {
    change_segment(info, [&](const GstSegment& segment) { return run->timeline.move(stream, segment); });
    note_output(info, *run, stream);
  });
}

gulong move_video(GstPad* pad, std::shared_ptr<DubRun> run, bool mark) {
  return add(pad, kAll, [run = std::move(run), mark](GstPad* on, GstPadProbeInfo* info) {
    if (mark) mark_file(on, info, *run);
    change_segment(info, [&](const GstSegment& segment) { return run->timeline.move(kVideoStream, segment); });
    note_output(info, *run, kVideoStream);
    add_dts(info, *run);
  });
}

gulong move_sound(GstPad* pad, std::shared_ptr<DubRun> run) {
  return add(pad, kAll, [run = std::move(run)](GstPad*, GstPadProbeInfo* info) {
    change_segment(info, [&](const GstSegment& segment) { return run->timeline.move_sound(segment); });
    note_output(info, *run, {});
  });
}

void count_coded_opus(GstPad* pad) {
  add(pad, GST_PAD_PROBE_TYPE_BUFFER, [times = CodedOpusTimes()](GstPad*, GstPadProbeInfo* info) mutable {
    change_buffer(info, [&](BufferPtr packet) { return times.counted(std::move(packet)); });
  });
}

void say_chroma_site(GstPad* pad) {
  add(pad, kEvents, [](GstPad*, GstPadProbeInfo* info) {
    GstEvent* event = event_of(info, GST_EVENT_CAPS);
    if (!event) return;
    GstCaps* caps = nullptr;
    gst_event_parse_caps(event, &caps);
    replace(info, EventPtr::adopt(gst_event_new_caps(with_chroma_site(caps).get())));
  });
}

void make_plain(GstPad* pad, Markup markup) {
  // Whoever links behind klingv2a asks through it what comes.
  gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_QUERY_UPSTREAM, answer_plain, nullptr, nullptr);
  add(pad, kAll, [markup](GstPad*, GstPadProbeInfo* info) {
    if (is_buffer(info))
      return change_buffer(info, [markup](const BufferPtr& buffer) { return plain_text(buffer, markup); });
    if (event_of(info, GST_EVENT_CAPS)) replace(info, EventPtr::adopt(gst_event_new_caps(plain_text_caps().get())));
  });
}

void give_title(GstPad* pad, std::string title) {
  add(pad, kAll, [title = std::move(title)](GstPad* on, GstPadProbeInfo* info) mutable {
    if (GstEvent* tag = event_of(info, GST_EVENT_TAG); tag && has_title(tag)) title.clear();
    if (!is_buffer(info) || title.empty()) return;
    GstTagList* list = gst_tag_list_new(GST_TAG_TITLE, title.c_str(), nullptr);
    title.clear();
    gst_pad_push_event(on, gst_event_new_tag(list));
  });
}

void give_room(GstPad* pad, std::string name) {
  constexpr int kTimes = 2;
  add(pad, GST_PAD_PROBE_TYPE_BUFFER, [name = std::move(name), given = 0](GstPad* on, GstPadProbeInfo*) mutable {
    if (given == kTimes) return;
    GstTagList* list = gst_tag_list_new(GST_TAG_TITLE, given == 0 ? name.c_str() : kRoomName, nullptr);
    ++given;
    gst_pad_push_event(on, gst_event_new_tag(list));
  });
}

void drop_chapters(GstPad* pad) {
  gst_pad_add_probe(
      pad, kEvents,
      [](GstPad*, GstPadProbeInfo* info, gpointer) {
        return event_of(info, GST_EVENT_TOC) ? GST_PAD_PROBE_DROP : GST_PAD_PROBE_OK;
      },
      nullptr, nullptr);
}

void on_channels(GstPad* pad, std::function<void(int)> report) {
  add(pad, kEvents, [report = std::move(report)](GstPad*, GstPadProbeInfo* info) {
    GstEvent* event = event_of(info, GST_EVENT_CAPS);
    if (!event) return;
    GstCaps* caps = nullptr;
    gst_event_parse_caps(event, &caps);
    int channels = 0;
    if (gst_structure_get_int(gst_caps_get_structure(caps, 0), "channels", &channels)) report(channels);
  });
}

void count_pictures(GstPad* pad, std::shared_ptr<DubRun> run, std::function<void()> ended) {
  const auto type = static_cast<GstPadProbeType>(kAll | GST_PAD_PROBE_TYPE_BUFFER_LIST);
  add(pad, type, [run = std::move(run), ended = std::move(ended)](GstPad*, GstPadProbeInfo* info) {
    if (is_buffer(info)) return run->written.take(GST_PAD_PROBE_INFO_BUFFER(info));
    if (GST_PAD_PROBE_INFO_TYPE(info) & GST_PAD_PROBE_TYPE_BUFFER_LIST) {
      GstBufferList* list = GST_PAD_PROBE_INFO_BUFFER_LIST(info);
      for (guint i = 0; i < gst_buffer_list_length(list); ++i) run->written.take(gst_buffer_list_get(list, i));
    }
    if (GstEvent* event = event_of(info, GST_EVENT_SEGMENT)) {
      const GstSegment* segment = nullptr;
      gst_event_parse_segment(event, &segment);
      if (segment->format == GST_FORMAT_BYTES) run->written.goes_to(segment->start);
    }
    if (event_of(info, GST_EVENT_EOS)) ended();
  });
}

void finish_moov(GstPad* pad, std::function<Bytes(View moov)> finish) {
  add(pad, GST_PAD_PROBE_TYPE_BUFFER, [finish = std::move(finish)](GstPad*, GstPadProbeInfo* info) {
    if (!is_box(GST_PAD_PROBE_INFO_BUFFER(info), "moov")) return;
    change_buffer(info, [&](BufferPtr buffer) { return finished(std::move(buffer), finish); });
  });
}

void finish_tags(GstPad* pad, OwnTag own) {
  auto pieces = std::make_unique<TagsInPieces>(own);
  add(pad, GST_PAD_PROBE_TYPE_BUFFER, [own = std::move(own)](GstPad*, GstPadProbeInfo* info) {
    change_buffer(info, [&](BufferPtr buffer) { return with_tags(std::move(buffer), own); });
  });
  gst_pad_add_probe(
      pad, GST_PAD_PROBE_TYPE_BUFFER,
      [](GstPad*, GstPadProbeInfo* info, gpointer data) {
        change_buffer(info,
                      [&](BufferPtr buffer) { return static_cast<TagsInPieces*>(data)->passed(std::move(buffer)); });
        return GST_PAD_PROBE_INFO_DATA(info) ? GST_PAD_PROBE_OK : GST_PAD_PROBE_HANDLED;
      },
      pieces.release(),
      [](gpointer data) { const std::unique_ptr<TagsInPieces> last(static_cast<TagsInPieces*>(data)); });
}

void finish_header(GstPad* pad, std::function<std::optional<Bytes>(View written)> finish) {
  add(pad, GST_PAD_PROBE_TYPE_BUFFER, [finish = std::move(finish)](GstPad*, GstPadProbeInfo* info) {
    constexpr std::array<std::uint8_t, 4> kSegment{0x18, 0x53, 0x80, 0x67};
    GstBuffer* passing = GST_PAD_PROBE_INFO_BUFFER(info);
    if (GST_BUFFER_DURATION_IS_VALID(passing) || gst_buffer_memcmp(passing, 0, kSegment.data(), kSegment.size()) != 0)
      return;
    change_buffer(info, [&](BufferPtr buffer) {
      GstMapInfo map;
      if (!gst_buffer_map(buffer.get(), &map, GST_MAP_READ)) return buffer;
      const auto bytes = finish({map.data, map.size});
      gst_buffer_unmap(buffer.get(), &map);
      return bytes ? like(buffer, *bytes) : buffer;
    });
  });
}

void drop_xmp(GstPad* pad) {
  add(pad, GST_PAD_PROBE_TYPE_BUFFER, [](GstPad*, GstPadProbeInfo* info) {
    GstBuffer* buffer = GST_PAD_PROBE_INFO_BUFFER(info);
    if (!is_box(buffer, "uuid") || gst_buffer_memcmp(buffer, 8, kXmpUuid.data(), kXmpUuid.size()) != 0) return;
    change_buffer(info, [](const BufferPtr&) { return BufferPtr::adopt(gst_buffer_new()); });
  });
}

}  // namespace klingv2a::probes
