// SPDX-License-Identifier: LGPL-2.1-or-later
#include "picture_chain.h"

#include <gst/video/video.h>

#include "clip_limits.h"
#include "conform.h"

namespace klingv2a {

namespace {

struct Pictures {
  int width = 0, height = 0;
  int par_n = 1, par_d = 1;
  bool interlaced = false;
  bool too_fast = false;
  bool full_range = false;
};

Pictures describe(const GstCaps* caps) {
  GstVideoInfo info;
  if (!gst_video_info_from_caps(&info, caps))
    throw make_error(ErrorKind::input, Phase::proxy, "not a video that can be conformed: " + to_text(caps));
  return {.width = GST_VIDEO_INFO_WIDTH(&info),
          .height = GST_VIDEO_INFO_HEIGHT(&info),
          .par_n = GST_VIDEO_INFO_PAR_N(&info),
          .par_d = GST_VIDEO_INFO_PAR_D(&info),
          .interlaced = GST_VIDEO_INFO_INTERLACE_MODE(&info) != GST_VIDEO_INTERLACE_MODE_PROGRESSIVE,
          .too_fast = GST_VIDEO_INFO_FPS_N(&info) > limits::kMostFrames * GST_VIDEO_INFO_FPS_D(&info),
          .full_range = info.colorimetry.range == GST_VIDEO_COLOR_RANGE_0_255};
}

GstVideoOrientationMethod method_of(const std::string& orientation) {
  auto method = GST_VIDEO_ORIENTATION_IDENTITY;
  if (orientation.empty()) return method;
  const auto tags =
      MiniPtr<GstTagList>::adopt(gst_tag_list_new(GST_TAG_IMAGE_ORIENTATION, orientation.c_str(), nullptr));
  gst_video_orientation_from_tag(tags.get(), &method);
  return method;
}

bool swaps_sides(GstVideoOrientationMethod orientation) {
  return orientation == GST_VIDEO_ORIENTATION_90R || orientation == GST_VIDEO_ORIENTATION_90L ||
         orientation == GST_VIDEO_ORIENTATION_UL_LR || orientation == GST_VIDEO_ORIENTATION_UR_LL;
}

CapsPtr wanted(const Pictures& pictures, GstVideoOrientationMethod orientation) {
  Size size = proxy_size(pictures.width, pictures.height, pictures.par_n, pictures.par_d);
  if (swaps_sides(orientation)) std::swap(size.width, size.height);
  auto caps = CapsPtr::adopt(gst_caps_new_simple("video/x-raw", "format", G_TYPE_STRING, "I420", "width", G_TYPE_INT,
                                                 size.width, "height", G_TYPE_INT, size.height, "pixel-aspect-ratio",
                                                 GST_TYPE_FRACTION, 1, 1, "interlace-mode", G_TYPE_STRING,
                                                 "progressive", nullptr));
  // JPEG's range would be that of the proxy, too, which few expect of H.264.
  if (pictures.full_range) gst_caps_set_simple(caps.get(), "colorimetry", G_TYPE_STRING, "bt709", nullptr);
  return caps;
}

CapsPtr at_most_frames() {
  return CapsPtr::adopt(
      gst_caps_new_simple("video/x-raw", "framerate", GST_TYPE_FRACTION, limits::kMostFrames, 1, nullptr));
}

// What the deinterlacer works on; anything else it passes on as it is.
CapsPtr deinterlaceable() {
  return CapsPtr::adopt(gst_caps_from_string("video/x-raw, format=(string){ I420, Y42B, Y444 }"));
}

void link_pads(GstPad* source, GstPad* sink, const char* what) {
  if (!sink || GST_PAD_LINK_FAILED(gst_pad_link(source, sink)))
    throw make_error(ErrorKind::input, Phase::proxy, std::string("decoded frames do not fit ") + what);
}

}  // namespace

void link_picture_chain(InnerPipeline& pipeline, GstPad* pad, const GstCaps* caps, const std::string& orientation,
                        GstElement* encodebin) {
  const auto method = method_of(orientation);
  const Pictures pictures = describe(caps);
  std::vector<GstElement*> chain;
  const auto add = [&](const char* factory) { return chain.emplace_back(pipeline.add(factory)); };
  if (pictures.interlaced) {
    add("videoconvert");
    g_object_set(add("capsfilter"), "caps", deinterlaceable().get(), nullptr);
    // One picture a frame, made of that frame alone, so that none is lost at the end.
    GstElement* deinterlace = add("deinterlace");
    gst_util_set_object_arg(G_OBJECT(deinterlace), "fields", "top");
    gst_util_set_object_arg(G_OBJECT(deinterlace), "method", "linear");
  }
  if (pictures.too_fast) {
    // The pictures begin far from 0, and it would keep all of them to catch up.
    g_object_set(add("videorate"), "drop-only", TRUE, "skip-to-first", TRUE, nullptr);
    g_object_set(add("capsfilter"), "caps", at_most_frames().get(), nullptr);
  }
  if (method != GST_VIDEO_ORIENTATION_IDENTITY) g_object_set(add("videoflip"), "video-direction", method, nullptr);
  g_object_set(add("videoconvertscale"), "add-borders", FALSE, "n-threads", 0U, nullptr);
  g_object_set(add("capsfilter"), "caps", wanted(pictures, method).get(), nullptr);
  pipeline.link(chain);
  const auto last = PadPtr::adopt(gst_element_get_static_pad(chain.back(), "src"));
  // It has made its pad for the profile already.
  const auto encoder = PadPtr::adopt(gst_element_get_compatible_pad(encodebin, last.get(), nullptr));
  link_pads(last.get(), encoder.get(), "the encoder");
  for (GstElement* element : chain) gst_element_sync_state_with_parent(element);
  const auto first = PadPtr::adopt(gst_element_get_static_pad(chain.front(), "sink"));
  link_pads(pad, first.get(), GST_OBJECT_NAME(chain.front()));
}

}  // namespace klingv2a
