// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The gateway's types (gateway/task.h) by their short names: their words are Kling's.
#pragma once

#include "gateway/task.h"

namespace klingv2a::kling {

using gateway::Handle;
using gateway::has_links;
using gateway::ResultAudio;
using gateway::ResultVideo;
using gateway::SubmitRequest;
using gateway::Task;
using gateway::TaskStatus;
using gateway::to_string;

}  // namespace klingv2a::kling
