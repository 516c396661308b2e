// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The containers that klingv2abin writes: which muxer, and what this GStreamer's muxers do and do not carry, as they
// say themselves. Without state; any thread.
#pragma once

#include <gst/gst.h>

#include <optional>
#include <string_view>

#include "gst_ptr.h"

namespace klingv2a {

// `automatic`: as the input. `wav` is the sound alone.
enum class Container { automatic, mp4, mov, mkv, webm, ts, wav };

struct ContainerTraits {
  Container container;
  std::string_view name;  // as the property `mux` has it
  const char* muxer;      // the factory
  bool edit_lists;        // can trim the start of a track, so that no track has to be moved for it
  bool needs_dts;         // its muxer reckons with DTS
};

[[nodiscard]] const ContainerTraits& traits_of(Container container);

// The container of a file that typefind calls `caps`, if it is one that can be written.
[[nodiscard]] std::optional<Container> container_of(const GstCaps* caps);

// How the muxer takes a stream. Where its caps are whole, a muxer has been asked (muxer_trial.h).
enum class Carriage {
  as_it_is,
  reframed,    // its parser puts it into the framing that the muxer wants; the payload is the same
  plain_text,  // without its markup (plain_text.h)
  none,
};
[[nodiscard]] Carriage carriage(Container container, const GstCaps* caps);

// The name of the muxer's pad template that takes such a stream; null if none does.
[[nodiscard]] const char* pad_template_for(Container container, const GstCaps* caps);

GType container_get_type();

}  // namespace klingv2a
