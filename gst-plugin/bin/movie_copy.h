// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Puts the details of an MP4 or QuickTime input into the `moov` of the finished output, box by box as they came, where
// mp4mux and qtmux would write less, or something else. What is kept and what is not says movie_detail_rows(). Pure
// functions on bytes; any thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "details.h"

namespace klingv2a {

// Where a track of the output comes from.
struct TrackOrigin {
  std::uint64_t id = 0;  // of the input's track; 0: it is new
  TrackUse use = TrackUse::copied;
  bool is_named = false;  // its name is ours
};

struct CopiedMovie {
  Bytes moov;
  std::vector<std::string> lost;  // what turned out not to fit the packets that were written
};

// `origins` in the order of the output's tracks. `quicktime`: the output is a QuickTime file. Nullopt if one of the two
// cannot be read; the output is then better left as it is.
[[nodiscard]] std::optional<CopiedMovie> with_details(View moov, View input, const std::vector<TrackOrigin>& origins,
                                                      bool quicktime);

// With a piece of metadata of our own (iTunes' "----"): the others stay as they are. Nullopt as above.
[[nodiscard]] std::optional<Bytes> with_metadata(View moov, const std::string& name, const std::string& value);

}  // namespace klingv2a
