// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The way of each accepted task, from the fetch of its video to the finished sound, on a thread of its own.
//
// Threads: start() runs on the server thread, set_task_time() on any. The mutex guards the list of threads, the task
// time and the stop flag. Worker threads speak to the rest through the ledger.
#pragma once

#include <gio/gio.h>

#include <atomic>
#include <chrono>
#include <list>
#include <string>
#include <thread>

#include "faults.h"
#include "gobject_ptr.h"
#include "ledger.h"
#include "mutex.h"
#include "service.h"
#include "sound_maker.h"

namespace klingv2a::sim {

class TaskRunner {
 public:
  TaskRunner(const Options& options, Ledger& ledger, FaultQueue& faults);  // both outlive it
  ~TaskRunner();  // stops what runs: a fetch at once, a pipeline within milliseconds
  TaskRunner(const TaskRunner&) = delete;
  TaskRunner& operator=(const TaskRunner&) = delete;

  void start(const std::string& task_id);
  void resume();                                       // starts what the ledger knows as unfinished
  void set_task_time(std::chrono::milliseconds time);  // for tasks under way, too

 private:
  struct Job {
    std::thread thread;
    std::atomic<bool> done = false;
  };
  void run(const std::string& task_id);
  void work(const SimTask& task);
  void end_as_failed(const std::string& task_id, const char* message);
  [[nodiscard]] Score imagine(const SimTask& task);           // by video_id
  [[nodiscard]] Score look(const SimTask& task, Blob& file);  // by video_url; `file`: what was fetched
  [[nodiscard]] Blob clip_of(const SimTask& task);
  void finish(const SimTask& task, const Blob& clip, const Score& score,
              std::chrono::steady_clock::time_point accepted);
  void wait_for_task_time(std::chrono::steady_clock::time_point accepted);
  void take_done_locked(std::list<Job>& done) REQUIRES(mutex_);

  const bool check_resolution_;
  Ledger& ledger_;
  FaultQueue& faults_;
  GObjectPtr<GCancellable> cancellable_ = GObjectPtr<GCancellable>::adopt(g_cancellable_new());
  Mutex mutex_;
  Condition change_;
  std::chrono::milliseconds task_time_ GUARDED_BY(mutex_);
  bool stopping_ GUARDED_BY(mutex_) = false;
  std::list<Job> jobs_ GUARDED_BY(mutex_);
};

}  // namespace klingv2a::sim
