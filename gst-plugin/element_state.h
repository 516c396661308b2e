// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The state of one element, with the mutex that guards all of it. The element's parts share it; each of them stands
// for one subject and one kind of thread:
//
//   VideoIntake, VideoEvents   the streaming thread of `sink`
//   RowPlayer                  the tasks of `video` and `audio`
//   CompanionPads              the companions' streaming threads and tasks
//   SoundListener              the cycle threads, one for each sound
//   Failures, Links            any of these
//   Seeks, PadQueries          any thread
//
// The mutex is never held across a push, a post, a pad-add, a query to a peer, a call that may block, or a join.
// `changed` is notified after each change that a wait looks at. Each wait ends on a flush, a stop, a failure, or the
// deactivation of its pad.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "clip_row.h"
#include "companion.h"
#include "messages.h"
#include "mutex.h"
#include "output.h"
#include "settings.h"
#include "starving.h"
#include "statistics.h"

namespace klingv2a {

// Ids of the element's signals: publish-clip: (file path, content type) → URL; before-submit: (clip) → reason.
struct Signals {
  guint publish_clip = 0, before_submit = 0;
};

// Where a failure was found: a run knows what its task has cost. A stream does not, and with a companion's, the
// programme is not whole whatever the clips have.
enum class Found { by_run, on_video, on_companion };

struct Failure {
  std::shared_ptr<ClipSound> sound;  // may be null
  ErrorDetails details;
  Found found = Found::by_run;
};

// What is known of the video that comes in.
struct VideoStream {
  bool saw_frames = false;  // in this run
  CapsPtr caps;
  bool parts_of_frames = false;         // a buffer may be one NAL unit, or one field
  std::string orientation;              // the tag image-orientation
  std::optional<ErrorDetails> refused;  // a limit that the caps broke, when silence is the policy
};

struct ElementState {
  // Buffers of a stream that may wait to leave once they may: enough for a muxer's interleaving, little in memory.
  static constexpr std::size_t kRoom = 64;

  // `element` owns this object; its pads outlive it.
  ElementState(GstElement* element, GstPad* sink_pad, GstPad* video, const Signals& signal_ids);

  GstElement* const self;
  GstPad* const sink;
  GstPad* const video_pad;
  const Signals signals;

  Arrivals arrivals;  // of the video and its companions; without the mutex

  Mutex mutex;
  Condition changed;

  Settings settings GUARDED_BY(mutex);
  // From READY→PAUSED to PAUSED→READY nothing is set, so `settings` are the run's; `taken` knows the environment, too.
  RunSettings taken GUARDED_BY(mutex);
  bool running GUARDED_BY(mutex) = false;
  bool paused GUARDED_BY(mutex) = false;  // after PLAYING: the user's will, and not the wait for the first frames

  bool flushing GUARDED_BY(mutex) = false;
  bool stopping GUARDED_BY(mutex) = true;
  bool failed GUARDED_BY(mutex) = false;             // the ERROR is posted
  std::optional<Failure> failure GUARDED_BY(mutex);  // is reported later; from here on nothing more is taken in
  VideoStream stream GUARDED_BY(mutex);
  // Not global: threads of an element that was dropped at work may outlive main().
  const CutAtEnd cut_policy{};
  const LeaveWithSound leave_policy{};
  ClipRow row GUARDED_BY(mutex){cut_policy, leave_policy};
  CompanionSet companions GUARDED_BY(mutex);
  Output video GUARDED_BY(mutex), audio GUARDED_BY(mutex);
  bool audio_has_begun GUARDED_BY(mutex) = false;  // in this run; the pad stays
  PadPtr audio_pad GUARDED_BY(mutex);              // stays once it is there
  CapsPtr audio_caps GUARDED_BY(mutex);            // chosen once a run
  guint64 video_spooled GUARDED_BY(mutex) = 0;     // bytes in the video's spool file
  // Of no clip, and of those that are forgotten. Clips have their own share: SoundListener::statistics().
  Statistics statistics GUARDED_BY(mutex);

  // ---- settings

  // For the clip `number`. A handler of publish-clip wins over the property publish; it is called on the cycle thread,
  // which keeps the element alive.
  [[nodiscard]] RunSettings settings_for(unsigned number) const REQUIRES(mutex);

  // ---- what may leave, and how much may come in

  // A task: its pad stays, the rest is looked at under the lock.
  [[nodiscard]] Output& output(Reader reader) NO_THREAD_SAFETY_ANALYSIS {
    return reader == Reader::video ? video : audio;
  }
  // Null for a pad that is no source pad, or of a companion that was released.
  [[nodiscard]] Output* find_output(const GstPad* pad) REQUIRES(mutex);
  [[nodiscard]] bool must_pause(const Output& output) const REQUIRES(mutex) {
    return !output.active || flushing || stopping || failed;
  }
  // Bytes of held payloads, the video's and the companions', that are in memory.
  [[nodiscard]] std::size_t held_memory() const REQUIRES(mutex) { return row.memory() + companions.memory(); }
  // Of a stream that may leave, a few buffers wait at most, so that what comes in is no faster than what goes out. More
  // only when a muxer may be waiting for another stream, which upstream may have behind this one.
  [[nodiscard]] bool may_take_more(const Hold& hold) const REQUIRES(mutex);
  // May what is being filled be cut by a plan, when it is longer than a clip?
  [[nodiscard]] bool may_be_planned() const REQUIRES(mutex);
  // Of a planned row as many clips wait as may, and no other stream is behind, of which a muxer may want something
  // first.
  [[nodiscard]] bool is_far_ahead() const REQUIRES(mutex);
  void note_spooled() REQUIRES(mutex) { statistics.spooled_bytes = video_spooled + companions.spooled(); }

  // ---- sounds

  // What waits for it may leave. `task_id`: of the task that the sound came from; empty: none.
  void settle(const std::shared_ptr<ClipSound>& sound, std::shared_ptr<const Soundtrack> soundtrack,
              const std::string& task_id = {}) EXCLUDES(mutex);
  // Silence instead of a sound. In a planned row it is joined to its neighbours.
  void settle_silent(const std::shared_ptr<ClipSound>& sound, const CapsPtr& caps) EXCLUDES(mutex);
  // A clip of a planned row has its result.
  void take_result(const std::shared_ptr<ClipSound>& sound, RowResult result) EXCLUDES(mutex);
  // Adds the share of sounds that are forgotten, so that it stays in the statistics, and their last task id.
  void keep_statistics(const std::vector<std::shared_ptr<ClipSound>>& forgotten) EXCLUDES(mutex);
  [[nodiscard]] Statistics all_statistics() EXCLUDES(mutex);
  // Of planned rows; without what is paid.
  [[nodiscard]] messages::RowState row_state() const REQUIRES(mutex);
  // The task of the newest clip that has one; empty: none.
  [[nodiscard]] std::string task_id() EXCLUDES(mutex);
  // Forgets both, for a new run. Returns whether there was a task.
  bool reset_statistics() EXCLUDES(mutex);

  // ---- what is posted

  // A WARNING, which is counted.
  void warn(const ErrorDetails& details) EXCLUDES(mutex);
  // Notifies `stats`. Handlers may read them all, so not at each poll; the end of a job always does.
  enum class When { soon, now };
  void notify_statistics(When when) EXCLUDES(mutex);

 private:
  [[nodiscard]] bool somebody_is_behind(Nanoseconds time) const REQUIRES(mutex);

  std::chrono::steady_clock::time_point notified_ GUARDED_BY(mutex);
  std::string earlier_task_id_ GUARDED_BY(mutex);  // of a clip that is forgotten
};

}  // namespace klingv2a
