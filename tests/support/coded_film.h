// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Invented films as the packets of a codec, for whatever is to decode them.
//
// One thread.
#pragma once

#include <gst/app/gstappsink.h>
#include <gst/app/gstappsrc.h>

#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "film_strip.h"
#include "gst_ptr.h"
#include "nanoseconds.h"

namespace klingv2a::test {

struct Packet {
  CapsPtr caps;
  BufferPtr buffer;
  std::optional<Nanoseconds> time;  // PTS, of the first buffer of a frame
  bool is_key = false;
};

inline constexpr Nanoseconds kFilmFrame = 40 * kMillisecond;
inline constexpr const char* kFilmCaps = "video/x-raw,format=I420,width=320,height=180,framerate=25/1";

// I420 of twice the size, grey.
inline BufferPtr film_picture(const Luma& luma, int number) {
  constexpr std::size_t kWidth = Scene::kWidth, kHeight = Scene::kHeight, kPixels = 4 * kWidth * kHeight;
  std::vector<std::uint8_t> bytes(kPixels * 3 / 2, 128);
  for (std::size_t y = 0; y < 2 * kHeight; ++y)
    for (std::size_t x = 0; x < 2 * kWidth; ++x) bytes[y * 2 * kWidth + x] = luma[y / 2 * kWidth + x / 2];
  auto buffer = BufferPtr::adopt(gst_buffer_new_memdup(bytes.data(), bytes.size()));
  GST_BUFFER_PTS(buffer.get()) = static_cast<GstClockTime>(number * kFilmFrame);
  GST_BUFFER_DURATION(buffer.get()) = static_cast<GstClockTime>(kFilmFrame);
  return buffer;
}

// What leaves `elements`, which get raw video of kFilmCaps; the first PTS is 0.
inline std::vector<Packet> encode(const std::vector<Luma>& frames, const std::string& elements) {
  const auto text = "appsrc name=in format=time max-bytes=0 caps=" + std::string(kFilmCaps) + " ! " + elements +
                    " ! appsink name=out sync=false";
  const auto pipeline =
      ElementPtr::adopt(GST_ELEMENT_CAST(gst_object_ref_sink(gst_parse_launch(text.c_str(), nullptr))));
  const auto in = ElementPtr::adopt(gst_bin_get_by_name(GST_BIN(pipeline.get()), "in"));
  const auto out = ElementPtr::adopt(gst_bin_get_by_name(GST_BIN(pipeline.get()), "out"));
  if (!in || !out) throw std::runtime_error("no pipeline: " + elements);
  gst_element_set_state(pipeline.get(), GST_STATE_PLAYING);
  int number = 0;
  for (const auto& frame : frames) gst_app_src_push_buffer(GST_APP_SRC(in.get()), film_picture(frame, number++).to_c());
  gst_app_src_end_of_stream(GST_APP_SRC(in.get()));
  std::vector<Packet> packets;
  std::optional<GstClockTime> first, last;  // encoders for B-frames begin at a PTS far from 0
  while (const auto sample = SamplePtr::adopt(gst_app_sink_try_pull_sample(GST_APP_SINK(out.get()), 20 * GST_SECOND))) {
    Packet packet{.caps = CapsPtr::share(gst_sample_get_caps(sample.get())),
                  .buffer = BufferPtr::share(gst_sample_get_buffer(sample.get())),
                  .time = std::nullopt};
    const GstClockTime pts = GST_BUFFER_PTS(packet.buffer.get());
    if (!first) first = pts;
    if (GST_CLOCK_TIME_IS_VALID(pts) && pts != last) packet.time = static_cast<Nanoseconds>(pts - *first);
    packet.is_key = packet.time && !GST_BUFFER_FLAG_IS_SET(packet.buffer.get(), GST_BUFFER_FLAG_DELTA_UNIT);
    last = pts;
    packets.push_back(std::move(packet));
  }
  gst_element_set_state(pipeline.get(), GST_STATE_NULL);
  if (packets.empty()) throw std::runtime_error("nothing leaves " + elements);
  return packets;
}

}  // namespace klingv2a::test
