// SPDX-License-Identifier: LGPL-2.1-or-later
//
// GStreamer's messages as plain values. Called on the main thread.
#pragma once

#include <gst/gst.h>

#include "outcome.h"

namespace klingv2a::cli {

[[nodiscard]] ProgressSeen read_progress(GstMessage* message);
[[nodiscard]] RowSeen read_row(const GstStructure* structure);
[[nodiscard]] TaskSeen read_task(const GstStructure* structure);
// Of an ERROR or a WARNING, in the words of who types commands (option_words.h). One without klingv2a's details, of
// another element, is classified by GStreamer's code.
[[nodiscard]] Trouble read_trouble(GstMessage* message);
[[nodiscard]] std::string read_info(GstMessage* message);
[[nodiscard]] std::string text_field(const GstStructure* structure, const char* name);

}  // namespace klingv2a::cli
