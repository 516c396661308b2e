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
#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "clip.h"
#include "clip_run.h"
#include "companion.h"
#include "gst_ptr.h"
#include "hold_spool.h"
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
  using Lock = std::unique_lock<std::mutex>;
  using Item = MiniPtr<GstMiniObject>;
  enum class Policy { obey, ignore };  // of on-failure
  // Buffers of a stream that may wait to leave once they may: enough for a muxer's interleaving, little in memory.
  static constexpr std::size_t kRoom = 64;

  // element_sink.cpp and element_events.cpp
  GstFlowReturn refusal() const;
  GstFlowReturn place(IntakeBuffer& part);
  GstFlowReturn examine(IntakeBuffer part, HeldItem& item);
  void take_in(IntakeBuffer part, HeldItem& item);
  HoldSpool* spool_for(std::size_t size);
  void note_spooled(guint64& spooled, const HoldSpool* spool);
  HoldSpool* open_spool(std::unique_ptr<HoldSpool>& spool);
  [[nodiscard]] std::size_t held_memory() const;
  [[nodiscard]] bool may_take_more(const Hold& hold) const;
  bool continues_frame(GstBuffer* buffer) const;
  GstClockTime timestamp_of(GstBuffer* buffer) const;
  GstFlowReturn hold_header(const BufferPtr& buffer);
  Clip& clip_for(const FrameTime& frame);
  void begin_clip();
  GstFlowReturn hold(HeldItem item);
  void give_sound(const std::shared_ptr<Clip>& clip);
  std::shared_ptr<Sound> find_submitted(Nanoseconds stream_time) const;
  void check_growing();
  void wait_for_room(Lock& lock);
  void cut_filling();
  void keep_sticky_events();
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
  void check_caps(const GstCaps* caps) const;
  void check_segment_length();
  void warn_if_dropped_by_sinks();
  void expose_audio();
  EventPtr make_audio_stream_start() const;
  bool start_pending_run();
  GstFlowReturn report_refusal(const Error& error, Policy policy);

  // element_source.cpp
  void play_video();
  void play_audio();
  Item next_video_item();
  void forget_held();
  std::vector<Item> next_audio_items();
  [[nodiscard]] bool must_pause(const Output& output) const {
    return !output.active || flushing_ || stopping_ || failed_;
  }
  bool may_play(Lock& lock, ClipOutput& output);
  void pass_over_video(Clip& clip);
  void pass_over_audio(Clip& clip);
  bool must_end(Lock& lock, ClipOutput& output);
  std::vector<Item> begin_sound(Clip& clip);
  std::vector<Item> next_sound(Clip& clip);
  EventPtr audio_segment(const Clip& clip);
  void push(Output& output, Item item);
  GstFlowReturn push_buffer(Output& output, BufferPtr buffer);
  void note_flow(Output& output, GstFlowReturn flow);
  void report_refused_caps(GstPad* pad);
  void warn_of_frames_missing();
  Output* output_of(const GstPad* pad);
  bool start_task(GstPad* pad);
  void restart_tasks();

  // element_companions.cpp
  CompanionPtr companion_of(GstPad* pad);
  [[nodiscard]] CompanionPtr find_companion(const GstPad* pad) const;
  [[nodiscard]] Nanoseconds companions_until() const;
  [[nodiscard]] bool somebody_is_behind(Nanoseconds time) const;
  [[nodiscard]] GstFlowReturn refusal(const Companion& companion) const;
  GstFlowReturn hold(Companion& companion, HeldItem item);
  HeldItem spooled_if_needed(Companion& companion, BufferPtr buffer);
  void fail_for_companion(const Error& error);
  bool take_companion_event(const CompanionPtr& companion, EventPtr event);
  bool on_companion_flush_start(Companion& companion, EventPtr event);
  bool on_companion_flush_stop(Companion& companion, EventPtr event);
  bool on_companion_end(Companion& companion, EventPtr event);
  bool hold_companion_event(Companion& companion, EventPtr event);
  bool expose_companion(const CompanionPtr& companion, const EventPtr& caps);
  void begin_to_end(Companion& companion);
  [[nodiscard]] bool is_absent(const Companion& companion) const;
  void remove_source(const PadPtr& source, bool busy);
  void say_no_more_pads();
  void play_companion(GstPad* pad);
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
  bool was_told_of_payment(Sound& sound);
  void warn_of_task_left(const std::shared_ptr<Sound>& sound);
  ErrorDetails with_what_is_paid(ErrorDetails details);
  void fail(const Failure& failure, Policy policy = Policy::obey);
  [[nodiscard]] bool others_have_prospects(const std::shared_ptr<Sound>& sound) const;
  void leave_out(const std::shared_ptr<Sound>& sound);
  void fail_later(const Failure& failure, bool is_first);
  void tell_untold_failure();
  void fail_with_error(const Failure& failure);
  void fail_with_silence(const std::shared_ptr<Sound>& sound, const ErrorDetails& details);
  void settle(const std::shared_ptr<Sound>& sound, std::shared_ptr<const Soundtrack> soundtrack);
  void finish_progress(const std::shared_ptr<Sound>& sound, GstProgressType type, const std::string& text);
  std::shared_ptr<Sound> sound_of(const ClipRun& run);
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
  StructurePtr stats_structure() const;
  enum class When { soon, now };
  void tell_stats(When when);
  bool begin_run();
  std::vector<SoundThread> take_ended_runs();

  bool is_good(const RunSettings& settings);
  RunSettings settings_for(unsigned clip_number) const;

  GstElement* const self_;
  // Set once, before the element is used.
  guint publish_clip_signal_ = 0, before_submit_signal_ = 0;
  GstPad* const sink_;
  TimedPad timed_sink_;  // has its own state, of the streaming thread

  std::mutex mutex_;
  std::condition_variable changed_;
  // Everything below is guarded by mutex_.
  Settings settings_;
  // From READY→PAUSED to PAUSED→READY nothing is set, so settings_ is the run's; `taken_` knows the environment, too.
  bool running_ = false;
  bool paused_ = false;  // after PLAYING: the user's will, and not the wait for the first frames
  RunSettings taken_;
  ClipOutput video_, audio_;
  PadPtr audio_pad_;
  std::vector<CompanionPtr> companions_;
  bool audio_begun_ = false, said_no_more_pads_ = false;  // in this run; `audio` itself stays once it is there
  bool flushing_ = false, stopping_ = true, failed_ = false, eos_ = false;
  std::optional<Failure> failure_;     // from here on nothing more is taken in
  bool complete_ = false;              // the video has ended (EOS, SEGMENT_DONE): no clip comes after those in the row
  bool frame_leaves_ = false;          // the video's task has a frame, not a header or an event, in its hands
  Nanoseconds video_left_ = kNever;    // running time of the frame that left last
  Nanoseconds played_until_ = kNever;  // end of the clips that have left the video's row
  bool saw_frames_ = false, warned_latency_ = false;

  GstSegment segment_{};
  guint32 segment_seqnum_ = GST_SEQNUM_INVALID;
  CapsPtr caps_;
  bool parts_of_frames_ = false;  // a buffer may be one NAL unit, or one field
  std::string stream_id_;
  std::optional<guint> group_id_;
  EventPtr audio_stream_start_;  // to be sent with the next clip
  CapsPtr audio_caps_;
  bool audio_caps_sent_ = false;
  std::optional<ErrorDetails> refused_;  // a limit that the caps broke, when silence is the policy

  std::string orientation_;  // the tag image-orientation of the stream
  // Changed by the streaming thread only, which may use what they point to without the lock.
  std::shared_ptr<Clip> filling_;
  std::unique_ptr<HoldSpool> spool_;
  guint64 spooled_ = 0;                         // its size
  std::shared_ptr<Clip> unstarted_;             // has its first frame, its run is to be started without the lock
  std::vector<std::shared_ptr<Sound>> sounds_;  // of this stream, to find again after a seek; unsettled ones of any
  std::vector<SoundThread> threads_;

  guint32 seek_seqnum_ = GST_SEQNUM_INVALID;       // of the last seek
  bool seek_may_pass_ = false;                     // it flushes, or a segment was done
  std::map<const GstObject*, bool> seek_results_;  // its answers, by where it went to; only compared
  Stats stats_;
  std::chrono::steady_clock::time_point stats_told_;
  std::string last_task_id_;
};

}  // namespace klingv2a
