// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Cuts a video of any length into a row of clips, while it comes in: the frames' media, where clips may meet, and the
// planner, which decides. What is cut goes to the host, in order.
//
// Threads: add(), end() and wait_until_cut() on the streaming thread; main() on a thread of its own, which calls the
// host with no lock held; cancel() on any. The mutex guards the frames that are handed over, and the flags.
#pragma once

#include <gio/gio.h>

#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "clip.h"
#include "clip_run.h"
#include "mutex.h"
#include "plan/planner.h"
#include "row/cut_candidates.h"
#include "row/recorded_cuts.h"
#include "row/row_media.h"
#include "work_thread.h"

namespace klingv2a {

// A buffer, and the running time of the start of the segment that it came in.
struct RowPart {
  IntakeBuffer buffer;
  Nanoseconds shown_from = 0;
};

struct RowCut {
  RowPlace place;
  std::shared_ptr<PlannedClip> clip;  // without its settings
  std::string music;                  // the wish for music that goes with the cut; empty: none
};

// What the whole video would be cut into at a price of a join.
struct PlanPrice {
  double join_price = 0;  // clips
  plan::Summary plan;
};

class RowCutter;

// `from`: a cutter that is let go may still call when it is nobody's any more.
class RowCutterHost {
 public:
  virtual ~RowCutterHost() = default;
  // The next clip. May wait. False: nothing more is to be cut.
  virtual bool on_cut(const RowCutter& from, RowCut cut) = 0;
  // All that has come is looked at, and nothing has come for a moment. Throws Error for a video that is stuck.
  virtual void on_idle() = 0;
  // Before the last on_cut(), where they are wanted.
  virtual void on_prices(const std::vector<PlanPrice>& prices) = 0;
  // Where shots change is not known from here on.
  virtual void on_blind(const Error& why) = 0;
  // The rest of the video, which is all or nothing, cannot be cut, or not decoded.
  virtual void on_cut_failed(const RowCutter& from, const Error& error) = 0;
  // Nothing more is cut, for whatever reason. The last that is called.
  virtual void on_cut_end(const RowCutter& from) = 0;
};

struct CutterSettings {
  plan::Settings plan;
  Nanoseconds plan_ahead = 0;  // see Planner
  RecordedCuts::Settings records;
  bool wants_prices = false;  // see on_prices(): the borders of the whole video are kept
  std::string music;          // the wish for music of a row that nobody has cut yet
};

class RowCutter : public Work {
 public:
  // `host` outlives main().
  RowCutter(CutterSettings settings, RowCutterHost& host);

  // The next buffer, in decode order. Waits while many are to be looked at. What comes after the last cut is not looked
  // at.
  void add(const RowPart& part);
  void end();
  // After end(), until the last clip is cut, or nothing more will be.
  void wait_until_cut();

  void main() noexcept override;
  void cancel() override;

 private:
  enum class Next { more, last, cancelled };
  Next wait_for(std::vector<RowPart>& parts);
  void work();
  void take_in(const std::vector<RowPart>& parts, bool is_last);
  [[nodiscard]] bool begin_plan(bool is_last);
  void take_news();
  [[nodiscard]] bool cut_what_is_decided();
  [[nodiscard]] std::optional<RowCut> next_cut();
  [[nodiscard]] std::vector<PlanPrice> prices();
  [[nodiscard]] plan::Planner& planner();
  [[nodiscard]] RowCut make_cut(const plan::PlannedClip& planned, const std::string& music) const;
  void go_on_behind(const RowCut& cut);
  void note_done();

  const CutterSettings settings_;
  RowCutterHost& host_;
  const GObjectPtr<GCancellable> cancel_ = GObjectPtr<GCancellable>::adopt(g_cancellable_new());
  CutCandidates candidates_;

  // The thread's own.
  RowMedia media_;
  plan::Settings plan_;
  std::optional<RecordedCuts> records_;
  std::optional<plan::Planner> planner_;  // from position_ on; none, while records say where to cut
  plan::Border position_{.place = plan::Place::edge};
  std::deque<plan::Border> borders_;    // behind position_
  std::deque<Nanoseconds> key_frames_;  // that a coming clip may begin with
  plan::Media whole_;                   // where prices are wanted
  bool is_ended_ = false;

  Mutex mutex_;
  Condition changed_;
  std::vector<RowPart> waiting_ GUARDED_BY(mutex_);
  bool ended_ GUARDED_BY(mutex_) = false;
  bool cancelled_ GUARDED_BY(mutex_) = false;
  bool done_ GUARDED_BY(mutex_) = false;
};

}  // namespace klingv2a
