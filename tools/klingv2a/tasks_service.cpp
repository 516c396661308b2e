// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tasks_service.h"

#include <cmath>
#include <iostream>

#include "human_text.h"
#include "kling/environment.h"
#include "visible_text.h"

namespace klingv2a::cli {

namespace {

void say(const std::string& text) {
  std::cerr << "klingv2a: " + visible(text) + "\n";
}

}  // namespace

cycle::CycleSettings settings_for(const TasksOptions& options, const journal::Row& row) {
  cycle::CycleSettings settings;
  settings.service.base_url = options.simulate ? kling::base_url_or_default("") : row.service;
  kling::add_credentials_of_environment(settings.service);
  kling::validate(settings.service);
  settings.timeout = Seconds(options.timeout_s);
  settings.journal = options.journal;
  return settings;
}

void Teller::on_phase(Phase phase) {
  say(std::string(to_string(phase)) + " …");
}

void Teller::on_task(const gateway::Task& task) {
  say("task " + task.task_id + ": " + task.status_text);
}

void Teller::on_waiting(Seconds waited) {
  say("waiting, " + duration_text(std::lround(waited.count())));
}

void Teller::on_turn(const std::string& what) {
  say(what);
}

void Teller::on_journal_failure(const Error& error) {
  say(std::string("warning: ") + error.what());
}

void Teller::on_oddity(const Error& error) {
  say(std::string("warning: ") + error.what());
}

void Teller::on_retry(const Error& error, int, Seconds gap) {
  say(std::string(error.what()) + "; again in " + number_text(gap.count(), 1) + " s");
}

}  // namespace klingv2a::cli
