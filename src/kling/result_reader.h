// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Where in a task its results are. The API has one place for them; gateways have others: the same as a JSON text, links
// as bare texts, one object instead of a list, empty ones before the right one. Pure function; any thread.
#pragma once

#include "kling/json.h"
#include "kling/words.h"

namespace klingv2a::kling {

// Fills in videos and audios of `task`; each entry has a link, and the first audio has one of each form that there is.
// `data` is the task's object. The clip that the task was asked for, which answers repeat, is never taken for a result.
void read_result(JsonObject* data, Task& task);

}  // namespace klingv2a::kling
