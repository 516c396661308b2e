// SPDX-License-Identifier: LGPL-2.1-or-later
#include "field_pictures.h"

#include <gst/video/video.h>

namespace klingv2a {

bool is_of_fields(const GstCaps* caps) {
  const GstStructure* structure = gst_caps_get_structure(caps, 0);
  return gst_structure_has_name(structure, "video/x-raw") &&
         g_strcmp0(gst_structure_get_string(structure, "interlace-mode"), "alternate") == 0;
}

CapsPtr field_as_picture(const CapsPtr& caps) {
  GstVideoInfo info;
  if (!is_of_fields(caps.get()) || !gst_video_info_from_caps(&info, caps.get())) return caps;
  auto picture = CapsPtr::adopt(gst_caps_copy(caps.get()));
  gst_caps_set_features(picture.get(), 0, nullptr);
  GstStructure* structure = gst_caps_get_structure(picture.get(), 0);
  gst_structure_remove_field(structure, "field-order");
  gst_structure_set(structure, "interlace-mode", G_TYPE_STRING, "progressive", "height", G_TYPE_INT,
                    GST_VIDEO_INFO_FIELD_HEIGHT(&info), "pixel-aspect-ratio", GST_TYPE_FRACTION,
                    GST_VIDEO_INFO_PAR_N(&info), 2 * GST_VIDEO_INFO_PAR_D(&info), nullptr);
  return picture;
}

}  // namespace klingv2a
