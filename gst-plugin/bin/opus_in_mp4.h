// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Opus as MP4 and QuickTime files keep it ("Encapsulation of Opus in ISO Base Media File Format"), which GStreamer's
// muxers do not quite write. Any thread; an object on one streaming thread.
#pragma once

#include <gst/gst.h>

#include "edit_list.h"
#include "gst_ptr.h"

namespace klingv2a {

// What an encoder puts before the first sample to be heard: libopus's look-ahead, 312 samples of 48 kHz.
inline constexpr int kOpusPreSkip = 312;

// opusenc counts from the first sample to be heard, and its first packet is shorter by the pre-skip. An edit list can
// hide that only where the packets' times count from the first coded sample.
class CodedOpusTimes {
 public:
  [[nodiscard]] BufferPtr counted(BufferPtr packet);

 private:
  bool is_first_ = true;
};

// mp4mux and qtmux before 1.24 write the numbers of the box `dOps` with their bytes reversed, and players then leave
// out the first third of a second. `moov` is the whole box; its length stays.
void mend_opus_headers(Bytes& moov);

}  // namespace klingv2a
