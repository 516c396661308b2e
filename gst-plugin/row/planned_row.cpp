// SPDX-License-Identifier: LGPL-2.1-or-later
#include "row/planned_row.h"

#include <algorithm>
#include <utility>

#include "clip_key.h"
#include "clip_limits.h"
#include "conform.h"
#include "kling/price.h"
#include "log.h"
#include "messages.h"
#include "sound_listener.h"
#include "upstream.h"

namespace klingv2a {

namespace {

// A clip of a row lasts so long at most, beside what it sees of its neighbours.
constexpr Nanoseconds kMostOfOneClip = limits::kMaxLength - kSecond;
// One clip more than may be under way is made ready, so that no task's end is waited for in vain.
constexpr unsigned kReady = 1;
constexpr const char* kNoMusic = "no music";

Error too_many(const std::string& what, unsigned needed, unsigned allowed) {
  return make_error(ErrorKind::settings, Phase::check,
                    what + ", that is " + std::to_string(needed) + " tasks (" + kling::price_of(needed) +
                        "), and max-clips allows " + std::to_string(allowed),
                    "set max-clips=" + std::to_string(needed) +
                        " or more; what is paid for is cached, and the same "
                        "again costs nothing");
}

plan::Settings plan_settings(const Settings& settings, const GstCaps* caps) {
  plan::Settings plan;
  plan.join_price = static_cast<plan::Cost>(settings.join_price * static_cast<double>(plan::kClip));
  plan.may_remux = settings.conform != Conform::always && why_not_remuxed(caps).empty();
  plan.may_transcode = settings.conform != Conform::never;
  return plan;
}

}  // namespace

CutterSettings PlannedRow::cutter_settings() const {
  return {.plan = plan_settings(state_.settings, state_.stream.caps.get()),
          .plan_ahead = static_cast<Nanoseconds>(state_.settings.plan_ahead),
          .records = {.journal = state_.taken.cycle.journal,
                      .base_url = state_.taken.cycle.service.base_url,
                      .planner = "1, join-price " + std::to_string(state_.settings.join_price),
                      .is_written = !state_.settings.dry_run},
          .wants_prices = state_.settings.dry_run,
          .music = state_.settings.no_music && state_.settings.bgm_prompt.empty() ? kNoMusic : ""};
}

// ---- the streaming thread

void PlannedRow::begin(const std::vector<RowPart>& so_far) {
  check_announced_length();
  std::shared_ptr<RowCutter> cutter;
  auto sounds = std::make_shared<RowSounds>(state_, links_, failures_);
  {
    const MutexLocker lock(state_.mutex);
    state_.row.begin_planned();
    cutter = std::make_shared<RowCutter>(cutter_settings(), *this);
    cutter_ = cutter;
    begin_counting();
  }
  auto sounds_thread = std::make_unique<WorkThread>(sounds, state_.self);
  auto cutter_thread = std::make_unique<WorkThread>(cutter, state_.self);
  {
    const MutexLocker lock(state_.mutex);
    sounds_.push_back({std::move(sounds), std::move(sounds_thread)});
    cutter_thread_ = std::move(cutter_thread);
  }
  GST_INFO_OBJECT(state_.self, "the video is longer than a clip: it is cut by a plan");
  for (const auto& part : so_far) cutter->add(part);
}

// After a seek a stream may become another row; what it may cost is one limit.
void PlannedRow::begin_counting() {
  warned_of_starving_ = false;
  if (std::exchange(stream_id_, state_.row.stream_id()) != state_.row.stream_id()) cut_ = 0;
}

// A length that is only announced does refuse, for money alone.
void PlannedRow::check_announced_length() {
  gint64 duration = 0;
  guint allowed = 0;
  {
    const MutexLocker lock(state_.mutex);
    allowed = state_.settings.max_clips;
  }
  if (!gst_pad_peer_query_duration(state_.sink, GST_FORMAT_TIME, &duration) || duration <= 0)
    return warn_of_unknown_length(allowed);
  const auto needed = static_cast<unsigned>(std::min<gint64>((duration - 1) / kMostOfOneClip + 1, G_MAXUINT));
  if (needed > allowed)
    throw too_many("the video is " + std::to_string(duration / kSecond) + " s long", needed, allowed);
}

void PlannedRow::warn_of_unknown_length(unsigned allowed) {
  state_.warn(make_error(ErrorKind::settings, Phase::check,
                         "how long the video is is not known: it may ask for " + std::to_string(allowed) + " tasks (" +
                             kling::price_of(allowed) + ")",
                         "set max-clips to what it may cost at most")
                  .details());
}

std::shared_ptr<RowCutter> PlannedRow::cutter() const {
  const MutexLocker lock(state_.mutex);
  return cutter_;
}

void PlannedRow::add(const RowPart& part) {
  if (const auto cutting = cutter()) cutting->add(part);
}

void PlannedRow::end(Then then) {
  const auto cutting = cutter();
  if (!cutting) return;
  cutting->end();
  if (then == Then::wait) cutting->wait_until_cut();
}

void PlannedRow::interrupt() {
  if (const auto cutting = cutter()) cutting->cancel();
}

void PlannedRow::stop_cutting() {
  std::unique_ptr<WorkThread> thread;
  std::shared_ptr<RowSounds> sounds;
  {
    const MutexLocker lock(state_.mutex);
    thread = std::move(cutter_thread_);
    cutter_.reset();
    if (!sounds_.empty()) sounds = sounds_.back().sounds;
  }
  state_.changed.notify_all();  // who waits in on_cut() is nobody's any more
  if (thread) thread->stop();
  if (sounds) sounds->end_here();
}

void PlannedRow::stop() {
  stop_cutting();
  std::vector<Sounds> rows;
  {
    const MutexLocker lock(state_.mutex);
    stream_id_.clear();
    cut_ = 0;
    rows = std::exchange(sounds_, {});
  }
  for (auto& row : rows) row.thread->stop();
}

// ---- the cutter's thread

bool PlannedRow::must_stop(const RowCutter& from) const {
  return cutter_.get() != &from || state_.flushing || state_.stopping || state_.failed || state_.failure;
}

unsigned PlannedRow::runs_under_way() const {
  return static_cast<unsigned>(std::ranges::count_if(
      state_.row.sounds(), [](const auto& sound) { return sound->place && !sound->is_decided(); }));
}

// Clips ask for their tasks in the row's order, so no more of them run than can. Of those that listen on one port, one.
bool PlannedRow::wait_for_turn(const RowCutter& from) {
  const MutexLocker lock(state_.mutex);
  const unsigned most = wants_port_alone(state_.settings_for(1)) ? 1 : state_.settings.max_tasks + kReady;
  while (!must_stop(from) && runs_under_way() >= most) state_.changed.wait(state_.mutex);
  return !must_stop(from);
}

void PlannedRow::check_money(const RowCut& cut) {
  const MutexLocker lock(state_.mutex);
  const guint allowed = state_.settings.max_clips;
  if (cut_ < allowed) return;
  throw too_many("the video goes on behind " + std::to_string(cut.place.range.begin / kSecond) + " s", cut_ + 1,
                 allowed);
}

// Each clip of a row would choose a music of its own.
RunSettings PlannedRow::settings_for(const RowCut& cut) {
  constexpr std::size_t kDigits = 8;
  auto settings = state_.settings_for(1);
  auto& request = settings.cycle.request;
  if (!request.external_task_id.empty()) request.external_task_id += "-" + cut.clip->media_key.substr(0, kDigits);
  if (request.bgm_prompt.empty() && state_.settings.no_music)
    request.bgm_prompt = cut.music.empty() ? kNoMusic : cut.music;
  return settings;
}

// Null: the cutter is nobody's any more.
std::shared_ptr<ClipSound> PlannedRow::take_cut(const RowCutter& from, RowCut& cut, bool& is_new) {
  const MutexLocker lock(state_.mutex);
  if (must_stop(from)) return nullptr;
  auto sound = state_.row.cut_planned(cut.place);
  ++cut_;
  cut.clip->settings = settings_for(cut);
  cut.clip->orientation = state_.stream.orientation;
  sound->key = planned_key(cut.clip->settings, cut.clip->media_key);
  is_new = !sound->run;
  if (is_new) threads_.make(state_, sound, cut.clip->settings);
  sounds_.back().sounds->add(state_, sound);
  return sound;
}

bool PlannedRow::on_cut(const RowCutter& from, RowCut cut) {
  if (!wait_for_turn(from)) return false;
  check_money(cut);
  bool is_new = false;
  const auto sound = take_cut(from, cut, is_new);
  if (!sound) return false;
  state_.changed.notify_all();
  GST_INFO_OBJECT(state_.self, "clip %u is cut: %" GST_STIME_FORMAT " to %" GST_STIME_FORMAT ", %s", sound->number,
                  GST_STIME_ARGS(cut.place.range.begin), GST_STIME_ARGS(cut.place.range.end),
                  cut.clip->transcoded ? "transcoded" : "remuxed");
  try {
    if (is_new) threads_.start(sound);
  } catch (const Error& error) {
    failures_.fail({sound, error.details(), Found::on_video});
    return false;
  }
  sound->run->cut(std::move(cut.clip));
  return true;
}

// A live source sends nothing while it has nothing, and any source may while the user has paused.
void PlannedRow::on_idle() {
  Seconds limit{0}, last{0};
  unsigned clip = 0;
  bool is_paused = false;
  {
    const MutexLocker lock(state_.mutex);
    last = starved_after(state_.taken.timeout);
    limit = warned_of_starving_ ? last : starving_after(state_.taken.timeout);
    is_paused = state_.paused;
    if (const auto& filling = state_.row.filling(); filling && filling->sound) clip = filling->sound->number;
  }
  if (state_.arrivals.since() < limit) return;
  if (is_paused || upstream_is_live(state_.sink)) return state_.arrivals.note();
  if (limit >= last) throw starving(clip, limit);
  state_.warn(starving(clip, limit).details());
  const MutexLocker lock(state_.mutex);
  warned_of_starving_ = true;
}

void PlannedRow::on_prices(const std::vector<PlanPrice>& prices) {
  for (const auto& price : prices) messages::post_plan_price(state_.self, price.join_price, price.plan);
}

void PlannedRow::on_blind(const Error& why) {
  auto details = why.details();
  details.message =
      "clips of this video may meet anywhere, since where its shots change is not known: " + details.message;
  state_.warn(details);
}

void PlannedRow::on_cut_failed(const RowCutter& from, const Error& error) {
  std::shared_ptr<ClipSound> sound;
  {
    const MutexLocker lock(state_.mutex);
    if (must_stop(from)) return;
    if (const auto& filling = state_.row.filling()) sound = filling->sound;
  }
  failures_.fail({sound, error.details(), Found::on_video});
}

// The last clip that was cut waits for none after it.
void PlannedRow::on_cut_end(const RowCutter& from) {
  std::shared_ptr<RowSounds> sounds;
  {
    const MutexLocker lock(state_.mutex);
    if (cutter_.get() == &from && !sounds_.empty()) sounds = sounds_.back().sounds;
  }
  if (sounds) sounds->end_here();
}

}  // namespace klingv2a
