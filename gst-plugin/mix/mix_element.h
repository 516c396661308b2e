// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The work of the element klingv2amix: collects both inputs to their ends, for the loudness of a programme is known
// only then, has them mixed and mastered (src/mix/), and plays the result.
//
// Threads: each sink pad's streaming thread fills its MixInput (mix_element.cpp); the source pad's task does everything
// that goes downstream, and the measuring (mix_element_source.cpp). `mutex_` guards what they share; it is held for no
// push, post, or pass over the sound.
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
#include "mix/mix_settings.h"
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
  void forget_pad(Role role);  // its streaming thread has ended
  [[nodiscard]] SetResult set_property(guint id, const GValue* value);
  [[nodiscard]] bool get_property(guint id, GValue* value) const;

  // The sink pads' streaming threads; flushes come from any.
  GstFlowReturn chain(Role role, BufferPtr buffer);
  bool on_sink_event(Role role, EventPtr event);

  // The source pad.
  bool activate(bool active);
  bool answer(GstQuery* query) const;  // false: not for this element

  // State changes: before READY→PAUSED; before and after PAUSED→READY.
  void prepare();
  void begin_stop();
  void finish_stop();

 private:
  struct Input {
    GstPad* pad = nullptr;            // null: not requested
    std::shared_ptr<MixInput> sound;  // used by the streaming thread, without the mutex
    std::optional<GstAudioInfo> info;
    bool ended = false, flushing = false;
    std::optional<CollectedSound> collected;  // once it has ended
    std::string stream_id;
    std::optional<guint> group;
    std::array<TagListPtr, 2> tags;  // by GstTagScope
  };
  enum class Step { none, header, play };

  // mix_element.cpp
  [[nodiscard]] std::shared_ptr<MixInput> sound_of(Role role);
  [[nodiscard]] Input& input(Role role) REQUIRES(mutex_) { return inputs_[static_cast<std::size_t>(role)]; }
  [[nodiscard]] const Input& input(Role role) const REQUIRES(mutex_) { return inputs_[static_cast<std::size_t>(role)]; }
  GstFlowReturn fill(Role role, BufferPtr buffer);
  bool on_caps(Role role, GstEvent* event);
  bool on_segment(Role role, GstEvent* event);
  bool on_gap(Role role, GstEvent* event);
  void on_stream_start(Role role, GstEvent* event);
  void on_tags(Role role, GstEvent* event);
  void on_end(Role role);
  void on_flush_start(Role role, EventPtr event);
  void on_flush_stop(Role role, EventPtr event);
  static void let_go(Input old, std::unique_ptr<mix::Player> player);
  void forget_inputs() EXCLUDES(mutex_);
  void restart() REQUIRES(mutex_);

  // mix_element_source.cpp
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
  [[nodiscard]] std::shared_ptr<mix::Programme> make_programme();
  [[nodiscard]] static mix::MixSettings mixing(const MixProperties& properties, const mix::Programme& programme,
                                               const std::atomic<bool>& cancelled);
  void start_playing();
  void report(const mix::Mastering& result);
  void push_next();
  [[nodiscard]] BufferPtr next_buffer();
  void pause_source();
  void end_output();
  void fail(const ErrorDetails& details);
  [[nodiscard]] StructurePtr stats() const EXCLUDES(mutex_);

  GstElement* const element_;
  GstPad* const source_;

  mutable Mutex mutex_;
  Condition changed_;
  MixProperties properties_ GUARDED_BY(mutex_);
  std::array<Input, 2> inputs_ GUARDED_BY(mutex_);
  // Null below PAUSED; as long as it is there, nothing is set.
  std::shared_ptr<mix::MemoryBudget> budget_ GUARDED_BY(mutex_);
  bool stopping_ GUARDED_BY(mutex_) = true;
  bool flushing_ GUARDED_BY(mutex_) = false;
  bool header_sent_ GUARDED_BY(mutex_) = false;
  bool tags_changed_ GUARDED_BY(mutex_) = false;
  bool playing_ GUARDED_BY(mutex_) = false;
  bool finished_ GUARDED_BY(mutex_) = false;
  std::shared_ptr<std::atomic<bool>> cancelled_ GUARDED_BY(mutex_);  // of the present run
  std::optional<mix::Mastering> result_ GUARDED_BY(mutex_);
  std::uint64_t spooled_bytes_ GUARDED_BY(mutex_) = 0;
  std::uint64_t repaired_samples_ GUARDED_BY(mutex_) = 0;
  std::size_t channels_ GUARDED_BY(mutex_) = 0;
  GstClockTime position_ GUARDED_BY(mutex_) = GST_CLOCK_TIME_NONE;
  GstClockTime end_ GUARDED_BY(mutex_) = GST_CLOCK_TIME_NONE;

  // The source pad's task only; others, holding mutex_, when it does not run.
  std::optional<GstAudioInfo> output_;
  std::unique_ptr<mix::Player> player_;
  GstClockTime first_ = 0;  // running time of frame 0
  std::int64_t next_frame_ = 0;
};

}  // namespace klingv2a
