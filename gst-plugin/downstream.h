// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Does what a source pad is linked to take its stream? Most elements say so only when CAPS come, some muxers only when
// data do: asked before anything is paid, and again when data were refused, to name who it was.
//
// Any thread, with no lock held: it asks peers, and may push CAPS that the peer has not seen yet.
#pragma once

#include <gst/gst.h>

#include <optional>
#include <string>

namespace klingv2a {

// Who refuses the caps of `source`, and what they are: "opusenc0 (opusenc) refuses audio/x-raw, …". Nothing when they
// were taken as far as can be seen, and where nobody listens.
[[nodiscard]] std::optional<std::string> who_refuses(GstPad* source);

// "mux (matroskamux)": the element that `source` is linked to, or "nothing".
[[nodiscard]] std::string name_of_peer(GstPad* source);

}  // namespace klingv2a
