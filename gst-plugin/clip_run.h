// SPDX-License-Identifier: LGPL-2.1-or-later
//
// One clip's way to its sound, on a thread of its own (the cycle thread): wait until the clip is cut → key → cycle
// (which asks for the proxy when it needs one) → soundtrack. Blocking, straight-line code; the only place where the
// core's errors are caught.
//
// Threads: the streaming thread calls note_arrival() and cut(), any thread cancel(). One mutex guards the hand-over of
// the clip; it is never held across a call to the host. A run is used once; a cancelled one is not used again.
#pragma once

#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <optional>
#include <thread>

#include "clip_intake.h"
#include "clip_timeline.h"
#include "cycle/cycle.h"
#include "cycle/rehearsal.h"
#include "mutex.h"
#include "settings.h"
#include "soundtrack.h"

namespace klingv2a {

class ClipRun;

// What a finished cycle tells, for the stats.
struct RunReport {
  kling::Task task;
  cycle::Origin origin = cycle::Origin::submitted;
  cycle::ResultForm form = cycle::ResultForm::wav;
  cycle::CycleStats cycle;
  double proxy_s = 0;   // writing and probing the proxy
  double decode_s = 0;  // from the downloaded result to the fitted sound
  std::uint64_t proxy_bytes = 0;
  std::string proxy_hash, result_hash;  // as checksum.h has them; empty: there was none
};

// The element, as its runs see it. Called on the cycle thread with no lock held.
class ClipRunHost {
 public:
  virtual ~ClipRunHost() = default;
  // Throws Error{settings} when `audio` is not linked or its peer takes no raw audio, or when another stream is refused
  // by what it is led to.
  virtual void check_links() = 0;
  // The same, and the program is asked whether it still wants the sound: Error{settings} when it does not.
  virtual void check_submit(ClipRun& run) = 0;
  // The caps the sound is to have; fixed by the first call of a stream.
  virtual CapsPtr fix_audio_caps() = 0;
  virtual void on_phase(ClipRun& run, Phase phase) = 0;
  virtual void on_waiting(ClipRun& run, Seconds waited) = 0;
  virtual void on_task(ClipRun& run, const kling::Task& task) = 0;
  // What the journal knew of the clip; before anything else follows from it.
  virtual void on_origin(ClipRun& run, cycle::Origin origin) = 0;
  // The run waits for another one that has the clip, or for its turn.
  virtual void on_turn(ClipRun& run, const std::string& what) = 0;
  // The journal could not be written although a task exists; the sound comes all the same.
  virtual void on_journal_failure(ClipRun& run, const Error& error) = 0;
  virtual void on_file_left(ClipRun& run, const Error& error) = 0;
  // The service has said something odd; the sound comes all the same.
  virtual void on_oddity(ClipRun& run, const Error& error) = 0;
  virtual void on_retry(ClipRun& run, const Error& error, int attempt, Seconds gap) = 0;
  // The service is to be shown a transcoded copy of the clip, and why. Also on the streaming thread.
  virtual void on_conform(ClipRun& run, const std::vector<std::string>& reasons, const EncoderInUse& encoder) = 0;
  // What is missing for that, for installers. Also on the streaming thread.
  virtual void on_missing_decoder(const CapsPtr& caps) = 0;
  virtual void on_missing_encoder(const CapsPtr& caps) = 0;
  // dry-run: what would have been asked for. Silence is to be played.
  virtual void on_rehearsed(ClipRun& run, const cycle::Rehearsal& rehearsal) = 0;
  // Frames are held and none has arrived for a while. Returns whether that is all right: the upstream is live, or
  // paused.
  virtual bool on_starving(ClipRun& run) = 0;
  // It is not: told once, before the clip is given up.
  virtual void warn_of_starving(const Error& /*warning*/) {}
  virtual void on_sound(ClipRun& run, std::shared_ptr<const Soundtrack> sound, const RunReport& report) = 0;
  virtual void on_failed(ClipRun& run, const Error& error) = 0;
};

class ClipRun : private IntakeHost {
  class Observer;
  class Release;
  class Taking;

