// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What a fault makes of an answer that would have been right.
//
// Pure functions; any thread.
#pragma once

#include "answer.h"
#include "envelope.h"
#include "service.h"

namespace klingv2a::sim {

// Faults that bend the task instead of the answer (fail_task, missing_result …) leave it as it is: their own routes see
// to them.
[[nodiscard]] Answer misbehave(const Dialect& dialect, const Fault& fault, Answer proper);

}  // namespace klingv2a::sim
