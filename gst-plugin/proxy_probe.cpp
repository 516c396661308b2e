// SPDX-License-Identifier: LGPL-2.1-or-later
#include "proxy_probe.h"

#include <unistd.h>

#include <cstdlib>
#include <string>

#include "clip_limits.h"
#include "error.h"
#include "gst_ptr.h"
#include "inner_pipeline.h"
#include "log.h"

namespace klingv2a {

namespace {

// The MP4's clocks round: a track's duration may differ by a little from the sum of its frames.
constexpr Nanoseconds kRounding = 5 * kMillisecond;

struct SeenVideo {
  int width = 0, height = 0;
  Nanoseconds length = 0;
};

void link_video(GstElement*, GstPad* pad, gpointer parser) {
  const auto sink = PadPtr::adopt(gst_element_get_static_pad(GST_ELEMENT(parser), "sink"));
  if (!gst_pad_is_linked(sink.get())) gst_pad_link(pad, sink.get());
}

// To the end, by the elements that read such a file and by no others.
SeenVideo look_at(int fd, GCancellable* cancel, Seconds deadline) {
  InnerPipeline pipeline(Phase::proxy, ErrorKind::input);
  GstElement* source = pipeline.add("fdsrc");
  GstElement* demuxer = pipeline.add("qtdemux");
  GstElement* parser = pipeline.add("h264parse");
  GstElement* sink = pipeline.add("fakesink");
  lseek(fd, 0, SEEK_SET);  // fdsrc starts where the descriptor stands
  g_object_set(source, "fd", fd, nullptr);
  pipeline.link({source, demuxer});
  pipeline.link({parser, sink});
  g_signal_connect(demuxer, "pad-added", G_CALLBACK(link_video), parser);
  pipeline.run_until_eos(cancel, deadline);
  const auto pad = PadPtr::adopt(gst_element_get_static_pad(parser, "src"));
  const auto caps = CapsPtr::adopt(gst_pad_get_current_caps(pad.get()));
  SeenVideo seen;
  if (!caps) return seen;
  const GstStructure* structure = gst_caps_get_structure(caps.get(), 0);
  gst_structure_get_int(structure, "width", &seen.width);
  gst_structure_get_int(structure, "height", &seen.height);
  gint64 length = 0;
  if (gst_element_query_duration(GST_ELEMENT(pipeline.bin()), GST_FORMAT_TIME, &length)) seen.length = length;
  return seen;
}

SeenVideo look_at(int fd, GCancellable* cancel, const ProbePatience& patience) {
  for (std::size_t i = 0; i < patience.size(); ++i) {
    try {
      return look_at(fd, cancel, patience[i]);
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::busy && i + 1 < patience.size()) {
        GST_WARNING("the proxy could not be looked at within %g s", patience[i].count());
        continue;
      }
      if (error.kind() != ErrorKind::input) throw;
      throw make_error(ErrorKind::input, Phase::proxy, std::string("the proxy cannot be read back: ") + error.what());
    }
  }
  return {};
}

}  // namespace

void probe_proxy(const SpoolFile& proxy, const ClipTimeline& timeline, GCancellable* cancel,
                 const ProbePatience& patience) {
  limits::check_bytes(proxy.size());
  const auto seen = look_at(proxy.fd(), cancel, patience);
  if (seen.width == 0) throw make_error(ErrorKind::input, Phase::proxy, "the proxy shows no video");
  limits::check_size(seen.width, seen.height);
  const Nanoseconds length = seen.length;
  limits::check_length(length, timeline.frame);
  if (std::abs(length - timeline.proxy_length()) > timeline.frame + kRounding)
    throw make_error(ErrorKind::input, Phase::proxy,
                     "the proxy lasts " + std::to_string(length / kMillisecond) + " ms, the clip " +
                         std::to_string(timeline.proxy_length() / kMillisecond) + " ms",
                     "please report this with the video: it would have been paid for and out of sync");
}

}  // namespace klingv2a
