// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A video that is longer than a clip: the frames go to a cutter, each clip that it cuts gets a run of its own, and the
// sounds are joined. What is being filled in the element's row is the part that is not cut yet.
//
// Threads: begin(), add() and end() on the streaming thread; on_cut() and on_cut_failed() on the cutter's; interrupt()
// on any; the others with a flush or the state change. ElementState::mutex guards the members.
#pragma once

#include <memory>
#include <vector>

#include "element_state.h"
#include "failures.h"
#include "links.h"
#include "row/row_cutter.h"
#include "row/row_sounds.h"
#include "run_threads.h"

namespace klingv2a {

class PlannedRow : public RowCutterHost {
 public:
  // All outlive this object.
  PlannedRow(ElementState& state, Links& links, Failures& failures, RunThreads& threads)
      : state_(state), links_(links), failures_(failures), threads_(threads) {}

  // What is being filled, of which `so_far` has come, is cut by a plan from here on. Throws Error{settings} when that
  // would cost more than is allowed.
  void begin(const std::vector<RowPart>& so_far) EXCLUDES(state_.mutex);
  // May wait for the cutter.
  void add(const RowPart& part) EXCLUDES(state_.mutex);
  // EOS or SEGMENT_DONE. Behind a SEGMENT_DONE more may come, so all is cut before this returns.
  enum class Then { go_on, wait };
  void end(Then then) EXCLUDES(state_.mutex);
  // Nobody waits for the cutter any more, which ends.
  void interrupt() EXCLUDES(state_.mutex);
  // Nothing more is cut; what has been cut goes on.
  void stop_cutting() EXCLUDES(state_.mutex);
  // PAUSED→READY.
  void stop() EXCLUDES(state_.mutex);

  // RowCutterHost
  bool on_cut(const RowCutter& from, RowCut cut) override;
  void on_idle() override;
  void on_prices(const std::vector<PlanPrice>& prices) override;
  void on_blind(const Error& why) override;
  void on_cut_failed(const RowCutter& from, const Error& error) override;
  void on_cut_end(const RowCutter& from) override;

 private:
  // The cutter's thread is the first one to end.
  struct Sounds {
    std::shared_ptr<RowSounds> sounds;
    std::unique_ptr<WorkThread> thread;
  };
  [[nodiscard]] std::shared_ptr<RowCutter> cutter() const EXCLUDES(state_.mutex);
  void check_announced_length() EXCLUDES(state_.mutex);
  void warn_of_unknown_length(unsigned allowed) EXCLUDES(state_.mutex);
  [[nodiscard]] bool wait_for_turn(const RowCutter& from) EXCLUDES(state_.mutex);
  [[nodiscard]] bool must_stop(const RowCutter& from) const REQUIRES(state_.mutex);
  std::shared_ptr<ClipSound> take_cut(const RowCutter& from, RowCut& cut, bool& is_new) EXCLUDES(state_.mutex);
  void begin_counting() REQUIRES(state_.mutex);
  [[nodiscard]] unsigned runs_under_way() const REQUIRES(state_.mutex);
  [[nodiscard]] CutterSettings cutter_settings() const REQUIRES(state_.mutex);
  [[nodiscard]] RunSettings settings_for(const RowCut& cut) REQUIRES(state_.mutex);
  void check_money(const RowCut& cut) EXCLUDES(state_.mutex);

  ElementState& state_;
  Links& links_;
  Failures& failures_;
  RunThreads& threads_;
  std::shared_ptr<RowCutter> cutter_ GUARDED_BY(state_.mutex);
  std::unique_ptr<WorkThread> cutter_thread_ GUARDED_BY(state_.mutex);
  std::vector<Sounds> sounds_ GUARDED_BY(state_.mutex);  // the last one is the row's that is being cut
  std::string stream_id_ GUARDED_BY(state_.mutex);       // of the stream whose clips are counted
  unsigned cut_ GUARDED_BY(state_.mutex) = 0;            // clips of the stream, over all of its rows
  bool warned_of_starving_ GUARDED_BY(state_.mutex) = false;
};

}  // namespace klingv2a
