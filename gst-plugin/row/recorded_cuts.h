// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Where earlier runs have cut the same media: what was paid for is found again only by whoever cuts at the same places.
// Records are asked for before a cut is computed, and written before its clip is paid.
//
// Threads: none of its own; made, used and destroyed on one thread (the cutter's). Blocks on the store.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "clip.h"
#include "clock.h"
#include "journal/plans.h"
#include "plan/plan.h"
#include "row/row_media.h"

namespace klingv2a {

class RecordedCuts {
 public:
  struct Settings {
    std::string journal, base_url;
    std::string planner;     // what the planner is given, for whoever reads the records
    bool is_written = true;  // of a dry run nothing is
  };
  // `beginning`: the media key of the video's first frames, after which the first clip is cut. Throws
  // Error{disk|settings|cancelled}; then nothing is paid.
  RecordedCuts(Settings settings, const std::string& beginning, const GObjectPtr<GCancellable>& cancel);

  // The clip with this key was cut.
  void go_on_after(const std::string& media_key);
  // The cut that makes exactly what it made then, of the media from `begin` on. `must_wait`: more must be known to
  // tell.
  struct Found {
    plan::PlannedClip clip;
    std::string music;
  };
  [[nodiscard]] std::optional<Found> find(const RowMedia& media, const plan::Border& begin, bool is_ended,
                                          bool& must_wait);
  // Before the clip is paid. False: another run has cut after the same clip meanwhile, so find() again.
  [[nodiscard]] bool write(const RowMedia& media, const RowPlace& place, const std::string& media_key,
                           const std::string& music);

 private:
  enum class Fits { yes, no, not_known };
  [[nodiscard]] Fits fit(const journal::Cut& record, const RowMedia& media, const plan::Border& begin, bool is_ended,
                         plan::PlannedClip& clip) const;

  Settings settings_;
  std::shared_ptr<Clock> clock_;
  std::unique_ptr<journal::Plans> plans_;
  std::string before_;
  std::vector<journal::Cut> records_;  // after `before_`, of which it is not known that they do not fit
  std::int64_t newest_ = 0;            // id of the newest one after `before_`; 0: none
};

// Which frames a clip is made of, and which of them are shown.
[[nodiscard]] std::string media_key_of(const RangePackets& packets);

}  // namespace klingv2a
