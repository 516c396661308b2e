// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clip_run.h"

#include <algorithm>

#include "checksum.h"
#include "clip_key.h"

namespace klingv2a {

// The clip's frames are not needed longer than the run.
class ClipRun::Release {
 public:
  explicit Release(ClipIntake& intake) : intake_(intake) {}
  ~Release() { intake_.release(); }
  Release(const Release&) = delete;
  Release& operator=(const Release&) = delete;

 private:
  ClipIntake& intake_;
};

ClipRun::ClipRun(std::shared_ptr<RunListener> listener, unsigned number, RunSettings settings,
                 GObjectPtr<GCancellable> cancel)
    : listener_(std::move(listener)),
      number_(number),
      settings_(std::move(settings)),
      cancel_(std::move(cancel)),
      intake_(settings_, *listener_) {}

void ClipRun::take(const IntakeBuffer& part) {
  const Arrivals::Taking taking(arrivals_);
  intake_.take(part);
}

void ClipRun::cut(std::vector<FrameTime> frames, const ClipTimeline& timeline) {
  listener_->on_cut(timeline);
  intake_.end();
  hand_over({std::move(frames), timeline, nullptr});
}

void ClipRun::cut(std::shared_ptr<const PlannedClip> planned) {
  listener_->on_cut(planned->timeline);
  intake_.abandon();
  hand_over({{}, {}, std::move(planned)});
}

void ClipRun::hand_over(CutClip clip) {
  {
    const MutexLocker lock(mutex_);
    cut_ = std::move(clip);
  }
  changed_.notify_all();
}

const RunSettings& ClipRun::settings_of(const CutClip& clip) const {
  return clip.planned ? clip.planned->settings : settings_;
}

void ClipRun::cancel() {
  std::shared_ptr<ClipIntake> planned;
  {
    const MutexLocker lock(mutex_);
    cancelled_ = true;
    planned = planned_intake_;
  }
  changed_.notify_all();
  intake_.abandon();
  if (planned) planned->abandon();
  g_cancellable_cancel(cancel_.get());
}

void ClipRun::main() noexcept {
  try {
    make_sound();
  } catch (const std::exception& thrown) {
    listener_->on_failed(as_error(thrown));
  }
}

void ClipRun::make_sound() {
  ClipReport report;
  const auto clip = wait_for_cut();
  const Release release_at_end(intake_);
  const auto clock = make_system_clock();
  const auto& cycle = settings_of(clip).cycle;
  if (settings_.dry_run)
    return listener_->on_dry_run(cycle::dry_run_cycle(cycle, describe(clip, report), *clock, cancel_, *listener_));
  report.cycle = cycle::run_cycle(cycle, describe(clip, report), *clock, cancel_, *listener_);
  report.result_hash = checksum_of(*report.cycle.sound);
  listener_->on_done(report);
}

// `clip` and `report` outlive what is returned.
cycle::CycleClip ClipRun::describe(const CutClip& clip, ClipReport& report) {
  const std::int64_t length_ms = clip.times().proxy_length() / static_cast<Nanoseconds>(GST_MSECOND);
  if (settings_.by_reference()) return {.key = reference_key(settings_), .length_ms = length_ms};
  // Made once: a run that has lost its lease and takes the clip again publishes the same.
  const auto make = [this, &clip, &report, proxy = std::shared_ptr<const SpoolFile>()]() mutable {
    if (!proxy) proxy = make_proxy(clip, report);
    return proxy;
  };
  auto key = clip.planned ? planned_key(clip.planned->settings, clip.planned->media_key) : intake_.key();
  return {.key = std::move(key), .length_ms = length_ms, .make_proxy = make};
}

ClipRun::CutClip ClipRun::wait_for_cut() {
  bool warned = false;
  MutexLocker lock(mutex_);
  while (!cut_ && !cancelled_) {
    const auto limit = warned ? starved_after(settings_.timeout) : starving_after(settings_.timeout);
    if (changed_.wait_for(mutex_, std::max(limit - arrivals_.since(), Seconds(0.01))) == std::cv_status::no_timeout)
      continue;
    if (arrivals_.since() < limit) continue;
    lock.unlock();
    if (listener_->on_starving()) {
      arrivals_.note();
    } else if (limit >= starved_after(settings_.timeout)) {
      throw starving(number_, limit);
    } else {
      listener_->warn_of_starving(starving(number_, limit));
      warned = true;
    }
    lock.lock();
  }
  if (cancelled_) throw make_error(ErrorKind::cancelled, Phase::hold, "cancelled while frames were held");
  return std::move(*cut_);
}

std::shared_ptr<const SpoolFile> ClipRun::make_planned_proxy(const PlannedClip& clip) {
  const auto intake = std::make_shared<ClipIntake>(clip.settings, *listener_);
  {
    const MutexLocker lock(mutex_);
    planned_intake_ = intake;
    if (cancelled_) intake->abandon();
  }
  const Release release_at_end(*intake);
  intake->set_orientation(clip.orientation);
  intake->begin_planned(clip.transcoded);
  for (const auto& packet : clip.packets) intake->take(packet);
  intake->end();
  return intake->make_proxy(clip.frames, clip.timeline, cancel_.get());
}

std::shared_ptr<const SpoolFile> ClipRun::make_proxy(const CutClip& clip, ClipReport& report) {
  const auto begin = std::chrono::steady_clock::now();
  listener_->check_links();
  auto proxy =
      clip.planned ? make_planned_proxy(*clip.planned) : intake_.make_proxy(clip.frames, clip.timeline, cancel_.get());
  report.proxy_s = Seconds(std::chrono::steady_clock::now() - begin).count();
  report.proxy_bytes = proxy->size();
  report.proxy_hash = checksum_of(*proxy);
  return proxy;
}

}  // namespace klingv2a
