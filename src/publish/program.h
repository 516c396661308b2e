// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Publishing by the program that uses the element: PublishSettings::publish_clip. Runs on the cycle thread.
#pragma once

#include <memory>

#include "publish/publisher.h"

namespace klingv2a::publish {

// Throws Error{settings} when the answer is not a URL to fetch the file by, and what `publish_clip` throws.
[[nodiscard]] std::unique_ptr<Publication> publish_by_program(const PublishClip& publish_clip, const SpoolFile& file);

}  // namespace klingv2a::publish
