// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The elements' messages name properties and signals. Who types commands knows options and variables instead: here, and
// nowhere else, the one becomes the other. Pure; any thread.
#pragma once

#include <string>

namespace klingv2a::cli {

// `conform=auto` becomes `--conform auto`, `set publish` becomes `give --publish`, `api-key` KLINGV2A_API_KEY …
[[nodiscard]] std::string in_options(const std::string& text);

}  // namespace klingv2a::cli
