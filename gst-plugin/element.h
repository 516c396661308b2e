// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What stands behind the GObject: the pads, the row of clips and their life through the element's states.
//
// Threads:
//   the streaming thread   chain(): frames into the row                                  element_sink.cpp
//                          on_sink_event()                                               element_events.cpp
//   the video pad's task   play_video()                                                  element_source.cpp
//   the audio pad's task   play_audio()                                                  element_source.cpp
//   each companion's       companion_chain(), on_companion_event(); its src_%u's task:
//   streaming thread         play_companion()                                            element_companions.cpp
//   the cycle threads      the ClipRunHost functions                                     element_run.cpp
//   any thread             properties, state changes, source pads' events and queries    element.cpp, element_pads.cpp
// One mutex guards all of the state. It is never held across a push, a post, a pad-add, a query to a peer, a call into
// a run that may block, or a join. `changed_` is notified after each change that one of the waits looks at; every wait
// ends on flushing, stopping, a failure, or the deactivation of its pad.
#pragma once

#include <chrono>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "clip.h"
#include "clip_run.h"
#include "companion.h"
#include "gst_ptr.h"
#include "hold_spool.h"
#include "mutex.h"
#include "output.h"
#include "setting.h"
#include "settings.h"
#include "timed_pad.h"

namespace klingv2a {

// What runs count, for the property `stats`.
struct Stats {
  guint clips = 0, tasks = 0, retries = 0, polls = 0;
  guint paid_tasks = 0;  // of `tasks`, those that were asked for by this element now
  guint kept_sounds = 0, waits_for_another = 0, journal_failures = 0, files_left = 0;
  guint warnings = 0;
  guint callbacks = 0, callbacks_dropped = 0;
  std::string callbacks_dropped_reason;  // of the last one
  std::string last_retry_reason;
  std::string origin, sound_form, last_error_kind;
  std::string conformed, encoder;  // why the last clip was transcoded, and by which element
  guint64 spooled_bytes = 0;       // in the spool files of the last clip that needed one and of its companions
  double proxy_s = 0, publish_s = 0, submit_s = 0, wait_s = 0, download_s = 0, decode_s = 0;
  guint64 proxy_bytes = 0, result_bytes = 0;
  std::string proxy_hash, result_hash;
  guint64 frames_in = 0, frames_out = 0;  // since the last flush
  gint64 samples = 0, samples_padded = 0, samples_trimmed = 0;
  guint64 lead_in = 0, clip_length = 0;  // nanoseconds, of the last clip
};

class Element : private ClipRunHost {
 public:
  // `self` owns this object. `sink` and `video` have been added to it.
  Element(GstElement* self, GstPad* sink, GstPad* video);
  ~Element() override;
  Element(const Element&) = delete;
  Element& operator=(const Element&) = delete;

  // Ids of the properties that are not settings.
  static guint task_id_property() { return first_free_property_id(); }
  static guint stats_property() { return first_free_property_id() + 1; }
  SetResult set_property(guint id, const GValue* value);
  bool get_property(guint id, GValue* value);

  // The id of the signal publish-clip: (file path, content type) → URL.
  void set_signals(guint publish_clip, guint before_submit) {
    publish_clip_signal_ = publish_clip;
    before_submit_signal_ = before_submit;
  }

  // State changes. check_settings() posts the error itself and returns false.
  bool check_settings();
  bool prepare();                 // READY→PAUSED: takes the settings, and checks them again
  void begin_stop();              // PAUSED→READY, before the pads are deactivated
  void finish_stop();             // PAUSED→READY, after it
  void note_paused(bool paused);  // PLAYING→PAUSED; PAUSED→PLAYING

  GstFlowReturn chain(BufferPtr buffer);
  GstFlowReturn on_sink_event(EventPtr event);
  bool on_sink_query(GstPad* pad, GstQuery* query);

  bool activate(GstPad* pad, bool active);
  bool on_source_event(GstPad* pad, EventPtr event);
  bool on_source_query(GstPad* pad, GstQuery* query);
  [[nodiscard]] PadPtr internal_link(GstPad* pad);

