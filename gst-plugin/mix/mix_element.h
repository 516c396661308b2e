// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The work of the element klingv2amix, in one of two ways, as the properties want it. It collects both inputs to their
// ends, for the loudness of a programme is known only then, has them mixed and mastered (src/mix/), and plays the
// result (mix_element_collect.cpp). Or, with a gain that is given, it mixes as they come (mix_element_stream.cpp).
//
// Threads: each sink pad's streaming thread fills its MixInput (mix_element.cpp), and waits there when the mix streams
// and this input is too far ahead; the source pad's task does everything that goes downstream, and the measuring
// (mix_element_source.cpp). `mutex_` guards what they share; it is held for no push, post, or pass over the sound. A
// StreamTrack's own lock may be taken while it is held, and never the other way round.
#pragma once

#include <gst/audio/audio.h>

#include <array>
#include <atomic>
#include <memory>
#include <optional>
#include <string>

#include "error.h"
#include "gst_ptr.h"
#include "mix/mastering.h"
#include "mix/mix_input.h"
#include "mix/mix_output.h"
#include "mix/mix_report.h"
#include "mix/mix_settings.h"
#include "mix/stream_mixer.h"
#include "mix/track.h"
#include "mutex.h"
#include "setting.h"

namespace klingv2a {

using TagListPtr = MiniPtr<GstTagList>;

class MixElement {
 public:
  enum class Role : std::size_t { original, generated };
  static constexpr std::array kRoles{Role::original, Role::generated};
  [[nodiscard]] static const char* name_of(Role role) { return role == Role::original ? "original" : "generated"; }

  // Both belong to the element, which outlives this object.
  MixElement(GstElement* element, GstPad* source);
  ~MixElement();
  MixElement(const MixElement&) = delete;
  MixElement& operator=(const MixElement&) = delete;

  // Any thread.
  [[nodiscard]] bool has_pad(Role role) const;
  void adopt_pad(Role role, GstPad* pad);
  void dismiss_pad(Role role);  // its streaming thread is to end
  void forget_pad(Role role);   // it has
  [[nodiscard]] SetResult set_property(guint id, const GValue* value);
  [[nodiscard]] bool get_property(guint id, GValue* value) const;

  // The sink pads' streaming threads; flushes come from any.
  GstFlowReturn chain(Role role, BufferPtr buffer);
  bool on_sink_event(Role role, EventPtr event);

  // The source pad.
  bool activate(bool active);
  bool on_source_event(EventPtr event);
  bool answer(GstQuery* query) const;           // false: not for this element
  void add_own_latency(GstQuery* query) const;  // to what upstream has answered

  // State changes: before READY→PAUSED; before and after PAUSED→READY.
  void prepare();
  void begin_stop();
  void finish_stop();

 private:
  struct Input {
    GstPad* pad = nullptr;                           // null: not requested
    std::shared_ptr<MixInput> sound;                 // used by the streaming thread, without the mutex
    std::optional<GstAudioInfo> info, present_info;  // of the first caps, and of those in force
    // awaits_flush: a seek is on its way up there. renewed: it was flushed, and what comes now is for the next run.
    bool ended = false, flushing = false, awaits_flush = false, renewed = false, leaves = false;
    std::optional<SoundPlace> place;   // once there is sound; with it one of the next two
    std::shared_ptr<mix::Track> kept;  // written by the streaming thread until `ended`
    std::shared_ptr<mix::StreamTrack> streamed;
    bool joined = false;  // `streamed` is in the mixer
    std::string stream_id;
    std::optional<guint> group;
    std::array<TagListPtr, 2> tags;  // by GstTagScope
  };
  enum class Step { none, header, collected, streamed };
  using Inputs = std::array<Input, 2>;

