// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What was asked of the service and what it was paid for: every request, every task, and how each task stands. Tests
// read it to know that nothing was paid twice. With a file it outlives its process: the next one knows all of it.
//
// Threads: any. One mutex guards all of it, the file's lines too, so that they come in the order of the events; what
// takes longer (syncing, keeping results) happens without it.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "blob.h"
#include "ledger_file.h"
#include "link.h"
#include "mutex.h"
#include "result_store.h"
#include "service.h"

namespace klingv2a::sim {

// What a submit asked for, after it was found valid.
struct Submit {
  std::string video_id, video_url, external_task_id;
  std::string body;  // the JSON as received
  std::string callback_url;
};

// How an accepted task is to end.
struct Ending {
  enum class Kind { succeed, fail, never } kind = Kind::succeed;
  std::string message;  // fail: task_status_msg
};

struct Results {
  Blob wav, mp3, video;  // empty pointer: not made
  double sound_s = 0;
};

// What the service found in the file behind video_url; empty by video_id, but for the duration.
struct SeenVideo {
  std::string sha256;
  double duration_s = 0;
  int width = 0, height = 0, frames = 0;
};

struct SimTask {
  PaidTask paid;
  Submit submit;
  SoundOptions sound;  // as it was set when the task was accepted
  Ending ending;
  std::int64_t created_ms = 0, updated_ms = 0;  // Unix milliseconds
  std::string result_path;                      // unguessable path segment of the results
  Link link;                                    // to the results: the one that was given out last
  Results results;
};

// From `submitted` to the end a task holds its slot.
[[nodiscard]] bool is_in_flight(const SimTask& task);

class Ledger {
 public:
  // `file`: JSON lines, read and then appended; empty: memory only. Throws std::runtime_error when it cannot be opened
  // or is not a ledger.
  Ledger(const std::string& file, const LinkRules& link_rules);

  // Called for each change of a task's status, on the thread that made it, without the lock. Set before the first one.
  void set_on_status(std::function<void(const SimTask&)> on_status);

  // A paid task, `submitted`; it is on disk when this returns. Throws std::runtime_error when it cannot be.
  SimTask accept(Submit submit, const SoundOptions& sound, Ending ending);
  void keep_clip(const std::string& task_id, const Blob& clip);  // what was fetched
  void processing(const std::string& task_id, const SeenVideo& video);
  void succeed(const std::string& task_id, std::vector<std::int64_t> clicks, std::int64_t samples, Results results);
  void fail(const std::string& task_id, const std::string& message);

  // The task as a query shows it: once it has results, with a link to them that is alive.
  [[nodiscard]] std::optional<SimTask> show(const std::string& task_id);
  // Uses the link once; false: it is not alive.
  [[nodiscard]] bool use_link(const std::string& task_id, const std::string& signature);
  void expire_link(const std::string& task_id);

  [[nodiscard]] std::optional<SimTask> by_id(const std::string& task_id) const;
  // The first of them, where several were accepted.
  [[nodiscard]] std::optional<SimTask> by_external_id(const std::string& external_task_id) const;
  [[nodiscard]] std::optional<SimTask> by_result_path(const std::string& result_path) const;
  [[nodiscard]] std::vector<SimTask> tasks() const;           // in the order of their submits
  [[nodiscard]] Blob clip(const std::string& task_id) const;  // empty pointer: not kept
  [[nodiscard]] int in_flight() const;
  [[nodiscard]] int most_in_flight() const;

  void record(const SeenRequest& request);
  [[nodiscard]] std::vector<SeenRequest> requests() const;
  void record(const SentCallback& callback);  // not in the file
  [[nodiscard]] std::vector<SentCallback> callbacks() const;

  // Counts every change. wait_for_change returns when the count is no longer `seen`, or at the deadline.
  [[nodiscard]] std::uint64_t changes() const;
  void wait_for_change(std::uint64_t seen, std::chrono::steady_clock::time_point deadline) const;

 private:
  void read_file();
  void read_results();
  // Both run their argument under the lock: it only looks at, or sets, the task.
  template <typename Matches>
  [[nodiscard]] std::optional<SimTask> find(const Matches& matches) const;
  template <typename Change>
  void update(const std::string& task_id, const Change& change);
  [[nodiscard]] SimTask* task_locked(const std::string& task_id) REQUIRES(mutex_);
  [[nodiscard]] int in_flight_locked() const REQUIRES(mutex_);
  // A line of the file.
  void remember(SimTask task);
  void remember(SeenRequest request);
  void changed_locked(const std::string& line) REQUIRES(mutex_);

  const LinkRules link_rules_;
  const ResultStore store_;
  mutable Mutex mutex_;
  mutable Condition change_;
  std::uint64_t changes_ GUARDED_BY(mutex_) = 0;
  std::vector<SimTask> tasks_ GUARDED_BY(mutex_);
  int most_in_flight_ GUARDED_BY(mutex_) = 0;
  std::vector<SeenRequest> requests_ GUARDED_BY(mutex_);
  std::vector<SentCallback> callbacks_ GUARDED_BY(mutex_);
  std::function<void(const SimTask&)> on_status_;  // not guarded: set once, at the beginning
  LedgerFile file_;                                // appended to under mutex_; sync() needs none
};

}  // namespace klingv2a::sim
