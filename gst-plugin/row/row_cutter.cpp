// SPDX-License-Identifier: LGPL-2.1-or-later
#include "row/row_cutter.h"

#include <algorithm>
#include <array>
#include <utility>

#include "clip_limits.h"
#include "log.h"

namespace klingv2a {

namespace {

// How far the streaming thread may be ahead of what has been looked at.
constexpr std::size_t kMostWaiting = 256;
constexpr Seconds kMoment{1};
// After so many frames it is known how they are reordered, and the plan begins.
constexpr std::size_t kFramesToBegin = 64;

// Only what is shown, as a copy begins with it.
void show_only(PlannedClip& clip, const RangePackets& packets, const plan::Range& shown) {
  clip.frames.clear();
  for (std::size_t i = 0; i < packets.frames.size(); ++i)
    if (packets.shown[i]) clip.frames.push_back(packets.frames[i]);
  clip.timeline.first = clip.timeline.start = shown.begin;
  clip.timeline.proxy_end = clip.timeline.end = shown.end;
  clip.transcoded = shown;
}

}  // namespace

RowCutter::RowCutter(CutterSettings settings, RowCutterHost& host)
    : settings_(std::move(settings)),
      host_(host),
      candidates_([this](const Error& why) { host_.on_blind(why); }),
      plan_(settings_.plan) {}

// ---- the streaming thread, and others

void RowCutter::add(const RowPart& part) {
  {
    const MutexLocker lock(mutex_);
    while (waiting_.size() >= kMostWaiting && !cancelled_ && !done_) changed_.wait(mutex_);
    if (cancelled_ || done_) return;
    waiting_.push_back(part);
  }
  changed_.notify_all();
}

void RowCutter::end() {
  {
    const MutexLocker lock(mutex_);
    ended_ = true;
  }
  changed_.notify_all();
}

void RowCutter::wait_until_cut() {
  const MutexLocker lock(mutex_);
  while (!done_ && !cancelled_) changed_.wait(mutex_);
}

void RowCutter::cancel() {
  {
    const MutexLocker lock(mutex_);
    cancelled_ = true;
  }
  changed_.notify_all();
  candidates_.abandon();
  g_cancellable_cancel(cancel_.get());
}

void RowCutter::note_done() {
  {
    const MutexLocker lock(mutex_);
    done_ = true;
    waiting_.clear();
  }
  changed_.notify_all();
}

// ---- the cutter's own thread

void RowCutter::main() noexcept {
  try {
    work();
  } catch (const std::exception& thrown) {
    const Error error = as_error(thrown);
    if (error.kind() != ErrorKind::cancelled) host_.on_cut_failed(*this, error);
  }
  note_done();
  host_.on_cut_end(*this);
}

RowCutter::Next RowCutter::wait_for(std::vector<RowPart>& parts) {
  {
    MutexLocker lock(mutex_);
    while (waiting_.empty() && !ended_ && !cancelled_) {
      if (changed_.wait_for(mutex_, kMoment) == std::cv_status::no_timeout) continue;
      lock.unlock();
      host_.on_idle();
      lock.lock();
    }
    if (cancelled_) return Next::cancelled;
    parts = std::exchange(waiting_, {});
    if (ended_) return Next::last;
  }
  changed_.notify_all();
  return Next::more;
}

void RowCutter::work() {
  for (;;) {
    std::vector<RowPart> parts;
    const Next next = wait_for(parts);
    if (next == Next::cancelled) return;
    const bool is_last = next == Next::last;
    take_in(parts, is_last);
    if (begin_plan(is_last) && !cut_what_is_decided()) return;
    if (is_last) return;
  }
}

void RowCutter::take_in(const std::vector<RowPart>& parts, bool is_last) {
  for (const auto& [buffer, shown_from] : parts) {
    media_.add(buffer, shown_from);
    candidates_.add(buffer);
  }
  if (!is_last) return;
  is_ended_ = true;
  media_.end();
  candidates_.end(cancel_.get());
}

// Returns whether there is a plan. What it begins with must not depend on how the frames come.
bool RowCutter::begin_plan(bool is_last) {
  if (records_) return true;
  if (!is_last && (media_.frames() < kFramesToBegin || media_.known_until() <= media_.begin())) return false;
  const auto first = media_.first_packets(kFramesToBegin);
  plan_.reorder = first.reordering;
  position_.at = media_.begin();
  records_.emplace(settings_.records, media_key_of(first), cancel_);
  return true;
}

void RowCutter::take_news() {
  candidates_.know_until(media_.known_until());
  while (const auto key = media_.next_key_frame()) {
    key_frames_.push_back(*key);
    if (settings_.wants_prices) whole_.key_frames.push_back(*key);
    if (planner_) planner_->add_key_frame(*key);
  }
  for (const auto& border : candidates_.take()) {
    if (border.at <= position_.at) continue;
    borders_.push_back(border);
    if (settings_.wants_prices) whole_.borders.push_back(border);
    if (planner_) planner_->add(border);
  }
  if (!planner_) return;
  if (is_ended_)
    planner_->end(media_.end_time());
  else
    planner_->know_until(std::min(media_.known_until(), candidates_.complete_until()));
}

bool RowCutter::cut_what_is_decided() {
  take_news();
  while (auto cut = next_cut()) {
    const bool is_last = cut->place.is_last;
    go_on_behind(*cut);
    if (is_last && settings_.wants_prices) host_.on_prices(prices());
    if (!host_.on_cut(*this, std::move(*cut)) || is_last) return false;
  }
  return true;
}

// What the whole video would be cut into at other prices of a join.
std::vector<PlanPrice> RowCutter::prices() {
  constexpr std::array kJoinPrices{0.1, 0.25, 0.5, 1.0, 2.0};
  whole_.range = {media_.begin(), media_.end_time()};
  std::vector<PlanPrice> prices;
  for (const double price : kJoinPrices) {
    plan::Settings settings = plan_;
    settings.join_price = static_cast<plan::Cost>(price * static_cast<double>(plan::kClip));
    prices.push_back({price, plan::summarize(plan::plan_whole(whole_, settings))});
  }
  return prices;
}

// What somebody has paid for, or else what the planner decides. Nothing: more must be known.
std::optional<RowCut> RowCutter::next_cut() {
  for (;;) {
    bool must_wait = false;
    if (const auto found = records_->find(media_, position_, is_ended_, must_wait))
      return make_cut(found->clip, found->music);
    if (must_wait) return std::nullopt;
    const auto planned = planner().next();
    if (!planned) return std::nullopt;
    auto cut = make_cut(*planned, settings_.music);
    if (records_->write(media_, cut.place, cut.clip->media_key, cut.music)) return cut;
    planner_.reset();
  }
}

plan::Planner& RowCutter::planner() {
  if (planner_) return *planner_;
  planner_.emplace(plan_, media_.begin(), settings_.plan_ahead);
  if (position_.at > media_.begin()) planner_->resume_at(position_);
  planner_->set_first_packet(media_.first());
  for (const auto key : key_frames_) planner_->add_key_frame(key);
  for (const auto& border : borders_) planner_->add(border);
  take_news();
  return *planner_;
}

RowCut RowCutter::make_cut(const plan::PlannedClip& planned, const std::string& music) const {
  const plan::Range shown{media_.frame_from(planned.shown.begin), media_.frame_from(planned.shown.end)};
  auto packets = media_.packets_of(shown);
  auto clip = std::make_shared<PlannedClip>();
  clip->media_key = media_key_of(packets);
  clip->frames = packets.frames;
  clip->timeline = measure(clip->frames, shown.begin);
  clip->timeline.end = shown.end;
  const bool is_long = clip->timeline.proxy_length() - clip->timeline.frame / 2 > limits::kMaxLength;
  if (planned.way == plan::Way::transcode || is_long) show_only(*clip, packets, shown);
  clip->packets = std::move(packets.packets);
  const bool is_transcoded = clip->transcoded.has_value();
  return {.place = {.range = planned.range,
                    .shown = shown,
                    .row_begin = media_.begin(),
                    .begins = planned.begins_at.place,
                    .ends = planned.ends_at.place,
                    .is_transcoded = is_transcoded,
                    .is_last = is_ended_ && planned.range.end >= media_.end_time()},
          .clip = std::move(clip),
          .music = music};
}

void RowCutter::go_on_behind(const RowCut& cut) {
  const Nanoseconds end = cut.place.range.end;
  // A planner that has decided this cut goes on by itself.
  if (planner_ && planner_->position() != end) planner_.reset();
  position_ = {.at = end, .place = cut.place.ends};
  records_->go_on_after(cut.clip->media_key);
  const Nanoseconds needed = end - std::max(plan_.shortest, plan_.handle(cut.place.ends));
  media_.forget_before(needed);
  while (!borders_.empty() && borders_.front().at <= end) borders_.pop_front();
  while (key_frames_.size() > 1 && key_frames_[1] <= needed) key_frames_.pop_front();
}

}  // namespace klingv2a
