// SPDX-License-Identifier: LGPL-2.1-or-later
//
// One klingv2a between GstHarness pads: a test is its upstream frame by frame, and sees what leaves both source pads
// and what is posted. Named by reference (video-id=…) the frames may be any bytes, so tests of the element need no
// encoder.
//
// Threads: a rig is used by one thread. What pads and bus report on other threads is kept under the rig's mutex, or
// that of a PadLog.
#pragma once

#include <gst/check/gstharness.h>
#include <gst/gst.h>

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "pipeline_run.h"

namespace klingv2a::test {

inline constexpr GstClockTime kFrame = GST_SECOND / 30;
inline constexpr const char* kVideoCaps =
    "video/x-h264, stream-format=avc, alignment=au, width=1280, height=720, framerate=30/1";

class ElementRig {
 public:
  static constexpr std::chrono::seconds kDeadline{30};

  struct Options {
    std::string properties;                  // as in gst-launch, added to api-key and base-url
    const char* audio_caps = "audio/x-raw";  // what the audio pad's peer takes; null: the pad stays unlinked
    bool link_video = true;
    bool live = false;  // is upstream?
  };
  explicit ElementRig(const std::string& base_url) : ElementRig(base_url, Options()) {}
  ElementRig(const std::string& base_url, const Options& options);
  ~ElementRig();
  ElementRig(const ElementRig&) = delete;
  ElementRig& operator=(const ElementRig&) = delete;

  [[nodiscard]] GstElement* element() const { return element_.get(); }
  [[nodiscard]] GstHarness* video() const { return video_.get(); }
  [[nodiscard]] GstHarness* sound() const { return sound_.get(); }  // null as long as there is no audio pad
  [[nodiscard]] PadLog& video_log() { return video_log_; }
  [[nodiscard]] PadLog& sound_log() { return sound_log_; }
  [[nodiscard]] std::vector<std::string> signals() const;  // "pad-added audio", "no-more-pads" …, in order

  // Upstream. Of sticky events GStreamer says true even when the element refuses them: it sends them again.
  bool push_event(GstEvent* event) const;
  bool stream_start(const std::string& id = "video", guint group = 7) const;
  bool caps(const std::string& text = kVideoCaps) const;
  bool segment(GstClockTime start = 0, GstClockTime stop = GST_CLOCK_TIME_NONE) const;
  bool begin() const { return stream_start() && caps() && segment(0, stop_); }
  // Where begin()'s segment stops.
  void stop_at(GstClockTime stop) { stop_ = stop; }
  GstFlowReturn push(GstBuffer* buffer) const;
  GstFlowReturn push_frame(GstClockTime pts, GstClockTime duration = kFrame) const;
  // Frames number `first` to `first + count - 1` at 30 fps; ends with the first that is refused.
  GstFlowReturn push_frames(int count, int first = 0) const;
  bool end() const { return push_event(gst_event_new_eos()); }
  // A clip of `frames` from STREAM_START to EOS.
  void push_clip(int frames = 90) const;

  // Answers what the element asks upstream: true, false, or nothing to leave the query to the harness. Any thread.
  using Answer = std::function<std::optional<bool>(GstQuery*)>;
  void answer_upstream(Answer answer) const;
  // What each buffer that reaches `pad` (a harness' sink) is answered from now on.
  static void answer_buffers(GstPad* pad, GstFlowReturn flow);

  // What was posted so far.
  [[nodiscard]] std::vector<SeenError> errors() const;
  [[nodiscard]] std::vector<SeenError> warnings() const;
  [[nodiscard]] std::vector<SeenProgress> progress() const;
  [[nodiscard]] std::vector<SeenTask> tasks() const;
  [[nodiscard]] std::vector<std::string> message_texts() const;  // everything in every message
  // "ERROR", "WARNING", "PROGRESS start" …, in order.
  [[nodiscard]] std::vector<std::string> message_order() const;

  // True as soon as `condition` holds; it is looked at after each message and each thing that passes a pad.
  bool wait_until(const std::function<bool()>& condition, Milliseconds deadline = kDeadline) const;
  // Until both pads have had their EOS, and each job its terminal PROGRESS.
  bool wait_for_end();
  bool wait_for_error() const;

 private:
  struct Teardown {
    void operator()(GstHarness* harness) const { gst_harness_teardown(harness); }
  };
  using HarnessPtr = std::unique_ptr<GstHarness, Teardown>;
  struct Unref {
    void operator()(GstMessage* message) const { gst_message_unref(message); }
  };
  using MessagePtr = std::unique_ptr<GstMessage, Unref>;

  void connect_signals();
  void link_audio(GstPad* pad);
  void watch(GstPad* pad, PadLog& log);
  void note(GstMessage* message);
  void changed(const std::function<void()>& change = {});
  [[nodiscard]] std::vector<GstMessage*> messages(GstMessageType type) const;
  [[nodiscard]] bool has_open_job() const;

  const Options options_;
  GObjectPtr<GstElement> element_;
  GstClockTime stop_ = GST_CLOCK_TIME_NONE;
  GObjectPtr<GstBus> bus_;
  HarnessPtr video_, sound_;
  PadLog video_log_{PadLog::Keep::hashes}, sound_log_{PadLog::Keep::bytes};

  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  unsigned changes_ = 0;              // guarded by mutex_
  std::vector<MessagePtr> messages_;  // guarded by mutex_
  std::vector<std::string> signals_;  // guarded by mutex_
};

// A frame of `size` bytes that depend on its number.
[[nodiscard]] GstBuffer* new_frame(GstClockTime pts, GstClockTime duration = kFrame, gsize size = 64);

}  // namespace klingv2a::test
