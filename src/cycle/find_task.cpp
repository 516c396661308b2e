// SPDX-License-Identifier: LGPL-2.1-or-later
//
// See find_task.h.
#include "cycle/find_task.h"

#include <array>

namespace klingv2a::cycle {

namespace {

using Verdict = gateway::LookupResult::Verdict;

// How long a task that was just made may stay invisible is not documented.
constexpr std::array kGaps{Seconds(0), Seconds(1), Seconds(2), Seconds(4)};
// A service that cannot say will hardly learn to.
constexpr int kMostUnknown = 2;
constexpr http::RetryPolicy kLookupRetries{.attempts = 4};

gateway::LookupResult look_once(Run& run) {
  return http::with_retries(kLookupRetries, run.clock, run.cancel, run.on_retry(),
                            [&] { return run.gateway->find(run.request.external_task_id); });
}

// The service distinguishes tasks by their external_task_id, which the user may have given to several clips.
void check_is_ours(Run& run, const gateway::Task& task) {
  if (!run.claim().is_of_another(task.task_id)) return;
  throw TaskOfAnother({.kind = ErrorKind::settings,
                       .message = "task " + task.task_id + " of external_task_id " + run.request.external_task_id +
                                  " is another clip's",
                       .advice = "give each clip an external-task-id of its own, or none"});
}

gateway::LookupResult look_a_few_times(Run& run) {
  gateway::LookupResult result;
  int unknown = 0;
  try {
    for (const Seconds gap : kGaps) {
      run.wait(gap);
      result = look_once(run);
      if (result.verdict == Verdict::unknown) ++unknown;
      if (result.verdict == Verdict::found || unknown == kMostUnknown) break;
    }
  } catch (const Error& failure) {
    if (failure.kind() == ErrorKind::cancelled) throw;
    result = {.verdict = Verdict::unknown, .task = std::nullopt, .why = failure.what()};
  }
  return result;
}

}  // namespace

gateway::LookupResult find_task(Run& run) {
  gateway::LookupResult result = look_a_few_times(run);
  g_debug("external_task_id %s: %s", run.request.external_task_id.c_str(),
          result.verdict == Verdict::found ? "the task is found" : result.why.c_str());
  if (result.task) check_is_ours(run, *result.task);
  return result;
}

}  // namespace klingv2a::cycle
