// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Runs a pipeline as gst-launch-1.0 would and writes down what it says and what passes its pads, so that tests judge
// plain values. Every wait has a deadline.
//
// Threads: a PipelineRun is used by one thread. Pads are recorded on their streaming threads; each PadLog has a mutex,
// so its functions may be called at any time, from any thread.
#pragma once

#include <gst/gst.h>

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "gobject_ptr.h"
#include "klingv2a-sim/service.h"

namespace klingv2a::test {

using Milliseconds = std::chrono::milliseconds;

// An ERROR, WARNING or INFO.
struct SeenError {
  std::string source;  // name of the element
  GQuark domain = 0;
  int code = 0;
  std::string text, debug;
  std::map<std::string, std::string> details;  // each field as text; empty without a details structure
  [[nodiscard]] bool is(GQuark wanted_domain, int wanted_code) const {
    return domain == wanted_domain && code == wanted_code;
  }
  // A detail, or "" when it is not there.
  [[nodiscard]] std::string detail(const std::string& field) const;
};

struct SeenProgress {
  std::string source;
  GstProgressType type = GST_PROGRESS_TYPE_START;
  std::string code, text;
  int percent = -1;  // -1: not given
};

// An element message klingv2a-task.
struct SeenTask {
  unsigned clip = 0;
  std::string task_id, external_task_id, status, status_message;
};

struct SeenBuffer {
  std::size_t size = 0;
  std::string sha256;  // of the payload
  GstClockTime pts = GST_CLOCK_TIME_NONE, dts = GST_CLOCK_TIME_NONE, duration = GST_CLOCK_TIME_NONE;
  guint flags = 0;  // without GST_BUFFER_FLAG_TAG_MEMORY, which says how the memory is kept
  std::int64_t running_time =
      0;              // ns, of the PTS in the segment in force; negative before its start; no PTS: G_MININT64
  std::string bytes;  // the payload, when it is to be kept
  bool operator==(const SeenBuffer&) const = default;
};

// Of an ERROR or WARNING, a PROGRESS, the structure of a klingv2a-task.
[[nodiscard]] SeenError read_error(GstMessage* message);
[[nodiscard]] SeenProgress read_progress(GstMessage* message);
[[nodiscard]] SeenTask read_task(const GstStructure* structure);

// What has passed one pad, in order.
class PadLog {
 public:
  enum class Keep { hashes, bytes };
  // The lock hands this object to the pad's thread: ThreadSanitizer does not see GStreamer's own hand-over.
  explicit PadLog(Keep keep) : keep_(keep) { const std::lock_guard lock(mutex_); }

  [[nodiscard]] std::vector<SeenBuffer> buffers() const;
  // Those after the last FLUSH_STOP; all when there was none.
  [[nodiscard]] std::vector<SeenBuffer> buffers_since_flush() const;
  [[nodiscard]] std::size_t count() const;
  // Downstream events, each with the number of buffers that passed before it.
  struct SeenEvent {
    GstEventType type = GST_EVENT_UNKNOWN;
    std::size_t buffers_before = 0;
    guint32 seqnum = GST_SEQNUM_INVALID;
  };
  [[nodiscard]] std::vector<SeenEvent> events() const;
  [[nodiscard]] int count(GstEventType type) const;
  // Upstream events, by type.
  [[nodiscard]] int upstream_count(GstEventType type) const;
  [[nodiscard]] std::string caps() const;    // the last ones, as text
  [[nodiscard]] GstSegment segment() const;  // the last one
  [[nodiscard]] bool ended() const { return count(GST_EVENT_EOS) > 0; }
  // False at the deadline.
  bool wait_for_buffers(std::size_t count, Milliseconds deadline = std::chrono::seconds(20));
  bool wait_for_event(GstEventType type, int count = 1, Milliseconds deadline = std::chrono::seconds(20));
  void clear();

  void record(GstPad* pad, GstPadProbeInfo* info);  // for the probe

 private:
  void record_buffer(GstBuffer* buffer);
  void record_event(GstEvent* event, bool upstream);

  const Keep keep_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  // Guarded by mutex_.
  std::vector<SeenBuffer> buffers_;
  std::vector<SeenEvent> events_;
  std::map<GstEventType, int> upstream_;
  std::string caps_;
  GstSegment segment_{};
};

enum class End { eos, error, deadline };
[[nodiscard]] const char* to_string(End end);
void PrintTo(End end, std::ostream* out);  // for GoogleTest

class PipelineRun {
 public:
  static constexpr std::chrono::seconds kDeadline{40};

