// SPDX-License-Identifier: LGPL-2.1-or-later
//
// stdin, stdout and stderr, put in order before anything else begins: none of them is closed, so that no file of ours
// gets its number; and stdout is for what the command has to say, while all that libraries print, and GLib's log, goes
// to stderr. Made once, by main(), before any other thread runs.
#pragma once

#include "text_sink.h"

namespace klingv2a::cli {

class StandardStreams {
 public:
  StandardStreams();

  // What was stdout, under another number.
  [[nodiscard]] TextSink& output() noexcept { return output_; }

 private:
  TextSink output_;
};

}  // namespace klingv2a::cli
