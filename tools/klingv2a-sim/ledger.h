// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What was asked of the service and what it was paid for: every request, every task, and how each task stands. Tests
// read it to know that nothing was paid twice.
//
// Threads: any. One mutex guards all of it, the file too, so that the file's lines come in the order of the events.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <fstream>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "blob.h"
#include "service.h"

namespace klingv2a::sim {

// What a submit asked for, after it was found valid.
struct Submit {
  std::string video_id, video_url, external_task_id;
  std::string body;  // the JSON as received
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

struct Task {
  PaidTask paid;
  Submit submit;
  Sound sound;  // as it was set when the task was accepted
  Ending ending;
  std::int64_t created_ms = 0, updated_ms = 0;  // Unix milliseconds
  std::string result_path;                      // unguessable path segment of the results
  std::string signature;                        // must come back in the results' query string
  Results results;
};

class Ledger {
 public:
  // `file`: JSON lines, appended; empty: memory only. Throws std::runtime_error when it cannot be opened.
  explicit Ledger(const std::string& file);

  Task accept(Submit submit, const Sound& sound, Ending ending);  // a paid task, `submitted`
  void processing(const std::string& task_id, const SeenVideo& video);
  void succeed(const std::string& task_id, std::vector<std::int64_t> clicks, std::int64_t samples, Results results);
  void fail(const std::string& task_id, const std::string& message);
  [[nodiscard]] std::optional<Task> by_id(const std::string& task_id) const;
  [[nodiscard]] std::optional<Task> by_external_id(const std::string& external_task_id) const;
  [[nodiscard]] std::optional<Task> by_result_path(const std::string& result_path) const;
  [[nodiscard]] std::vector<Task> tasks() const;  // in the order of their submits

  void record(const SeenRequest& request);
  [[nodiscard]] std::vector<SeenRequest> requests() const;

  // Counts every change. wait_for_change returns when the count is no longer `seen`, or at the deadline.
  [[nodiscard]] std::uint64_t changes() const;
  void wait_for_change(std::uint64_t seen, std::chrono::steady_clock::time_point deadline) const;

 private:
  // Both run their argument under the lock: it only looks at, or sets, the task.
  template <typename Matches>
  [[nodiscard]] std::optional<Task> find(const Matches& matches) const;
  template <typename Change>
  void update(const std::string& task_id, const Change& change);
  void changed_locked(const std::string& line);

  mutable std::mutex mutex_;
  mutable std::condition_variable change_;
  std::uint64_t changes_ = 0;
  std::vector<Task> tasks_;
  std::vector<SeenRequest> requests_;
  std::ofstream file_;
};

// The ledger's JSON: one object for a task, one for a request; the file has one per line.
[[nodiscard]] std::string to_json(const PaidTask& task);
[[nodiscard]] std::string to_json(const SeenRequest& request);
// {"tasks":[…],"requests":[…]}, what GET /sim/ledger answers.
[[nodiscard]] std::string to_json(const std::vector<PaidTask>& tasks, const std::vector<SeenRequest>& requests);

}  // namespace klingv2a::sim
