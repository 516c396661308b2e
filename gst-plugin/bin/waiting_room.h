// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Where a stream's first packets wait until all streams are known. The demuxers of FLV and of MPEG program streams add
// a pad when the first packet of a stream comes, from the thread that brings the packets of the others: it cannot be
// stopped without stopping the pads to come. What waits is bounded, see StreamsToCome.
#pragma once

#include <gst/gst.h>

#include <atomic>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <set>

#include "gst_ptr.h"
#include "mutex.h"

namespace klingv2a {

// What waits of one stream. Filled by the stream's own thread, emptied by whichever opens it. One mutex guards the row;
// it is never held while something goes on.
class WaitingRoom : public std::enable_shared_from_this<WaitingRoom> {
 public:
  // In front of `pad`, a ghost pad that is not linked yet. `came` is called when something has come to wait.
  static std::shared_ptr<WaitingRoom> before(GstPad* pad, std::function<void()> came);

  // What waits goes on, and what comes does not wait.
  void open();
  // A rough measure of what waits, for StreamsToCome.
  [[nodiscard]] std::size_t bytes() const { return bytes_; }
  [[nodiscard]] GstClockTime length() const;
  // The stream's end has come, too.
  [[nodiscard]] bool ended() const { return ended_; }

 private:
  using Item = MiniPtr<GstMiniObject>;

  WaitingRoom(GstPad* inner, std::function<void()> came);
  static GstPadProbeReturn on_item(GstPad* pad, GstPadProbeInfo* info, gpointer data);
  void add_probe(GstPad* pad);
  [[nodiscard]] bool waits_here(const GstPad* pad, GstPadProbeInfo* info) const;
  // Does the thing in `info` pass? Else it has been taken in.
  [[nodiscard]] bool passes(GstPadProbeInfo* info);
  void note(GstMiniObject* object);
  [[nodiscard]] Item next();
  GstFlowReturn let_go();

  // Of the ghost pad, which keeps it alive: what goes on goes through it, so that all probes see it. Not owned, since
  // it owns this.
  GstPad* const inner_;
  const std::function<void()> came_;
  std::atomic<std::size_t> bytes_ = 0;
  std::atomic<bool> ended_ = false;
  std::atomic<GstClockTime> first_ = GST_CLOCK_TIME_NONE, last_ = GST_CLOCK_TIME_NONE;

  Mutex mutex_;
  std::deque<Item> items_ GUARDED_BY(mutex_);
  bool open_ GUARDED_BY(mutex_) = false;
  // The thread that lets go what waits: what it sees at the pads passes.
  GThread* passing_ GUARDED_BY(mutex_) = nullptr;
};

// Will more streams come? Filled by the demuxers' threads. One mutex guards everything.
class StreamsToCome {
 public:
  // Listens to the demuxers that `parser` makes use of, for as long as it lives.
  explicit StreamsToCome(GstElement* parser);
  StreamsToCome(const StreamsToCome&) = delete;
  StreamsToCome& operator=(const StreamsToCome&) = delete;

  // All demuxers have said that they add no more pads.
  [[nodiscard]] bool none() const;
  void forget();

  // So much is waited for a demuxer that does not say so.
  static constexpr std::size_t kMostBytes = 32 * 1024 * 1024;
  static constexpr GstClockTime kLongest = 10 * GST_SECOND;

 private:
  void watch(GstElement* element);

  mutable Mutex mutex_;
  std::set<const GstElement*> open_ GUARDED_BY(mutex_);  // only compared
};

}  // namespace klingv2a
