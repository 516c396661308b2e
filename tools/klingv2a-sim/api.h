// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The API itself: which path and method does what, who may, and where a fault steps in.
//
// Threads: answer() runs on the server thread only; set_sound() may be called from any. The mutex guards the sound.
#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "answer.h"
#include "credentials.h"
#include "envelope.h"
#include "faults.h"
#include "ledger.h"
#include "mutex.h"
#include "result_route.h"
#include "service.h"

namespace klingv2a::sim {

class Api {
 public:
  // `start_task` gets each accepted task's id, on the server thread. Ledger and faults outlive the Api.
  Api(const Options& options, Ledger& ledger, FaultQueue& faults,
      std::function<void(const std::string& task_id)> start_task);

  void set_host_url(const std::string& host_url);  // before the first answer()
  void set_sound(const SoundOptions& sound);
  [[nodiscard]] std::string base_path() const;  // "/kling" or ""

  [[nodiscard]] Answer answer(const Request& request);

 private:
  Answer route(const Request& request);
  Answer route_api(const Request& request, const std::string& rest);
  Answer submit(const Request& request);
  Answer submit_under_fault(const Submit& submit, const Fault& fault);
  Answer accept(const Submit& submit, Ending ending);
  Answer query(const std::string& id);
  Answer list(const Request& request);
  Answer admin(const Request& request);
  [[nodiscard]] Answer ledger_answer() const;
  Answer add_fault(const std::string& json);
  [[nodiscard]] Answer error(const std::string& code) const;

  [[nodiscard]] std::optional<SimTask> find(const std::string& id);
  [[nodiscard]] std::vector<SimTask> listed() const;
  [[nodiscard]] bool is_listed(const SimTask& task) const;

  const Credentials credentials_;
  const bool external_lookup_, refuse_duplicates_;
  const std::chrono::milliseconds list_lag_;
  const int concurrency_;
  Dialect dialect_;
  Ledger& ledger_;
  FaultQueue& faults_;
  ResultRoute results_;
  const std::function<void(const std::string&)> start_task_;
  Mutex mutex_;
  SoundOptions sound_ GUARDED_BY(mutex_);
};

}  // namespace klingv2a::sim
