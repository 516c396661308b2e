// SPDX-License-Identifier: LGPL-2.1-or-later
#include "opus_in_mp4.h"

#include <algorithm>
#include <string_view>

namespace klingv2a {

namespace {

constexpr guint64 kRate = 48000;
constexpr std::string_view kType = "dOps";
// From the type on: version, channels, pre-skip (16 bits), input rate (32 bits), gain (16 bits).
constexpr std::ptrdiff_t kPreSkip = 6, kInputRate = 8, kGain = 12, kEnd = 14;
constexpr std::size_t kSize = 4;                    // before the type: how long the box is
constexpr guint32 kLargest = 4 + 4 + 11 + 2 + 255;  // with a mapping of channels
constexpr guint32 kHighestRate = 768000;

GstClockTime pre_skip() {
  return gst_util_uint64_scale(kOpusPreSkip, GST_SECOND, kRate);
}

std::uint32_t reversed(std::uint32_t number) {
  return GUINT32_SWAP_LE_BE(number);
}

// `box`: from its type on.
void mend(std::span<std::uint8_t> box) {
  const auto rate = static_cast<std::uint32_t>(movie::read({box.data(), box.size()}, kInputRate, 4));
  if (rate <= kHighestRate || reversed(rate) > kHighestRate) return;
  const auto at = [&](std::ptrdiff_t offset) { return box.begin() + offset; };
  std::reverse(at(kPreSkip), at(kInputRate));
  std::reverse(at(kInputRate), at(kGain));
  std::reverse(at(kGain), at(kEnd));
}

}  // namespace

BufferPtr CodedOpusTimes::counted(BufferPtr packet) {
  auto* buffer = gst_buffer_make_writable(packet.to_c());
  if (std::exchange(is_first_, false)) {
    if (GST_BUFFER_DURATION_IS_VALID(buffer)) GST_BUFFER_DURATION(buffer) += pre_skip();
  } else {
    if (GST_BUFFER_PTS_IS_VALID(buffer)) GST_BUFFER_PTS(buffer) += pre_skip();
    if (GST_BUFFER_DTS_IS_VALID(buffer)) GST_BUFFER_DTS(buffer) += pre_skip();
  }
  return BufferPtr::adopt(buffer);
}

void mend_opus_headers(Bytes& moov) {
  auto from = moov.begin();
  while (true) {
    const auto found = std::search(from, moov.end(), kType.begin(), kType.end());
    if (moov.end() - found < kEnd) return;
    const auto offset = static_cast<std::size_t>(found - moov.begin());
    const auto size = offset < kSize ? 0 : movie::read(moov, offset - kSize, 4);
    if (size >= kSize + kEnd && size <= kLargest) mend({found, found + kEnd});
    from = found + kEnd;
  }
}

}  // namespace klingv2a
