// SPDX-License-Identifier: LGPL-2.1-or-later
#include "cycle/cache.h"

#include <algorithm>

namespace klingv2a::cycle {

namespace {

journal::Results results_at(const Run& run, const journal::Location& location) {
  return {location.results, run.settings.max_kept_bytes};
}

// One clip, one name: a later take of the same file replaces it.
std::string name_of(const journal::Row& row, ResultForm form) {
  return row.key + "-" + std::to_string(row.length_ms) + "." +
         std::string(form == ResultForm::video ? "mp4" : to_string(form));
}

std::optional<ResultForm> form_of(const journal::Row& row) {
  const auto* form = std::ranges::find(kFormsByPreference, row.result_form, [](ResultForm f) { return to_string(f); });
  return form == kFormsByPreference.end() ? std::nullopt : std::optional(*form);
}

}  // namespace

gateway::Task cached_task(const journal::Row& row) {
  gateway::Task task;
  task.task_id = row.task_id;
  task.external_task_id = row.external_task_id;
  task.status = gateway::TaskStatus::succeed;
  task.status_text = to_string(task.status);
  return task;
}

std::optional<ResultSound> cached_sound(const Run& run, const journal::Location& location, const journal::Row& row) {
  const std::optional<ResultForm> form = form_of(row);
  if (row.state != journal::State::downloaded || !form) return std::nullopt;
  auto file = results_at(run, location).open(row);
  if (!file) return std::nullopt;
  return ResultSound{*form, std::move(file)};
}

std::optional<ResultSound> play_cached(Run& run, const journal::Location& location) {
  const journal::Row& row = run.claim().row();
  std::optional<ResultSound> sound = cached_sound(run, location, row);
  if (!sound) return std::nullopt;
  try {
    run.set_origin(Origin::kept);
    run.observer.on_task(cached_task(row));
    run.observer.on_sound(cached_task(row), sound->form, *sound->file);
    return sound;
  } catch (const Error& useless) {
    if (useless.kind() != ErrorKind::result) throw;
    run.note_retry(useless, 1, Seconds(0));
    return std::nullopt;
  }
}

void store_in_cache(Run& run, const journal::Location& location, const ResultSound& sound) {
  if (run.settings.max_kept_bytes == 0) return;
  run.write_down([&](journal::Claim& claim) {
    const auto kept = results_at(run, location).keep(name_of(claim.row(), sound.form), *sound.file);
    claim.downloaded(kept.name, std::string(to_string(sound.form)), kept.checksum, kept.bytes);
  });
}

}  // namespace klingv2a::cycle
