// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The second step: the paid POST. This is the one place that decides whether it may go out again.
#pragma once

#include "cycle/run.h"

namespace klingv2a::cycle {

// Until a task is accepted. The POST goes out again only after a definite refusal "for now" (until the time-out) or
// when no byte of it reached a server (a few times); before_submit() is asked before each.
// Throws Error{unknown-outcome, paid=maybe} when a task may exist, Error{settings} when the service knows another
// clip's task by the external_task_id, Error{cancelled} with what is known of the money, the service's own refusal
// otherwise.
void submit(Run& run);

// The request as JSON for the journal and for messages: without callback URL, signatures and the way to a published
// file.
[[nodiscard]] std::string written_request(const Run& run);

// The clip's task is this one: known to the run, and written down.
void accept(Run& run, const gateway::Task& task);

}  // namespace klingv2a::cycle
