// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The sounds of a row of clips become one continuous sound, a clip at a time: each join waits for the clip after it,
// and no longer. In memory are two clips, their context of at most three seconds, and what a join takes to be found.
//
// Deterministic: the same clips give the same bits, however much of the row comes before or after. A join that was
// found earlier is done again as it was.
//
// One thread.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "join/figures.h"
#include "join/join.h"

namespace klingv2a::join {

// A clip of the row, with its sound. All times are frames on one timeline.
struct RowClip {
  // From `shown_begin` on: what the service was shown, with handles or longer. Empty: the clip has no sound, and there
  // is silence over its range. So there is where a sound does not cover the clip's range.
  std::vector<float> samples;
  std::int64_t shown_begin = 0;
  // What it is played over. `begin` is where the clip before ends, and not after `end`. A long silence is better given
  // as several clips: a piece is as long as its clip.
  std::int64_t begin = 0, end = 0;
  Kind begins = Kind::inside;  // what the join with the clip before is, if both have a sound
  // The join with the clip before as it was found earlier. It is done again, unless one of the two is new.
  std::optional<Join> found;
  // Another take than the one that joins were found with. It is fitted to both neighbours, which stay as they are
  // outside the joins with it.
  bool is_new_take = false;
};

// A join that was made: to be kept, and to be reported.
struct MadeJoin {
  std::int64_t border = 0;  // frame of the timeline
  Join join;
  std::optional<Figures> figures;  // nothing: too little sound on one side
};

class RowJoiner {
 public:
  // The range of one clip, final.
  struct Piece {
    std::vector<float> samples;
    std::int64_t begin = 0, end = 0;
  };

  explicit RowJoiner(const Format& format) noexcept : format_(format) {}

  // The clip before is final by this: its piece. Nothing for the first clip. Throws std::bad_alloc; then the row cannot
  // be continued.
  std::optional<Piece> add(RowClip clip);
  // The last clip's piece; nothing without any. The next clip begins another row.
  std::optional<Piece> finish();

  // The one that the last add() made; nothing for the first clip.
  [[nodiscard]] const std::optional<MadeJoin>& made() const noexcept { return made_; }

 private:
  // A clip and what was heard before it, joined up to the fade of its own beginning.
  struct Waiting {
    std::vector<float> samples;
    std::int64_t samples_begin = 0, begin = 0, end = 0;
    std::int64_t final_until = 0;  // where the fade with the clip before ends
    Places own;
    bool is_new_take = false, is_silent = false;
    [[nodiscard]] std::vector<float>::iterator at(const Format& format, std::int64_t frame);
  };
  // On the timeline.
  struct Fade {
    std::int64_t begin, end;
    std::vector<float> samples;
  };

  [[nodiscard]] Waiting prepared(RowClip& clip) const;
  [[nodiscard]] Neighbours neighbours(const Waiting& later) const;
  [[nodiscard]] Join join_with(Waiting& later, const RowClip& clip, const Neighbours& sounds, const Places& own);
  void apply(const Fit& fit, Waiting& clip, std::int64_t border) const;
  Piece fade_into(Waiting& later, const Neighbours& sounds, const Join& join);
  [[nodiscard]] std::vector<float> head_of(const Waiting& later, const Fade& fade);
  void complete(Waiting& later, const Fade& fade);
  static Piece piece_of(Waiting clip, const Format& format);

  const Format format_;
  std::optional<Waiting> waiting_;
  std::optional<MadeJoin> made_;
};

}  // namespace klingv2a::join
