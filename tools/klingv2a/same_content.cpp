// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A stream's packets are hashed on its own streaming thread; what is known of all streams is guarded by one mutex, and
// read when the pipeline has ended.
#include "same_content.h"

#include <algorithm>
#include <list>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "checksum.h"
#include "gst_ptr.h"
#include "mutex.h"
#include "trusted_decoder.h"

namespace klingv2a::cli {

namespace {

struct Stream {
  Checksum checksum;  // its streaming thread's until EOS
};

struct Streams {
  Mutex mutex;
  std::list<Stream> all GUARDED_BY(mutex);  // its members stay where they are
};

void add_number(Checksum& checksum, std::uint64_t number) {
  checksum.add(std::as_bytes(std::span(&number, 1)));
}

// Times and bytes. A flag that a parser may set is none of the content.
void on_packet(GstElement*, GstBuffer* buffer, GstPad*, gpointer stream) {
  Checksum& checksum = static_cast<Stream*>(stream)->checksum;
  add_number(checksum, GST_BUFFER_PTS(buffer));
  GstMapInfo map;
  if (!gst_buffer_map(buffer, &map, GST_MAP_READ)) return;
  checksum.add(std::as_bytes(std::span(map.data, map.size)));
  gst_buffer_unmap(buffer, &map);
}

void on_pad(GstElement* parser, GstPad* pad, gpointer data) {
  auto& streams = *static_cast<Streams*>(data);
  Stream* stream = nullptr;
  {
    const MutexLocker lock(streams.mutex);
    stream = &streams.all.emplace_back();
  }
  GstElement* sink = gst_element_factory_make("fakesink", nullptr);
  g_object_set(sink, "sync", FALSE, "async", FALSE, "signal-handoffs", TRUE, nullptr);
  g_signal_connect(sink, "handoff", G_CALLBACK(on_packet), stream);
  const auto bin = ElementPtr::adopt(GST_ELEMENT(gst_object_get_parent(GST_OBJECT(parser))));
  gst_bin_add(GST_BIN(bin.get()), sink);
  gst_element_sync_state_with_parent(sink);
  const auto sink_pad = PadPtr::adopt(gst_element_get_static_pad(sink, "sink"));
  gst_pad_link(pad, sink_pad.get());
}

// True at the end of all streams.
bool runs_to_its_end(GstElement* pipeline, const std::function<bool()>& is_cancelled) {
  constexpr int kLooks = 600;
  constexpr GstClockTime kLook = 100 * GST_MSECOND;
  const auto bus = GObjectPtr<GstBus>::adopt(gst_element_get_bus(pipeline));
  gst_element_set_state(pipeline, GST_STATE_PLAYING);
  for (int look = 0; look < kLooks && !is_cancelled(); ++look) {
    const MessagePtr end = MessagePtr::adopt(
        gst_bus_timed_pop_filtered(bus.get(), kLook, static_cast<GstMessageType>(GST_MESSAGE_EOS | GST_MESSAGE_ERROR)));
    if (end) return GST_MESSAGE_TYPE(end.get()) == GST_MESSAGE_EOS;
    g_main_context_iteration(nullptr, FALSE);
  }
  return false;
}

// One text for each stream, in an order that does not depend on which one came first. None: it cannot be read.
std::optional<std::vector<std::string>> content_of(const std::string& file, const std::function<bool()>& is_cancelled) {
  Streams streams;
  const auto pipeline = ElementPtr::adopt(
      GST_ELEMENT(gst_object_ref_sink(gst_parse_launch("filesrc name=in ! parsebin name=parser", nullptr))));
  const auto in = ElementPtr::adopt(gst_bin_get_by_name(GST_BIN(pipeline.get()), "in"));
  const auto parser = ElementPtr::adopt(gst_bin_get_by_name(GST_BIN(pipeline.get()), "parser"));
  trust_only(parser.get(), Trusted::containers);
  g_object_set(in.get(), "location", file.c_str(), nullptr);
  g_signal_connect(parser.get(), "pad-added", G_CALLBACK(on_pad), &streams);
  const bool ended = runs_to_its_end(pipeline.get(), is_cancelled);
  gst_element_set_state(pipeline.get(), GST_STATE_NULL);
  if (!ended) return std::nullopt;
  std::vector<std::string> texts;
  const MutexLocker lock(streams.mutex);
  for (const Stream& stream : streams.all) texts.push_back(stream.checksum.text());
  std::ranges::sort(texts);
  return texts;
}

}  // namespace

bool is_same_content(const std::string& one, const std::string& other, const std::function<bool()>& is_cancelled) {
  const auto content = content_of(one, is_cancelled);
  return content && !content->empty() && content == content_of(other, is_cancelled);
}

}  // namespace klingv2a::cli
