// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plan/planner.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "error.h"

namespace klingv2a::plan {

namespace {

// What a way costs, for the time that it covers.
struct Rate {
  Cost cost = INT64_MAX;
  Nanoseconds time = 1;
  [[nodiscard]] double value() const { return static_cast<double>(cost) / static_cast<double>(time); }
  friend bool operator<(const Rate& a, const Rate& b) { return a.value() < b.value(); }
  // To the millisecond, which leaves room to multiply the cost of years.
  [[nodiscard]] Cost cost_of(Nanoseconds length) const {
    return cost * (length / kMillisecond) / std::max<Nanoseconds>(1, time / kMillisecond);
  }
};

std::string seconds(Nanoseconds time) {
  const auto tenths = (time + kSecond / 20) / (kSecond / 10);
  return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " s";
}

}  // namespace

Planner::Planner(const Settings& settings, Nanoseconds begin, Nanoseconds plan_ahead)
    : pieces_(settings, begin), counted_from_(begin), plan_ahead_(plan_ahead), known_until_(begin) {
  nodes_.push_back({.border = {.at = begin, .place = Place::edge, .required = true}, .cost = 0});
}

void Planner::resume_at(const Border& root) {
  nodes_.front().border = root;
  nodes_.front().border.required = true;
  counted_from_ = known_until_ = root.at;
}

void Planner::skip_beginning() {
  nodes_.front().border.skipped_after = in_skip_ = true;
}

// No clip begins inside a skipped range, so its borders are not kept. Of two at the same time the one that is required
// wins, or else the one at which a join is heard less.
void Planner::add(const Border& border) {
  if (in_skip_ && !border.required) return;
  if (border.required) in_skip_ = border.skipped_after;
  Border& last = nodes_.back().border;
  if (border.at > last.at) {
    nodes_.push_back({.border = border});
    return;
  }
  if (border.at < last.at || nodes_.size() == 1) return;
  const bool is_required = last.required || border.required, is_skipped = last.skipped_after || border.skipped_after;
  if (pieces_.settings().price_of(border) < pieces_.settings().price_of(last)) last = border;
  last.required = is_required;
  last.skipped_after = is_skipped;
}

void Planner::know_until(Nanoseconds time) {
  known_until_ = std::max(known_until_, time);
}

void Planner::end(Nanoseconds end) {
  while (nodes_.size() > 1 && nodes_.back().border.at >= end) nodes_.pop_back();
  searched_ = std::min(searched_, nodes_.size());
  nodes_.push_back({.border = {.at = end, .place = Place::edge, .required = true}});
  pieces_.set_end(end);
  known_until_ = end;
  ended_ = true;
}

std::optional<PlannedClip> Planner::next() {
  if (decided_.empty()) {
    search();
    if (sees_end())
      decide_rest();
    else if (const auto hop = only_hop())
      decide(*hop);
    else if (must_decide())
      decide(cheapest_hop());
  }
  if (decided_.empty()) return std::nullopt;
  const auto clip = decided_.front();
  decided_.pop_front();
  return clip;
}

// ---- the shortest path

// What lies further ahead than the bound is not looked at, even where it is known already. A range that is skipped need
// not wait, however long it is.
Nanoseconds Planner::seen_until() const noexcept {
  const Border& root = nodes_.front().border;
  if (plan_ahead_ == 0 || root.skipped_after) return known_until_;
  return std::min(known_until_, root.at + plan_ahead_);
}

bool Planner::sees_end() const noexcept {
  return ended_ && nodes_.back().border.at <= seen_until();
}

void Planner::search() {
  for (; searched_ < nodes_.size(); ++searched_) {
    if (!sees_end() && seen_until() < pieces_.needed_for(nodes_[searched_].border)) return;
    reach(searched_);
  }
}

void Planner::search_again() {
  for (auto node = std::next(nodes_.begin()); node != nodes_.end(); ++node) node->cost = kUnreached;
  searched_ = 1;
  search();
}

// The first border from which a clip may lead to this one: it is near enough, and none that is required lies between.
std::size_t Planner::first_before(std::size_t index) const {
  const Border& border = nodes_[index].border;
  std::size_t first = index - 1;
  const auto is_near = [&](const Border& other) { return border.at - other.at <= pieces_.settings().longest; };
  while (first > 0 && !nodes_[first].border.required && (border.required || is_near(nodes_[first - 1].border))) --first;
  return first;
}

// Of two ways that cost the same, the one with the shorter last clip.
void Planner::reach(std::size_t index) {
  Node& node = nodes_[index];
  const Cost least = pieces_.least_price();
  for (std::size_t i = first_before(index); i < index; ++i) {
    const Node& from = nodes_[i];
    if (!from.reached() || (node.reached() && !from.border.skipped_after && from.cost + least > node.cost)) continue;
    const auto clip = pieces_.between(from.border, node.border);
    if (!clip || from.cost + pieces_.price_of(*clip) > node.cost) continue;
    node.cost = from.cost + pieces_.price_of(*clip);
    node.previous = i;
    node.hop = i == 0 ? index : from.hop;
    node.clip = *clip;
  }
}

// ---- what can be decided

// Each border before this has its best way.
Nanoseconds Planner::searched_until() const noexcept {
  return searched_ < nodes_.size() ? std::min(seen_until(), nodes_[searched_].border.at) : seen_until();
}

// From which a clip may lead on to what has no best way yet.
Planner::Indices Planner::open_nodes() const noexcept {
  std::size_t first = searched_ - 1;
  while (first > 0 && !nodes_[first].border.required) --first;
  if (nodes_[first].border.skipped_after) return {first, first + 1};
  const auto near = searched_until() - pieces_.settings().longest;
  while (first < searched_ && nodes_[first].border.at < near) ++first;
  return {first, searched_};
}

// The one with which each way into the unknown begins. All borders of the last twenty seconds are such ways, so a rest
// that is too short for a clip cannot arise.
std::optional<std::size_t> Planner::only_hop() const {
  std::size_t hop = 0;
  const auto [first, last] = open_nodes();
  for (std::size_t i = first; i < last; ++i) {
    if (!nodes_[i].reached()) continue;
    if (i == 0 || (hop != 0 && nodes_[i].hop != hop)) return std::nullopt;
    hop = nodes_[i].hop;
  }
  return hop != 0 ? std::optional(hop) : std::nullopt;
}

bool Planner::must_decide() const noexcept {
  return seen_until() < known_until_;
}

// What each way lacks up to the bound is counted at the rate of the whole row, as it has been so far.
std::size_t Planner::cheapest_hop() const {
  const auto [first, last] = open_nodes();
  const auto until = searched_until();
  Rate rate;
  for (std::size_t i = first; i < last; ++i)
    if (is_way_on(i)) rate = std::min(rate, Rate{decided_cost_ + nodes_[i].cost, nodes_[i].border.at - counted_from_});
  std::size_t best = 0;
  Cost best_cost = kUnreached;
  for (std::size_t i = first; i < last; ++i) {
    if (!is_way_on(i)) continue;
    const Cost cost = nodes_[i].cost + rate.cost_of(until - nodes_[i].border.at);
    if (cost >= best_cost) continue;
    best_cost = cost;
    best = nodes_[i].hop;
  }
  if (best == 0) fail();
  return best;
}

bool Planner::is_way_on(std::size_t index) const noexcept {
  return index > 0 && nodes_[index].reached();
}

void Planner::decide(std::size_t hop) {
  decided_.push_back(nodes_[hop].clip);
  decided_cost_ += nodes_[hop].cost;
  nodes_.erase(nodes_.begin(), nodes_.begin() + static_cast<std::ptrdiff_t>(hop));
  nodes_.front().cost = 0;
  const Border& root = nodes_.front().border;
  pieces_.forget_before(root.at - std::max(pieces_.settings().shortest, pieces_.settings().handle(root.place)));
  search_again();
}

void Planner::decide_rest() {
  if (nodes_.size() == 1) return;
  if (!nodes_.back().reached()) fail();
  for (std::size_t i = nodes_.size() - 1; i != 0; i = nodes_[i].previous) decided_.push_front(nodes_[i].clip);
  nodes_.erase(nodes_.begin(), std::prev(nodes_.end()));
  searched_ = 1;
}

void Planner::fail() const {
  std::size_t last = searched_ - 1;
  while (last > 0 && !nodes_[last].reached()) --last;
  const auto& settings = pieces_.settings();
  throw make_error(ErrorKind::input, Phase::hold,
                   "the video from " + seconds(nodes_[last].border.at) + " on cannot be cut into clips of " +
                       seconds(settings.shortest) + " to " + seconds(settings.longest),
                   settings.may_transcode ? "remove the cut that somebody asked for there"
                                          : "set conform=auto, so that clips may begin at any frame");
}

// ---- the whole at once

std::vector<PlannedClip> plan_whole(const Media& media, const Settings& settings) {
  Planner planner(settings, media.range.begin, 0);
  if (media.skipped_beginning) planner.skip_beginning();
  planner.set_paid(media.paid);
  for (const auto at : media.key_frames) planner.add_key_frame(at);
  for (const auto& border : media.borders) planner.add(border);
  planner.end(media.range.end);
  std::vector<PlannedClip> clips;
  while (const auto clip = planner.next()) clips.push_back(*clip);
  return clips;
}

}  // namespace klingv2a::plan
