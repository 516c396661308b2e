// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A clip on its way in: what becomes its key and its proxy. The frames are hashed, and kept for the proxy or transcoded
// at once, while they come.
//
// Threads: take() on the streaming thread until the clip is cut; then key() and make_proxy() on the cycle thread;
// abandon() on any. The mutex guards the transcoder's pointer and the flag only; nothing is called while it is held.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "clip_key.h"
#include "clip_timeline.h"
#include "conform.h"
#include "mutex.h"
#include "proxy_writer.h"
#include "settings.h"
#include "transcoder.h"

namespace klingv2a {

// A buffer of the clip. `caps` are those in force; `time` is set for the first buffer of a frame.
struct IntakeBuffer {
  CapsPtr caps;
  BufferPtr buffer;  // as it came
  BufferPtr held;    // the same, where it waits to leave
  std::optional<FrameTime> time;
};

// Who is notified. Called on the thread that takes in, with no lock held.
class IntakeHost {
 public:
  virtual ~IntakeHost() = default;
  // The service is to be shown a transcoded copy, and why.
  virtual void on_conform(const std::vector<std::string>& reasons, const EncoderInUse& encoder) = 0;
  virtual void on_missing_decoder(const CapsPtr& caps) = 0;
  virtual void on_missing_encoder(const CapsPtr& caps) = 0;
};

class ClipIntake {
 public:
  // `settings` and `host` outlive this object.
  ClipIntake(const RunSettings& settings, IntakeHost& host);
  ~ClipIntake() = default;
  ClipIntake(const ClipIntake&) = delete;
  ClipIntake& operator=(const ClipIntake&) = delete;

  // How the pictures are to be turned: the tag image-orientation, empty if there is none. Before the first take().
  void set_orientation(std::string orientation) { orientation_ = std::move(orientation); }
  // Of a planned row, before the first take(): the key is known. `shown` (running times): the clip does not begin at a
  // key frame, so it is transcoded, and only these frames go into the proxy.
  void begin_planned(const std::optional<plan::Range>& shown) {
    is_planned_ = true;
    shown_ = shown;
  }
  // May wait for the transcoder. Throws Error{input} for what is no video that the service could be shown,
  // Error{settings} for a missing element.
  void take(const IntakeBuffer& part);
  // Ends a wait in take(); what comes further is not looked at.
  void abandon();
  // The cycle thread, when the clip's sound is there or given up: lets go of the frames.
  void release();
  // All frames are there: the transcoder may finish.
  void end();

  [[nodiscard]] std::string key() const { return key_.hex(); }
  // The finished proxy, probed. Throws Error{input} for one that breaks a limit, Error{disk}, Error{cancelled}.
  [[nodiscard]] std::shared_ptr<const SpoolFile> make_proxy(const std::vector<FrameTime>& frames,
                                                            const ClipTimeline& timeline, GCancellable* cancel);

 private:
  void begin(const CapsPtr& caps);
  void transcode(Transcoder& running, const IntakeBuffer& part);
  void keep_for_remuxing(const IntakeBuffer& part);
  void start_transcoding(const CapsPtr& caps, const std::vector<std::string>& reasons);
  void conform_or_refuse(const CapsPtr& caps, const std::string& reason);
  void transcode_what_is_kept(const CapsPtr& caps, const std::vector<std::string>& reasons);
  [[nodiscard]] std::shared_ptr<Transcoder> transcoder() const;
  [[nodiscard]] bool is_abandoned() const;
  [[nodiscard]] std::shared_ptr<const SpoolFile> remux(const std::vector<FrameTime>& frames,
                                                       const ClipTimeline& timeline, GCancellable* cancel);
  [[nodiscard]] std::shared_ptr<const SpoolFile> finish_transcoding(const ClipTimeline& timeline, GCancellable* cancel);

  const RunSettings& settings_;
  IntakeHost& host_;
  ClipKey key_;
  std::string orientation_;
  bool is_planned_ = false;
  std::optional<plan::Range> shown_;
  bool begun_ = false;
  CapsPtr caps_, shown_caps_;       // as they came; as the transcoder gets them
  std::vector<IntakeBuffer> kept_;  // while it is to be remuxed
  std::uint64_t bytes_ = 0;

  mutable Mutex mutex_;
  std::shared_ptr<Transcoder> transcoder_ GUARDED_BY(mutex_);
  bool abandoned_ GUARDED_BY(mutex_) = false;
};

}  // namespace klingv2a
