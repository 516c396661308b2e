// SPDX-License-Identifier: LGPL-2.1-or-later
#include "access_units.h"

#include "inner_pipeline.h"
#include "sample_collector.h"

namespace klingv2a {

namespace {

constexpr Seconds kDeadline{120};
constexpr std::uint64_t kNoLimit = G_MAXUINT64;  // the clip's size is limited already

bool is_avc_access_units(const GstCaps* caps) {
  const GstStructure* structure = gst_caps_get_structure(caps, 0);
  const char* alignment = gst_structure_get_string(structure, "alignment");
  const char* format = gst_structure_get_string(structure, "stream-format");
  const bool avc = g_strcmp0(format, "avc") == 0 || g_strcmp0(format, "avc3") == 0;
  return avc && g_strcmp0(alignment, "au") == 0;
}

}  // namespace

ClipFrames to_avc_access_units(const ClipFrames& clip, GCancellable* cancel) {
  if (is_avc_access_units(clip.caps.get())) return clip;
  SampleCollector collector(kNoLimit);
  InnerPipeline pipeline(Phase::proxy, ErrorKind::input);
  GstElement* source = pipeline.add("appsrc");
  GstElement* parser = pipeline.add("h264parse");
  GstElement* filter = pipeline.add("capsfilter");
  GstElement* sink = pipeline.add("appsink");
  const auto avc = CapsPtr::adopt(gst_caps_from_string("video/x-h264, stream-format=avc, alignment=au"));
  g_object_set(filter, "caps", avc.get(), nullptr);
  pipeline.link({source, parser, filter, sink});
  collector.attach(sink);
  feed(source, clip.buffers, clip.caps.get(), 0);
  pipeline.run_until_eos(cancel, kDeadline);
  ClipFrames units{collector.take(), clip.frames, collector.caps()};
  if (units.buffers.size() != clip.frames.size())
    throw make_error(ErrorKind::input, Phase::proxy,
                     "the clip has " + std::to_string(clip.frames.size()) + " frames with timestamps, but " +
                         std::to_string(units.buffers.size()) + " access units",
                     "put h264parse before klingv2a, and give each frame one timestamp");
  return units;
}

}  // namespace klingv2a
