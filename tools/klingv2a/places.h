// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The user's files that a run touches, looked at before any of them is opened for writing and before anything is paid:
// IN can be read, no file is written over another one, and what is written in the end can be. Main thread.
#pragma once

#include <string>
#include <vector>

#include "file_job.h"

namespace klingv2a::cli {

struct Place {
  std::string path;  // "-" and empty: none
  std::string what;  // as it was asked for: "IN", "--report" …
  bool written = false;
};

[[nodiscard]] std::vector<Place> places_of(const FileJob& job);

// Throws Error{settings} for two that are the same file, by links too, when one of them would be written.
void check_places(const std::vector<Place>& places);
// The same of `file` with any of `places`.
void check_place(const Place& file, const std::vector<Place>& places);

// Throws Error{input} for a URL, which is no file; says what to type instead. Before it is reported anywhere: it may be
// signed.
void refuse_url(const std::string& in);
// Throws Error{input} unless `in` is "-" or a file that may be a video; says what to type for a pipe that has a name,
// which could not be stopped while nobody writes to it. `command`: dub or check. After begin_gstreamer().
void check_input(const std::string& in, const std::string& command);
// Throws Error{disk} when write_file() would not do it.
void check_can_be_written(const std::string& path);

}  // namespace klingv2a::cli