  // Companions: `pad` is a `sink_%u`. request_companion() takes the name that is wished for, or null for any number;
  // null when it is no such name or in use. release_companion() never waits for anything downstream.
  GstPad* request_companion(const char* name);
  void release_companion(GstPad* pad);
  GstFlowReturn companion_chain(GstPad* pad, BufferPtr buffer);
  GstFlowReturn on_companion_event(GstPad* pad, EventPtr event);

 private:
  // `video` and `audio`: each has its own view of the row, so that one may be ahead.
  struct ClipOutput : Output {
    std::deque<std::shared_ptr<Clip>> row;
  };
  using CompanionPtr = std::shared_ptr<Companion>;
  // A clip's failure that is told when the clips that have a sound are played.
  // Where a failure was found: a run knows what its task has cost. A stream does not, and with a companion's, the
  // programme is not whole whatever the clips have.
  enum class Found { by_run, on_video, on_companion };
  struct Failure {
    std::shared_ptr<Sound> sound;  // may be null
    ErrorDetails details;
    Found found = Found::by_run;
  };
  struct SoundThread {
    std::shared_ptr<Sound> sound;
    std::unique_ptr<RunThread> thread;
  };
  using Item = MiniPtr<GstMiniObject>;
  enum class Policy { obey, ignore };  // of on-failure
  // Buffers of a stream that may wait to leave once they may: enough for a muxer's interleaving, little in memory.
  static constexpr std::size_t kRoom = 64;

  // element_sink.cpp and element_events.cpp
  GstFlowReturn refusal() const REQUIRES(mutex_);
  GstFlowReturn place(IntakeBuffer& part);
  GstFlowReturn examine(IntakeBuffer part, HeldItem& item);
  void take_in(IntakeBuffer part, HeldItem& item);
  HoldSpool* spool_for(std::size_t size);
  void note_spooled(guint64& spooled, const HoldSpool* spool) REQUIRES(mutex_);
  HoldSpool* open_spool(std::unique_ptr<HoldSpool>& spool);
  [[nodiscard]] std::size_t held_memory() const REQUIRES(mutex_);
  [[nodiscard]] bool may_take_more(const Hold& hold) const REQUIRES(mutex_);
  bool continues_frame(GstBuffer* buffer) const REQUIRES(mutex_);
  GstClockTime timestamp_of(GstBuffer* buffer) const REQUIRES(mutex_);
  GstFlowReturn hold_header(const BufferPtr& buffer);
  Clip& clip_for(const FrameTime& frame) REQUIRES(mutex_);
  void begin_clip() REQUIRES(mutex_);
  GstFlowReturn hold(HeldItem item);
  void give_sound(const std::shared_ptr<Clip>& clip) REQUIRES(mutex_);
  std::shared_ptr<Sound> find_submitted(Nanoseconds stream_time) const REQUIRES(mutex_);
  void check_growing() EXCLUDES(mutex_);
  void wait_for_room() REQUIRES(mutex_);
  void cut_filling() REQUIRES(mutex_);
  void keep_sticky_events() REQUIRES(mutex_);
  bool take_sink_event(EventPtr event);
  bool on_flush_start(EventPtr event);
  bool on_flush_stop(EventPtr event);
  bool on_stream_start(EventPtr event);
  bool on_caps(EventPtr event);
  void note_orientation(GstEvent* tag);
  bool refuse_segment();
  bool on_instant_rate_change(const EventPtr& event);
  bool on_segment(EventPtr event);
  bool on_end(const EventPtr& event);
  bool pass_or_hold(EventPtr event);
  void check_caps(const GstCaps* caps) const REQUIRES(mutex_);
  void check_segment_length() EXCLUDES(mutex_);
  void warn_if_dropped_by_sinks();
  void expose_audio();
  EventPtr make_audio_stream_start() const REQUIRES(mutex_);
  bool start_pending_run();
  GstFlowReturn report_refusal(const Error& error, Policy policy);