  // Throws std::runtime_error when the description cannot be built.
  explicit PipelineRun(const std::string& description);
  ~PipelineRun();  // to NULL
  PipelineRun(const PipelineRun&) = delete;
  PipelineRun& operator=(const PipelineRun&) = delete;

  [[nodiscard]] GstElement* pipeline() const { return pipeline_.get(); }
  [[nodiscard]] GObjectPtr<GstElement> element(const std::string& name) const;  // throws when there is none
  // As gst-launch-1.0 reads values.
  void set(const std::string& element, const std::string& property, const std::string& value) const;
  // The element's property `stats`: a field as a number, 0 when it is not there.
  [[nodiscard]] double stat(const std::string& element, const std::string& field) const;
  // Likewise as text, "" when it is not there.
  [[nodiscard]] std::string stat_text(const std::string& element, const std::string& field) const;

  // Records the pad from now on; it may come later ("k:audio" does), and anew with each run.
  PadLog& watch(const std::string& element, const std::string& pad, PadLog::Keep keep = PadLog::Keep::hashes);

  GstStateChangeReturn start(GstState state = GST_STATE_PLAYING);
  // Until `wanted` holds for a message (false: the deadline came, or an error did), then the pipeline's `End`.
  bool wait_for_message(const std::function<bool(GstMessage*)>& wanted, Milliseconds deadline = kDeadline);
  bool wait_for_progress(const std::string& part_of_text, Milliseconds deadline = kDeadline);
  bool wait_for_state(GstState state, Milliseconds deadline = kDeadline);
  End wait_for_end(Milliseconds deadline = kDeadline);
  // Of errors that several elements post any may be the first; nothing: the deadline came.
  std::optional<SeenError> wait_for_error_of(const std::string& element, Milliseconds deadline = kDeadline);
  // start() and wait_for_end().
  End run(Milliseconds deadline = kDeadline);
  // To NULL; how long that took. What was said meanwhile is collected, too.
  Milliseconds stop();

  // What was said so far.
  [[nodiscard]] const std::vector<SeenError>& errors() const { return errors_; }
  // Upstream, when it is refused a buffer after an element's ERROR, posts an ERROR of its own.
  [[nodiscard]] std::vector<SeenError> errors_of(const std::string& element) const;
  [[nodiscard]] const std::vector<SeenError>& warnings() const { return warnings_; }
  [[nodiscard]] const std::vector<SeenProgress>& progress() const { return progress_; }
  [[nodiscard]] const std::vector<SeenTask>& tasks() const { return tasks_; }
  [[nodiscard]] int progress_count(GstProgressType type) const;
  [[nodiscard]] std::string first_error() const;  // text and debug, for messages of failing tests
  void forget_messages();
  void forget_logs();  // of the watched pads
  void collect();      // what is on the bus now; the waits and stop() do so by themselves

 private:
  struct Watch {
    Watch(std::string pad_name, PadLog::Keep keep) : pad(std::move(pad_name)), log(keep) {}
    std::string pad;
    PadLog log;
  };
  using StatsPtr = std::unique_ptr<GstStructure, Deleter<gst_structure_free>>;
  [[nodiscard]] StatsPtr stats(const std::string& element) const;
  static void attach(GstPad* pad, Watch& watch);
  void note(GstMessage* message);
  [[nodiscard]] GstMessage* pop(std::chrono::steady_clock::time_point until);

  GObjectPtr<GstElement> pipeline_;
  GObjectPtr<GstBus> bus_;
  std::deque<Watch> watches_;
  std::vector<SeenError> errors_, warnings_;
  std::vector<SeenProgress> progress_;
  std::vector<SeenTask> tasks_;
  bool saw_eos_ = false;
};

// "klingv2a name=k api-key=sim-key base-url=… MORE", for a description.
[[nodiscard]] std::string klingv2a_on(const sim::Service& service, const std::string& more = {});

// Options of a service that takes its time for no more than `task_time`.
[[nodiscard]] sim::Options quick_service(Milliseconds task_time = Milliseconds(10));

// The submits that were on the wire.
[[nodiscard]] int posts(const sim::Service& service);

}  // namespace klingv2a::test
