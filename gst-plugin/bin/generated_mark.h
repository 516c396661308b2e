// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The tag in the output that says that its sound is generated. It is added to the comment that the input may have; no
// other tag changes. Used by the video's streaming thread only, from the first tag to the first picture.
#pragma once

#include <gst/gst.h>

#include <string>

#include "gst_ptr.h"

namespace klingv2a {

// The mark, and the name of its tag where tags have free names.
inline constexpr const char* kMarkName = "SOUND_GENERATED_BY";
[[nodiscard]] std::string generated_mark();

class GeneratedMark {
 public:
  // A tag event on its way to the muxer; a comment of the whole file comes back with the mark added.
  [[nodiscard]] EventPtr add_to(EventPtr tag);
  // Before the first picture: the mark as a tag of its own, if no comment has taken it; else null.
  [[nodiscard]] EventPtr take();

 private:
  bool placed_ = false;
};

}  // namespace klingv2a
