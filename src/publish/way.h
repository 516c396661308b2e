// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The ways of publishing, and which of them the settings name. Pure; any thread.
#pragma once

#include "publish/publisher.h"

namespace klingv2a::publish {

enum class Way { serve, put, s3, program };

// Throws Error{settings} when the settings name none.
[[nodiscard]] Way way_of(const PublishSettings& settings);

}  // namespace klingv2a::publish
