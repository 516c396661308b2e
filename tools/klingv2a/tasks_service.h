// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What the commands of `tasks` share that ask the service: for what, how what happens is reported, and on which thread.
#pragma once

#include <glib.h>

#include <chrono>
#include <future>

#include "cycle/cycle.h"
#include "tasks.h"

namespace klingv2a::cli {

// The service that the row's task is at, whatever the environment says by now. Throws Error{credentials|settings}.
[[nodiscard]] cycle::CycleSettings settings_for(const TasksOptions& options, const journal::Row& row);

// Says what happens, on stderr. Called on the thread of the work only.
class Teller : public cycle::CycleObserver {
 public:
  void on_phase(Phase phase) override;
  void before_submit() override {}
  void on_task(const gateway::Task& task) override;
  void on_waiting(Seconds waited) override;
  void on_turn(const std::string& what) override;
  void on_journal_failure(const Error& error) override;
  void on_oddity(const Error& error) override;
  void on_retry(const Error& error, int attempt, Seconds gap) override;
};

// Runs the work on a thread of its own, while the main loop takes Ctrl-C. What it throws is thrown.
template <typename Work>
auto aside(const Work& work) {
  constexpr std::chrono::milliseconds kLook{100};
  auto result = std::async(std::launch::async, work);
  while (result.wait_for(kLook) != std::future_status::ready) g_main_context_iteration(nullptr, FALSE);
  return result.get();
}

}  // namespace klingv2a::cli
