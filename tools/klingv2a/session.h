// SPDX-License-Identifier: LGPL-2.1-or-later
//
// One pipeline from its start to its end, on the main loop: its messages go to the reporter and gathered in the
// outcome. Nothing here ever sends EOS: that would complete the clip, and a partial one would be paid.
// Used on the main thread.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "dub_pipeline.h"
#include "outcome.h"
#include "reporter.h"

namespace klingv2a::cli {

class Session {
 public:
  Session(const PipelineSpec& spec, Reporter& reporter);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // Runs the main loop until the pipeline has ended, failed or was cancelled.
  [[nodiscard]] Outcome run();
  // On the main loop: ends run().
  void cancel();
  // What a dry run has said; null without one.
  [[nodiscard]] const GstStructure* dry_run() const noexcept { return dry_run_.get(); }
  // The last klingv2a-clip of each clip, by its number, and each klingv2a-join, in the order in which they came.
  [[nodiscard]] std::vector<StructurePtr> clips() const;
  [[nodiscard]] std::vector<StructurePtr> joins() const;
  // Each klingv2a-plan-price and each klingv2a-dry-run.
  [[nodiscard]] std::vector<StructurePtr> prices() const;
  [[nodiscard]] std::vector<StructurePtr> dry_runs() const;
  // Seconds that IN lasts; nothing: not known. Any thread, while this object lives.
  [[nodiscard]] std::optional<double> length() const { return pipeline_.length(); }
  // klingv2a's counters.
  [[nodiscard]] StructurePtr stats() const { return pipeline_.stats(); }
  // The bin's account of the run; null before it has ended.
  [[nodiscard]] StructurePtr take_report() { return std::move(report_); }

 private:
  static gboolean on_message(GstBus* bus, GstMessage* message, gpointer self);
  static gboolean on_tick(gpointer self);
  void take(GstMessage* message);
  void take_element_message(const GstStructure* structure);
  void note_task(const TaskSeen& task);
  void note_warning(Trouble trouble);
  void stop();

  Reporter& reporter_;
  DubPipeline pipeline_;
  const GObjectPtr<GstBus> bus_;
  const std::unique_ptr<GMainLoop, Deleter<g_main_loop_unref>> loop_;
  Outcome outcome_;
  StructurePtr dry_run_, report_;
  std::map<unsigned, StructurePtr> clips_;
  std::vector<StructurePtr> joins_, prices_, dry_runs_;
  guint tick_ = 0;
};

}  // namespace klingv2a::cli