  // element_source.cpp
  void play_video();
  // For the tasks: the pad stays, the rest is looked at under the lock.
  ClipOutput& video_output() NO_THREAD_SAFETY_ANALYSIS { return video_; }
  ClipOutput& audio_output() NO_THREAD_SAFETY_ANALYSIS { return audio_; }
  void play_audio();
  Item next_video_item();
  void forget_held() REQUIRES(mutex_);
  std::vector<Item> next_audio_items();
  [[nodiscard]] bool must_pause(const Output& output) const REQUIRES(mutex_) {
    return !output.active || flushing_ || stopping_ || failed_;
  }
  [[nodiscard]] bool has_work(const ClipOutput& output) const REQUIRES(mutex_);
  bool may_play(ClipOutput& output) REQUIRES(mutex_);
  void pass_over_video(Clip& clip) REQUIRES(mutex_);
  void pass_over_audio(Clip& clip) REQUIRES(mutex_);
  bool must_end(ClipOutput& output) REQUIRES(mutex_);
  std::vector<Item> begin_sound(Clip& clip) REQUIRES(mutex_);
  std::vector<Item> next_sound(Clip& clip) REQUIRES(mutex_);
  EventPtr audio_segment(const Clip& clip) REQUIRES(mutex_);
  void push(Output& output, Item item);
  GstFlowReturn push_buffer(Output& output, BufferPtr buffer);
  void note_flow(Output& output, GstFlowReturn flow);
  void report_refused_caps(GstPad* pad);
  void warn_of_frames_missing();
  Output* output_of(const GstPad* pad) REQUIRES(mutex_);
  bool start_task(GstPad* pad) REQUIRES(mutex_);
  void restart_tasks() EXCLUDES(mutex_);

  // element_companions.cpp
  CompanionPtr companion_of(GstPad* pad);
  [[nodiscard]] CompanionPtr find_companion(const GstPad* pad) const REQUIRES(mutex_);
  [[nodiscard]] Nanoseconds companions_until() const REQUIRES(mutex_);
  [[nodiscard]] bool somebody_is_behind(Nanoseconds time) const REQUIRES(mutex_);
  [[nodiscard]] GstFlowReturn refusal(const Companion& companion) const REQUIRES(mutex_);
  GstFlowReturn hold(Companion& companion, HeldItem item);
  HeldItem spooled_if_needed(Companion& companion, BufferPtr buffer);
  void fail_for_companion(const Error& error);
  bool take_companion_event(const CompanionPtr& companion, EventPtr event);
  bool push_past(const Companion& companion, EventPtr event);
  PadPtr source_of(const Companion& companion);
  bool on_companion_flush_start(Companion& companion, EventPtr event);
  bool on_companion_flush_stop(Companion& companion, EventPtr event);
  bool on_companion_end(Companion& companion, EventPtr event);
  bool hold_companion_event(Companion& companion, EventPtr event);
  bool expose_companion(const CompanionPtr& companion, const EventPtr& caps);
  void begin_to_end(Companion& companion);
  [[nodiscard]] bool is_absent(const Companion& companion) const REQUIRES(mutex_);
  void remove_source(const PadPtr& source, bool busy);
  void say_no_more_pads();
  void play_companion(GstPad* pad);
  [[nodiscard]] bool is_in_use(guint number) const REQUIRES(mutex_);
  [[nodiscard]] bool must_stop(const Companion& companion) const REQUIRES(mutex_);
  [[nodiscard]] bool must_end(const Companion& companion) const REQUIRES(mutex_);
  [[nodiscard]] bool has_work(const Companion& companion) const REQUIRES(mutex_);
  Item next_item(Companion& companion);

