// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A companion of a klingv2a between pads of the test's own: a test is its upstream buffer by buffer, sees what leaves
// its source pad, and can hold downstream back.
//
// Threads: used by one thread, but for push(), which may also be called on one other. What pads report is kept under a
// mutex.
#pragma once

#include <gst/gst.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <string>

#include "element_rig.h"

namespace klingv2a::test {

inline constexpr const char* kCompanionCaps = "audio/mpeg, mpegversion=4, stream-format=raw";

class CompanionRig {
 public:
  enum class Link { yes, no };  // is `src_%u` linked when it comes?
  // Requests `name`.
  explicit CompanionRig(const ElementRig& rig, const char* name = "sink_%u", Link link = Link::yes);
  ~CompanionRig();
  CompanionRig(const CompanionRig&) = delete;
  CompanionRig& operator=(const CompanionRig&) = delete;

  [[nodiscard]] GstPad* sink() const { return sink_.get(); }
  [[nodiscard]] std::string name() const { return GST_PAD_NAME(sink_.get()); }
  [[nodiscard]] GObjectPtr<GstPad> source() const;  // null as long as it has not come
  [[nodiscard]] GstPad* down() const { return down_.get(); }
  [[nodiscard]] PadLog& log() { return log_; }

  // Upstream.
  bool push_event(GstEvent* event) const { return gst_pad_push_event(up_.get(), event); }
  bool stream_start(const std::string& id = "companion") const;
  bool caps(const std::string& text = kCompanionCaps) const;
  bool segment(GstClockTime start = 0) const;
  bool begin() const { return stream_start() && caps() && segment(); }
  bool gap(GstClockTime pts) const { return push_event(gst_event_new_gap(pts, kFrame)); }
  bool end() const { return push_event(gst_event_new_eos()); }
  GstFlowReturn push(GstBuffer* buffer) const { return gst_pad_push(up_.get(), buffer); }
  // `count` buffers of a thirtieth of a second, from number `first` on; ends with the first that is refused.
  GstFlowReturn push_buffers(int count, int first = 0) const;
  // Seeks that came up, and what they are answered.
  [[nodiscard]] int seeks() const { return seeks_; }
  void answer_seeks(bool answer) { seek_answer_ = answer; }

  // Downstream takes nothing more, until a flush or open().
  void close();
  void open();
  // Until downstream has a buffer that it does not take.
  bool wait_until_blocked();
  void answer(GstFlowReturn flow) { flow_ = flow; }

  // Gives both pads back.
  void release();

 private:
  GstFlowReturn take(GstBuffer* buffer);
  void on_pad_added(GstPad* pad);
  bool on_up_event(GstEvent* event);

  const ElementRig& rig_;
  const Link link_;
  GObjectPtr<GstPad> up_, sink_, down_;
  gulong handler_ = 0;
  PadLog log_{PadLog::Keep::hashes};
  std::atomic<int> seeks_{0};
  std::atomic<bool> seek_answer_{true};
  std::atomic<GstFlowReturn> flow_{GST_FLOW_OK};

  std::mutex mutex_;
  std::condition_variable changed_;
  bool closed_ = false, blocked_ = false;  // guarded by mutex_
};

}  // namespace klingv2a::test
