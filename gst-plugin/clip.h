// SPDX-License-Identifier: LGPL-2.1-or-later
//
// One clip of the row: its held items, its frames, its sound and how far that has been played. Plain values, guarded by
// the lock of whoever owns the row (clip_row.h).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "clip_segments.h"
#include "clip_timeline.h"
#include "error.h"
#include "gst_ptr.h"
#include "hold.h"
#include "plan/plan.h"
#include "soundtrack.h"

namespace klingv2a {

class ClipRun;
class SoundListener;

// Where a clip lies in a planned row (docs/architecture.md, "A row of clips"). Running times.
struct RowPlace {
  plan::Range range;            // its sound is played over this
  plan::Range shown;            // what it was made for, with the handles
  Nanoseconds row_begin = 0;    // of the row's first clip: samples are counted from there
  Nanoseconds stream_time = 0;  // of row_begin
  plan::Place begins = plan::Place::edge, ends = plan::Place::edge;
  bool is_transcoded = false;
  bool is_last = false;
};

// What a run has found for a clip of a planned row: joined to its neighbours, it becomes the soundtrack.
struct RowResult {
  std::shared_ptr<const SpoolFile> file = {};  // null: silence
  SoundWindow window = {};                     // what of it is of the shown range
  std::string task_id = {};                    // of the task that it came from; empty: none
};

// The sound of a clip, and what became of it. Several clips share one when a seek comes back to what was submitted.
struct ClipSound {
  unsigned number = 0;                           // counts from 1
  std::shared_ptr<ClipRun> run;                  // makes it; null where nothing runs, as in tests of the row
  std::shared_ptr<SoundListener> listener;       // hears the run; null with it
  std::shared_ptr<const Soundtrack> soundtrack;  // set when there is a sound (or, by policy, silence)
  std::string task_id;                           // of the task that it came from; empty: none, as of silence
  bool settled = false;                          // soundtrack is set: what waits for it may leave
  bool submitted = false;                        // the clip was cut and handed over: it is remembered for this run
  bool left_out = false;                         // it failed, and what other clips have is played without it
  std::optional<RowPlace> place;                 // in a planned row, once it is cut
  std::string key;                               // in the journal; known of clips of planned rows only
  std::optional<RowResult> result;               // in a planned row, once its run has ended well, or as silence
  std::optional<ErrorDetails> failure;           // the first one; what comes after it does not count
  Nanoseconds stream_begin = 0, stream_end = 0;  // stream time; valid when submitted
  std::vector<std::string> stream_ids;           // of the streams that the clip is of

  [[nodiscard]] bool is_of(const std::string& stream_id) const;
  // Nothing is waited for any more but, in a planned row, the neighbours' sounds.
  [[nodiscard]] bool is_there() const { return settled || result.has_value(); }
  // Nobody waits for it: it is there, or passed over.
  [[nodiscard]] bool is_decided() const { return is_there() || left_out; }
};

struct Clip {
  std::shared_ptr<ClipSound> sound;  // null as long as there is no frame
  Hold held;                         // its frames, and the events among them
  EventPtr end;                      // EOS or SEGMENT_DONE, when one ended it; also the last of the held items
  bool attached = false;             // the sound is an earlier clip's, found by its stream time
  bool cut = false;                  // complete: no more items come
  bool has_frames = false;
  bool sound_started = false;  // the audio task has sent its events
  bool planned = false;        // of a planned row: cut where the plan says
  guint32 segment_seqnum = GST_SEQNUM_INVALID;

  // The frames, for the timeline.
  GstSegment segment{};              // in force at the first frame
  std::vector<FrameTime> frames;     // empty once the sound is settled or when it is not to be submitted
  Nanoseconds first = 0;             // smallest PTS so far
  Nanoseconds last = 0;              // the last frame's, in decode order
  Nanoseconds distance = 0;          // of the last two frames; an estimate for tolerances while frames arrive
  Nanoseconds least_begin = kNever;  // what is shown earlier is of the clip before, whatever the order of decoding
  Nanoseconds begin = 0;             // where the sound begins: of what came so far, final when cut
  Nanoseconds end_time = 0;          // where it ends; likewise
  SegmentSeams seams;

  // Of a planned row: the further segments, each from the first frame that came in it.
  struct LaterSegment {
    Nanoseconds from = 0;
    GstSegment segment{};
    guint32 seqnum = GST_SEQNUM_INVALID;
  };
  std::vector<LaterSegment> later_segments;

  // The audio task's place.
  EventPtr audio_stream_start;  // when a new stream begins with this clip
  std::int64_t samples_played = 0;

  // Running time of the segment's start.
  [[nodiscard]] Nanoseconds segment_start() const;
  // Stream time of a running time of this clip.
  [[nodiscard]] Nanoseconds to_stream_time(Nanoseconds running_time) const;
  // Running time of a stream time.
  [[nodiscard]] Nanoseconds to_running_time(Nanoseconds stream_time) const;
  // Running time up to which its sound goes, in the end; nothing while nobody knows.
  [[nodiscard]] std::optional<Nanoseconds> sound_end() const;
  // Takes note of a frame (access unit) that came in the segment `in_force`.
  void add_frame(const FrameTime& frame, const GstSegment& in_force);
  [[nodiscard]] bool wants_frames() const { return !attached && !(sound && sound->settled); }
  // Running time from which its samples are counted: of a planned row, the row's beginning.
  [[nodiscard]] Nanoseconds sample_origin() const;
  // What of the soundtrack belongs to this clip, in samples at `rate`: the first one, and how many so far.
  [[nodiscard]] std::int64_t first_sample(int rate) const;
  [[nodiscard]] std::int64_t samples_so_far(int rate) const;
  // Its sound failed, and it is passed over.
  [[nodiscard]] bool left_out() const { return sound && sound->left_out; }
  // Its sound is there, or will be: it was handed over.
  [[nodiscard]] bool has_prospects() const { return sound && !sound->left_out && (sound->settled || sound->submitted); }
};

}  // namespace klingv2a