  // element_run.cpp
  void check_links() override;
  void check_submit(ClipRun& run) override;
  void check_audio_link();
  std::vector<PadPtr> passing_pads();
  CapsPtr fix_audio_caps() override;
  void on_phase(ClipRun& run, Phase phase) override;
  void on_waiting(ClipRun& run, Seconds waited) override;
  void on_task(ClipRun& run, const kling::Task& task) override;
  void on_origin(ClipRun& run, cycle::Origin origin) override;
  void on_turn(ClipRun& run, const std::string& what) override;
  void on_journal_failure(ClipRun& run, const Error& error) override;
  void on_file_left(ClipRun& run, const Error& error) override;
  void on_oddity(ClipRun& run, const Error& error) override;
  void on_retry(ClipRun& run, const Error& error, int attempt, Seconds gap) override;
  void on_conform(ClipRun& run, const std::vector<std::string>& reasons, const EncoderInUse& encoder) override;
  void on_missing_decoder(const CapsPtr& caps) override;
  void on_missing_encoder(const CapsPtr& caps) override;
  void on_rehearsed(ClipRun& run, const cycle::Rehearsal& rehearsal) override;
  void warn(const ErrorDetails& details);
  void warn_of_unknown_start(const RunReport& report);
  bool on_starving(ClipRun& run) override;
  void warn_of_starving(const Error& warning) override { warn(warning.details()); }
  void on_sound(ClipRun& run, std::shared_ptr<const Soundtrack> sound, const RunReport& report) override;
  void on_failed(ClipRun& run, const Error& error) override;
  void note_asked_for(const ClipRun& run);
  bool was_told_of_payment(Sound& sound) EXCLUDES(mutex_);
  void warn_of_task_left(const std::shared_ptr<Sound>& sound);
  ErrorDetails with_what_is_paid(ErrorDetails details);
  void fail(const Failure& failure, Policy policy = Policy::obey);
  [[nodiscard]] bool others_have_prospects(const std::shared_ptr<Sound>& sound) const REQUIRES(mutex_);
  void leave_out(const std::shared_ptr<Sound>& sound) EXCLUDES(mutex_);
  void fail_later(const Failure& failure, bool is_first);
  void tell_untold_failure();
  void fail_with_error(const Failure& failure);
  void fail_with_silence(const std::shared_ptr<Sound>& sound, const ErrorDetails& details);
  void settle(const std::shared_ptr<Sound>& sound, std::shared_ptr<const Soundtrack> soundtrack);
  void finish_progress(const std::shared_ptr<Sound>& sound, GstProgressType type, const std::string& text);
  std::shared_ptr<Sound> sound_of(const ClipRun& run) EXCLUDES(mutex_);
  PadPtr audio_pad();

  // element_pads.cpp
  bool seek(GstPad* sink, EventPtr event);
  std::optional<bool> answer_of_seek(guint32 seqnum, const GstObject* origin, bool flushes);
  bool answer_position(const GstPad* pad, GstQuery* query);
  bool answer_latency(GstPad* sink, GstQuery* query);
  bool answer_caps(GstPad* pad, GstQuery* query);
  bool answer_own_caps(GstPad* pad, GstQuery* query);
  bool answer_audio(GstQuery* query);
  bool answer_allocation(GstPad* pad, GstQuery* query);
  bool upstream_is_live();

  // element.cpp
  void reset_stream();
  StructurePtr stats_structure() const REQUIRES(mutex_);
  enum class When { soon, now };
  void tell_stats(When when);
  bool begin_run();
  std::vector<SoundThread> take_ended_runs() REQUIRES(mutex_);

  bool is_good(const RunSettings& settings);
  RunSettings settings_for(unsigned clip_number) const REQUIRES(mutex_);

  GstElement* const self_;
  // Set once, before the element is used.
  guint publish_clip_signal_ = 0, before_submit_signal_ = 0;
  GstPad* const sink_;
  GstPad* const video_pad_;
  TimedPad timed_sink_;  // has its own state, of the streaming thread

