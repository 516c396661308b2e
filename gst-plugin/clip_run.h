// SPDX-License-Identifier: LGPL-2.1-or-later
//
// One clip's way to its sound, on a thread of its own (the cycle thread): wait until the clip is cut → key → cycle
// (which asks for the proxy when it needs one). Blocking, straight-line code, which catches the core's errors. What the
// listener hears of it is in sound_listener.h.
//
// Threads: the streaming thread calls note_arrival() and cut(), any thread cancel(). One mutex guards the hand-over of
// the clip; it is never held across a call to the listener. A run is used once; a cancelled one is not used again.
#pragma once

#include <memory>
#include <optional>

#include "clip_intake.h"
#include "clip_timeline.h"
#include "cycle/cycle.h"
#include "cycle/dry_run.h"
#include "mutex.h"
#include "settings.h"
#include "starving.h"
#include "work_thread.h"

namespace klingv2a {

// What a run that has got its sound knows beside.
struct ClipReport {
  cycle::CycleResult cycle;
  double proxy_s = 0;  // writing and probing the proxy
  std::uint64_t proxy_bytes = 0;
  std::string proxy_hash, result_hash;  // as checksum.h has them; empty: there was none
};

// A clip of a planned row, complete when its run begins with it. Immutable.
struct PlannedClip {
  RunSettings settings;               // the row's, with the prompts of this clip
  std::vector<IntakeBuffer> packets;  // in decode order, from a key frame on
  std::vector<FrameTime> frames;      // of these, those that the proxy holds
  ClipTimeline timeline;
  std::string media_key;
  std::optional<plan::Range> transcoded;  // running times that are shown of a copy; nothing: remuxed
  std::string orientation;
};

// Who hears what a run does: the observer of its cycle, and what the plugin has to say beside. Called on the cycle
// thread, but for what is said to be called on another, with no lock held.
class RunListener : public cycle::CycleObserver, public IntakeHost {
 public:
  // Before anything is made for the service. Throws Error{settings} when the streams are not taken downstream.
  virtual void check_links() = 0;
  // The streaming thread: the clip is complete, and its sound is to fit this. Called once, before the cycle begins.
  virtual void on_cut(const ClipTimeline& timeline) = 0;
  // Frames are held and none has arrived for a while. Returns whether that is all right: the upstream is live, or
  // paused.
  virtual bool on_starving() = 0;
  // It is not: reported once, before the clip is given up.
  virtual void warn_of_starving(const Error& warning) = 0;
  // The end of the run, one of these. A dry run: what would have been asked for; silence is to be played.
  virtual void on_dry_run(const cycle::DryRun& dry_run) = 0;
  // The sound that on_sound() took last is the clip's.
  virtual void on_done(const ClipReport& report) = 0;
  virtual void on_failed(const Error& error) = 0;
};

class ClipRun : public Work {
  class Release;

 public:
  // `cancel` is new, and this run's own; the listener may use it for what it does on the cycle thread.
  ClipRun(std::shared_ptr<RunListener> listener, unsigned number, RunSettings settings,
          GObjectPtr<GCancellable> cancel);
  ClipRun(const ClipRun&) = delete;
  ClipRun& operator=(const ClipRun&) = delete;

  [[nodiscard]] unsigned number() const noexcept { return number_; }
  [[nodiscard]] const RunSettings& settings() const noexcept { return settings_; }

  // The streaming thread: a frame has arrived.
  void note_arrival() noexcept { arrivals_.note(); }
  // The streaming thread, with no lock held: the next buffer, see ClipIntake::take(). May wait for the transcoder.
  void take(const IntakeBuffer& part);
  // The streaming thread, before the first take(): the tag image-orientation.
  void set_orientation(std::string orientation) { intake_.set_orientation(std::move(orientation)); }
  // Any thread: the clip is given up; ends a wait in take().
  void abandon_intake() { intake_.abandon(); }
  // The streaming thread: the clip is complete. Called at most once.
  void cut(std::vector<FrameTime> frames, const ClipTimeline& timeline);
  // Any thread, instead: what was taken in is forgotten, and this is the clip.
  void cut(std::shared_ptr<const PlannedClip> planned);
  void cancel() override;
  void main() noexcept override;

 private:
  struct CutClip {
    std::vector<FrameTime> frames;
    ClipTimeline timeline;
    std::shared_ptr<const PlannedClip> planned;  // null: what was taken in
    [[nodiscard]] const ClipTimeline& times() const { return planned ? planned->timeline : timeline; }
  };

  void make_sound();
  void hand_over(CutClip clip);
  [[nodiscard]] CutClip wait_for_cut();
  [[nodiscard]] const RunSettings& settings_of(const CutClip& clip) const;
  [[nodiscard]] std::shared_ptr<const SpoolFile> make_planned_proxy(const PlannedClip& clip);
  [[nodiscard]] cycle::CycleClip describe(const CutClip& clip, ClipReport& report);
  [[nodiscard]] std::shared_ptr<const SpoolFile> make_proxy(const CutClip& clip, ClipReport& report);

  const std::shared_ptr<RunListener> listener_;
  const unsigned number_;
  const RunSettings settings_;
  const GObjectPtr<GCancellable> cancel_;  // never reset
  Arrivals arrivals_;
  ClipIntake intake_;  // the streaming thread's until the cut, then the cycle thread's

  Mutex mutex_;
  Condition changed_;
  std::optional<CutClip> cut_ GUARDED_BY(mutex_);
  bool cancelled_ GUARDED_BY(mutex_) = false;
  std::shared_ptr<ClipIntake> planned_intake_ GUARDED_BY(mutex_);  // while its proxy is made
};

}  // namespace klingv2a
