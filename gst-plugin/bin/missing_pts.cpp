// SPDX-License-Identifier: LGPL-2.1-or-later
#include "missing_pts.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

namespace klingv2a {

namespace {

// What says it inside of the packets only, in ways that are not looked into here.
constexpr std::array<std::string_view, 8> kReordered{"video/x-h264", "video/x-h265",        "video/mpeg",
                                                     "video/x-wmv",  "video/x-cavs",        "video/x-dirac",
                                                     "video/x-svq",  "video/x-pn-realvideo"};
constexpr std::array<std::string_view, 3> kMpeg4{"video/x-xvid", "video/x-divx", "video/x-3ivx"};

// MPEG-4 part 2: a start code 00 00 01 B6, then two bits say what the picture is: I, P, B or S (ISO/IEC
// 14496-2, 6.2.5).
constexpr std::array<std::uint8_t, 4> kPictureStart{0, 0, 1, 0xB6};
constexpr int kBPicture = 2;

bool is_b_picture(const GstBuffer* picture) {
  // Mapping for reading changes nothing.
  auto* buffer = const_cast<GstBuffer*>(picture);  // NOLINT(cppcoreguidelines-pro-type-const-cast)
  GstMapInfo map;
  if (!gst_buffer_map(buffer, &map, GST_MAP_READ)) return true;
  const guint8* begin = map.data;
  const guint8* end = begin + map.size;
  const auto* found = std::search(begin, end, kPictureStart.begin(), kPictureStart.end());
  const bool known = end - found > static_cast<std::ptrdiff_t>(kPictureStart.size());
  const bool is_b = known && found[kPictureStart.size()] >> 6 == kBPicture;
  gst_buffer_unmap(buffer, &map);
  return is_b;
}

}  // namespace

bool is_shown_in_place(const GstCaps* caps, const GstBuffer* picture) {
  if (!caps) return false;
  const GstStructure* structure = gst_caps_get_structure(caps, 0);
  const std::string_view name = gst_structure_get_name(structure);
  int version = 0;
  gst_structure_get_int(structure, "mpegversion", &version);
  const bool mpeg4 = std::ranges::find(kMpeg4, name) != kMpeg4.end() || (name == "video/mpeg" && version == 4);
  return mpeg4 ? !is_b_picture(picture) : std::ranges::find(kReordered, name) == kReordered.end();
}

BufferPtr with_pts(BufferPtr picture) {
  picture = BufferPtr::adopt(gst_buffer_make_writable(picture.to_c()));
  GST_BUFFER_PTS(picture.get()) = GST_BUFFER_DTS(picture.get());
  return picture;
}

}  // namespace klingv2a
