// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clip_run.h"

#include <cmath>

#include "checksum.h"
#include "clip_key.h"

namespace klingv2a {

namespace {

constexpr Seconds kStarving{5};  // then it is said
// A slow source is a good one; and yet what is stuck is to end well before the time-out, which is the service's.
constexpr double kStarvedPart = 0.1;
constexpr Seconds kStarvedLeast{15}, kStarvedMost{120};

// Which of the causes it is cannot be seen from here.
Error starving(unsigned clip, Seconds waited) {
  ErrorDetails details =
      make_error(
          ErrorKind::input, Phase::hold,
          "no frame has arrived for " + std::to_string(std::lround(waited.count())) + " s while clip " +
              std::to_string(clip) + " is held",
          "this may be a slow machine or source (a longer timeout waits longer: for a frame a tenth of it, 15 to "
          "120 s); a live video that has not ended with EOS; a branch that goes past klingv2a to the same muxer, "
          "or a tee before klingv2a, which block the demuxer: lead each such branch through klingv2a's companion "
          "pads (d.audio_0 ! k.sink_0  k.src_0 ! mux.), or put a queue with max-size-time=0 max-size-bytes=0 "
          "max-size-buffers=0 into each")
          .details();
  details.retryable = true;
  return Error(std::move(details));
}

}  // namespace

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

// What waits for the transcoder does not starve: neither meanwhile nor when it comes back.
class ClipRun::Taking {
 public:
  explicit Taking(ClipRun& run) : run_(run) { run_.taking_ = true; }
  ~Taking() {
    run_.note_arrival();
    run_.taking_ = false;
  }
  Taking(const Taking&) = delete;
  Taking& operator=(const Taking&) = delete;

 private:
  ClipRun& run_;
};

ClipRun::ClipRun(std::shared_ptr<RunListener> listener, unsigned number, RunSettings settings,
                 GObjectPtr<GCancellable> cancel)
    : listener_(std::move(listener)),
      number_(number),
      settings_(std::move(settings)),
      cancel_(std::move(cancel)),
      last_arrival_(std::chrono::steady_clock::now().time_since_epoch().count()),
      intake_(settings_, *listener_) {}

void ClipRun::note_arrival() noexcept {
  last_arrival_ = std::chrono::steady_clock::now().time_since_epoch().count();
}

Seconds ClipRun::since_arrival() const noexcept {
  if (taking_) return Seconds(0);
  const SteadyTime last{SteadyTime::duration{last_arrival_.load()}};
  return std::chrono::steady_clock::now() - last;
}

void ClipRun::take(const IntakeBuffer& part) {
  const Taking taking(*this);
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
    const auto limit = warned ? starved_after() : std::min(kStarving, starved_after());
    if (changed_.wait_for(mutex_, std::max(limit - since_arrival(), Seconds(0.01))) == std::cv_status::no_timeout)
      continue;
    if (since_arrival() < limit) continue;
    lock.unlock();
    if (listener_->on_starving()) {
      note_arrival();
    } else if (limit >= starved_after()) {
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

Seconds ClipRun::starved_after() const {
  return std::min(settings_.timeout, std::clamp(settings_.timeout * kStarvedPart, kStarvedLeast, kStarvedMost));
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
