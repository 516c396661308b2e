// SPDX-License-Identifier: LGPL-2.1-or-later
#include "hold.h"

#include <algorithm>
#include <utility>

namespace klingv2a {

void Hold::push(HeldItem item) {
  if (item.time)
    last_ = *item.time;
  else
    item.time = last_;
  if (GST_IS_BUFFER(item.object.get())) ++buffers_;
  memory_ += item.memory;
  items_.push_back(std::move(item));
}

HeldItem Hold::pop() {
  HeldItem item = std::move(items_.front());
  items_.pop_front();
  if (GST_IS_BUFFER(item.object.get())) --buffers_;
  memory_ -= item.memory;
  return item;
}

Nanoseconds Hold::front_time() const {
  return items_.empty() ? kNever : items_.front().time.value_or(kNever);
}

Hold Hold::split(Nanoseconds time) {
  const auto is_before = [&](const HeldItem& item) { return item.time.value_or(kNever) < time; };
  const auto stay = std::distance(std::find_if(items_.rbegin(), items_.rend(), is_before), items_.rend());
  auto items = std::exchange(items_, {});
  *this = {};
  Hold rest;
  for (std::ptrdiff_t i = 0; auto& item : items) (i++ < stay ? *this : rest).push(std::move(item));
  return rest;
}

void Hold::leave_out_frames() {
  auto items = std::exchange(items_, {});
  *this = {};
  for (auto& item : items) {
    if (!GST_IS_EVENT(item.object.get())) continue;
    const auto* event = GST_EVENT_CAST(item.object.get());
    if (GST_EVENT_IS_STICKY(event) && GST_EVENT_TYPE(event) != GST_EVENT_EOS) push({.object = std::move(item.object)});
  }
}

std::deque<HeldItem> Hold::take_sticky() {
  std::deque<HeldItem> kept;
  for (auto& item : items_) {
    if (!GST_IS_EVENT(item.object.get())) continue;
    const auto* event = GST_EVENT_CAST(item.object.get());
    const bool of_this_play = GST_EVENT_TYPE(event) == GST_EVENT_SEGMENT || GST_EVENT_TYPE(event) == GST_EVENT_EOS;
    if (GST_EVENT_IS_STICKY(event) && !of_this_play) kept.push_back({.object = std::move(item.object)});
  }
  *this = {};
  return kept;
}

BufferPtr out_of_pool(BufferPtr buffer) {
  if (!buffer.get()->pool) return buffer;
  return BufferPtr::adopt(gst_buffer_copy_deep(buffer.get()));
}

}  // namespace klingv2a
