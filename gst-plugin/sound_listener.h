// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Hears the run of one sound, as the observer of its cycle: reports its progress on the bus, decodes what comes, and
// knows what of it is paid and its share of the statistics. What a failure means for the element is not decided here:
// see failures.h.
//
// Threads: the RunListener functions on the run's cycle thread, but for on_cut() and those of IntakeHost, which may
// come on the streaming thread; the others on any. ElementState::mutex guards what is shared; none of these functions
// may be called while it is held.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "clip_run.h"
#include "element_state.h"
#include "links.h"

namespace klingv2a {

// What is known of a sound's task and its cost.
struct Payment {
  bool asked_for = false;  // the POST of its task may have gone out
  std::string task_id, external_task_id;

  [[nodiscard]] bool task_is_known() const { return !task_id.empty(); }
};

class SoundListener : public RunListener {
 public:
  using SoundPtr = std::shared_ptr<ClipSound>;
  // A failure that is no cancel. Called on the cycle thread.
  using OnFailure = std::function<void(const Failure& failure)>;

  // `state` and `links` outlive this object. `sound` holds it; `cancel` is its run's.
  SoundListener(ElementState& state, Links& links, const SoundPtr& sound, const RunSettings& settings,
                GObjectPtr<GCancellable> cancel, OnFailure on_failure);

  // PROGRESS of this job: START, and exactly one terminal message, whoever comes first.
  void start_progress();
  void finish_progress(GstProgressType type, const std::string& text);
  // The element message `klingv2a-clip`, and of a planned row `klingv2a-row`. Once the clip is cut.
  void post_state(const char* state);
  // A run that could not end in time says nothing more: what is known here is said in its place.
  void warn_of_task_left();

  [[nodiscard]] Payment payment();
  [[nodiscard]] Statistics statistics();

  // RunListener
  void on_phase(Phase phase) override;
  void before_submit() override;
  void on_task(const gateway::Task& task) override;
  void on_waiting(Seconds waited) override;
  cycle::SoundStart on_sound(const gateway::Task& task, cycle::ResultForm form, const SpoolFile& sound) override;
  void on_origin(cycle::Origin origin) override;
  void on_turn(const std::string& what) override;
  void on_journal_failure(const Error& error) override;
  void on_file_left(const Error& error) override;
  void on_oddity(const Error& error) override;
  void on_retry(const Error& error, int attempt, Seconds gap) override;
  void on_conform(const std::vector<std::string>& reasons, const EncoderInUse& encoder) override;
  void on_missing_decoder(const CapsPtr& caps) override;
  void on_missing_encoder(const CapsPtr& caps) override;
  void check_links() override;
  void on_cut(const ClipTimeline& timeline) override;
  bool on_starving() override;
  void warn_of_starving(const Error& warning) override;
  void on_dry_run(const cycle::DryRun& dry_run) override;
  void on_done(const ClipReport& report) override;
  void on_failed(const Error& error) override;

 private:
  void post_progress(int percent, const std::string& text) const;
  void give(const SoundPtr& sound, const ClipReport& report);
  void take_report(const ClipReport& report);
  void warn_of_unknown_start(const ClipReport& report);
  void report_cancel(const SoundPtr& sound, const Error& error);
  [[nodiscard]] bool was_payment_reported();

  ElementState& state_;
  Links& links_;
  const std::weak_ptr<ClipSound> sound_;  // null when it is forgotten: then nobody waits for it
  const unsigned number_;
  const bool by_reference_;
  const GObjectPtr<GCancellable> cancel_;
  const OnFailure on_failure_;

  ClipTimeline timeline_;  // set before the cycle begins
  bool is_cut_ GUARDED_BY(state_.mutex) = false;
  // The cycle thread's own.
  std::shared_ptr<const Soundtrack> soundtrack_;
  Seconds decode_time_{0};

  bool progress_open_ GUARDED_BY(state_.mutex) = false;     // START was posted and no terminal message yet
  bool asked_for_ GUARDED_BY(state_.mutex) = false;         // the POST may have gone out
  bool payment_reported_ GUARDED_BY(state_.mutex) = false;  // that a task may be left running
  gateway::Task task_ GUARDED_BY(state_.mutex);             // last known state
  cycle::Origin origin_ GUARDED_BY(state_.mutex) = cycle::Origin::submitted;
  Statistics statistics_ GUARDED_BY(state_.mutex);
};

}  // namespace klingv2a
