// SPDX-License-Identifier: LGPL-2.1-or-later
#include "proxy_writer.h"

#include "access_units.h"
#include "inner_pipeline.h"

namespace klingv2a {

namespace {

constexpr Seconds kDeadline{300};
// Far from 0, so that the DTS of the first frames, which lie before the segment's start, are not negative.
constexpr GstClockTime kBase = GST_SECOND * 3600;
// Exact for all usual frame rates and their NTSC kin, where the caps do not name one.
constexpr int kTimescale = 90000;

std::vector<BufferPtr> on_proxy_timeline(const ClipFrames& units, const ClipTimeline& timeline) {
  const auto times = proxy_times(units.frames, timeline);
  std::vector<BufferPtr> buffers;
  buffers.reserve(times.size());
  for (std::size_t i = 0; i < times.size(); ++i) {
    auto buffer = BufferPtr::adopt(gst_buffer_copy(units.buffers[i].get()));
    GST_BUFFER_PTS(buffer.get()) = kBase + static_cast<GstClockTime>(times[i].pts);
    GST_BUFFER_DTS(buffer.get()) = static_cast<GstClockTime>(static_cast<Nanoseconds>(kBase) + times[i].dts);
    GST_BUFFER_DURATION(buffer.get()) = static_cast<GstClockTime>(times[i].duration);
    GST_BUFFER_FLAG_UNSET(buffer.get(), GST_BUFFER_FLAG_DISCONT);
    buffers.push_back(std::move(buffer));
  }
  return buffers;
}

void link_to_video_pad(GstElement* source, GstElement* muxer, bool rate_known) {
  const auto pad = PadPtr::adopt(gst_element_request_pad_simple(muxer, "video_0"));
  if (pad && !rate_known) g_object_set(pad.get(), "trak-timescale", kTimescale, nullptr);
  const auto source_pad = PadPtr::adopt(gst_element_get_static_pad(source, "src"));
  if (!pad || GST_PAD_LINK_FAILED(gst_pad_link(source_pad.get(), pad.get())))
    throw make_error(ErrorKind::input, Phase::proxy, "mp4mux does not take the video");
}

// What gives the packets to the muxer: `source`, or, when the pictures are to be turned, an element after it that adds
// the tag, which the muxer writes into the track's matrix.
GstElement* with_orientation(InnerPipeline& pipeline, GstElement* source, const std::string& orientation) {
  if (orientation.empty()) return source;
  GstElement* tagger = pipeline.add("taginject");
  const std::string tags = std::string(GST_TAG_IMAGE_ORIENTATION) + "=" + orientation;
  g_object_set(tagger, "tags", tags.c_str(), nullptr);
  pipeline.link({source, tagger});
  return tagger;
}

bool has_frame_rate(const GstCaps* caps) {
  int numerator = 0, denominator = 1;
  return gst_structure_get_fraction(gst_caps_get_structure(caps, 0), "framerate", &numerator, &denominator) &&
         numerator > 0;
}

}  // namespace

std::shared_ptr<const SpoolFile> write_proxy(const ClipFrames& clip, const ClipTimeline& timeline,
                                             const std::string& orientation, const std::string& spool_dir,
                                             GCancellable* cancel) {
  const auto units = to_avc_access_units(clip, cancel);
  auto file = std::make_shared<SpoolFile>(spool_dir);
  InnerPipeline pipeline(Phase::proxy, ErrorKind::input);
  GstElement* source = pipeline.add("appsrc");
  GstElement* muxer = pipeline.add("mp4mux");
  GstElement* sink = pipeline.add("fdsink");
  g_object_set(sink, "fd", file->fd(), "sync", FALSE, nullptr);
  link_to_video_pad(with_orientation(pipeline, source, orientation), muxer, has_frame_rate(units.caps.get()));
  pipeline.link({muxer, sink});
  feed(source, on_proxy_timeline(units, timeline), units.caps.get(), kBase);
  pipeline.run_until_eos(cancel, kDeadline);
  return file;
}

}  // namespace klingv2a
