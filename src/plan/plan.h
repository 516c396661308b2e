// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The words of a plan: where a video of any length is cut into clips that the service takes, and why there. Plain
// values; any thread. All times are running times.
//
//       border            border            border
//   ------|-----------------|-----------------|------
//         [  clip 1         )[  clip 2        )        what each clip's sound is played over
//      [                      )                        what the service is shown of clip 1: with its handles
//                        [                      )      ... of clip 2
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "nanoseconds.h"

namespace klingv2a::plan {

// In millionths of a paid clip. Integers, so that every machine and compiler finds the same plan.
using Cost = std::int64_t;
inline constexpr Cost kClip = 1'000'000;

// What the video does where two clips meet.
enum class Place {
  edge,         // the video, or a range that is skipped, begins or ends: there is no join
  shot_change,  // a cut of the video itself
  gradual,      // the middle of a dissolve or a fade
  inside,       // inside a shot: the join is heard, if it is heard anywhere
};

// "edge", "shot-change", "gradual", "inside".
[[nodiscard]] const char* to_string(Place place) noexcept;

// Where two clips may meet: at a frame.
struct Border {
  Nanoseconds at = 0;
  Place place = Place::inside;
  Cost weight = kClip;         // of a join inside a shot, see inside_weight(); other places have none
  bool required = false;       // somebody asked for it: clips never run across
  bool skipped_after = false;  // with `required`: nothing is paid for up to the next required border
  friend bool operator==(const Border&, const Border&) = default;
};

// How bad a join inside a shot is there: 0.5 + motion + loudness, in clips. Both 0..1: how much the frames differ from
// each other, and how loud the original is. Rounded to thousandths; what is outside the range, or no number, is brought
// into it.
[[nodiscard]] Cost inside_weight(double motion, double loudness);

// Kling's limits, and what the joins need.
struct Settings {
  Cost join_price = kClip / 2;  // of a join inside a shot with the weight 1
  // A copy costs computing, and shows the service a little less than the video itself: where nothing else differs, no
  // transcoding.
  Cost transcode_price = kClip / 100;
  // Of what the service is shown. Source: Kling's "Video to Audio" page.
  Nanoseconds shortest = 3 * kSecond, longest = 20 * kSecond;
  // What a clip sees of its neighbour, on each side.
  Nanoseconds handle_at_change = 40 * kMillisecond, handle_inside = 500 * kMillisecond;
  // How much later than a frame that is shown the packets may end that it needs (B-frames).
  Nanoseconds reorder = 0;
  bool may_remux = true, may_transcode = true;

  [[nodiscard]] Nanoseconds handle(Place place) const noexcept;
  [[nodiscard]] Cost price_of(const Border& border) const noexcept;
};

struct Range {
  Nanoseconds begin = 0, end = 0;
  [[nodiscard]] Nanoseconds length() const noexcept { return end - begin; }
  friend bool operator==(const Range&, const Range&) = default;
};

enum class Way {
  remux,      // the service is shown the packets themselves, from the key frame before
  transcode,  // ... a copy, which begins at the first frame shown
  skip,       // nothing: the range is not paid for
};

// A clip of the plan.
struct PlannedClip {
  Range range;  // its sound is played over this
  Range shown;  // with the handles; within the service's limits. Of a skipped one: the same as `range`
  Way way = Way::remux;
  Nanoseconds decoded_from = 0;  // the key frame at or before shown.begin; of a copy and a skipped one: shown.begin
  bool paid = false;             // it was paid for earlier
  Border begins_at, ends_at;
  friend bool operator==(const PlannedClip&, const PlannedClip&) = default;
};

// A plan in figures.
struct Summary {
  unsigned clips = 0;       // that are or were paid for
  unsigned new_clips = 0;   // of them, to be paid for
  unsigned transcoded = 0;  // of them, shown as a copy
  unsigned skipped = 0;
  unsigned joins_inside = 0, joins_gradual = 0, joins_at_changes = 0;
};

[[nodiscard]] Summary summarize(const std::vector<PlannedClip>& clips);

}  // namespace klingv2a::plan
