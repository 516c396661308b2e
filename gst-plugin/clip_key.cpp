// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clip_key.h"

#include <gst/video/video.h>

#include "coded_payload.h"
#include "read_map.h"
#include "slice_data.h"

namespace klingv2a {

namespace {

void add_settings(journal::KeyHash& key, const RunSettings& settings) {
  const auto& request = settings.cycle.request;
  key.add_field("service", journal::normalized_base_url(settings.cycle.service.base_url));
  key.add_field("sound-effect-prompt", request.sound_effect_prompt);
  key.add_field("bgm-prompt", request.bgm_prompt);
  key.add_field("asmr-mode", request.asmr_mode ? "true" : "false");
  key.add_field("take", std::to_string(settings.take));
}

// A raw video's frame, with the layout that its GstVideoMeta or else its caps give.
class RawFrame {
 public:
  RawFrame(const GstCaps* caps, GstBuffer* buffer) {
    GstVideoInfo info;
    if (!gst_video_info_from_caps(&info, caps) || !gst_video_frame_map(&frame_, &info, buffer, GST_MAP_READ))
      throw make_error(ErrorKind::input, Phase::hold, "a frame of the raw video does not fit " + to_text(caps));
  }
  ~RawFrame() { gst_video_frame_unmap(&frame_); }
  RawFrame(const RawFrame&) = delete;
  RawFrame& operator=(const RawFrame&) = delete;

  [[nodiscard]] const GstVideoInfo& info() const { return frame_.info; }
  [[nodiscard]] guint planes() const { return GST_VIDEO_FRAME_N_PLANES(&frame_); }
  // The pixels of one row of a plane, without what only aligns it.
  [[nodiscard]] std::span<const std::byte> row(guint plane, int number) const {
    const auto* data = static_cast<const std::byte*>(GST_VIDEO_FRAME_PLANE_DATA(&frame_, plane));
    return {data + static_cast<gssize>(number) * GST_VIDEO_FRAME_PLANE_STRIDE(&frame_, plane), row_size(plane)};
  }
  [[nodiscard]] int rows(guint plane) const { return GST_VIDEO_FRAME_COMP_HEIGHT(&frame_, component_of(plane)); }

 private:
  [[nodiscard]] guint component_of(guint plane) const {
    guint component = 0;
    while (component + 1 < GST_VIDEO_FRAME_N_COMPONENTS(&frame_) &&
           GST_VIDEO_FRAME_COMP_PLANE(&frame_, component) != plane)
      ++component;
    return component;
  }
  // Formats that pack pixels in a way of their own have no pixel stride: there the whole row counts.
  [[nodiscard]] std::size_t row_size(guint plane) const {
    const guint component = component_of(plane);
    const auto stride = static_cast<std::size_t>(GST_VIDEO_FRAME_PLANE_STRIDE(&frame_, plane));
    const auto pixel = static_cast<std::size_t>(GST_VIDEO_FRAME_COMP_PSTRIDE(&frame_, component));
    const auto visible = pixel * static_cast<std::size_t>(GST_VIDEO_FRAME_COMP_WIDTH(&frame_, component));
    return visible == 0 ? stride : std::min(visible, stride);
  }

  GstVideoFrame frame_{};
};

}  // namespace

ClipKey::ClipKey(const RunSettings& settings) {
  add_settings(hash_, settings);
}

void ClipKey::add_codec(const GstCaps* caps) {
  if (std::exchange(codec_known_, true)) return;
  hash_.add_field("codec", has_slices(caps) ? std::string(codec_name(caps)) : payload_name(caps));
  if (!gst_structure_has_name(gst_caps_get_structure(caps, 0), "video/x-raw")) return;
  GstVideoInfo info;
  if (!gst_video_info_from_caps(&info, caps)) return;  // the first frame says so
  const GCharPtr colorimetry(gst_video_colorimetry_to_string(&info.colorimetry));
  hash_.add_field("format", GST_VIDEO_INFO_NAME(&info));
  hash_.add_field("size",
                  std::to_string(GST_VIDEO_INFO_WIDTH(&info)) + "x" + std::to_string(GST_VIDEO_INFO_HEIGHT(&info)));
  hash_.add_field("colorimetry", colorimetry ? colorimetry.get() : "");
}

void ClipKey::add_part(std::span<const std::byte> part) {
  hash_.add_slice(part);
  empty_ = false;
}

void ClipKey::add_pixels(const GstCaps* caps, GstBuffer* buffer) {
  const RawFrame frame(caps, buffer);
  for (guint plane = 0; plane < frame.planes(); ++plane)
    for (int row = 0; row < frame.rows(plane); ++row) add_part(frame.row(plane, row));
}

void ClipKey::add(const GstCaps* caps, GstBuffer* buffer) {
  add_codec(caps);
  if (has_slices(caps)) return visit_slices(caps, buffer, [&](auto slice) { add_part(slice); });
  if (gst_structure_has_name(gst_caps_get_structure(caps, 0), "video/x-raw")) return add_pixels(caps, buffer);
  const ReadMap map(buffer);
  visit_payload(caps, map.bytes(), [&](auto part) { add_part(part); });
}

// As lengths of runs: which frames, however the container rounds their times.
void ClipKey::add_shown(const std::vector<bool>& shown) {
  std::string runs;
  for (std::size_t i = 0; i < shown.size();) {
    const auto begin = i;
    while (i < shown.size() && shown[i] == shown[begin]) ++i;
    runs += (shown[begin] ? "s" : "h") + std::to_string(i - begin);
  }
  hash_.add_field("shown", runs);
}

std::string ClipKey::hex() const {
  if (empty_) throw make_error(ErrorKind::input, Phase::hold, "no buffer of the clip holds a frame");
  return hash_.hex();
}

std::string planned_key(const RunSettings& settings, const std::string& media_key) {
  journal::KeyHash key;
  add_settings(key, settings);
  key.add_field("media", media_key);
  return key.hex();
}

std::string reference_key(const RunSettings& settings) {
  const auto& request = settings.cycle.request;
  journal::KeyHash key;
  add_settings(key, settings);
  key.add_field("video-id", request.video_id);
  key.add_field("video-url", journal::normalized_video_url(request.video_url));
  return key.hex();
}

}  // namespace klingv2a
