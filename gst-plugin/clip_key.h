// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The key of a clip: the same for the same pictures and the same wishes, whatever file, framing, account or address
// they come with. In it: the slices or the reference, the prompts, `asmr-mode`, `take` and the service. Not in it:
// caps, timestamps, `publish`, time-outs, credentials, `callback-url`, `external-task-id`. Pure functions; any thread.
// Reads each byte once: 15 to 40 ms for the largest clip.
#pragma once

#include <string>

#include "proxy_writer.h"
#include "settings.h"

namespace klingv2a {

// 32 lower-case hexadecimal digits. Throws Error{input} for frames whose framing is broken, or that hold no slice.
[[nodiscard]] std::string clip_key(const ClipFrames& clip, const RunSettings& settings);

// Likewise, of a clip that is named by `video-id` or `video-url`.
[[nodiscard]] std::string reference_key(const RunSettings& settings);

}  // namespace klingv2a
