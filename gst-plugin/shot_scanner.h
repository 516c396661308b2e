// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Watches a video for shot changes while it comes in: decodes its packets to small luma pictures, and has
// plan::ShotDetector judge them. The same video gives the same marks each time, whatever decoder is installed, if the
// decoders give the same pictures.
//
// What cannot be decoded is no reason to fail a video. The caller turns the Error into a warning, keeps the marks that
// were taken, and plans on with marks that say nothing of the frames after them (plan::FrameMark{.at = …}).
//
// Threads: push() and end() by whoever feeds, one at a time; take_marks(), finish() and abandon() on any. Inside, a
// small pipeline runs on threads of its own. The mutexes are those of its parts; nothing is called while one is held.
#pragma once

#include <gio/gio.h>
#include <gst/gst.h>

#include <memory>
#include <optional>
#include <vector>

#include "gst_ptr.h"
#include "plan/shot_detector.h"

namespace klingv2a {

// What part of the video a scanner gets. A frame can be judged only when so many frames on both sides are known:
// plan::ShotDetector::kNeighbours. Those nearer to an edge inside the video have no mark; neither have leading pictures
// of the first key frame, nor the last frames before the end, of which those may be missing that are shown earlier and
// come later. The marks that are left are those that a scan of the whole gives. So windows that overlap by kOverlap
// frames leave no gap, and plan::BorderMaker takes their marks one window after the other.
//
// H.264 is trusted from the first IDR picture on, or else from the second key frame: a window that begins at the key
// frame of an open GOP has to begin one key frame earlier.
struct ScanWindow {
  static constexpr int kMostReordered = 16;  // frames; no codec allows more
  static constexpr int kOverlap = 2 * plan::ShotDetector::kNeighbours + kMostReordered;

  bool begins_inside = false;  // the video has frames before the first one pushed
  bool ends_inside = false;    // ... after the last one
};

class ShotScanner {
 public:
  // Starts for a video of fixed `caps`. Throws Error{settings} for a missing element or decoder.
  explicit ShotScanner(const CapsPtr& caps, ScanWindow window = {});
  // Never waits: what still runs is stopped on a thread of its own.
  ~ShotScanner();
  ShotScanner(const ShotScanner&) = delete;
  ShotScanner& operator=(const ShotScanner&) = delete;

  // The next buffer, in decode order, with the running time of its PTS if it has one; the first is a key frame. Of the
  // two fields of a picture that are buffers of their own, the second has none. Waits while 4 buffers wait to be
  // decoded. False when abandoned. Throws Error{input} for a video that cannot be decoded.
  [[nodiscard]] bool push(const CapsPtr& caps, const BufferPtr& buffer, std::optional<Nanoseconds> running_time);
  // No more comes.
  void end();
  // Wakes push() and finish(), and makes every further one return at once.
  void abandon();

  // The marks that were made since the last call: each frame once, rising. Never waits.
  [[nodiscard]] std::vector<plan::FrameMark> take_marks();
  // After end(): waits until all marks are there. Throws Error{input} for a video that cannot be decoded,
  // or of which more than the last second cannot, Error{cancelled} also when it was abandoned; the marks up to there
  // can be taken.
  void finish(GCancellable* cancel);

 private:
  class Work;
  const std::shared_ptr<Work> work_;
};

}  // namespace klingv2a
