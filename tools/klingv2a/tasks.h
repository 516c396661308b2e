// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What the files of `tasks` share. Main thread; everything here blocks for as long as the journal does.
#pragma once

#include "command_line.h"
#include "journal/journal.h"
#include "text_sink.h"

namespace klingv2a::cli {

struct OpenJournal {
  // Throws Error{disk|settings}.
  explicit OpenJournal(const TasksOptions& options);

  const std::string base_url;
  const journal::Location location;
  const std::shared_ptr<Clock> clock;
  const GObjectPtr<GCancellable> cancel;
  journal::Journal journal;
};

// What people call a row by: the task_id, else the external_task_id, else "row-N".
[[nodiscard]] std::string id_of(const journal::Row& row);
// Throws Error{settings} when there is none, or more than one.
[[nodiscard]] journal::Row find_row(OpenJournal& opened, const std::string& id);
// Throws Error{still-running} when a process of this machine has the row.
void refuse_while_owned(const journal::Row& row);

[[nodiscard]] int list_tasks(OpenJournal& opened, const TasksOptions& options, TextSink& output);
[[nodiscard]] int show_task(OpenJournal& opened, const TasksOptions& options, TextSink& output);
[[nodiscard]] int adopt_task(OpenJournal& opened, const TasksOptions& options, TextSink& output);
[[nodiscard]] int fetch_task(OpenJournal& opened, const TasksOptions& options, TextSink& output);

}  // namespace klingv2a::cli
