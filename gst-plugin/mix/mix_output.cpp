// SPDX-License-Identifier: LGPL-2.1-or-later
#include "mix/mix_output.h"

#include <memory>
#include <new>

#include "mix/mix_input.h"

namespace klingv2a {

std::size_t MixOutput::fill(GstBuffer* buffer, const Read& read) const {
  GstMapInfo map;
  if (!gst_buffer_map(buffer, &map, GST_MAP_WRITE)) throw std::bad_alloc();
  const auto unmap = [&](GstBuffer* mapped) { gst_buffer_unmap(mapped, &map); };
  const std::unique_ptr<GstBuffer, decltype(unmap)> mapped(buffer, unmap);
  const auto channels = static_cast<std::size_t>(GST_AUDIO_INFO_CHANNELS(&info_));
  return read({reinterpret_cast<float*>(map.data), kBufferFrames * channels});
}

BufferPtr MixOutput::next(const Read& read) {
  const auto frame_bytes = static_cast<gsize>(GST_AUDIO_INFO_BPF(&info_));
  auto buffer = BufferPtr::adopt(gst_buffer_new_allocate(nullptr, kBufferFrames * frame_bytes, nullptr));
  const std::size_t frames = fill(buffer.get(), read);
  if (frames == 0) return {};
  gst_buffer_set_size(buffer.get(), static_cast<gssize>(frames * frame_bytes));
  if (next_frame_ == 0) GST_BUFFER_FLAG_SET(buffer.get(), GST_BUFFER_FLAG_DISCONT);
  GST_BUFFER_PTS(buffer.get()) = end();
  GST_BUFFER_OFFSET(buffer.get()) = static_cast<guint64>(next_frame_);
  next_frame_ += static_cast<std::int64_t>(frames);
  GST_BUFFER_DURATION(buffer.get()) = end() - GST_BUFFER_PTS(buffer.get());
  GST_BUFFER_OFFSET_END(buffer.get()) = static_cast<guint64>(next_frame_);
  return buffer;
}

GstClockTime MixOutput::end() const {
  return start_ + to_time(next_frame_);
}

}  // namespace klingv2a
