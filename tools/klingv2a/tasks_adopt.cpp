// SPDX-License-Identifier: LGPL-2.1-or-later
//
// tasks adopt: of a POST nobody knows what came of it, and a person has found its task at the service. Asks the service
// for it, and pays nothing.
#include <iostream>

#include "cycle/adopt.h"
#include "exit_code.h"
#include "interrupt.h"
#include "json_text.h"
#include "tasks.h"
#include "tasks_service.h"

namespace klingv2a::cli {

namespace {

gateway::Task adopt(const TasksOptions& options, const journal::Row& row, const GObjectPtr<GCancellable>& cancel) {
  Teller teller;
  const auto clock = make_system_clock();
  const cycle::CycleSettings settings = settings_for(options, row);
  return aside([&] { return cycle::adopt_task(settings, row.id, options.task_id, *clock, cancel, teller); });
}

}  // namespace

int adopt_task(OpenJournal& opened, const TasksOptions& options, TextSink& output) {
  const journal::Row row = find_row(opened, options.id);
  refuse_while_owned(row);
  const auto cancel = GObjectPtr<GCancellable>::adopt(g_cancellable_new());
  const Interrupt interrupt([&] { g_cancellable_cancel(cancel.get()); });
  const gateway::Task task = adopt(options, row, cancel);
  JsonText told;
  told.set("event", "result").set("ok", true).set("kind", "ok").set("exit-code", kExitOk).set("paid", "no");
  told.set("adopted", task.task_id).set("row", row.id).set_known("external-task-id", row.external_task_id);
  told.set("task-status", task.status_text).set_known("task-status-msg", task.status_message);
  if (options.json) output.write(told.line() + "\n");
  std::cerr << id_of(row) << " has task " << task.task_id << " now (" << task.status_text
            << "): run the same command again, or klingv2a tasks fetch " << task.task_id
            << " -o sound.wav; nothing is paid\n";
  return kExitOk;
}

}  // namespace klingv2a::cli
