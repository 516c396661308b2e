// SPDX-License-Identifier: LGPL-2.1-or-later
//
// tasks list and tasks show: the journal's rows, for people and as JSON.
#include <algorithm>
#include <cmath>

#include "exit_code.h"
#include "human_text.h"
#include "json_text.h"
#include "tasks.h"
#include "visible_text.h"

namespace klingv2a::cli {

namespace {

using journal::Row;

constexpr double kMsPerSecond = 1000;

std::int64_t last_change_ms(const Row& row) {
  return *std::ranges::max_element(row.at_ms);
}

std::int64_t age_s(const OpenJournal& opened, const Row& row) {
  const auto now_ms = static_cast<std::int64_t>(opened.clock->wall().count() * kMsPerSecond);
  return std::max<std::int64_t>(0, (now_ms - last_change_ms(row)) / static_cast<std::int64_t>(kMsPerSecond));
}

std::string iso_time(std::int64_t ms) {
  const std::unique_ptr<GDateTime, Deleter<g_date_time_unref>> time(
      g_date_time_new_from_unix_utc(ms / static_cast<std::int64_t>(kMsPerSecond)));
  const GCharPtr text(time ? g_date_time_format_iso8601(time.get()) : g_strdup(""));
  return text.get();
}

std::string prompts_of(const Row& row) {
  const JsonNodePtr request = parse_json(row.request);
  JsonObject* object = object_of(request);
  std::string text = member_text(object, "sound_effect_prompt");
  if (const std::string music = member_text(object, "bgm_prompt"); !music.empty())
    text += (text.empty() ? "" : " + ") + music;
  return text;
}

bool is_in_work(const Row& row) {
  return journal::is_here(row.owner);
}

JsonText as_json(const OpenJournal& opened, const Row& row) {
  JsonText object;
  object.set("id", id_of(row)).set("row", row.id).set("state", std::string(to_string(row.state)));
  object.set("in-work", is_in_work(row)).set("age-seconds", age_s(opened, row));
  object.set("changed", iso_time(last_change_ms(row)));
  object.set("clip-seconds", static_cast<double>(row.length_ms) / kMsPerSecond);
  object.set_known("task-id", row.task_id).set_known("external-task-id", row.external_task_id);
  object.set("service", row.service).set_known("account", row.account).set_known("message", row.message);
  object.set_known("failure-kind", row.failure_kind).set_known("deduction", row.deduction).set("key", row.key);
  if (JsonNodePtr request = parse_json(row.request)) object.set("request", std::move(request));
  if (row.result_name.empty()) return object;
  object.set("result-file", opened.location.results + "/" + row.result_name).set("result-form", row.result_form);
  return object.set("result-bytes", row.result_bytes).set("result-xxh128", row.result_checksum);
}

}  // namespace

int list_tasks(OpenJournal& opened, const TasksOptions& options, TextSink& output) {
  constexpr std::size_t kPromptColumns = 40;
  const std::vector<Row> rows = opened.journal.rows();
  std::vector<std::vector<std::string>> cells{{"STATE", "TASK", "AGE", "CLIP", "PROMPTS"}};
  for (const Row& row : rows) {
    if (options.json) output.write(as_json(opened, row).line() + "\n");
    cells.push_back({std::string(to_string(row.state)) + (is_in_work(row) ? " (in work)" : ""), id_of(row),
                     duration_text(age_s(opened, row)),
                     number_text(static_cast<double>(row.length_ms) / kMsPerSecond, 1) + " s",
                     shortened(prompts_of(row), kPromptColumns)});
  }
  if (options.json) return kExitOk;
  if (rows.empty())
    output.write("no task in " + displayable(opened.location) + "\n");
  else
    output.write(visible(table(cells)));
  return kExitOk;
}

int show_task(OpenJournal& opened, const TasksOptions& options, TextSink& output) {
  const JsonText row = as_json(opened, find_row(opened, options.id));
  output.write(options.json ? row.line() + "\n" : row.pretty());
  return kExitOk;
}

}  // namespace klingv2a::cli
