// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What says in the output that its sound is generated. It is a tag of its own, so that no tag of the user changes. MP4
// and QuickTime get it when their movie is finished (finished_movie.h). Matroska's muxers write only the tags that they
// know: they are given one of these that the file does not use, as a placeholder with room, which becomes the mark when
// it is written (matroska_tags.h).
#pragma once

#include <gst/gst.h>

#include <set>
#include <string>

#include "gst_ptr.h"

namespace klingv2a {

// The mark, and the name of its tag.
inline constexpr const char* kMarkName = "SOUND_GENERATED_BY";
[[nodiscard]] std::string generated_mark();

// Used by the video's streaming thread only, from the first tag to the first picture.
class MarkPlaceholder {
 public:
  // A tag event on its way to the muxer.
  void note(GstEvent* tag);
  // Before the first picture: the placeholder, once; else null, and where the file uses all the tags itself.
  [[nodiscard]] EventPtr take();

 private:
  std::set<std::string> used_;
  bool taken_ = false;
};

}  // namespace klingv2a
