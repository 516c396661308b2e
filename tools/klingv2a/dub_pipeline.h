// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The pipeline of one video: a source, klingv2abin, a sink. The one place of the tool that builds elements. Used on the
// main thread.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "gst_ptr.h"
#include "settings_table.h"

namespace klingv2a::cli {

struct PipelineSpec {
  std::string in;   // a path; "-": stdin
  std::string out;  // a path; empty: `out_fd`, or nowhere
  int out_fd = -1;
  Settings settings;
  // Asked before each POST, on a thread of the element, maybe when this object has gone: why it is not to be sent;
  // empty: it is. Empty function: nobody is asked.
  std::function<std::string()> before_submit = {};
};

class DubPipeline {
 public:
  // Throws Error{settings} when an element is not installed, or takes no such property or value.
  explicit DubPipeline(const PipelineSpec& spec);
  // To NULL, which cancels what is under way.
  ~DubPipeline();
  DubPipeline(const DubPipeline&) = delete;
  DubPipeline& operator=(const DubPipeline&) = delete;

  [[nodiscard]] GstElement* get() const noexcept { return pipeline_.get(); }
  // Seconds that the video lasts; nothing: not known. Any thread.
  [[nodiscard]] std::optional<double> length() const;
  // The element's counters and the bin's account; null when there is none.
  [[nodiscard]] StructurePtr stats() const { return structure("stats"); }
  [[nodiscard]] StructurePtr report() const { return structure("report"); }

 private:
  [[nodiscard]] StructurePtr structure(const char* property) const;

  ElementPtr pipeline_, dub_;
};

}  // namespace klingv2a::cli
