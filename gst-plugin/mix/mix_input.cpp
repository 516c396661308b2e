// SPDX-License-Identifier: LGPL-2.1-or-later
#include "mix/mix_input.h"

#include <utility>

#include "error.h"
#include "log.h"
#include "read_map.h"

namespace klingv2a {

namespace {

// How far a timestamp may be from where the samples so far end, before it is believed rather than they.
constexpr std::int64_t kTolerance = kMixRate / 50;                 // 20 ms
constexpr std::int64_t kToleranceAtDiscont = kMixRate * 2 / 1000;  // 2 ms: rounded timestamps, no jump; also of a GAP

mix::Channel channel_at(GstAudioChannelPosition position) {
  using mix::Channel;
  switch (position) {
    case GST_AUDIO_CHANNEL_POSITION_NONE:
    case GST_AUDIO_CHANNEL_POSITION_INVALID:
      return Channel::none;
    case GST_AUDIO_CHANNEL_POSITION_MONO:
      return Channel::mono;
    case GST_AUDIO_CHANNEL_POSITION_FRONT_LEFT:
      return Channel::front_left;
    case GST_AUDIO_CHANNEL_POSITION_FRONT_RIGHT:
      return Channel::front_right;
    case GST_AUDIO_CHANNEL_POSITION_FRONT_CENTER:
      return Channel::front_center;
    case GST_AUDIO_CHANNEL_POSITION_LFE1:
    case GST_AUDIO_CHANNEL_POSITION_LFE2:
      return Channel::lfe;
    case GST_AUDIO_CHANNEL_POSITION_REAR_LEFT:
    case GST_AUDIO_CHANNEL_POSITION_SURROUND_LEFT:
      return Channel::rear_left;
    case GST_AUDIO_CHANNEL_POSITION_REAR_RIGHT:
    case GST_AUDIO_CHANNEL_POSITION_SURROUND_RIGHT:
      return Channel::rear_right;
    case GST_AUDIO_CHANNEL_POSITION_REAR_CENTER:
      return Channel::rear_center;
    case GST_AUDIO_CHANNEL_POSITION_SIDE_LEFT:
      return Channel::side_left;
    case GST_AUDIO_CHANNEL_POSITION_SIDE_RIGHT:
      return Channel::side_right;
    case GST_AUDIO_CHANNEL_POSITION_FRONT_LEFT_OF_CENTER:
    case GST_AUDIO_CHANNEL_POSITION_WIDE_LEFT:
    case GST_AUDIO_CHANNEL_POSITION_TOP_FRONT_LEFT:
    case GST_AUDIO_CHANNEL_POSITION_TOP_REAR_LEFT:
    case GST_AUDIO_CHANNEL_POSITION_TOP_SIDE_LEFT:
    case GST_AUDIO_CHANNEL_POSITION_BOTTOM_FRONT_LEFT:
      return Channel::other_left;
    case GST_AUDIO_CHANNEL_POSITION_FRONT_RIGHT_OF_CENTER:
    case GST_AUDIO_CHANNEL_POSITION_WIDE_RIGHT:
    case GST_AUDIO_CHANNEL_POSITION_TOP_FRONT_RIGHT:
    case GST_AUDIO_CHANNEL_POSITION_TOP_REAR_RIGHT:
    case GST_AUDIO_CHANNEL_POSITION_TOP_SIDE_RIGHT:
    case GST_AUDIO_CHANNEL_POSITION_BOTTOM_FRONT_RIGHT:
      return Channel::other_right;
    default:
      return Channel::other_center;
  }
}

}  // namespace

std::int64_t to_frames(GstClockTime time) {
  return static_cast<std::int64_t>(gst_util_uint64_scale_round(time, kMixRate, GST_SECOND));
}

GstClockTime to_time(std::int64_t frames) {
  return gst_util_uint64_scale_round(static_cast<guint64>(frames), GST_SECOND, kMixRate);
}

mix::Layout layout_of(const GstAudioInfo& info) {
  mix::Layout layout;
  for (int number = 0; number < GST_AUDIO_INFO_CHANNELS(&info); ++number)
    layout.push_back(GST_AUDIO_INFO_IS_UNPOSITIONED(&info) ? mix::Channel::none : channel_at(info.position[number]));
  return layout;
}

MixInput::MixInput(Begin begin) : begin_(std::move(begin)) {
  gst_segment_init(&segment_, GST_FORMAT_TIME);
}

void MixInput::set_info(const GstAudioInfo& info) {
  info_ = info;
  const auto layout = layout_of(info);
  if (layout_.empty()) layout_ = layout;
  conversion_ = layout == layout_ ? std::vector<mix::Route>{} : mix::routes(layout, layout_);
}

// What the meta and the segment say is not to be heard is cut; null when nothing is left.
BufferPtr MixInput::clipped(BufferPtr buffer) const {
  const auto frame_bytes = static_cast<gsize>(GST_AUDIO_INFO_BPF(&info_));
  const auto* meta = gst_buffer_get_audio_clipping_meta(buffer.get());
  if (meta && meta->format == GST_FORMAT_DEFAULT && (meta->start > 0 || meta->end > 0)) {
    const gsize frames = gst_buffer_get_size(buffer.get()) / frame_bytes;
    if (meta->start + meta->end >= frames) return {};
    const auto start = static_cast<gsize>(meta->start);
    const GstClockTime pts = GST_BUFFER_PTS(buffer.get());
    buffer = BufferPtr::adopt(gst_audio_buffer_truncate(buffer.to_c(), static_cast<gint>(frame_bytes), start,
                                                        frames - start - static_cast<gsize>(meta->end)));
    if (GST_CLOCK_TIME_IS_VALID(pts)) GST_BUFFER_PTS(buffer.get()) = pts + to_time(static_cast<std::int64_t>(start));
  }
  if (!GST_BUFFER_PTS_IS_VALID(buffer.get())) return buffer;
  return BufferPtr::adopt(gst_audio_buffer_clip(buffer.to_c(), &segment_, kMixRate, static_cast<gint>(frame_bytes)));
}

std::optional<GstClockTime> MixInput::running_time(GstClockTime timestamp) const {
  const auto time = gst_segment_to_running_time(&segment_, GST_FORMAT_TIME, timestamp);
  if (!GST_CLOCK_TIME_IS_VALID(time)) return std::nullopt;
  return time;
}

void MixInput::begin(GstClockTime start) {
  start_frame_ = to_frames(start);
  track_ = begin_({layout_, start, start_frame_});
}

// Fills a hole before `at`; returns how many frames of what is there are already taken.
std::int64_t MixInput::place(GstClockTime at, std::int64_t tolerance) {
  if (!track_) begin(at);
  const std::int64_t distance = to_frames(at) - start_frame_ - track_->frames();
  if (std::abs(distance) <= tolerance) return 0;
  if (distance > to_frames(kLongest))
    throw make_error(ErrorKind::input, Phase::hold, "the timestamps of the sound jump by more than 24 hours");
  GST_DEBUG("timestamps jump by %" G_GINT64_FORMAT " samples at %" GST_TIME_FORMAT, distance, GST_TIME_ARGS(at));
  track_->append_silence(std::max<std::int64_t>(distance, 0));
  return std::max<std::int64_t>(-distance, 0);
}

void MixInput::add(BufferPtr buffer) {
  buffer = clipped(std::move(buffer));
  if (!buffer || gst_buffer_get_size(buffer.get()) == 0) return;
  const bool is_discont = GST_BUFFER_FLAG_IS_SET(buffer.get(), GST_BUFFER_FLAG_DISCONT);
  // Without a timestamp it follows what came before.
  auto pts = GST_BUFFER_PTS(buffer.get());
  if (!GST_CLOCK_TIME_IS_VALID(pts) && !track_) pts = segment_.start;
  const auto at = GST_CLOCK_TIME_IS_VALID(pts) ? running_time(pts) : std::nullopt;
  append(buffer.get(), at ? place(*at, is_discont ? kToleranceAtDiscont : kTolerance) : 0);
}

void MixInput::add_gap(GstClockTime timestamp, GstClockTime duration) {
  if (!GST_CLOCK_TIME_IS_VALID(timestamp) || !GST_CLOCK_TIME_IS_VALID(duration)) return;
  guint64 start = 0, stop = 0;
  if (!gst_segment_clip(&segment_, GST_FORMAT_TIME, timestamp, timestamp + duration, &start, &stop)) return;
  const auto from = running_time(start), to = running_time(stop);
  if (layout_.empty() || !from || !to) return;
  if (!track_) begin(*from);
  place(*to, kToleranceAtDiscont);
}

void MixInput::append(GstBuffer* buffer, std::int64_t skipped_frames) {
  const ReadMap map(buffer);
  const auto channels = static_cast<std::size_t>(GST_AUDIO_INFO_CHANNELS(&info_));
  const std::size_t frames = map.bytes().size() / (channels * sizeof(float));
  const auto skipped = static_cast<std::size_t>(skipped_frames);
  if (skipped >= frames) return;
  // GStreamer's memory is aligned for any sample.
  const std::span samples(reinterpret_cast<const float*>(map.bytes().data()) + skipped * channels,
                          (frames - skipped) * channels);
  if (conversion_.empty()) return track_->append(samples);
  std::vector<float> converted((frames - skipped) * layout_.size(), 0.0F);
  mix::add_routed(conversion_, {samples, channels}, 1, {}, converted, layout_.size());
  track_->append(converted);
}

}  // namespace klingv2a