  Mutex mutex_;
  Condition changed_;
  Settings settings_ GUARDED_BY(mutex_);
  // From READY→PAUSED to PAUSED→READY nothing is set, so settings_ is the run's; `taken_` knows the environment, too.
  bool running_ GUARDED_BY(mutex_) = false;
  bool paused_ GUARDED_BY(mutex_) = false;  // after PLAYING: the user's will, and not the wait for the first frames
  RunSettings taken_ GUARDED_BY(mutex_);
  ClipOutput video_ GUARDED_BY(mutex_), audio_ GUARDED_BY(mutex_);
  PadPtr audio_pad_ GUARDED_BY(mutex_);
  std::vector<CompanionPtr> companions_ GUARDED_BY(mutex_);
  // In this run; `audio` itself stays once it is there.
  bool audio_begun_ GUARDED_BY(mutex_) = false;
  bool said_no_more_pads_ GUARDED_BY(mutex_) = false;
  bool flushing_ GUARDED_BY(mutex_) = false;
  bool stopping_ GUARDED_BY(mutex_) = true;
  bool failed_ GUARDED_BY(mutex_) = false;
  bool eos_ GUARDED_BY(mutex_) = false;
  std::optional<Failure> failure_ GUARDED_BY(mutex_);  // from here on nothing more is taken in
  // The video has ended (EOS, SEGMENT_DONE): no clip comes after those in the row.
  bool complete_ GUARDED_BY(mutex_) = false;
  // The video's task has a frame, not a header or an event, in its hands.
  bool frame_leaves_ GUARDED_BY(mutex_) = false;
  Nanoseconds video_left_ GUARDED_BY(mutex_) = kNever;    // running time of the frame that left last
  Nanoseconds played_until_ GUARDED_BY(mutex_) = kNever;  // end of the clips that have left the video's row
  bool saw_frames_ GUARDED_BY(mutex_) = false, warned_latency_ GUARDED_BY(mutex_) = false;

  GstSegment segment_ GUARDED_BY(mutex_){};
  guint32 segment_seqnum_ GUARDED_BY(mutex_) = GST_SEQNUM_INVALID;
  CapsPtr caps_ GUARDED_BY(mutex_);
  bool parts_of_frames_ GUARDED_BY(mutex_) = false;  // a buffer may be one NAL unit, or one field
  std::string stream_id_ GUARDED_BY(mutex_);
  std::optional<guint> group_id_ GUARDED_BY(mutex_);
  EventPtr audio_stream_start_ GUARDED_BY(mutex_);  // to be sent with the next clip
  CapsPtr audio_caps_ GUARDED_BY(mutex_);
  bool audio_caps_sent_ GUARDED_BY(mutex_) = false;
  std::optional<ErrorDetails> refused_ GUARDED_BY(mutex_);  // a limit that the caps broke, when silence is the policy

  std::string orientation_ GUARDED_BY(mutex_);  // the tag image-orientation of the stream
  // Changed by the streaming thread only, which may use what they point to without the lock.
  std::shared_ptr<Clip> filling_ GUARDED_BY(mutex_);
  // Has its first frame, its run is to be started without the lock.
  std::shared_ptr<Clip> unstarted_ GUARDED_BY(mutex_);
  std::unique_ptr<HoldSpool> spool_;        // the streaming thread's own; others, when it does not run
  guint64 spooled_ GUARDED_BY(mutex_) = 0;  // its size
  // Of this stream, to find again after a seek; unsettled ones of any.
  std::vector<std::shared_ptr<Sound>> sounds_ GUARDED_BY(mutex_);
  std::vector<SoundThread> threads_ GUARDED_BY(mutex_);

  guint32 seek_seqnum_ GUARDED_BY(mutex_) = GST_SEQNUM_INVALID;       // of the last seek
  bool seek_may_pass_ GUARDED_BY(mutex_) = false;                     // it flushes, or a segment was done
  std::map<const GstObject*, bool> seek_results_ GUARDED_BY(mutex_);  // its answers, by where it went to; only compared
  Stats stats_ GUARDED_BY(mutex_);
  std::chrono::steady_clock::time_point stats_told_ GUARDED_BY(mutex_);
  std::string last_task_id_ GUARDED_BY(mutex_);
};

}  // namespace klingv2a
