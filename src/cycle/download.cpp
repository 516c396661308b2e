// SPDX-License-Identifier: LGPL-2.1-or-later
//
// See download.h.
#include "cycle/download.h"

#include <algorithm>

#include "cycle/poll_gaps.h"
#include "cycle/result_fetch.h"

namespace klingv2a::cycle {

namespace {

// How often a succeeded task without a result is looked at again: results may be late.
constexpr int kLateResultQueries = 5;

std::string link_of(const gateway::Task& task, ResultForm form) {
  if (form == ResultForm::video) return task.videos.empty() ? "" : task.videos.front().url;
  if (task.audios.empty()) return {};
  return form == ResultForm::wav ? task.audios.front().url_wav : task.audios.front().url_mp3;
}

bool has_link(const gateway::Task& task) {
  return std::ranges::any_of(kFormsByPreference, [&task](ResultForm form) { return !link_of(task, form).empty(); });
}

gateway::Task query_again(Run& run, const FetchBudget& budget) {
  return http::with_retries({}, run.clock, run.cancel, budget.on_retry(),
                            [&] { return run.query(std::min(run.settings.service.timeouts.total, budget.left())); });
}

void wait_for_links(Run& run, gateway::Task& task, const FetchBudget& budget) {
  PollGaps gaps;
  for (int query = 1; !has_link(task) && query <= kLateResultQueries; ++query) {
    const Seconds gap = gaps.next(run.clock);
    run.note_retry(make_error(ErrorKind::result, Phase::download, "the task succeeded without a result"), query, gap);
    run.wait(gap);
    task = query_again(run, budget);
  }
}

// The forms one after the other, each by its link, with one fresh set of links for all.
class Attempt {
 public:
  Attempt(Run& run, gateway::Task& task, FetchBudget& budget) : run_(run), task_(task), budget_(budget) {}

  std::optional<ResultSound> fetch(ResultForm form) {
    const std::string link = link_of(task_, form);
    if (link.empty()) return note(form, "none is given");
    try {
      ResultSound sound{form, fetch_result(run_, link, budget_)};
      if (const auto start = take(sound)) return *start == SoundStart::known ? std::optional(sound) : put_by(sound);
      // It may have been damaged on its way, or where that link led.
      return renew_links(form) ? fetch(form) : std::nullopt;
    } catch (const BadLink& bad) {
      failed_in_ = Phase::download;
      note(form, bad.what());
      if (bad.fresh_link_may_help() && renew_links(form)) return fetch(form);
    }
    return std::nullopt;
  }

  // What may be a little out of step is better than nothing.
  [[nodiscard]] const std::optional<ResultSound>& put_by() const noexcept { return put_by_; }

  [[nodiscard]] Error nothing_usable() const {
    const std::string why =
        has_link(task_) ? "its sound cannot be had: " + reasons_ : "no link to its sound came: " + task_.text;
    return Error({.kind = ErrorKind::result,
                  .phase = failed_in_,
                  .paid = Paid::yes,
                  .message = "the task succeeded, but " + why,
                  .advice = "the service keeps results for 30 days: run it again, which asks for fresh links"});
  }

 private:
  std::nullopt_t note(ResultForm form, const std::string& reason) {
    g_debug("no sound from %s: %s", std::string(to_string(form)).c_str(), reason.c_str());
    if (!reasons_.empty()) reasons_ += "; ";
    reasons_ += std::string(to_string(form)) + ": " + reason;
    return std::nullopt;
  }

  // Nothing when it is of no use.
  std::optional<SoundStart> take(const ResultSound& sound) {
    try {
      return run_.observer.on_sound(task_, sound.form, *sound.file);
    } catch (const Error& useless) {
      if (useless.kind() != ErrorKind::result) throw;
      failed_in_ = useless.details().phase;
      note(sound.form, useless.what());
      return std::nullopt;
    }
  }

  std::nullopt_t put_by(ResultSound& sound) {
    note(sound.form, "it does not say where its sound begins");
    put_by_ = std::move(sound);
    return std::nullopt;
  }

  // Links expire; a fresh look at the task gives new ones. Once is enough: all of them are renewed together.
  bool renew_links(ResultForm form) {
    if (std::exchange(renewed_, true)) return false;
    try {
      task_ = query_again(run_, budget_);
      return true;
    } catch (const Error& failure) {
      if (failure.kind() == ErrorKind::cancelled) throw;
      note(form, std::string("no fresh link: ") + failure.what());
      return false;
    }
  }

  Run& run_;
  gateway::Task& task_;
  FetchBudget& budget_;
  std::optional<ResultSound> put_by_;
  std::string reasons_;
  Phase failed_in_ = Phase::download;
  bool renewed_ = false;
};

}  // namespace

ResultSound download(Run& run, gateway::Task& task, std::span<const ResultForm> forms) {
  run.begin(Phase::download);
  const StepTimer timer(run.clock, run.stats.download_s);
  FetchBudget budget(run);
  wait_for_links(run, task, budget);
  Attempt attempt(run, task, budget);
  std::optional<ResultSound> sound;
  for (auto form = forms.begin(); !sound && form != forms.end(); ++form) sound = attempt.fetch(*form);
  if (!sound) sound = attempt.put_by();
  if (!sound) throw attempt.nothing_usable();
  run.stats.result_bytes = sound->file->size();
  return *sound;
}

}  // namespace klingv2a::cycle
