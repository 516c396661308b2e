// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Fuzz target: packets of a video: their slices, their payload, and the order in which their pictures are shown. The
// first byte chooses the codec, the next two how long its header is.
#include <array>

#include "coded_payload.h"
#include "fuzz_target.h"
#include "picture_order.h"
#include "slice_data.h"

namespace {

using namespace klingv2a;  // NOLINT(google-build-using-namespace)

constexpr std::array kCodecs{"video/x-h264,stream-format=avc,alignment=au",
                             "video/x-h264,stream-format=byte-stream,alignment=au",
                             "video/x-h265,stream-format=hvc1,alignment=au",
                             "video/x-h265,stream-format=byte-stream,alignment=nal",
                             "video/mpeg,mpegversion=2,systemstream=false",
                             "video/mpeg,mpegversion=4,systemstream=false",
                             "video/mpeg,mpegversion=1,systemstream=false",
                             "video/x-av1",
                             "video/x-vp9",
                             "video/x-dirac",
                             "image/jpeg",
                             "video/x-prores"};

BufferPtr buffer_of(std::span<const std::uint8_t> bytes) {
  return BufferPtr::adopt(gst_buffer_new_memdup(bytes.data(), bytes.size()));
}

CapsPtr caps_of(std::uint8_t number, std::span<const std::uint8_t> header) {
  auto caps = CapsPtr::adopt(gst_caps_from_string(kCodecs.at(number % kCodecs.size())));
  if (!header.empty()) gst_caps_set_simple(caps.get(), "codec_data", GST_TYPE_BUFFER, buffer_of(header).get(), nullptr);
  return caps;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const bool begun = (gst_init(nullptr, nullptr), true);
  constexpr std::size_t kHead = 3;
  if (!begun || size < kHead) return 0;
  const std::span<const std::uint8_t> all(data + kHead, size - kHead);
  const auto header = std::min<std::size_t>(all.size(), std::size_t{data[1]} << 8U | data[2]);
  const auto caps = caps_of(data[0], all.first(header));
  const auto rest = all.subspan(header);
  std::size_t seen = 0;
  const auto count = [&](std::span<const std::byte> part) { seen += part.size(); };
  const auto unit = [&](unsigned, std::span<const std::byte> part) { seen += part.size(); };
  if (has_slices(caps.get())) (void)codec_name(caps.get());
  (void)payload_name(caps.get());
  if (has_slices(caps.get())) fuzz::refuses_at_most([&] { visit_parameter_sets(caps.get(), unit); });
  PictureOrder order;
  order.set_caps(caps);
  // Three pictures, of a third each.
  for (std::size_t part = 0; part < 3; ++part) {
    const auto buffer =
        buffer_of(rest.subspan(rest.size() * part / 3, rest.size() * (part + 1) / 3 - rest.size() * part / 3));
    if (has_slices(caps.get())) {
      fuzz::refuses_at_most([&] { visit_slices(caps.get(), buffer.get(), count); });
      fuzz::refuses_at_most([&] { visit_units(caps.get(), buffer.get(), unit); });
    }
    (void)order.next(buffer.get());
  }
  fuzz::refuses_at_most([&] { visit_payload(caps.get(), std::as_bytes(rest), count); });
  return 0;
}
