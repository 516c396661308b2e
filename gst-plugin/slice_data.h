// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The part of a coded video that no container, parser or muxer changes: the slices of its pictures. Parameter sets,
// AUD, SEI and filler come and go with whoever wrote the file, and so does the framing; the slices stay byte for byte.
// Pure functions; any thread.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <string_view>

#include "gst_ptr.h"

namespace klingv2a {

// A slice NAL unit with its header, without framing and without what may follow its last set bit (zero bytes,
// cabac_zero_words). Valid during the call only.
using SliceVisitor = std::function<void(std::span<const std::byte>)>;

// A NAL unit with its header, without framing, and its type. Valid during the call only.
using UnitVisitor = std::function<void(unsigned type, std::span<const std::byte>)>;

// Whether the codec of `caps` is one whose slices are known here: H.264 or H.265.
[[nodiscard]] bool has_slices(const GstCaps* caps);

// Shows `visit` the slices of one buffer (an access unit, or a NAL unit) in decode order.
// Throws Error{input} for caps whose framing is not known, and for a buffer that does not keep to it.
void visit_slices(const GstCaps* caps, GstBuffer* buffer, const SliceVisitor& visit);

// The same for all NAL units.
void visit_units(const GstCaps* caps, GstBuffer* buffer, const UnitVisitor& visit);

// Shows `visit` the NAL units that stand in codec_data (avcC, hvcC), if there is one. Throws likewise.
void visit_parameter_sets(const GstCaps* caps, const UnitVisitor& visit);

// "h264" or "h265". Throws Error{input} for caps of a codec whose slices are not known.
[[nodiscard]] std::string_view codec_name(const GstCaps* caps);

}  // namespace klingv2a
