// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plan/listed_shots.h"

namespace klingv2a::plan {

void ListedShots::add(Nanoseconds frame) {
  const bool rises = frames_.empty() ? !before_ || frame > *before_ : frame > frames_.back();
  if (rises) frames_.push_back(frame);
}

std::optional<FrameMark> ListedShots::next() {
  if (frames_.empty() || (frames_.size() == 1 && !ended_)) return std::nullopt;
  const FrameMark mark{.at = frames_.front(), .place = is_listed() ? Place::shot_change : Place::inside};
  before_ = mark.at;
  frames_.pop_front();
  return mark;
}

// Whether a time lies nearer to the first frame that waits than to its neighbours. Where the video begins is no change.
bool ListedShots::is_listed() {
  const auto frame = frames_.front();
  const auto gap = frames_.size() > 1 ? frames_[1] - frame : frame - before_.value_or(frame);
  bool listed = false;
  for (; passed_ < changes_.size() && changes_[passed_] - frame < gap - gap / 2; ++passed_)
    listed = before_.has_value();
  return listed;
}

}  // namespace klingv2a::plan
