// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The subcommands. Each runs to its end on the main thread and returns the exit code. `output` is what stdout is.
// Throws UsageError before anything has begun, Error for what is found out before anything is paid.
#pragma once

#include "command_line.h"
#include "file_job.h"
#include "text_sink.h"

namespace klingv2a::cli {

[[nodiscard]] int run_dub(const DubOptions& options, TextSink& output);
[[nodiscard]] int run_check(const CheckOptions& options, TextSink& output);
[[nodiscard]] int run_tasks(const TasksOptions& options, TextSink& output);

// dub with several videos. `report_file`: empty for none.
[[nodiscard]] int run_dub_many(const DubOptions& options, const std::string& report_file,
                               const std::vector<FileJob>& jobs, Reporter& reporter);

}  // namespace klingv2a::cli