 public:
  ClipRun(ClipRunHost& host, unsigned number, RunSettings settings);
  ClipRun(const ClipRun&) = delete;
  ClipRun& operator=(const ClipRun&) = delete;

  [[nodiscard]] unsigned number() const noexcept { return number_; }
  // The `code` of this job's PROGRESS messages.
  [[nodiscard]] std::string progress_code() const { return "klingv2a-clip-" + std::to_string(number_); }
  [[nodiscard]] const RunSettings& settings() const noexcept { return settings_; }

  // The streaming thread: a frame has arrived.
  void note_arrival() noexcept;
  // The streaming thread, with no lock held: the next buffer, see ClipIntake::take(). May wait for the transcoder.
  void take(const IntakeBuffer& part);
  // The streaming thread, before the first take(): the tag image-orientation.
  void set_orientation(std::string orientation) { intake_.set_orientation(std::move(orientation)); }
  // Any thread: the clip is given up; ends a wait in take().
  void abandon_intake() { intake_.abandon(); }
  // The streaming thread: the clip is complete. Called at most once.
  void cut(std::vector<FrameTime> frames, const ClipTimeline& timeline);
  // Any thread, any number of times, also before the thread runs.
  void cancel();
  // The body of the cycle thread.
  void main() noexcept;

 private:
  using SteadyTime = std::chrono::steady_clock::time_point;
  struct CutClip {
    std::vector<FrameTime> frames;
    ClipTimeline timeline;
  };

  // IntakeHost, handed on with the run.
  void on_conform(const std::vector<std::string>& reasons, const EncoderInUse& encoder) override;
  void on_missing_decoder(const CapsPtr& caps) override;
  void on_missing_encoder(const CapsPtr& caps) override;

  void make_sound();
  [[nodiscard]] CutClip wait_for_cut();
  [[nodiscard]] cycle::CycleClip describe(const CutClip& clip, RunReport& report);
  [[nodiscard]] std::shared_ptr<const SpoolFile> make_proxy(const CutClip& clip, RunReport& report);
  [[nodiscard]] std::shared_ptr<const Soundtrack> decode(const SpoolFile& sound, const ClipTimeline& timeline);
  [[nodiscard]] Seconds since_arrival() const noexcept;
  [[nodiscard]] Seconds starved_after() const;

  ClipRunHost& host_;
  const unsigned number_;
  const RunSettings settings_;
  const GObjectPtr<GCancellable> cancel_;  // a new one for every run, never reset
  std::atomic<SteadyTime::rep> last_arrival_;
  std::atomic<bool> taking_ = false;  // a frame is being taken in
  ClipIntake intake_;                 // the streaming thread's until the cut, then the cycle thread's

  Mutex mutex_;
  Condition changed_;
  std::optional<CutClip> cut_ GUARDED_BY(mutex_);
  bool cancelled_ GUARDED_BY(mutex_) = false;
};

// Owns a run's thread. Not thread-safe; used under the element's rules (started by the streaming thread, stopped by the
// state change).
class RunThread {
 public:
  // `host` is whose run it is, and outlives this. The thread holds no reference to it, or it could not be dropped
  // before the run has ended.
  RunThread(std::shared_ptr<ClipRun> run, GstElement* host);
  ~RunThread() { stop(); }
  // Cancels, and waits for at most a few milliseconds: a thread that cannot end at once (a slow disk, a prober) is let
  // go and ends by itself, with all that it holds, now its host too. False when it was let go, so that nobody hears
  // from it any more.
  bool stop();
  RunThread(const RunThread&) = delete;
  RunThread& operator=(const RunThread&) = delete;

 private:
  // Shared with the thread; the host is in it from when the thread is let go on.
  struct KeptAlive {
    ElementPtr host;
  };
  std::shared_ptr<ClipRun> run_;
  GstElement* const host_;
  std::shared_ptr<KeptAlive> kept_alive_ = std::make_shared<KeptAlive>();
  std::future<void> ended_;
  std::thread thread_;
};

}  // namespace klingv2a
