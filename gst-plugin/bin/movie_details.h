// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The details of MP4 and QuickTime files (ISO/IEC 14496-12, -14, -15, -30; Apple's QuickTime File Format; iTunes' and
// Nero's lists; 3GPP TS 26.244; Dolby's, Google's and Apple's own boxes). Everything is read with bounds; what is not
// as the format says is a detail that cannot be kept.
#pragma once

#include <gst/gst.h>

#include <span>

#include "details.h"

namespace klingv2a {

// From the file that `source` reads, on the demuxer's streaming thread. Empty for another container.
[[nodiscard]] FileDetails read_movie_details(GstPad* source);

// The same from the bytes of a `moov`, header included. Pure.
void list_movie_details(View moov, FileDetails& file);

// All that is known, place by place.
[[nodiscard]] std::span<const DetailRow> movie_detail_rows();

}  // namespace klingv2a
