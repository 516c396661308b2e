// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plan/border_maker.h"

#include <algorithm>

namespace klingv2a::plan {

namespace {

// Times may lie before 0.
Nanoseconds cell_of(Nanoseconds at) {
  return at / BorderMaker::kRaster - (at % BorderMaker::kRaster < 0 ? 1 : 0);
}

}  // namespace

void BorderMaker::add(const FrameMark& mark) {
  if (last_ && mark.at <= *last_) return;
  last_ = mark.at;
  marks_.push_back(mark);
  if (marks_.size() >= judged_ + kClearance) judge();
}

void BorderMaker::end() {
  while (judged_ < marks_.size()) judge();
  close_cell();
  complete_until_ = INT64_MAX;
}

std::optional<Border> BorderMaker::next() {
  if (ready_.empty()) return std::nullopt;
  const Border border = ready_.front();
  ready_.pop_front();
  return border;
}

void BorderMaker::judge() {
  const FrameMark& mark = marks_[judged_];
  open_cell(mark.at);
  if (mark.place == Place::shot_change)
    in_cell_.push_back({.at = mark.at, .place = Place::shot_change});
  else if (mark.place == Place::gradual && !is_near_change())
    consider_gradual(mark);
  else if (mark.place == Place::inside)
    consider_inside(mark);
  if (judged_ + 1 < kClearance)
    ++judged_;
  else
    marks_.pop_front();
}

bool BorderMaker::is_near_change() const {
  const auto from = judged_ + 1 > kClearance ? judged_ + 1 - kClearance : 0;
  const auto to = std::min(judged_ + kClearance, marks_.size());
  return std::any_of(marks_.begin() + static_cast<std::ptrdiff_t>(from),
                     marks_.begin() + static_cast<std::ptrdiff_t>(to),
                     [](const FrameMark& mark) { return mark.place == Place::shot_change; });
}

void BorderMaker::consider_gradual(const FrameMark& mark) {
  if (last_gradual_ && mark.at - *last_gradual_ <= kDissolve) return;
  last_gradual_ = mark.at;
  in_cell_.push_back({.at = mark.at, .place = Place::gradual});
}

void BorderMaker::consider_inside(const FrameMark& mark) {
  const double loudness = loudness_ ? loudness_(mark.at) : 0;
  const Cost weight = inside_weight(mark.motion, loudness);
  if (is_near_change() || (best_ && best_->weight <= weight)) return;
  best_ = Border{.at = mark.at, .place = Place::inside, .weight = weight};
}

void BorderMaker::open_cell(Nanoseconds at) {
  const auto cell = cell_of(at);
  if (cell == cell_) return;
  close_cell();
  cell_ = cell;
  complete_until_ = cell * kRaster;
}

void BorderMaker::close_cell() {
  if (best_) in_cell_.push_back(*best_);
  std::ranges::sort(in_cell_, {}, &Border::at);
  ready_.insert(ready_.end(), in_cell_.begin(), in_cell_.end());
  in_cell_.clear();
  best_.reset();
}

std::vector<Border> to_borders(const std::vector<FrameMark>& marks, const BorderMaker::Loudness& loudness) {
  BorderMaker maker(loudness);
  for (const auto& mark : marks) maker.add(mark);
  maker.end();
  std::vector<Border> borders;
  while (const auto border = maker.next()) borders.push_back(*border);
  return borders;
}

}  // namespace klingv2a::plan
