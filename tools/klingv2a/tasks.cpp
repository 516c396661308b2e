// SPDX-License-Identifier: LGPL-2.1-or-later
//
// tasks: which journal, which row, and forget; list and show are in tasks_list.cpp, fetch in tasks_fetch.cpp, adopt in
// tasks_adopt.cpp.
#include "tasks.h"

#include <unistd.h>

#include <iostream>

#include "commands.h"
#include "environment.h"
#include "exit_code.h"
#include "journal/results.h"
#include "kling/environment.h"
#include "last_word.h"
#include "simulation.h"
#include "visible_text.h"

namespace klingv2a::cli {

namespace {

constexpr const char* kRowPrefix = "row-";
constexpr const char* kAnyLoopback = "http://127.0.0.1";

// A row without a task has no task_id: an empty id means nothing.
bool is_meant(const journal::Row& row, const std::string& id) {
  if (id.empty()) return false;
  return id == row.task_id || id == row.external_task_id || id == kRowPrefix + std::to_string(row.id);
}

// Clips that were given one external-task-id.
Error several(const std::vector<journal::Row>& meant, const std::string& id) {
  std::string rows;
  for (const journal::Row& row : meant) rows += (rows.empty() ? "" : ", ") + (kRowPrefix + std::to_string(row.id));
  return make_error(ErrorKind::settings, Phase::check, id + " is the id of several clips' tasks",
                    "say which one is meant: " + rows);
}

bool confirmed(const journal::Row& row) {
  if (::isatty(STDIN_FILENO) != 1) throw UsageError("tasks forget asks on a terminal; elsewhere give --yes");
  std::cerr << "Forget " << id_of(row) << " (" << to_string(row.state)
            << ")? The same video with the same prompts would be paid for again. [y/N] " << std::flush;
  std::string answer;
  return std::getline(std::cin, answer) && (answer == "y" || answer == "yes");
}

int forget(OpenJournal& opened, const TasksOptions& options, TextSink& output) {
  const journal::Row row = find_row(opened, options.id);
  refuse_while_owned(row);
  if (!options.yes && !confirmed(row)) return kExitOther;
  const auto tell = [](const std::string& what) { std::cerr << "klingv2a: " << visible(what) << "\n"; };
  // A run on another machine that is gone shows after a while.
  const auto claim = opened.journal.claim_row(row.id, 2 * journal::kDeadAfter, tell);
  const journal::Row& now = claim->row();
  if (now.state != row.state || now.task_id != row.task_id)
    throw make_error(ErrorKind::settings, Phase::check, id_of(row) + " has changed meanwhile, and stays",
                     "look at it again with klingv2a tasks show");
  // While the row is ours: the file's name is the clip's, and the next run may write a new one.
  journal::Results(opened.location.results, 0).remove(now);
  claim->forget();
  if (options.json) {
    JsonText told;
    told.set("event", "result").set("ok", true).set("kind", "ok").set("exit-code", kExitOk).set("paid", "no");
    output.write(told.set("forgotten", id_of(row)).line() + "\n");
  }
  std::cerr << id_of(row) << " is forgotten: the same video with the same prompts is paid for again\n";
  return kExitOk;
}

// Of the simulation's tasks some commands only read the journal; the others ask its service.
std::unique_ptr<Simulation> simulation_for(const TasksOptions& options) {
  using What = TasksOptions::What;
  if (!options.simulate) return nullptr;
  if (options.what == What::fetch || options.what == What::adopt)
    return std::make_unique<Simulation>("", Simulation::Begin::where_it_was);
  Simulation::name_journal();
  return nullptr;
}

int run(const TasksOptions& options, TextSink& output) {
  take_api_key(options.api_key_file);
  const auto simulation = simulation_for(options);
  OpenJournal opened(options);
  switch (options.what) {
    case TasksOptions::What::list:
      return list_tasks(opened, options, output);
    case TasksOptions::What::show:
      return show_task(opened, options, output);
    case TasksOptions::What::fetch:
      return fetch_task(opened, options, output);
    case TasksOptions::What::adopt:
      return adopt_task(opened, options, output);
    case TasksOptions::What::forget:
      return forget(opened, options, output);
  }
  return kExitUsage;
}

}  // namespace

std::string id_of(const journal::Row& row) {
  if (!row.task_id.empty()) return row.task_id;
  return row.external_task_id.empty() ? kRowPrefix + std::to_string(row.id) : row.external_task_id;
}

journal::Row find_row(OpenJournal& opened, const std::string& id) {
  std::vector<journal::Row> meant = opened.journal.rows();
  std::erase_if(meant, [&](const journal::Row& row) { return !is_meant(row, id); });
  if (meant.size() == 1) return meant.front();
  if (meant.size() > 1) throw several(meant, id);
  throw make_error(ErrorKind::settings, Phase::check,
                   "the journal " + displayable(opened.location) + " has no task " + id,
                   "klingv2a tasks list shows what it has; services on this machine have a journal of their own "
                   "(--simulated), and so has dub --simulate (--simulate)");
}

void refuse_while_owned(const journal::Row& row) {
  if (!journal::is_here(row.owner)) return;
  throw Error({.kind = ErrorKind::still_running,
               .paid = Paid::no,
               .task_id = row.task_id,
               .message = "a process of this machine is at work on " + id_of(row),
               .advice = "wait for it, or stop it"});
}

OpenJournal::OpenJournal(const TasksOptions& options)
    : base_url(options.simulated || options.simulate ? kAnyLoopback : kling::base_url_or_default(options.base_url)),
      location(journal::locate(options.journal, base_url)),
      clock(make_system_clock()),
      cancel(GObjectPtr<GCancellable>::adopt(g_cancellable_new())),
      journal(location, *clock, cancel) {}

int run_tasks(const TasksOptions& options, TextSink& output) {
  TextSink errors(STDERR_FILENO, "stderr");
  JsonReporter reporter(options.out == "-" ? errors : output);
  const int exit_code = with_last_word(options.json, reporter, [&] { return run(options, output); });
  return output.finish(errors.finish(exit_code));
}

}  // namespace klingv2a::cli
