// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What klingv2abin does to the `moov` that mp4mux or qtmux have finished: edit lists, Opus headers, the details of the
// input, and the mark. Pure functions on bytes; any thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "edit_list.h"
#include "movie_copy.h"

namespace klingv2a {

struct MovieFinish {
  StartTrim trim;
  std::shared_ptr<const FileDetails> input;  // without a movie: the muxer's own tags stay
  std::vector<TrackOrigin> origins;          // in the order of the tracks
  bool quicktime = false;
  std::string mark;  // empty: none
};

struct FinishedMovie {
  Bytes bytes;                    // the `moov`, and what stands behind it
  std::vector<std::string> lost;  // what could not be done, sentences
};

[[nodiscard]] FinishedMovie finish_movie(View moov, const MovieFinish& finish);

}  // namespace klingv2a
