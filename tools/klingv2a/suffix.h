// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What the end of a file's name says of what is in it, or is to be. Pure; any thread.
#pragma once

#include <string>

namespace klingv2a::cli {

// The container that OUT's suffix chooses, as the property `mux` calls it; "auto" where it says nothing.
[[nodiscard]] std::string mux_of(const std::string& out);
// Is it a video, by its name?
[[nodiscard]] bool has_video_suffix(const std::string& file);
[[nodiscard]] bool is_manifest(const std::string& file);

// Throws UsageError, which says what can be written, when the suffix of `out` promises something else than `mux`
// ("auto" and empty: what the suffix chooses). A name without a suffix promises nothing.
void check_suffix(const std::string& out, const std::string& mux);
// The same for the sound alone.
void check_sound_suffix(const std::string& out);

}  // namespace klingv2a::cli