  // mix_element.cpp
  [[nodiscard]] std::shared_ptr<MixInput> sound_of(Role role);
  [[nodiscard]] std::shared_ptr<MixInput> new_sound(Role role);
  [[nodiscard]] std::shared_ptr<mix::Sound> begin_sound(Role role, const SoundPlace& place);
  [[nodiscard]] Input& input(Role role) REQUIRES(mutex_) { return inputs_[static_cast<std::size_t>(role)]; }
  [[nodiscard]] const Input& input(Role role) const REQUIRES(mutex_) { return inputs_[static_cast<std::size_t>(role)]; }
  // What comes once the mix is made, or nobody wants it any more, is too late for it.
  [[nodiscard]] bool is_too_late(const Input& each) const REQUIRES(mutex_) {
    return (playing_ || finished_) && !each.renewed;
  }
  GstFlowReturn fill(Role role, BufferPtr buffer);
  [[nodiscard]] GstFlowReturn why_refused(Role role) const;
  bool on_caps(Role role, GstEvent* event);
  bool on_segment(Role role, GstEvent* event);
  bool on_gap(Role role, GstEvent* event);
  void on_stream_start(Role role, GstEvent* event);
  void on_tags(Role role, GstEvent* event);
  void on_end(Role role);
  void on_flush_start(Role role, EventPtr event);
  void on_flush_stop(Role role, EventPtr event);
  [[nodiscard]] bool is_flush_over() const REQUIRES(mutex_);
  void finish_flush(EventPtr event);
  static void let_go(Input old, std::unique_ptr<mix::Player> player);
  void forget_inputs() EXCLUDES(mutex_);
  void restart() REQUIRES(mutex_);
  void cancel_streams() REQUIRES(mutex_);

  // mix_element_source.cpp
  bool seek(const EventPtr& event);
  static void work(gpointer self);
  void do_step();
  [[nodiscard]] Step await_step();
  [[nodiscard]] bool is_at_end() const REQUIRES(mutex_) { return stopping_ || flushing_ || finished_; }
  [[nodiscard]] Step next_step() const REQUIRES(mutex_);
  [[nodiscard]] bool is_header_known() const REQUIRES(mutex_);
  [[nodiscard]] bool has_everything() const REQUIRES(mutex_);
  void send_header();
  void send_tags();
  [[nodiscard]] std::optional<GstAudioInfo> output_info() const REQUIRES(mutex_);
  void report(MixReport report);
  void push_next();
  void push(BufferPtr buffer);
  void pause_source();
  void end_output();
  void fail(const ErrorDetails& details);
  [[nodiscard]] StructurePtr stats() const EXCLUDES(mutex_);

  // mix_element_collect.cpp
  [[nodiscard]] std::shared_ptr<mix::Programme> make_programme();
  void count_kept(MixReport& report) const REQUIRES(mutex_);
  void start_playing();

  // mix_element_stream.cpp
  [[nodiscard]] Step next_stream_step() const REQUIRES(mutex_);
  [[nodiscard]] bool has_begun() const REQUIRES(mutex_);
  void note_unlinked() REQUIRES(mutex_);
  [[nodiscard]] Inputs newcomers();
  void join_newcomers();
  void begin_streaming(const Inputs& inputs);
  void stream_next();
  void report_streamed();

  GstElement* const element_;
  GstPad* const source_;

  mutable Mutex mutex_;
  Condition changed_;
  MixProperties properties_ GUARDED_BY(mutex_);
  std::array<Input, 2> inputs_ GUARDED_BY(mutex_);
  bool streams_ GUARDED_BY(mutex_) = false;  // the present run
  // Null below PAUSED; as long as it is there, nothing is set.
  std::shared_ptr<mix::MemoryBudget> budget_ GUARDED_BY(mutex_);
  bool stopping_ GUARDED_BY(mutex_) = true;
  bool flushing_ GUARDED_BY(mutex_) = false;
  bool header_sent_ GUARDED_BY(mutex_) = false;
  bool tags_changed_ GUARDED_BY(mutex_) = false;
  bool playing_ GUARDED_BY(mutex_) = false;
  bool finished_ GUARDED_BY(mutex_) = false;
  std::shared_ptr<std::atomic<bool>> cancelled_ GUARDED_BY(mutex_);  // of the present run
  std::optional<MixReport> report_ GUARDED_BY(mutex_);
  GstClockTime position_ GUARDED_BY(mutex_) = GST_CLOCK_TIME_NONE;
  GstClockTime end_ GUARDED_BY(mutex_) = GST_CLOCK_TIME_NONE;

  // The source pad's task only; others, holding mutex_, when it does not run.
  std::optional<GstAudioInfo> info_;  // of the mix
  std::unique_ptr<MixOutput> output_;
  // One of them reads the mix, according to streams_.
  std::unique_ptr<mix::Player> player_;
  std::unique_ptr<mix::StreamMixer> mixer_;
  std::int64_t first_frame_ = 0;  // of the mix that streams, on the running time
};

}  // namespace klingv2a
