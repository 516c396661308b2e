// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Fuzz target: a result is decoded, in this process. It is a sound of the length that was asked for, or an Error.
#include <gst/gst.h>

#include <span>

#include "fuzz_target.h"
#include "soundtrack.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace klingv2a;  // NOLINT(google-build-using-namespace)
  static const bool begun = (gst_init(nullptr, nullptr), true);
  if (!begun) return 0;
  static const auto caps =
      CapsPtr::adopt(gst_caps_from_string("audio/x-raw,format=S16LE,layout=interleaved,rate=48000,channels=2"));
  SpoolFile file;
  file.write_at(0, std::as_bytes(std::span(data, size)));
  fuzz::refuses_at_most([&] {
    const auto sound = decode_soundtrack(file, caps, {0, static_cast<Nanoseconds>(GST_SECOND) / 10}, nullptr);
    fuzz::require(sound->samples() == 4800);
  });
  return 0;
}
