// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The row of clips: which clip a frame belongs to, where a clip is cut, which sound it gets, what may leave. It knows
// no pads, posts nothing and starts nothing: whoever owns it does that with what it returns.
//
//   frames, events -> [ clip 1 | clip 2 | clip being filled ] -> the readers `video` and `audio`
//
// Each reader has its own view of the row, so that one may be ahead of the other.
//
// Threads: no lock of its own. The owner's lock guards it as a whole (ElementState::mutex). What is being filled
// changes on the streaming thread only.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "clip.h"
#include "row_policies.h"

namespace klingv2a {

enum class Reader { video, audio };

// A clip that is complete, for its run.
struct CompleteClip {
  std::shared_ptr<ClipSound> sound;
  std::vector<FrameTime> frames;
  ClipTimeline timeline;
};

class ClipRow {
 public:
  using SoundPtr = std::shared_ptr<ClipSound>;

  // Both outlive this object.
  ClipRow(const CutPolicy& cuts, const LeavePolicy& leaves);

  // ---- the stream that comes in

  // Nothing has come of this run.
  void begin_run();
  // STREAM_START. Returns the sounds that are forgotten, since they are settled and of another stream.
  std::vector<SoundPtr> begin_stream(const std::string& id);
  // Goes out with the next clip's sound.
  void set_audio_stream_start(EventPtr event) { audio_stream_start_ = std::move(event); }
  // SEGMENT: in force for what comes from now on.
  void set_segment(const GstSegment& segment, guint32 seqnum);
  [[nodiscard]] const GstSegment& segment() const { return segment_; }
  [[nodiscard]] const std::string& stream_id() const { return stream_id_; }
  // The event that no clip has taken yet; may be null.
  EventPtr take_audio_stream_start() { return std::exchange(audio_stream_start_, {}); }

  // ---- what is being filled

  // May be null.
  [[nodiscard]] const std::shared_ptr<Clip>& filling() const { return filling_; }
  // Its clip has a frame, so that a seam or a change may lie in it.
  [[nodiscard]] bool is_filling_frames() const { return filling_ && filling_->has_frames; }
  // What is not handed over yet and has a sound of its own: nothing is paid for it. May be null.
  [[nodiscard]] SoundPtr unsubmitted() const;

  struct Placed {
    std::optional<CompleteClip> complete;  // the clip before, which ends here
    SoundPtr begun;                        // a new sound, which needs its run; null when the clip has one
    bool attached = false;                 // the clip has just been attached to the sound of an earlier one
  };
  // A frame goes into its clip: the one that is being filled, or a new one. After a seek a new one is attached to the
  // sound that was submitted for the same stream time. Its item must be put by hold() afterwards.
  Placed place(const FrameTime& frame);
  // An item waits behind those that are there.
  void hold(HeldItem item);
  // EOS or SEGMENT_DONE, which waits as the last item. Without `cut` the clip stays open for its failure.
  enum class AtEnd { cut, keep_open };
  std::optional<CompleteClip> end(const EventPtr& event, AtEnd then);

  // ---- a planned row

  // What is being filled has frames and a sound of its own: from here on it is cut where a plan says.
  void begin_planned();
  [[nodiscard]] bool is_filling_planned() const { return filling_ && filling_->planned; }
  // The first clip of what is being filled is cut there, and handed over; the rest goes on being filled, with a sound
  // of its own. Returns the cut clip's sound. Nothing of it is dropped: `place.range.begin` is where the rest begins.
  SoundPtr cut_planned(const RowPlace& place);
  // Clips that are cut, and have left on no pad yet.
  [[nodiscard]] std::size_t clips_ahead() const;
  // Sounds of planned rows that wait to be played.
  [[nodiscard]] std::size_t sounds_ahead() const;

  // The video has ended: no clip comes after those in the row.
  [[nodiscard]] bool is_complete() const { return complete_; }
  [[nodiscard]] bool has_eos() const { return eos_; }

  // ---- sounds

  // In the order in which they began.
  [[nodiscard]] const std::vector<SoundPtr>& sounds() const { return sounds_; }
  [[nodiscard]] unsigned sounds_begun() const { return begun_; }
  // `task_id`: of the task that it came from; empty: none.
  void settle(const SoundPtr& sound, std::shared_ptr<const Soundtrack> soundtrack, const std::string& task_id);
  // Has a clip with another sound one, or will it?
  [[nodiscard]] bool others_have_prospects(const SoundPtr& sound) const;
  // Nothing more is taken in: what was not handed over is left out. Returns those sounds.
  std::vector<SoundPtr> give_up_unsubmitted();

  // ---- what leaves

  [[nodiscard]] bool empty(Reader reader) const { return view(reader).empty(); }
  // The first one in this reader's view; there is one.
  [[nodiscard]] Clip& front(Reader reader) const { return *view(reader).front(); }
  // The reader has done with the first one.
  void pop(Reader reader);
  [[nodiscard]] bool may_leave(const Clip& clip) const { return leaves_.may_leave(clip); }
  // The video passes over the frames of its first clip, which is left out.
  void pass_over_frames();
  // Running time up to which other streams may leave: to the end of the first clips that may, one after the other;
  // kForever when the video is complete and all of them may.
  [[nodiscard]] Nanoseconds may_leave_until() const;
  // The video has a buffer that may leave.
  [[nodiscard]] bool has_video_to_give() const;
  // Bytes of held payloads that are in memory.
  [[nodiscard]] std::size_t memory() const;

  // ---- what is forgotten

  // A flush drops what is held, but for the events that upstream will not send again (CAPS, TAG …): they lead the next
  // clip. Sounds that were submitted are found again; the one that was not is dropped, and returned.
  SoundPtr flush();
  // Held items only.
  void forget_held();
  // All, with the sounds, which are returned: whoever owns their runs ends them.
  std::vector<SoundPtr> clear();

 private:
  using View = std::deque<std::shared_ptr<Clip>>;
  [[nodiscard]] const View& view(Reader reader) const { return reader == Reader::video ? video_ : audio_; }
  [[nodiscard]] View& view(Reader reader) { return reader == Reader::video ? video_ : audio_; }
  void begin_clip();
  [[nodiscard]] bool ends_before(const FrameTime& frame) const;
  SoundPtr begin_frames(const FrameTime& frame);
  [[nodiscard]] SoundPtr new_sound();
  void note_later_segment(const FrameTime& frame);
  [[nodiscard]] std::shared_ptr<Clip> rest_of(Clip& clip, Nanoseconds from);
  [[nodiscard]] Nanoseconds begin_of(const FrameTime& frame) const;
  [[nodiscard]] SoundPtr find_submitted(Nanoseconds stream_time) const;
  std::optional<CompleteClip> cut();

  const CutPolicy& cuts_;
  const LeavePolicy& leaves_;
  GstSegment segment_{};
  guint32 segment_seqnum_ = GST_SEQNUM_INVALID;
  std::string stream_id_;
  EventPtr audio_stream_start_;
  std::shared_ptr<Clip> filling_;
  View video_, audio_;
  std::vector<SoundPtr> sounds_;  // of this stream, to be found again after a seek; unsettled ones of any
  unsigned begun_ = 0;
  bool complete_ = false, eos_ = false;
  std::optional<Nanoseconds> attached_until_;  // where the attached clip of a planned row ended that was cut last
  Nanoseconds video_until_ = kNever;           // end of the clips that have left the video's view
};

}  // namespace klingv2a
