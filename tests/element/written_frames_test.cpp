// SPDX-License-Identifier: LGPL-2.1-or-later
//
// How many pictures a muxer has written, judged against the muxers themselves.
#include <gtest/gtest.h>

#include <string>

#include "bin/written_frames.h"
#include "gst_ptr.h"

namespace klingv2a {
namespace {

constexpr guint kFrames = 40;

struct Counted {
  WrittenFrames frames;
};

GstPadProbeReturn note(GstPad*, GstPadProbeInfo* info, gpointer data) {
  auto& frames = static_cast<Counted*>(data)->frames;
  if (GST_PAD_PROBE_INFO_TYPE(info) & GST_PAD_PROBE_TYPE_BUFFER) frames.take(GST_PAD_PROBE_INFO_BUFFER(info));
  if (GST_PAD_PROBE_INFO_TYPE(info) & GST_PAD_PROBE_TYPE_BUFFER_LIST) {
    GstBufferList* list = GST_PAD_PROBE_INFO_BUFFER_LIST(info);
    for (guint i = 0; i < gst_buffer_list_length(list); ++i) frames.take(gst_buffer_list_get(list, i));
  }
  if (GST_PAD_PROBE_INFO_TYPE(info) & GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM) {
    GstEvent* event = GST_PAD_PROBE_INFO_EVENT(info);
    const GstSegment* segment = nullptr;
    if (GST_EVENT_TYPE(event) == GST_EVENT_SEGMENT) gst_event_parse_segment(event, &segment);
    if (segment && segment->format == GST_FORMAT_BYTES) frames.goes_to(segment->start);
  }
  return GST_PAD_PROBE_OK;
}

// Every `n`-th picture of `out_of` goes to the muxer without a time.
std::optional<std::uint64_t> written(Container container, const std::string& muxer, bool untimed = false) {
  const std::string line =
      "videotestsrc num-buffers=" + std::to_string(kFrames) +
      " ! video/x-raw,width=320,height=240 ! x264enc tune=zerolatency speed-preset=ultrafast "
      "key-int-max=10 ! h264parse name=p ! " +
      muxer +
      " name=m audiotestsrc num-buffers=60 ! audioconvert ! avenc_aac ! aacparse ! m. m. ! filesink "
      "location=/dev/null name=f";
  const auto pipeline =
      ElementPtr::adopt(GST_ELEMENT_CAST(gst_object_ref_sink(gst_parse_launch(line.c_str(), nullptr))));
  Counted counted;
  counted.frames.set_container(container);
  const auto named = [&](const char* name) {
    return ElementPtr::adopt(gst_bin_get_by_name(GST_BIN(pipeline.get()), name));
  };
  const auto out = PadPtr::adopt(gst_element_get_static_pad(named("m").get(), "src"));
  gst_pad_add_probe(out.get(),
                    static_cast<GstPadProbeType>(GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_BUFFER_LIST |
                                                 GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM),
                    note, &counted, nullptr);
  const auto parsed = PadPtr::adopt(gst_element_get_static_pad(named("p").get(), "src"));
  if (untimed)
    gst_pad_add_probe(
        parsed.get(), GST_PAD_PROBE_TYPE_BUFFER,
        [](GstPad*, GstPadProbeInfo* info, gpointer) {
          const bool key = !GST_BUFFER_FLAG_IS_SET(GST_PAD_PROBE_INFO_BUFFER(info), GST_BUFFER_FLAG_DELTA_UNIT);
          auto* buffer = gst_buffer_make_writable(GST_PAD_PROBE_INFO_BUFFER(info));
          GST_PAD_PROBE_INFO_DATA(info) = buffer;
          if (!key) GST_BUFFER_PTS(buffer) = GST_BUFFER_DTS(buffer) = GST_CLOCK_TIME_NONE;
          return GST_PAD_PROBE_OK;
        },
        nullptr, nullptr);
  gst_element_set_state(pipeline.get(), GST_STATE_PLAYING);
  GstBus* bus = gst_element_get_bus(pipeline.get());
  const auto end = MessagePtr::adopt(gst_bus_timed_pop_filtered(
      bus, 60 * GST_SECOND, static_cast<GstMessageType>(GST_MESSAGE_EOS | GST_MESSAGE_ERROR)));
  gst_object_unref(bus);
  gst_element_set_state(pipeline.get(), GST_STATE_NULL);
  EXPECT_TRUE(end && GST_MESSAGE_TYPE(end.get()) == GST_MESSAGE_EOS) << muxer;
  return counted.frames.count();
}

TEST(WrittenFrames, AreThoseOfTheFile) {
  EXPECT_EQ(written(Container::mp4, "mp4mux"), kFrames);
  EXPECT_EQ(written(Container::mov, "qtmux"), kFrames);
  EXPECT_EQ(written(Container::mkv, "matroskamux"), kFrames);
  EXPECT_EQ(written(Container::mkv, "matroskamux streamable=true"), kFrames);
  EXPECT_EQ(written(Container::ts, "mpegtsmux"), kFrames);
}

TEST(WrittenFrames, WhatAMuxerDropsIsMissing) {
  EXPECT_EQ(written(Container::mkv, "matroskamux", true), kFrames / 10);
}

TEST(WrittenFrames, OfOtherContainersNothingIsKnown) {
  WrittenFrames frames;
  frames.set_container(Container::wav);
  EXPECT_EQ(frames.count(), std::nullopt);
}

TEST(MatroskaBlocks, TakesAnyBytes) {
  MatroskaBlocks blocks;
  for (unsigned seed = 1; seed < 200'000; seed = seed * 3 / 2 + 1) {
    std::vector<std::uint8_t> bytes;
    for (unsigned i = 0; i < 64; ++i) bytes.push_back(static_cast<std::uint8_t>(seed * (i + 7) >> 3U));
    blocks.take(bytes);
  }
  EXPECT_EQ(blocks.pictures(), 0U);
}

}  // namespace
}  // namespace klingv2a
